"""What Cog gives a running prediction: the scope, metrics, the log, and the methods of the base class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from converters import rules
from converters.ir import Disposition, Edit, Origin
from converters.python.edits import remove_statement
from converters.python.module import FunctionNode, Module
from converters.sources.replicate.predictor import ancestry
from converters.sources.replicate.sdk import BASES

if TYPE_CHECKING:
    from converters.ledger import Construct
    from converters.sources.replicate.edited_file import File
    from converters.sources.replicate.sdk import Use

METRIC = "a metric of Cog becomes a line of the request's log"
CONTEXT = "fal has no `context` beside the input: the code now sees an empty one. Make what it reads an input or a secret."


def edit(file: File) -> None:
    """`self.record_metric`, `self.scope`, `self.log` and `super().setup()` in classes that are derived from Cog's."""
    for owner in ast.walk(file.module.tree):
        if isinstance(owner, ast.ClassDef) and _is_predictor(file, owner):
            defined = _defined(file, owner)
            for node in ast.walk(owner):
                _self_member(file, node, defined)
                _super_setup(file, node, defined)


def _is_predictor(file: File, owner: ast.ClassDef) -> bool:
    return any(file.code.dotted(module, base) in BASES for module, node in ancestry(file.code, file.module, owner) for base in node.bases)


def _defined(file: File, owner: ast.ClassDef) -> set[str]:
    """Methods that the class, or a class of the project above it, defines itself."""
    chain = list(ancestry(file.code, file.module, owner))
    own = {s.name for _, node in chain for s in node.body if isinstance(s, FunctionNode)}
    above = {s.name for _, node in chain[1:] for s in node.body if isinstance(s, FunctionNode)}
    assigned = {
        node.attr
        for _, cls in chain
        for node in ast.walk(cls)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)
    }
    return own | assigned | {f"super:{name}" for name in above}


def _self_member(file: File, node: ast.AST, defined: set[str]) -> None:
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr not in defined):
        return
    if node.attr not in ("record_metric", "scope", "log"):
        return
    construct = file.ledger.record("name", f"self.{node.attr}", _origin(file.module, node), offset=node.col_offset)
    parent = file.module.parents.get(node)
    if node.attr == "log" and isinstance(parent, ast.Call):
        file.replace(node, "print", rules.RC009, "what the code prints is the log of the request")
        file.ledger.settle(construct, rules.RC009, Disposition.CONVERTED, "`self.log` becomes print: the log of the request")
    elif node.attr == "record_metric" and isinstance(parent, ast.Call):
        _print(file, parent, _values(parent))
        file.ledger.settle(construct, rules.RC009, Disposition.CONVERTED, METRIC)
    elif node.attr == "scope" and (what := _used(file, node)):
        _settle_scope(file, construct, what)


def scope(file: File, use: Use) -> None:
    """`current_scope().record_metric(...)` and `current_scope().context`, also by way of a name."""
    what = _used(file, use.call) if use.call is not None else ""
    if what:
        _settle_scope(file, use.construct, what)
    else:
        _stays(file, use)


def _settle_scope(file: File, construct: Construct, what: str) -> None:
    if "context" in what:
        file.ledger.settle(construct, rules.RC010, Disposition.MANUAL, CONTEXT)
    else:
        file.ledger.settle(construct, rules.RC009, Disposition.CONVERTED, METRIC)


def metric(file: File, use: Use) -> None:
    """`emit_metric(name, value)`."""
    if use.call is None:
        _stays(file, use)
        return
    _print(file, use.call, _values(use.call))
    file.settle(use, rules.RC009, Disposition.CONVERTED, METRIC)


def _used(file: File, node: ast.AST) -> str:
    """Replace what is done with a scope, and say what that is; '' where something else is done, and nothing is replaced."""
    uses = _uses(file, node)
    if uses is None:
        return ""
    statement = file.module.parents.get(node)
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        file.edits.append(remove_statement(file.module, statement, rules.RC009, METRIC))
    for kind, target, values in uses:
        if kind == "context":
            file.replace(target, "{}", rules.RC010, "fal has no request context beside the input")
        else:
            _print(file, target, values)
    return " ".join(kind for kind, _, _ in uses) or "metric"


def _uses(file: File, node: ast.AST) -> list[tuple[str, ast.AST, list[ast.expr]]] | None:
    """(what, the node that gives way, the metric's name and value) of all that is done with a scope; None where it is something else."""
    one = _use(file.module, node)
    if one is not None:
        return [one]
    name = _name_of(file.module, node)
    function = next((parent for parent in file.module.ancestors(node) if isinstance(parent, FunctionNode)), None)
    if not name or function is None:
        return None
    named = [inner for inner in ast.walk(function) if isinstance(inner, ast.Name) and inner.id == name]
    found = [_use(file.module, inner) for inner in named if isinstance(inner.ctx, ast.Load)]
    only = sum(not isinstance(inner.ctx, ast.Load) for inner in named) == 1
    return [one for one in found if one is not None] if only and None not in found else None


def _name_of(module: Module, node: ast.AST) -> str:
    """The name that a statement of its own gives to a value; '' for other statements."""
    match module.parents.get(node):
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _use(module: Module, node: ast.AST) -> tuple[str, ast.AST, list[ast.expr]] | None:
    """What is done with the scope that a node stands for: its context is read, or a metric is recorded in one of three ways."""
    holder = module.parents.get(node)
    above = module.parents.get(holder) if holder is not None else None
    match holder, above:
        case ast.Attribute(attr="context"), _:
            return "context", holder, []
        case ast.Attribute(attr="record_metric"), ast.Call(func=function) if function is holder:
            return "metric", above, _values(above)
        case ast.Attribute(attr="metrics"), ast.Attribute(attr="record"):
            call = module.parents.get(above)
            return ("metric", call, _values(call)) if isinstance(call, ast.Call) and call.func is above else None
        case ast.Attribute(attr="metrics"), ast.Subscript(slice=key, ctx=ast.Store()):
            statement = module.parents.get(above)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                return "metric", statement, [key, statement.value]
    return None


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args[:2], *(keyword.value for keyword in call.keywords if keyword.arg in ("name", "key", "value"))]


def _print(file: File, node: ast.AST, values: list[ast.expr]) -> None:
    """Put a line of the log in the place of a metric."""
    start, end = file.module.span(node)
    text = 'print("metric"'
    for value in values:
        first, last = file.module.span(value)
        apart = isinstance(value, ast.Yield | ast.YieldFrom)  # as one of several arguments it takes parentheses, which are no part of it
        _between(file, start, first, f"{text}, {'(' * apart}")
        start, text = last, ")" * apart
    _between(file, start, end, f"{text})")
    name = file.module.source(values[0]) if values else "a metric"
    file.ledger.note(
        rules.RC009,
        Disposition.CONVERTED,
        f"the metric {name} is a line of the request's log now: `metrics` of the answer no longer carries it",
        _origin(file.module, node),
        notable=True,
    )


def _between(file: File, start: int, end: int, text: str) -> None:
    """Write what stands around values, in which other edits may have their place."""
    file.edits.append(Edit(file=file.module.path, start=start, end=end, replacement=text, rule=rules.RC009, reason=METRIC))


def _super_setup(file: File, node: ast.AST, defined: set[str]) -> None:
    """`super().setup()` reached Cog's empty method, which is gone."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="setup", value=ast.Call(func=ast.Name(id="super")))) as call):
            if "super:setup" not in defined:
                construct = file.ledger.record("name", "super().setup", _origin(file.module, call), offset=call.col_offset)
                file.edits.append(remove_statement(file.module, node, rules.RC003, "Cog's base class had an empty setup()"))
                file.ledger.settle(construct, rules.RC003, Disposition.DROPPED, "Cog's base class had an empty setup()")


def _stays(file: File, use: Use) -> None:
    file.keep(use)
    file.settle(use, rules.RC010, Disposition.MANUAL, f"`{use.dotted}` is used in a way that has no counterpart on fal: replace it.")


def _origin(module: Module, node: ast.AST) -> Origin:
    return Origin(file=module.path, line=node.lineno)  # type: ignore[attr-defined]
