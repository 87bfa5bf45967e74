"""Which names a block of statements binds on every way through it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from converters.python.unparsed import unparse


def always_bound(body: Sequence[ast.stmt]) -> set[str]:
    """Names that are bound whenever the end of a block is reached. What a loop binds may never be bound."""
    return set().union(*map(_of, body)) if body else set()


def _of(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.If(body=body, orelse=orelse):
            return _of_each([body, orelse])
        case ast.Try(body=body, orelse=orelse, handlers=handlers, finalbody=last):
            return _of_each([[*body, *orelse], *(handler.body for handler in handlers)]) | always_bound(last)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            may_end = any("suppress" in unparse(item.context_expr) for item in items)
            return (set() if may_end else always_bound(body)) | {name for item in items for name in _targets(item.optional_vars)}
        case ast.Assign(targets=targets):
            return {name for target in targets for name in _targets(target)}
        case ast.AnnAssign(target=target, value=value) if value is not None:
            return _targets(target)
        case ast.AugAssign(target=target):
            return _targets(target)
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name.split(".")[0] for alias in names}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
    return set()


def _of_each(bodies: Sequence[Sequence[ast.stmt]]) -> set[str]:
    """What all ways bind that come to their end."""
    ways = [always_bound(body) for body in bodies if not (body and _leaves(body[-1]))]
    return set.intersection(*ways) if ways else set()


def _leaves(statement: ast.stmt) -> bool:
    """Whether a block with this last statement never comes to its end."""
    if isinstance(statement, ast.Raise | ast.Return):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and unparse(call.func) in ("sys.exit", "exit", "quit", "os._exit")


def _targets(target: ast.expr | None) -> set[str]:
    if target is None:
        return set()
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
