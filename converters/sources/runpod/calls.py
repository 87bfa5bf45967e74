"""Finds what a call inside the project calls."""

from __future__ import annotations

import ast

from converters.python.code import Code
from converters.python.module import FunctionNode, Module
from converters.sources.runpod.handler import Callable

MAX_DEPTH = 5
"""How far base classes are followed."""


def callee(code: Code, module: Module, func: ast.expr, scope: ast.AST | None = None) -> tuple[Callable, Module, bool] | None:
    """(function, module, takes `self`) of a call inside the project: a function, a class, or a method of a module-level instance."""
    if isinstance(func, ast.Name) and scope is not None:
        for inner in all_nodes(scope):
            if isinstance(inner, FunctionNode) and inner.name == func.id:
                return inner, module, False
    found = code.function(module, func)
    if found is not None and isinstance(found.node, FunctionNode):
        return found.node, found.module, False
    if found is not None and isinstance(found.node, ast.ClassDef):
        return _member(code, found.module, found.node, "__init__")
    if isinstance(func, ast.Attribute):
        owner = instance_class(code, module, func.value, scope)
        if owner is not None:
            return _member(code, owner[0], owner[1], func.attr)
    return None


def instance_class(code: Code, module: Module, node: ast.expr, scope: ast.AST | None = None) -> tuple[Module, ast.ClassDef] | None:
    """The class of the instance that an expression names, where it is assigned from a call of a class of the project."""
    if isinstance(node, ast.Name) and node.id == "self":
        for ancestor in module.ancestors(node):
            if isinstance(ancestor, ast.ClassDef):
                return module, ancestor
        return None
    values: list[tuple[Module, ast.expr]] = [(module, node)] if isinstance(node, ast.Call) else []
    if isinstance(node, ast.Name):
        if scope is not None:
            values += [(module, value) for inner in all_nodes(scope) for name, value in assignments(inner) if name == node.id]
        definition = code.definition(module, node.id)
        if definition is not None and isinstance(definition.node, ast.expr):
            values.append((definition.module, definition.node))
        values += [(module, value) for inner in ast.walk(module.tree) for name, value in assignments(inner) if name == node.id]
    for home, value in values:
        if isinstance(value, ast.Call):
            found = code.function(home, value.func)
            if found is not None and isinstance(found.node, ast.ClassDef):
                return found.module, found.node
    return None


def _member(code: Code, module: Module, node: ast.ClassDef, name: str, depth: int = 0) -> tuple[Callable, Module, bool] | None:
    for statement in node.body:
        if isinstance(statement, FunctionNode) and statement.name == name:
            static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in statement.decorator_list)
            return statement, module, not static
    for base in node.bases:
        found = code.function(module, base)
        if found is not None and isinstance(found.node, ast.ClassDef) and depth < MAX_DEPTH:
            inherited = _member(code, found.module, found.node, name, depth + 1)
            if inherited:
                return inherited
    return None


def passed_to(function: Callable, call: ast.Call, holder: ast.AST | None, node: ast.expr, bound: bool) -> str | None:
    """The name of the parameter that takes an argument of a call; None where that is open. `bound`: the first parameter is `self`."""
    if isinstance(holder, ast.keyword):
        return holder.arg
    positional = [*function.args.posonlyargs, *function.args.args][1 if bound else 0 :]
    index = call.args.index(node) if node in call.args else len(positional)
    if any(isinstance(argument, ast.Starred) for argument in call.args[:index]):
        return None
    return positional[index].arg if index < len(positional) else None


def all_nodes(function: ast.AST) -> list[ast.AST]:
    """Nodes of a function including nested functions and comprehensions, in source order."""
    body = [function.body] if isinstance(function, ast.Lambda) else getattr(function, "body", [])
    return [node for part in body for node in ast.walk(part)]


def assignments(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """(name, value) of every plain name that a node assigns."""
    if isinstance(node, ast.Assign):
        return [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return [(node.target.id, node.value)]
    if isinstance(node, ast.NamedExpr):
        return [(node.target.id, node.value)]
    return []
