"""Statements as libcst has them, so that comments and formatting go along to their new place."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping, Sequence

import libcst as cst

from converters.python.unparsed import unparse

WIDTH = 100
"""Columns, as a formatter would have them."""
TRIPLE = ('"""', "'''")
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def indented(statements: Sequence[cst.BaseStatement], depth: int) -> str:
    """Source of statements in a block: of a class (1), or of a method in it (2)."""
    block = cst.IndentedBlock(body=list(statements))
    holder: cst.BaseStatement = cst.FunctionDef(cst.Name("f"), cst.Parameters(), block)
    if depth == 1:
        holder = cst.ClassDef(cst.Name("A"), block)
    else:
        holder = cst.ClassDef(cst.Name("A"), cst.IndentedBlock(body=[holder]))
    text = cst.Module(body=[holder]).code
    head = "class A:\n" if depth == 1 else "def f():\n"
    return text.split(head, 1)[1].rstrip("\n")


def statements(body: cst.BaseSuite) -> list[cst.BaseStatement]:
    """The statements of a function; those that share its line come on a line of their own."""
    if isinstance(body, cst.IndentedBlock):
        return list(body.body)
    assert isinstance(body, cst.SimpleStatementSuite)
    return [cst.SimpleStatementLine(body=body.body, trailing_whitespace=body.trailing_whitespace)]


def with_first(body: cst.BaseSuite, lines: Sequence[cst.BaseStatement]) -> cst.BaseSuite:
    """A function body with lines before its first statement, behind a docstring, and a blank line behind them."""
    if not lines:
        return body
    own = statements(body)
    at = 1 if own and is_text(own[0]) else 0
    rest = [each.with_changes(leading_lines=[cst.EmptyLine(indent=False), *_comments(each)]) for each in own[at : at + 1]]
    return cst.IndentedBlock(body=[*own[:at], *lines, *rest, *own[at + 1 :]])


def _comments(statement: cst.BaseStatement) -> list[cst.EmptyLine]:
    return [line for line in getattr(statement, "leading_lines", ()) if line.comment]


def is_text(statement: cst.BaseStatement) -> bool:
    """Whether a statement is a string by itself, as a docstring is."""
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def without_blank_lines(statement: Statement) -> Statement:
    """A statement with its comments, but not the blank lines before it."""
    return statement.with_changes(leading_lines=_comments(statement))


def with_one_blank_line(statement: Statement) -> Statement:
    """A statement with at most one of the blank lines before it: more stand between functions only."""
    lines = list(statement.leading_lines)
    kept = [line for at, line in enumerate(lines) if line.comment or at == 0 or lines[at - 1].comment]
    return statement.with_changes(leading_lines=kept)


def source(node: cst.CSTNode) -> str:
    return cst.Module(body=[]).code_for_node(node)


def calls(node: cst.CSTNode) -> list[cst.Call]:
    found: list[cst.Call] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            found.append(node)

    node.visit(Visitor())
    return found


def names(*nodes: cst.CSTNode) -> set[str]:
    """The names that nodes read or bind; attributes and keywords are none."""
    found: set[str] = set()

    class Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

        def visit_Attribute(self, node: cst.Attribute) -> bool:
            node.value.visit(self)
            return False

        def visit_Arg(self, node: cst.Arg) -> bool:
            node.value.visit(self)
            return False

    for node in nodes:
        node.visit(Visitor())
    return found


def is_global(statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Global)


def with_docstring(body: cst.BaseSuite) -> cst.BaseSuite:
    """The body of a function that moves into a class: the lines of its docstring move with it."""
    own = statements(body)
    if not own or not is_text(own[0]):
        return body
    line = cst.ensure_type(own[0], cst.SimpleStatementLine)
    text = cst.ensure_type(line.body[0], cst.Expr).value
    if not isinstance(text, cst.SimpleString) or text.quote not in TRIPLE or text.prefix or "\\" in text.value or '"""' in text.raw_value:
        return body
    lines = text.raw_value.split("\n")
    first, rest = lines[0].strip(), textwrap.dedent("\n".join(lines[1:])).rstrip().split("\n")
    if not first:
        first, rest = rest[0], rest[1:]
    moved = "\n".join([first, *(f"{' ' * 8}{each}".rstrip() for each in rest if rest != [""])])
    end = f"\n{' ' * 8}" if "\n" in moved else ""
    if moved.endswith('"'):
        end = end or " "
    made = line.with_changes(body=[cst.Expr(cst.SimpleString(f'"""{moved}{end}"""'))])
    return cst.IndentedBlock(body=[made, *own[1:]])


def import_statement(node: ast.Import | ast.ImportFrom, note: str = "") -> cst.SimpleStatementLine:
    """An import in one line, or with one name a line where it is long; ``note`` is a comment in its first line."""
    text, comment = unparse(node), f"  {note}" if note else ""
    if len(text) + len(comment) + 8 > WIDTH and isinstance(node, ast.ImportFrom):
        head, _, what = text.partition(" import ")
        names = "".join(f"    {name},\n" for name in what.split(", "))
        return statement(f"{head} import ({comment}\n{names})\n")
    return statement(f"{text}{comment}\n")


def imports_of(used: set[str], imports: Mapping[str, str]) -> list[cst.SimpleStatementLine]:
    """The import statements that names need, one for each module."""
    plain: dict[str, None] = {}
    parts: dict[str, list[str]] = {}
    for name, text in imports.items():
        for line in text.splitlines() if name in used else ():
            head, word, what = line.partition(" import ")
            if word:
                parts.setdefault(head, []).append(what)
            else:
                plain[line] = None
    texts = [*plain, *(f"{head} import {', '.join(what)}" for head, what in parts.items())]
    made = [node for text in texts for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [import_statement(node) for node in made]


def statement(text: str) -> cst.SimpleStatementLine:
    parsed = cst.parse_statement(text)
    assert isinstance(parsed, cst.SimpleStatementLine)
    return parsed


def instead(old: cst.BaseExpression, new: cst.BaseExpression) -> cst.BaseExpression:
    """The new expression in the parentheses of the old one: a keyword may stand directly before these, and a comment in them."""
    return new.with_changes(lpar=old.lpar, rpar=old.rpar)


class Rename(cst.CSTTransformer):
    """Names of the module become attributes of the app; attribute names, keywords and imports stay."""

    def __init__(self, attributes: Iterable[str]) -> None:
        super().__init__()
        self.attributes = frozenset(attributes)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        if original_node.value in self.attributes:
            return instead(updated_node, cst.Attribute(cst.Name("self"), cst.Name(updated_node.value)))
        return updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def visit_Global(self, node: cst.Global) -> bool:
        return False

    def leave_Global(self, original_node: cst.Global, updated_node: cst.Global) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        left = [item for item in original_node.names if item.name.value not in self.attributes]
        if not left:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=[*left[:-1], left[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])

    def visit_ImportAlias(self, node: cst.ImportAlias) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False


def text_of(node: cst.BaseExpression | None) -> str | None:
    """The value of a string; None for anything else."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def key_of(node: cst.Subscript) -> str | None:
    """The string that a subscript asks for."""
    if len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        return text_of(node.slice[0].slice.value)
    return None
