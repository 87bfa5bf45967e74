"""What Cog gives a running prediction: the scope, metrics, the log, and the methods of the base class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from converters.ir import Disposition, Origin
from converters.python.edits import remove_statement
from converters.python.module import FunctionNode, Module
from converters.sources.replicate.predictor import ancestry
from converters.sources.replicate.sdk import BASES

if TYPE_CHECKING:
    from converters.sources.replicate.edited_file import File
    from converters.sources.replicate.sdk import Use

METRIC = "a metric of Cog becomes a line of the request's log"


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
        file.replace(node, "print", "RC009", "what the code prints is the log of the request")
        file.ledger.settle(construct, "RC009", Disposition.CONVERTED, "`self.log` becomes print: the log of the request")
    elif node.attr == "record_metric" and isinstance(parent, ast.Call):
        _printed(file, parent)
        file.ledger.settle(construct, "RC009", Disposition.CONVERTED, METRIC)
    elif node.attr == "scope" and _scope_use(file, node):
        file.ledger.settle(construct, "RC009", Disposition.CONVERTED, METRIC)


def scope(file: File, use: Use) -> None:
    """`current_scope().record_metric(...)` and `current_scope().context`."""
    call = use.call
    holder = file.module.parents.get(call) if call is not None else None
    if call is not None and isinstance(holder, ast.Attribute) and holder.attr == "context":
        file.replace(holder, "{}", "RC010", "fal has no request context beside the input")
        file.settle(
            use,
            "RC010",
            Disposition.MANUAL,
            "fal has no `context` beside the input: the code now sees an empty one. Make what it reads an input or a secret.",
        )
    elif call is not None and _scope_use(file, call):
        file.settle(use, "RC009", Disposition.CONVERTED, METRIC)
    else:
        _stays(file, use)


def metric(file: File, use: Use) -> None:
    """`emit_metric(name, value)`."""
    if use.call is None:
        _stays(file, use)
        return
    _printed(file, use.call)
    file.settle(use, "RC009", Disposition.CONVERTED, METRIC)


def _scope_use(file: File, node: ast.AST) -> bool:
    """`<scope>.record_metric(...)` becomes a print; other uses of the scope are left."""
    holder = file.module.parents.get(node)
    call = file.module.parents.get(holder) if holder is not None else None
    if isinstance(holder, ast.Attribute) and holder.attr == "record_metric" and isinstance(call, ast.Call) and call.func is holder:
        _printed(file, call)
        return True
    return False


def _printed(file: File, call: ast.Call) -> None:
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("name", "key", "value"))]
    text = "".join(f", {file.module.source(value)}" for value in values)
    file.replace(call, f'print("metric"{text})', "RC009", METRIC)


def _super_setup(file: File, node: ast.AST, defined: set[str]) -> None:
    """`super().setup()` reached Cog's empty method, which is gone."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="setup", value=ast.Call(func=ast.Name(id="super")))) as call):
            if "super:setup" not in defined:
                construct = file.ledger.record("name", "super().setup", _origin(file.module, call), offset=call.col_offset)
                file.edits.append(remove_statement(file.module, node, "RC003", "Cog's base class had an empty setup()"))
                file.ledger.settle(construct, "RC003", Disposition.DROPPED, "Cog's base class had an empty setup()")


def _stays(file: File, use: Use) -> None:
    node = use.node
    while isinstance(node, ast.Attribute):
        node = node.value
    file.stays.add(node.id if isinstance(node, ast.Name) else "*")
    file.settle(use, "RC010", Disposition.MANUAL, f"`{use.dotted}` is used in a way that has no counterpart on fal: replace it.")


def _origin(module: Module, node: ast.AST) -> Origin:
    return Origin(file=module.path, line=node.lineno)  # type: ignore[attr-defined]
