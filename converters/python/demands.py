"""Whether code refuses to run without a variable that it reads by a call that gives nothing where it is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters.python.module import FunctionNode, Module, assigned
from converters.python.unparsed import unparse

ENDS = frozenset({"sys.exit", "exit", "quit", "os._exit"})
CONVERSIONS = frozenset({"int", "float", "json.loads", "Path", "pathlib.Path", "open", "os.path.join", "len"})
"""Calls that None makes fail."""


def _ends(statement: ast.AST) -> bool:
    """Whether a statement raises or ends the process."""
    return any(isinstance(part, ast.Raise) or (isinstance(part, ast.Call) and unparse(part.func) in ENDS) for part in ast.walk(statement))


def is_demanded(module: Module, node: ast.AST) -> bool:
    """Whether code refuses to run where a read without a default, or with an empty one, gives nothing."""
    if not _is_empty(node):
        return False
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call) and node in parent.args and unparse(parent.func) in CONVERSIONS and not _has_default(node):
        return not _is_tested(module, node)
    if isinstance(parent, ast.Attribute) and not _has_default(node) and isinstance(module.parents.get(parent), ast.Call):
        return not _is_tested(module, node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add) and not _has_default(node):
        return not _is_tested(module, node)
    for above in module.ancestors(node):
        if isinstance(above, ast.If) and _contains(above.test, node):
            return _is_negative(above.test) and any(map(_ends, above.body))
        if isinstance(above, ast.Assert):
            return True
        if isinstance(above, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            return any(value is node and _refused(module, above, name) for name, value in assigned(above))
        if isinstance(above, ast.stmt):
            return False
    return False


def _is_empty(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    defaults = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "default")]
    return not _has_default(node) or any(isinstance(default, ast.Constant) and not default.value for default in defaults)


def _has_default(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (len(node.args) > 1 or bool(node.keywords))


def _is_tested(module: Module, node: ast.AST) -> bool:
    """Whether a condition around the read asks for it."""
    text = unparse(node)
    return any(isinstance(above, ast.If | ast.IfExp) and text in unparse(above.test) for above in module.ancestors(node))


def _contains(tree: ast.AST, node: ast.AST) -> bool:
    return any(part is node for part in ast.walk(tree))


def _is_negative(test: ast.expr) -> bool:
    """`not X`, `X is None`, `X == ""`, and conditions that join them."""
    if isinstance(test, ast.BoolOp):
        return any(map(_is_negative, test.values))
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq)


def _refused(module: Module, assignment: ast.AST, name: str) -> bool:
    """Whether the name that a read is kept in is refused where it is empty, in the same function or module body."""
    place = next((above for above in module.ancestors(assignment) if isinstance(above, FunctionNode)), module.tree)
    for other in ast.walk(place):
        if getattr(other, "lineno", 0) < getattr(assignment, "lineno", 0):
            continue
        if isinstance(other, ast.If) and _is_negative(other.test) and any(map(_ends, other.body)):
            negated = [part for part in ast.walk(other.test) if isinstance(part, ast.Name) and part.id == name]
            if negated and not any(isinstance(part, ast.BoolOp) and isinstance(part.op, ast.And) for part in ast.walk(other.test)):
                return True
        if isinstance(other, ast.Assert) and any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(other.test)):
            return True
    return False


def demanded_lists(module: Module, aliases: set[str]) -> Iterator[tuple[ast.AST, str, bool]]:
    """(where, name, True) of variables that a loop over their names asks for: `for name in (...): if name not in os.environ: raise`."""
    if b"environ" not in module.file.data and b"getenv" not in module.file.data:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            asked = [part for part in node.body if isinstance(part, ast.If) and _asks_for(part.test, node.target.id, aliases)]
            if any(_ends(part) for test in asked for part in test.body):
                yield from _named(module, node.iter, node)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) and len(node.generators) == 1:
            part = node.generators[0]
            wanted = isinstance(part.target, ast.Name) and any(_asks_for(test, part.target.id, aliases) for test in part.ifs)
            kept = module.parents.get(node)
            if wanted and isinstance(kept, ast.Assign) and isinstance(kept.targets[0], ast.Name) and _is_refused(module, kept):
                yield from _named(module, part.iter, node)


def _asks_for(test: ast.expr, name: str, aliases: set[str]) -> bool:
    """`name not in os.environ`, `not os.getenv(name)`, `os.environ.get(name) is None`."""
    text = unparse(test)
    environ = "|".join(sorted((re.escape(alias) for alias in aliases if not alias.endswith("()")), key=len, reverse=True))
    read = rf"(?:(?:os\.)?(?:{environ})\.get|(?:os\.)?getenv)\({name}(?:, (?:''|None))?\)"
    return re.search(rf"\b{name} not in (?:os\.)?(?:{environ})\b|not {read}|{read} (?:is None|== '')", text) is not None


def _is_refused(module: Module, kept: ast.Assign) -> bool:
    """Whether the list of what is missing is refused where it is not empty."""
    name = unparse(kept.targets[0])
    place = next((above for above in module.ancestors(kept) if isinstance(above, FunctionNode)), module.tree)
    tests = (other for other in ast.walk(place) if isinstance(other, ast.If) and other.lineno > kept.lineno)
    return any(re.fullmatch(rf"{name}|len\({name}\)( > 0)?", unparse(other.test)) and any(map(_ends, other.body)) for other in tests)


def _named(module: Module, names: ast.expr, node: ast.AST) -> Iterator[tuple[ast.AST, str, bool]]:
    """The names of a list of strings, or of the constant that holds one."""
    if isinstance(names, ast.Name):
        values = module.assignments.get(names.id, [])
        names = values[0] if len(values) == 1 else names
    if isinstance(names, ast.List | ast.Tuple | ast.Set):
        yield from ((node, one.value, True) for one in names.elts if isinstance(one, ast.Constant) and isinstance(one.value, str))
