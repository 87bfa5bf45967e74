"""Statements of libcst as an app file has them: in blocks, methods and contexts, with their comments, and imports inside functions."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping, Sequence

import libcst as cst

from converters.python.module import FunctionNode
from converters.python.unparsed import unparse

WIDTH = 100
"""Columns, as a formatter would have them."""
TRIPLE = ('"""', "'''")
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def source(node: cst.CSTNode) -> str:
    """The text of a piece of code."""
    return cst.Module(body=[]).code_for_node(node)


def statement(text: str) -> cst.SimpleStatementLine:
    """A statement that is no block, from its text."""
    parsed = cst.parse_statement(text)
    assert isinstance(parsed, cst.SimpleStatementLine)
    return parsed


# Bodies


def statements(body: cst.BaseSuite) -> list[Statement]:
    """The statements of a function; those that share its line, or the docstring's, come on lines of their own."""
    if isinstance(body, cst.IndentedBlock):
        found = [part for part in body.body if isinstance(part, Statement)]
        return [*_apart(found[0]), *found[1:]] if found else found
    assert isinstance(body, cst.SimpleStatementSuite)
    lines = [cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]) for small in body.body]
    return [*lines[:-1], lines[-1].with_changes(trailing_whitespace=body.trailing_whitespace)]


def _apart(first: Statement) -> list[Statement]:
    """A text, and what stands behind it on its line."""
    if not isinstance(first, cst.SimpleStatementLine) or len(first.body) == 1 or not is_text(first):
        return [first]
    text, *rest = first.body
    empty = cst.TrailingWhitespace(newline=first.trailing_whitespace.newline)
    alone = first.with_changes(body=[text.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)], trailing_whitespace=empty)
    return [alone, first.with_changes(body=rest, leading_lines=[])]


def parts(function: cst.FunctionDef) -> tuple[list[Statement], list[Statement]]:
    """The docstring, and the statements behind it."""
    body = statements(function.body)
    at = 1 if function.get_docstring() is not None else 0
    return body[:at], body[at:]


def with_body(function: cst.FunctionDef, body: Sequence[Statement]) -> cst.FunctionDef:
    """The function with another body; comments at its end stay."""
    footer = function.body.footer if isinstance(function.body, cst.IndentedBlock) else ()
    return function.with_changes(body=cst.IndentedBlock(body=list(body), footer=footer))


def with_first(body: cst.BaseSuite, lines: Sequence[cst.BaseStatement]) -> cst.BaseSuite:
    """A function body with lines before its first statement, behind a docstring, and a blank line behind them."""
    if not lines:
        return body
    own = statements(body)
    at = 1 if own and is_text(own[0]) else 0
    return cst.IndentedBlock(body=[*own[:at], *lines, *map(after_blank_line, own[at : at + 1]), *own[at + 1 :]])


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


def visited(body: Sequence[Statement], visitor: cst.CSTTransformer) -> list[Statement]:
    """The statements as a visitor leaves them."""
    block = cst.IndentedBlock(body=list(body)).visit(visitor)
    assert isinstance(block, cst.IndentedBlock)
    return [part for part in block.body if isinstance(part, Statement)]


def within(context: str, body: Sequence[Statement]) -> cst.With:
    """`with context:` around statements."""
    made = cst.parse_statement(f"with {context}: pass")
    assert isinstance(made, cst.With)
    return made.with_changes(body=cst.IndentedBlock(body=[without_blank_lines(body[0]), *body[1:]]))


def method(head: str, body: Sequence[Statement]) -> str:
    """Source of a method, indented for its class."""
    function = cst.parse_statement(head)
    assert isinstance(function, cst.FunctionDef)
    first = [without_blank_lines(body[0]), *body[1:]]
    return in_class([function.with_changes(body=cst.IndentedBlock(body=first))])


def in_class(body: Sequence[cst.BaseStatement]) -> str:
    """Source of statements in the body of a class."""
    return indented(body, 1) + "\n"


def indented(body: Sequence[cst.BaseStatement], depth: int) -> str:
    """Source of statements in a block: of a class (1), or of a method in it (2)."""
    block = cst.IndentedBlock(body=list(body))
    holder: cst.BaseStatement = cst.FunctionDef(cst.Name("f"), cst.Parameters(), block)
    if depth == 1:
        holder = cst.ClassDef(cst.Name("A"), block)
    else:
        holder = cst.ClassDef(cst.Name("A"), cst.IndentedBlock(body=[holder]))
    head = "class A:\n" if depth == 1 else "def f():\n"
    return cst.Module(body=[holder]).code.split(head, 1)[1].rstrip("\n")


# Blank lines and comments before a statement


def comments(each: cst.BaseStatement) -> list[cst.EmptyLine]:
    """The comments above a statement, which move as far to the right as it does."""
    found = [line for line in getattr(each, "leading_lines", ()) if line.comment]
    return [line.with_changes(indent=True, whitespace=cst.SimpleWhitespace("")) for line in found]


def without_blank_lines(each: Statement) -> Statement:
    """A statement with its comments, but not the blank lines before it."""
    return each.with_changes(leading_lines=comments(each))


def after_blank_line(each: Statement) -> Statement:
    """A statement with its comments, behind a blank line."""
    return each.with_changes(leading_lines=[cst.EmptyLine(indent=False), *comments(each)])


def with_one_blank_line(each: Statement) -> Statement:
    """A statement with at most one of the blank lines before it: more stand between functions only."""
    lines = list(each.leading_lines)
    kept = [line for at, line in enumerate(lines) if line.comment or at == 0 or lines[at - 1].comment]
    return each.with_changes(leading_lines=kept)


# Kinds of statements


def is_text(each: cst.BaseStatement) -> bool:
    """Whether a statement is a string by itself, as a docstring is."""
    return (
        isinstance(each, cst.SimpleStatementLine)
        and isinstance(each.body[0], cst.Expr)
        and isinstance(each.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def is_global(each: cst.BaseStatement) -> bool:
    return isinstance(each, cst.SimpleStatementLine) and isinstance(each.body[0], cst.Global)


def is_import(each: cst.CSTNode) -> bool:
    return isinstance(each, cst.SimpleStatementLine) and isinstance(each.body[0], cst.Import | cst.ImportFrom)


def calls(node: cst.CSTNode) -> list[cst.Call]:
    """The calls in a piece of code."""
    found: list[cst.Call] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            found.append(node)

    node.visit(Visitor())
    return found


def stored(function: cst.FunctionDef) -> set[str]:
    """Names that a function gives a value, or deletes."""
    tree = ast.parse(source(function))
    assert isinstance(tree.body[0], FunctionNode)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


# Imports


def import_lines(texts: Iterable[str], *, unused: Iterable[str] = ()) -> list[Statement]:
    """Import statements with one name each as few lines as they need, in their order; of `unused` names linters shall not complain."""
    grouped: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        head, _, name = text.rpartition(" import ")
        grouped.setdefault(head or text, []).append(name) if head else grouped.setdefault(text, [])
    silent = set(unused)
    found: list[Statement] = []
    for head, names in grouped.items():
        line = f"{head} import {', '.join(names)}" if names else head
        last = [name.rpartition(" as ")[2] for name in names or [head.removeprefix("import ")]]
        note = "  # noqa: F401" if {name.partition(".")[0] for name in last} & silent else ""
        if len(line) > WIDTH - 8:
            line = f"{head} import ({note}\n" + "".join(f"    {name},\n" for name in names) + ")"
            note = ""
        found.append(cst.parse_statement(line + note))
    return found


def imports_of(used: set[str], imports: Mapping[str, str]) -> list[Statement]:
    """The import statements that names need, one for each module; `imports`: name -> the statements that bind it."""
    lines = [line for name, text in imports.items() if name in used for line in text.splitlines()]
    return import_lines(sorted(lines, key=lambda line: line.startswith("from ")))


def imported(each: Statement) -> dict[str, str]:
    """Name -> an import statement of it alone."""
    found: dict[str, str] = {}
    for node in ast.parse(source(each.with_changes(leading_lines=[])).strip()).body:
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names:
            one = ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
            found[alias.asname or alias.name.partition(".")[0]] = unparse(one)
    return found
