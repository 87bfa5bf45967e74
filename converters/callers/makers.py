"""Functions of a module that make a client or an endpoint for its calls: `def get_endpoint(): return runpod.Endpoint(ID)`."""

from __future__ import annotations

import ast

from converters.python.module import FunctionNode, Module


def called(module: Module, node: ast.Call) -> ast.FunctionDef | None:
    """The function of the module that a call calls; None where the name is bound again, or the function does more than return."""
    if not isinstance(node.func, ast.Name):
        return None
    name = node.func.id
    found = [one for one in module.tree.body if isinstance(one, ast.FunctionDef) and one.name == name]
    if len(found) != 1 or found[0].decorator_list or not _uses(module, name):
        return None
    return found[0] if returned(found[0]) and not _yields(found[0]) else None


def returned(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function returns; nothing where it may return None."""
    returns = [one for one in _own(function) if isinstance(one, ast.Return)]
    values = [one.value for one in returns if one.value is not None]
    always = isinstance(function.body[-1], ast.Return | ast.Raise | ast.Try | ast.With)
    return values if values and len(values) == len(returns) and always else []


def calls(module: Module, statement: ast.Return) -> list[ast.Call]:
    """The calls of the function that a return ends; none where it is not one that only makes something."""
    function = next((parent for parent in module.ancestors(statement) if isinstance(parent, FunctionNode)), None)
    if not isinstance(function, ast.FunctionDef):
        return []
    return [call for call in _uses(module, function.name) if called(module, call) is function]


def _uses(module: Module, name: str) -> list[ast.Call]:
    """The calls of a name; none where it is used in another way."""
    names = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == name]
    found = [parent for node in names if isinstance(parent := module.parents[node], ast.Call) and parent.func is node]
    return found if len(found) == len(names) else []


def _own(function: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of a function without those of functions in it."""
    found: list[ast.AST] = []
    queue: list[ast.AST] = list(function.body)
    while queue:
        node = queue.pop()
        found.append(node)
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            queue.extend(ast.iter_child_nodes(node))
    return found


def _yields(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own(function))
