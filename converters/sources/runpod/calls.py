"""Finds what a call inside the project calls."""

from __future__ import annotations

import ast

from converters.python.code import Code
from converters.python.module import FunctionNode, Module, nodes, own_nodes
from converters.python.unparsed import unparse
from converters.sources.runpod.handler import Callable

MAX_DEPTH = 5
"""How far base classes are followed."""


def callee(code: Code, module: Module, func: ast.expr, scope: ast.AST | None = None) -> tuple[Callable, Module, bool] | None:
    """(function, module, takes `self`) of a call inside the project: a function, a class, an instance or a method of one."""
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
        if owner is not None and (member := _member(code, owner[0], owner[1], func.attr)) is not None:
            return member
    owner = instance_class(code, module, func, scope)
    return _member(code, owner[0], owner[1], "__call__") if owner is not None else None


def instance_class(code: Code, module: Module, node: ast.expr, scope: ast.AST | None = None) -> tuple[Module, ast.ClassDef] | None:
    """The project's class of which an expression is an instance, by what is assigned to it or by its annotation."""
    if isinstance(node, ast.Call):
        return _made(code, module, node)
    if isinstance(node, ast.Name) and node.id == "self":
        return next(((module, ancestor) for ancestor in module.ancestors(node) if isinstance(ancestor, ast.ClassDef)), None)
    if isinstance(node, ast.Name):
        return _variable_class(code, module, node.id, scope)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        owner = instance_class(code, module, node.value)
        return _attribute_class(code, owner[0], owner[1], node.attr) if owner else None
    return None


def _variable_class(code: Code, module: Module, name: str, scope: ast.AST | None) -> tuple[Module, ast.ClassDef] | None:
    values: list[tuple[Module, ast.expr]] = []
    annotations: list[ast.expr | None] = []
    if scope is not None:
        values += [(module, value) for inner in all_nodes(scope) for target, value in assignments(inner) if target == name]
        arguments = [inner for inner in ast.walk(scope) if isinstance(inner, ast.arg) and inner.arg == name]
        annotations += [argument.annotation for argument in arguments]
    definition = code.definition(module, name)
    if definition is not None and isinstance(definition.node, ast.expr):
        values.append((definition.module, definition.node))
    values += [(module, value) for inner in nodes(module.tree) for target, value in assignments(inner) if target == name]
    stated = [inner for inner in nodes(module.tree) if isinstance(inner, ast.AnnAssign)]
    annotations += [inner.annotation for inner in stated if isinstance(inner.target, ast.Name) and inner.target.id == name]
    return _first_class(code, module, values, annotations)


def _attribute_class(code: Code, module: Module, owner: ast.ClassDef, name: str) -> tuple[Module, ast.ClassDef] | None:
    """The class of `self.name`: by an annotation in the class, or by what a method assigns to it."""
    values: list[tuple[Module, ast.expr]] = []
    annotations: list[ast.expr | None] = []
    for inner in ast.walk(owner):
        targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target] if isinstance(inner, ast.AnnAssign) else []
        for target in targets:
            if (isinstance(target, ast.Attribute) and target.attr == name) or (isinstance(target, ast.Name) and target.id == name):
                annotations += [inner.annotation] if isinstance(inner, ast.AnnAssign) else []
                value = getattr(inner, "value", None)
                method = next((parent for parent in module.ancestors(inner) if isinstance(parent, FunctionNode)), None)
                if isinstance(value, ast.Name) and method is not None:
                    given = [argument for argument in ast.walk(method.args) if isinstance(argument, ast.arg) and argument.arg == value.id]
                    annotations += [argument.annotation for argument in given]
                elif isinstance(value, ast.expr):
                    values.append((module, value))
    return _first_class(code, module, values, annotations)


def _first_class(
    code: Code, module: Module, values: list[tuple[Module, ast.expr]], annotations: list[ast.expr | None]
) -> tuple[Module, ast.ClassDef] | None:
    made = (_made(code, home, value) for home, value in values if isinstance(value, ast.Call))
    stated = (_stated(code, module, annotation) for annotation in annotations)
    return next((found for found in (*made, *stated) if found is not None), None)


def _made(code: Code, module: Module, call: ast.Call) -> tuple[Module, ast.ClassDef] | None:
    """The class of what a call makes: the class it calls, or what a function of the project says that it returns."""
    found = code.function(module, call.func)
    if found is None:
        return None
    if isinstance(found.node, ast.ClassDef):
        return found.module, found.node
    return _stated(code, found.module, found.node.returns) if isinstance(found.node, FunctionNode) else None


def _stated(code: Code, module: Module, annotation: ast.expr | None) -> tuple[Module, ast.ClassDef] | None:
    """The project's class that an annotation names, also in `X | None`, `Optional[X]` and as a string."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return None
    if isinstance(annotation, ast.BinOp):
        return _stated(code, module, annotation.left) or _stated(code, module, annotation.right)
    if isinstance(annotation, ast.Subscript):
        return _stated(code, module, annotation.slice) if unparse(annotation.value).endswith("Optional") else None
    if not isinstance(annotation, ast.Name | ast.Attribute):
        return None
    found = code.function(module, annotation)
    return (found.module, found.node) if found is not None and isinstance(found.node, ast.ClassDef) else None


def returned_parameter(function: Callable) -> str | None:
    """The parameter that a function hands back, checked or copied, in every `return`."""
    if isinstance(function, ast.Lambda):
        return None
    names = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    returned = {getattr(handed_back(node.value), "id", "") for node in own_nodes(function) if isinstance(node, ast.Return)}
    return returned.pop() if len(returned) == 1 and returned <= names else None


def handed_back(node: ast.expr | None) -> ast.expr | None:
    """What a `return` hands back, without the copy or the cast around it."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return handed_back(node.values[0])
    if isinstance(node, ast.Call) and node.args and not node.keywords and unparse(node.func) in ("dict", "cast", "typing.cast"):
        return handed_back(node.args[-1])
    return node


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
