"""`Input(...)` wherever it stands: in the signature, in a class or module of shared inputs, or made by a helper function."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from converters.python.code import Code, Found
from converters.python.constants import Evaluator, NotConstant
from converters.python.module import FunctionNode, Module

POSITIONAL = ("default",)


@dataclass
class InputCall:
    """A call of `Input`. `names`: values of the helper's parameters where a helper made it."""

    module: Module
    node: ast.Call
    arguments: dict[str, ast.expr] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)


def input_call(code: Code, module: Module, node: ast.expr, depth: int = 0) -> InputCall | None:
    """The `Input(...)` that a default stands for; None where it is another value."""
    if depth > 6:
        return None
    if isinstance(node, ast.Call):
        if is_input(code, module, node):
            return _arguments(module, node)
        return _made(code, module, node, depth)
    if isinstance(node, ast.Name):
        found = code.definition(module, node.id)
        return input_call(code, found.module, found.node, depth + 1) if found and isinstance(found.node, ast.expr) else None
    if isinstance(node, ast.Attribute):
        return _attribute(code, module, node, depth)
    return None


def is_input(code: Code, module: Module, node: ast.Call) -> bool:
    return code.dotted(module, node.func) in ("cog.Input", "cog.input.Input")


def _arguments(module: Module, node: ast.Call) -> InputCall:
    found = InputCall(module, node)
    for name, value in zip(POSITIONAL, node.args, strict=False):
        found.arguments[name] = value
    found.arguments.update({keyword.arg: keyword.value for keyword in node.keywords if keyword.arg})
    return found


def _attribute(code: Code, module: Module, node: ast.Attribute, depth: int) -> InputCall | None:
    if not isinstance(node.value, ast.Name):
        return None
    target = code.imported_module(module, node.value.id)
    if target is not None and node.attr in target.assignments:
        return input_call(code, target, target.assignments[node.attr][-1], depth + 1)
    owner = code.definition(module, node.value.id)
    if owner is None or not isinstance(owner.node, ast.ClassDef):
        return None
    for statement in owner.node.body:
        value = _assigned(statement, node.attr)
        if value is not None:
            return input_call(code, owner.module, value, depth + 1)
    return None


def _assigned(statement: ast.stmt, name: str) -> ast.expr | None:
    if isinstance(statement, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in statement.targets):
        return statement.value
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.target.id == name:
        return statement.value
    return None


def _made(code: Code, module: Module, node: ast.Call, depth: int) -> InputCall | None:
    """A helper whose one `return` makes the input: `Inputs.guidance_with(default=3)`, `helpers.output_format()`."""
    function = _function(code, module, node.func)
    if function is None or not isinstance(function.node, FunctionNode):
        return None
    returns = [inner.value for inner in ast.walk(function.node) if isinstance(inner, ast.Return) and inner.value is not None]
    made = input_call(code, function.module, returns[0], depth + 1) if len(returns) == 1 else None
    if made is not None:
        made.names = {**_bound(code, module, node, function), **made.names}
    return made


def _function(code: Code, module: Module, node: ast.expr) -> Found | None:
    found = code.function(module, node)
    if found is not None:
        return found
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = code.definition(module, node.value.id)
        if owner is not None and isinstance(owner.node, ast.ClassDef):
            for statement in owner.node.body:
                if isinstance(statement, FunctionNode) and statement.name == node.attr:
                    return Found(owner.module, statement)
    return None


def _bound(code: Code, module: Module, node: ast.Call, function: Found) -> dict[str, Any]:
    """Values of the helper's parameters in one call, as far as they are constant."""
    assert isinstance(function.node, FunctionNode)
    arguments = function.node.args
    names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    given: dict[str, tuple[Module, ast.expr]] = {}
    for name, default in zip(names[len(names) - len(arguments.defaults) :], arguments.defaults, strict=False):
        given[name] = (function.module, default)
    for argument, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            given[argument.arg] = (function.module, keyword_default)
    given.update({name: (module, value) for name, value in zip(names, node.args, strict=False)})
    given.update({keyword.arg: (module, keyword.value) for keyword in node.keywords if keyword.arg})
    found: dict[str, Any] = {}
    for name, (where, value) in given.items():
        try:
            found[name] = Evaluator(code, where).value(value)
        except NotConstant:
            continue
    return found
