"""Reads of a variable that happen only where the variable is known to be there."""

from __future__ import annotations

import ast

from converters.python.module import Module
from converters.python.unparsed import unparse

CAUGHT = frozenset({"KeyError", "LookupError", "Exception", "BaseException"})


def is_guarded(module: Module, node: ast.AST, name: str) -> bool:
    """Whether code asks for a variable, or sets it, before a node reads it, so that nothing fails without the variable."""
    below: ast.AST = node
    for parent in module.ancestors(node):
        match parent:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if below is not test and _names(test, name):
                return True
            case ast.BoolOp(values=values) if any(_names(value, name) for value in values[: _index(values, below)]):
                return True
            case ast.Try(body=body, handlers=handlers) if below in body and any(_forgives(handler) for handler in handlers):
                return True
        if any(_leaves_or_sets(statement, name) for statement in _before(parent, below)):
            return True
        below = parent
    return False


def written(node: ast.AST) -> list[str]:
    """The variables that a statement or call of code sets: `os.environ["X"] = ...`, `environ.setdefault`, `update`, `os.putenv`."""
    match node:
        case ast.Assign(targets=targets):
            return [name for target in targets if (name := _stored(target))]
        case ast.Call(func=ast.Attribute(attr="setdefault", value=holder), args=[ast.Constant(value=str(name)), *_]) if _is_environ(holder):
            return [name]
        case ast.Call(func=ast.Attribute(attr="putenv"), args=[ast.Constant(value=str(name)), *_]):
            return [name]
        case ast.Call(func=ast.Attribute(attr="update", value=holder), args=args, keywords=keywords) if _is_environ(holder):
            keys = [key.value for arg in args if isinstance(arg, ast.Dict) for key in arg.keys if isinstance(key, ast.Constant)]
            return [*(key for key in keys if isinstance(key, str)), *(keyword.arg for keyword in keywords if keyword.arg)]
    return []


def _stored(target: ast.expr) -> str:
    match target:
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(name))) if _is_environ(holder):
            return name
    return ""


def _is_environ(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (isinstance(node, ast.Name) and node.id == "environ")


def _index(values: list[ast.expr], node: ast.AST) -> int:
    return next((index for index, value in enumerate(values) if value is node), 0)


def _names(node: ast.AST, name: str) -> bool:
    return any(isinstance(inner, ast.Constant) and inner.value == name for inner in ast.walk(node))


def _forgives(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches the failure of a read and goes on without the variable."""
    types: list[ast.expr | None] = [*handler.type.elts] if isinstance(handler.type, ast.Tuple) else [handler.type]
    catches = any(one is None or unparse(one) in CAUGHT for one in types)
    return catches and not any(isinstance(inner, ast.Raise) for inner in ast.walk(handler))


def _before(parent: ast.AST, node: ast.AST) -> list[ast.stmt]:
    """The statements that run before a node in the same block."""
    for block in (getattr(parent, name, None) for name in ("body", "orelse", "finalbody")):
        if isinstance(block, list) and node in block:
            return block[: block.index(node)]
    return []


def _leaves_or_sets(statement: ast.stmt, name: str) -> bool:
    """`if "X" not in os.environ: return`, `os.environ["X"] = ...` and `os.environ.setdefault("X", ...)`."""
    match statement:
        case ast.If(test=test, body=[*_, ast.Return() | ast.Continue() | ast.Break()]):
            return _names(test, name)
        case ast.If(test=test, body=body) if _names(test, name):
            return any(_leaves_or_sets(inner, name) for inner in body)
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="environ") | ast.Name(), slice=ast.Constant(value=key))]):
            return bool(key == name)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="setdefault"), args=[ast.Constant(value=key), *_])):
            return bool(key == name)
    return False
