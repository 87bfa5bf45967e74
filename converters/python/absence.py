"""What becomes of a variable that is not set, where code reads it without a default: followed from the read to its uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Literal

from converters.python.module import FunctionNode, Module, nodes
from converters.python.unparsed import unparse

Absence = Literal["optional", "used", "unknown"]
"""`optional`: nothing fails without it; `used`: its value is passed on as it is; `unknown`: reading does not tell."""
_Fate = Literal["harmless", "tested", "used", "unknown"]

TESTED: tuple[_Fate] = ("tested",)
UNKNOWN: tuple[_Fate] = ("unknown",)
LOGS = frozenset({"print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
"""Functions and methods that show a value, None as well as another."""
TESTS = frozenset({"bool", "isinstance", "all", "any"})
NONE_IS_DEFAULT = frozenset(
    {"token", "use_auth_token", "hf_token", "api_key", "auth_token", "revision", "cache_dir", "proxies", "timeout", "region_name", "region"}
    | {"endpoint_url", "base_url", "organization", "project", "profile_name", "aws_access_key_id", "aws_secret_access_key"}
    | {"aws_session_token", "api_version", "default", "dsn", "environment", "release", "entity"}
)
"""Parameters of common libraries that take None for what they would choose themselves."""
FIELDS = frozenset({"field", "Field"})
"""Functions whose `default` or `default_factory` becomes the value of an attribute."""
_Seen = set[tuple[int, str]]
"""What was followed: names by the function or module that reads them, attributes by 0."""
MOST = 40
"""How many names a value is followed through."""


def absence(modules: Sequence[Module], module: Module, read: ast.AST) -> Absence:
    """What becomes of None, which a call such as `os.getenv("X")` gives. ``modules``: everything that runs, ``module`` among them."""
    fates = set(_fates(modules, module, read, set()))
    if "used" in fates:
        return "unknown" if "tested" in fates else "used"
    return "unknown" if "unknown" in fates else "optional"


def _fates(modules: Sequence[Module], module: Module, node: ast.AST, seen: _Seen) -> Iterator[_Fate]:
    """What happens to the value of a node: in the expression around it, or where the name that keeps it is read."""
    parent = module.parents.get(node)
    match parent:
        case ast.BoolOp(values=values) if values[-1] is not node:
            yield "tested"
        case ast.IfExp(test=test) | ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test) if test is node:
            yield "tested"
        case ast.UnaryOp(op=ast.Not()) | ast.Compare():
            yield "tested"
        case ast.Expr():
            yield "harmless"
        case ast.BoolOp() | ast.IfExp() | ast.Lambda() | ast.Await():
            yield from _fates(modules, module, parent, seen)
        case ast.List() | ast.Tuple() | ast.Set():
            call = module.parents.get(parent)
            yield "tested" if isinstance(call, ast.Call) and _last(call.func) in TESTS else "unknown"
        case ast.Call() | ast.keyword():
            yield from _argument(modules, module, parent, node, seen)
        case ast.FormattedValue():
            yield "harmless" if _is_logged(module, parent) else "used"
        case ast.BinOp() | ast.Attribute() | ast.Subscript():
            yield "harmless" if _is_logged(module, parent) else "used"
        case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            for target in targets:
                yield from _kept(modules, module, target, seen)
        case ast.arguments():
            yield from _parameter_default(modules, module, parent, node, seen)
        case _:
            yield "unknown"


def _argument(modules: Sequence[Module], module: Module, parent: ast.Call | ast.keyword, node: ast.AST, seen: _Seen) -> Iterator[_Fate]:
    """The fate of what a call is given."""
    call = parent if isinstance(parent, ast.Call) else module.parents.get(parent)
    name = parent.arg if isinstance(parent, ast.keyword) else None
    if not isinstance(call, ast.Call) or call.func is node:
        yield "unknown"
        return
    callee = _last(call.func)
    if callee in LOGS or name in NONE_IS_DEFAULT:
        yield "harmless"
    elif callee in TESTS:
        yield "tested"
    elif callee in FIELDS or callee == "get":
        yield from _fates(modules, module, call, seen) if callee in FIELDS else UNKNOWN
    else:
        yield from _callee(modules, call, callee, name, node, seen)


def _callee(modules: Sequence[Module], call: ast.Call, callee: str, name: str | None, node: ast.AST, seen: _Seen) -> Iterator[_Fate]:
    """What the functions or classes of the project that have the name do with an argument; one of a library uses it."""
    if any(callee in one.classes for one in modules):
        yield from _attribute(modules, name, seen) if name else UNKNOWN
        return
    position = call.args.index(node) if isinstance(node, ast.expr) and node in call.args else -1
    found = [(one, function, parameter) for one in modules for function, parameter in _functions(one, call, callee, name, position)]
    if not found:
        yield "used"
    for module, function, parameter in found:
        yield from _reads(modules, module, function, parameter, seen)


def _functions(
    module: Module, call: ast.Call, callee: str, name: str | None, position: int
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Functions and methods of a module that the call may mean, with the parameter that takes the argument."""
    for node in nodes(module.tree):
        if not isinstance(node, FunctionNode) or node.name != callee:
            continue
        given = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        bound = isinstance(call.func, ast.Attribute) and given[:1] in (["self"], ["cls"])
        place = position + bound
        if name in (*given, *(one.arg for one in node.args.kwonlyargs)):
            yield node, str(name)
        elif name is None and position >= 0 and place < len(given):
            yield node, given[place]


def _parameter_default(modules: Sequence[Module], module: Module, arguments: ast.arguments, node: ast.AST, seen: _Seen) -> Iterator[_Fate]:
    function = module.parents.get(arguments)
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [(one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value is not None]
    name = next((one.arg for one, value in pairs if value is node), None)
    if name is None or not isinstance(function, FunctionNode):
        yield "unknown"
    else:
        yield from _reads(modules, module, function, name, seen)


def _kept(modules: Sequence[Module], module: Module, target: ast.expr, seen: _Seen) -> Iterator[_Fate]:
    """Where a value that is assigned is read again."""
    holder = next((above for above in module.ancestors(target) if isinstance(above, (*_FUNCTIONS, ast.ClassDef))), None)
    if isinstance(target, ast.Attribute):
        yield from _attribute(modules, target.attr, seen)
    elif not isinstance(target, ast.Name):
        yield "unknown"
    elif isinstance(holder, ast.ClassDef):
        yield from _attribute(modules, target.id, seen)
    elif holder is not None:
        yield from _reads(modules, module, holder, target.id, seen)
    else:
        for one in modules:
            if one is module or _imports(one, target.id):
                yield from _reads(modules, one, one.tree, target.id, seen)
        yield from _attribute([one for one in modules if one is not module], target.id, seen)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _imports(module: Module, name: str) -> bool:
    return any(isinstance(node, ast.ImportFrom) and any(one.name == name for one in node.names) for node in nodes(module.tree))


def _attribute(modules: Sequence[Module], name: str, seen: _Seen) -> Iterator[_Fate]:
    """The fates of every attribute of a name, of whatever object."""
    if not _is_new((0, name), seen):
        yield from UNKNOWN if len(seen) >= MOST else ()
        return
    for module in modules:
        for node in nodes(module.tree):
            if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
                yield from TESTED if _is_checked(module, node) else _fates(modules, module, node, seen)


def _reads(modules: Sequence[Module], module: Module, place: ast.AST, name: str, seen: _Seen) -> Iterator[_Fate]:
    """The fates of a name where a function or module reads it."""
    if not _is_new((id(place), name), seen):
        yield from UNKNOWN if len(seen) >= MOST else ()
        return
    for node in ast.walk(place):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield from TESTED if _is_checked(module, node) else _fates(modules, module, node, seen)


def _is_new(key: tuple[int, str], seen: _Seen) -> bool:
    """Whether a name is followed for the first time, and not too many were before."""
    if key in seen or len(seen) >= MOST:
        return False
    seen.add(key)
    return True


def _is_checked(module: Module, node: ast.expr) -> bool:
    """Whether a condition around the read, or one that leaves before it, asks for the same name."""
    text, below = unparse(node), node
    for parent in module.ancestors(node):
        if isinstance(parent, ast.If | ast.IfExp | ast.While) and below is not parent.test and _asks(parent.test, text):
            return True
        for block in (getattr(parent, field, None) for field in ("body", "orelse", "finalbody")):
            before = block[: block.index(below)] if isinstance(block, list) and below in block else []
            if any(_settles(statement, text) for statement in before):
                return True
        below = parent  # type: ignore[assignment]
    return False


def _asks(test: ast.expr, text: str) -> bool:
    return any(isinstance(part, ast.Name | ast.Attribute) and unparse(part) == text for part in ast.walk(test))


def _settles(statement: ast.stmt, text: str) -> bool:
    """`if not NAME: return`, or another value for the name."""
    if not isinstance(statement, ast.If) or not _asks(statement.test, text):
        return False
    last = statement.body[-1]
    leaves = isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)
    return leaves or any(isinstance(part, ast.Assign) and any(unparse(one) == text for one in part.targets) for part in statement.body)


def _is_logged(module: Module, node: ast.AST) -> bool:
    """Whether an expression is only shown."""
    call = next((above for above in module.ancestors(node) if isinstance(above, ast.Call | ast.stmt)), None)
    return isinstance(call, ast.Call) and _last(call.func) in LOGS


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
