"""Edits of Python source text: the smallest changes that take statements out or put others in, and how they are made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from converters.ir import Edit
from converters.python.module import FunctionNode, Module, own_nodes


def remove_statement(module: Module, node: ast.stmt, rule: str, reason: str) -> Edit:
    """Delete the lines of a statement; `pass` takes its place where it shares a line (a block left without one gets it from `apply`)."""
    start, end = whole_span(module, node)
    first, last = module.line_start(first_line(module, node)), module.line_end(node.end_lineno or node.lineno)
    if not _alone(module.text, first, start, end, last):
        return Edit(file=module.path, start=start, end=end, replacement="pass", rule=rule, reason=reason)
    first, last = _with_blank_lines(module.text, first, last)
    return Edit(file=module.path, start=first, end=last, replacement="", rule=rule, reason=reason)


def remove_row(module: Module, row: Sequence[ast.stmt], rule: str, reason: str) -> list[Edit]:
    """Delete statements of one block that follow each other; one by one where they share lines or are all of their block."""
    first, last = module.line_start(first_line(module, row[0])), module.line_end(row[-1].end_lineno or row[-1].lineno)
    alone = _alone(module.text, first, whole_span(module, row[0])[0], module.span(row[-1])[1], last)
    block = next(block for block in _blocks(module.parents[row[0]]) if row[0] in block)
    if len(row) == 1 or not alone or (len(block) == len(row) and not isinstance(module.parents[row[0]], ast.Module)):
        return [remove_statement(module, node, rule, reason) for node in row]
    first, last = _with_blank_lines(module.text, first, last)
    return [Edit(file=module.path, start=first, end=last, replacement="", rule=rule, reason=reason)]


def surround(module: Module, node: ast.AST, inner: ast.AST, before: str, after: str, rule: str, reason: str) -> list[Edit]:
    """Write other text around a part of a node, in which other edits may have their place."""
    (start, end), (first, last) = module.span(node), module.span(inner)
    return [
        Edit(file=module.path, start=a, end=b, replacement=text, rule=rule, reason=reason)
        for a, b, text in ((start, first, before), (last, end, after))
    ]


def first_line(module: Module, node: ast.stmt) -> int:
    """The line on which a statement begins, that of its first decorator where it has any."""
    return module.line_at(whole_span(module, node)[0])


def remove_decorator(module: Module, owner: FunctionNode | ast.ClassDef, decorator: ast.expr, rule: str, reason: str) -> Edit:
    """Delete the lines of a decorator, with parentheses around it that reach over several lines."""
    start, end = _at_sign(module, decorator), module.line_end(decorator.end_lineno or decorator.lineno)
    following = owner.decorator_list[owner.decorator_list.index(decorator) + 1 :]
    if "(" in module.text[start : module.span(decorator)[0]]:
        end = module.line_start(module.line_at(_at_sign(module, following[0])) if following else owner.lineno)
    return Edit(file=module.path, start=module.line_start(module.line_at(start)), end=end, replacement="", rule=rule, reason=reason)


def _at_sign(module: Module, decorator: ast.expr) -> int:
    return module.text.rindex("@", 0, module.span(decorator)[0])


def whole_span(module: Module, node: ast.stmt) -> tuple[int, int]:
    """Character offsets of a statement with its decorators."""
    start, end = module.span(node)
    decorators = getattr(node, "decorator_list", [])
    return (_at_sign(module, decorators[0]) if decorators else start), end


def _alone(text: str, first: int, start: int, end: int, last: int) -> bool:
    """Whether the lines from `first` to `last` hold nothing but what stands from `start` to `end`."""
    continued = text[:first].rstrip("\r\n").endswith("\\")
    return not continued and not text[first:start].strip() and text[end:last].strip() in ("", ";")


def _blocks(parent: ast.AST) -> Iterator[list[ast.stmt]]:
    return (block for name in ("body", "orelse", "finalbody") if isinstance(block := getattr(parent, name, None), list))


def _with_blank_lines(text: str, first: int, last: int) -> tuple[int, int]:
    """Grow a range of lines so that its removal does not pile up blank lines or leave any at the end of the file."""
    before = re.search(r"(?:[ \t]*\r?\n)*\Z", text[:first])
    after = re.match(r"(?:[ \t]*\r?\n)*", text[last:])
    blank_before = text[before.start() : first].count("\n") - bool(text[: before.start()].strip()) if before else 0
    blank_after = after.group().count("\n") if after else 0
    if not text[last:].strip():
        kept = len(text[:first].rstrip())
        ending = re.match(r"[ \t]*(\r?\n)?", text[kept:])
        return kept + (ending.end() if ending and kept else 0), len(text)
    if not text[:first].strip() or blank_before >= blank_after:
        return first, last + (after.end() if after and (blank_before or not text[:first].strip()) else 0)
    kept = len(text[:first].rstrip())
    ending = re.match(r"[ \t]*\r?\n", text[kept:])
    return (kept + ending.end() if ending and blank_before else first), last


def replace(module: Module, node: ast.AST, text: str, rule: str, reason: str) -> Edit:
    """Another text in the place of a node: of an expression, in parentheses where its place asks for them."""
    start, end = module.span(node)
    if isinstance(node, ast.expr):
        text = _fitting(module.parents.get(node), node, text)
    return Edit(file=module.path, start=start, end=end, replacement=text, rule=rule, reason=reason)


ATOMS = ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant | ast.JoinedStr | ast.List | ast.Dict | ast.Set | ast.ListComp \
    | ast.SetComp | ast.DictComp | ast.GeneratorExp  # fmt: skip
BRACKETS = ast.Call | ast.keyword | ast.List | ast.Set | ast.Dict | ast.comprehension
BINDING = (
    ast.Attribute | ast.Subscript | ast.Call | ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.Await | ast.Starred | ast.IfExp
)
"""Expressions that bind more tightly than some expression that may come into them."""


def _fitting(parent: ast.AST | None, node: ast.expr, text: str) -> str:
    """The text of an expression in parentheses where it would otherwise be read as something else, or end at a line's end."""
    try:
        value = ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError):
        return text
    argument = isinstance(parent, BRACKETS) and node is not getattr(parent, "func", None)
    held = isinstance(value, ATOMS) and not (isinstance(value, ast.Constant) and isinstance(parent, ast.Attribute))
    loose = isinstance(parent, BINDING) and not argument and not held and value.__class__ is not ast.Tuple
    return f"({text})" if loose or (not argument and _ends_early(text)) or isinstance(value, ast.NamedExpr | ast.Yield) else text


def _ends_early(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return True
    return False


def in_loop(module: Module, node: ast.stmt) -> bool:
    """Whether a statement stands in the body of a loop of its own function."""
    child: ast.AST = node
    for parent in module.ancestors(node):
        if isinstance(parent, FunctionNode | ast.ClassDef):
            return False
        if isinstance(parent, ast.For | ast.AsyncFor | ast.While) and any(child is statement for statement in parent.body):
            return True
        child = parent
    return False


def assignment(module: Module, name: str, node: ast.expr) -> str:
    """`name = expression`, in parentheses where the expression needs them to stand on a line of its own."""
    return f"{name} = {grouped(module.source(node), node)}"


def grouped(source: str, node: ast.expr) -> str:
    """The source of an expression as it may stand behind `=` or `return`."""
    return f"({source})" if "\n" in source or isinstance(node, ast.NamedExpr) else source


_PIECES = re.compile(r"""(\"{3}|'{3})(?:\\.|.)*?\1|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\#[^\r\n]*|[()]""", re.DOTALL)
"""Strings, comments, and parentheses outside of them."""


def brackets(text: str, start: int) -> tuple[int, int]:
    """Where the first parenthesis behind `start` opens and where it closes. Raises `ValueError` where there is none."""
    opening = depth = 0
    for match in _PIECES.finditer(text, start):
        if match.group() == "(":
            opening, depth = (match.start() if not depth else opening), depth + 1
        elif match.group() == ")":
            depth -= 1
            if not depth:
                return opening, match.start()
    raise ValueError("no parentheses")


def behind_parentheses(text: str, opened: int, start: int, end: int) -> int:
    """The offset behind the parentheses of its own in which an expression from `start` to `end` stands; `opened`: before the first."""
    depth = sum(match.group() == "(" for match in _PIECES.finditer(text, opened, start))
    for match in _PIECES.finditer(text, end):
        if not depth:
            break
        if match.group() == ")":
            depth, end = depth - 1, match.end()
    return end


def shared_names(module: Module, block: ast.If) -> list[str]:
    """Names bound in the block that code outside it reads."""
    bound: dict[str, None] = {}
    for node in own_nodes(block):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id)
        elif isinstance(node, FunctionNode | ast.ClassDef):
            bound.setdefault(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                bound.setdefault((alias.asname or alias.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.setdefault(node.name)
    inside = set(ast.walk(block))
    read = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node not in inside}
    return [name for name in bound if name in read]


def unused_name(module: Module, wanted: Iterable[str]) -> str:
    """The first of the names that the module does not use."""
    used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)} | set(module.functions) | set(module.classes)
    used |= {argument.arg for argument in ast.walk(module.tree) if isinstance(argument, ast.arg)}
    for name in wanted:
        if name not in used:
            return name
    return f"{next(iter(wanted))}_for_fal"


def below_imports(module: Module) -> int:
    """The offset behind the imports that a file begins with, of its first one if it begins with others, or behind its docstring."""
    top: list[ast.stmt] = []
    for node in module.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
        top.append(node)
    first = next((node for node in module.tree.body if isinstance(node, ast.Import | ast.ImportFrom)), None)
    if first is not None and first not in top:
        top.append(first)
    while top and not isinstance(top[-1], ast.Import | ast.ImportFrom) and len(top) > 1:
        top.pop()
    return module.line_end(top[-1].end_lineno or top[-1].lineno) if top else 0
