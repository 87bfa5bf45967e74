"""Cog's decorators: `@streaming` and `@concurrent` of today, `@cog.input(...)` of 2021."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from converters import rules
from converters.concepts.literals import source_of
from converters.ir import Disposition, InputField, Origin
from converters.python.code import Code
from converters.python.constants import Evaluator, NotConstant
from converters.python.edits import remove_decorator
from converters.python.module import FunctionNode, Module
from converters.sources.replicate import input_types, inputs
from converters.sources.replicate.predictor import Method
from converters.sources.replicate.shared_inputs import InputCall

if TYPE_CHECKING:
    from converters.sources.replicate.edited_file import File
    from converters.sources.replicate.sdk import Use

OLD_NAMES = {"help": "description", "options": "choices", "min": "ge", "max": "le", "default": "default"}
"""Arguments of the 2021 decorator and today's names for them."""


def drop(file: File, use: Use) -> None:
    """Remove `@streaming` or `@concurrent(max=N)`; elsewhere the name stays."""
    if remove(file, use.node, f"`@{use.name}` is Cog's: app.py serves streams and states max_multiplexing"):
        what = "serves the stream at /stream" if use.name == "streaming" else "states the number as max_multiplexing"
        file.settle(use, rules.RC008, Disposition.CONVERTED, f"app.py {what}")
    else:
        _stays(file, use)


def drop_input(file: File, use: Use) -> None:
    """Remove `@cog.input(...)`: the input is a field of app.py's request model."""
    if remove(file, use.node, "the input is a field of app.py's request model"):
        file.settle(use, rules.RC018, Disposition.CONVERTED, "the decorator's input is a field of app.py's request model")
    else:
        _stays(file, use)


def _stays(file: File, use: Use) -> None:
    file.keep(use)
    file.settle(use, rules.RC037, Disposition.MANUAL, f"`{use.dotted}` is used as a value: take it away by hand.")


def remove(file: File, node: ast.AST, reason: str) -> bool:
    """Delete the lines of the decorator that a node belongs to."""
    module = file.module
    parent = module.parents.get(node)
    decorator = parent if isinstance(parent, ast.Call) and parent.func is node else node
    owner = module.parents.get(decorator)
    if not isinstance(owner, FunctionNode) or not isinstance(decorator, ast.expr) or decorator not in owner.decorator_list:
        return False
    file.edits.append(remove_decorator(module, owner, decorator, rules.RC008, reason))
    return True


def concurrency(code: Code, method: Method) -> tuple[int, Origin] | None:
    """The number in `@concurrent(max=N)`."""
    for decorator in method.node.decorator_list:
        if isinstance(decorator, ast.Call) and code.dotted(method.module, decorator.func) == "cog.concurrent":
            nodes = [*decorator.args, *(keyword.value for keyword in decorator.keywords if keyword.arg == "max")]
            try:
                value = Evaluator(code, method.module).value(nodes[0]) if nodes else None
            except NotConstant:
                value = None
            if isinstance(value, int):
                return value, method.module.origin(decorator)
    return None


def is_old(code: Code, method: Method) -> bool:
    """Whether a method declares its inputs by the decorators of 2021."""
    return any(_is_input(code, method.module, decorator) for decorator in method.node.decorator_list)


def old_inputs(code: Code, method: Method) -> inputs.Inputs:
    """The inputs of `@cog.input(name, type=, default=, help=, options=, min=, max=)`, in the order of the decorators."""
    found = inputs.Inputs()
    for decorator in method.node.decorator_list:
        if isinstance(decorator, ast.Call) and _is_input(code, method.module, decorator):
            made = _field(code, method, decorator, found)
            if made is not None:
                found.schema.fields.append(made)
    return found


def _is_input(code: Code, module: Module, decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and code.dotted(module, decorator.func) == "cog.input"


def _field(code: Code, method: Method, decorator: ast.Call, found: inputs.Inputs) -> InputField | None:
    given: dict[str, ast.expr] = {keyword.arg: keyword.value for keyword in decorator.keywords if keyword.arg}
    for name, value in zip(("name", "type", "default"), decorator.args, strict=False):
        given.setdefault(name, value)
    name = _constant(code, method.module, given.get("name"))
    if not isinstance(name, str):
        found.problems.append(inputs.Problem(method.module, decorator, "the name of an input is computed"))
        return None
    if any(field.name == name for field in found.schema.fields):
        found.problems.append(inputs.Problem(method.module, decorator, f"the input `{name}` is declared before"))
        return None
    type_ = input_types.read(code, method.module, given.get("type"))
    made = InputField(
        name=name, annotation=type_.source, required="default" not in given, media=type_.media, origin=method.module.origin(decorator)
    )
    arguments = {OLD_NAMES[key]: value for key, value in given.items() if key in OLD_NAMES}
    inputs.apply(code, InputCall(method.module, decorator, arguments), made, found)
    return made


def _constant(code: Code, module: Module, node: ast.expr | None) -> Any:
    try:
        value = Evaluator(code, module).value(node) if node is not None else None
        source_of(value)
    except (NotConstant, TypeError):
        return None
    return value
