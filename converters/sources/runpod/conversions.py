"""What the worker itself does to a value before it uses it: `int(value)`, here or in a function that the value is passed to.

A field's type must not be stricter than that. `int()` takes "30" and 30.0; with a fallback around it, it takes anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converters.python.code import Code
from converters.python.module import FunctionNode, Module
from converters.sources.runpod.calls import all_nodes, assignments, callee, passed_to
from converters.sources.runpod.certain import always_fails
from converters.sources.runpod.handler import Callable

CONVERTERS = frozenset({"int", "float", "str", "bool"})
ANYTHING = "any"
"""The worker copes with values of several types, as far as can be read."""
MAX_DEPTH = 3


def conversion(code: Code, module: Module, function: Callable, node: ast.expr, depth: int = 0) -> str:
    """The one of `CONVERTERS` that every use of a value goes through, `ANYTHING` where it goes through several or another, else ''."""
    found = {_of_use(code, module, function, use, depth) for use in _uses(module, function, node)}
    if found <= {""}:
        return ""
    return found.pop() if len(found) == 1 else ANYTHING


def _uses(module: Module, function: Callable, node: ast.expr) -> Iterator[ast.expr]:
    """The places where a value is used: the expression itself, or the name that is given to it."""
    parent = module.parents.get(node)
    name = next((name for name, value in assignments(parent) if value is node), "") if parent is not None else ""
    if not name:
        yield node
        return
    for inner in all_nodes(function):
        is_use = isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Load)
        if isinstance(inner, ast.Name) and is_use and inner.lineno >= node.lineno and not _only_tested(module, inner):
            yield inner


def _only_tested(module: Module, node: ast.expr) -> bool:
    """Whether a use only asks what the value is: a comparison with None, a condition, `isinstance`."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Compare):
        return all(isinstance(operator, ast.Is | ast.IsNot) for operator in parent.ops)
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id == "isinstance"
    return isinstance(parent, ast.If | ast.UnaryOp) or (isinstance(parent, ast.IfExp) and parent.test is node)


def _of_use(code: Code, module: Module, function: Callable, use: ast.expr, depth: int) -> str:
    parent = module.parents.get(use)
    around = False
    while isinstance(parent, ast.BoolOp | ast.IfExp):
        use, parent, around = parent, module.parents.get(parent), True
    call = module.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    if not isinstance(call, ast.Call) or call.func is use:
        return ""
    if isinstance(call.func, ast.Name) and call.func.id in CONVERTERS and call.args[:1] == [use]:
        open_to_all = around or _falls_back(module, function, call) or _converts_again(module, call)
        return ANYTHING if open_to_all else call.func.id
    target = callee(code, module, call.func, function) if depth < MAX_DEPTH else None
    if target is None or isinstance(target[0], ast.Lambda):
        return ""
    helper, home, bound = target
    parameter = passed_to(helper, call, parent, use, bound)
    found = _of_parameter(code, home, helper, parameter, depth + 1) if parameter else ""
    return ANYTHING if found and (around or _falls_back(module, function, call)) else found


def _of_parameter(code: Code, module: Module, function: Callable, name: str, depth: int) -> str:
    """What a function does to the value of one of its parameters."""
    found = set()
    for inner in all_nodes(function):
        if isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Load) and not _only_tested(module, inner):
            found.add(_of_use(code, module, function, inner, depth))
    if found <= {""}:
        return ""
    return found.pop() if len(found) == 1 else ANYTHING


def _falls_back(module: Module, function: Callable, node: ast.AST) -> bool:
    """Whether a failure of the conversion is caught, so that the request goes on without it."""
    inner = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Try) and inner in ancestor.body:
            answers = isinstance(function, FunctionNode)
            return not all(always_fails(handler.body, answers=answers) for handler in ancestor.handlers)
        if ancestor is function:
            return False
        inner = ancestor
    return False


def _converts_again(module: Module, call: ast.Call) -> bool:
    """`int(float(value))` takes more than `int` and `float` alone."""
    outer = module.parents.get(call)
    return isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name) and outer.func.id in CONVERTERS
