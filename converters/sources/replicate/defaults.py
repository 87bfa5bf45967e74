"""`Input(...)` in kept code: the default stays, everything else has moved into the request model of app.py."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from converters import rules
from converters.ir import Disposition, Edit
from converters.python.edits import behind_parentheses, surround
from converters.python.module import FunctionNode
from converters.sources.replicate import annotated, input_types

if TYPE_CHECKING:
    from converters.sources.replicate.edited_file import File
    from converters.sources.replicate.sdk import Use

REASON = "description, bounds and choices live in app.py's request model; the default stays"


def input_(file: File, use: Use) -> None:
    """Replace a call of `Input` by its default."""
    call = use.call
    if call is None and annotated.forget(file, use, rules.RC004):
        return
    if call is None:
        _stays(file, use)
        return
    default = _default(call)
    parent = file.module.parents.get(call)
    if isinstance(parent, ast.arguments):
        function = file.module.parents.get(parent)
        if default is None and isinstance(function, FunctionNode) and _drop(file, call, function):
            file.settle(use, rules.RC004, Disposition.CONVERTED, "the input is a required field of app.py's request model")
            return
    if default is None or isinstance(default, ast.Constant):
        text = file.module.source(default) if default is not None else "None"
        file.replace(call, f"({text})" if "\n" in text else text, rules.RC004, REASON)
    else:
        _unwrap(file, call, default)
    file.settle(use, rules.RC004, Disposition.CONVERTED, "the input is a field of app.py's request model; its default stays in the code")


def _unwrap(file: File, call: ast.Call, default: ast.expr) -> None:
    """Take away what stands around a default, in which other edits may have their place."""
    first, last = file.module.span(default)
    apart = isinstance(default, ast.NamedExpr) or "\n" in file.module.text[first:last]
    file.edits += surround(file.module, call, default, "(" * apart, ")" * apart, rules.RC004, REASON)


def _stays(file: File, use: Use) -> None:
    file.keep(use)
    file.settle(use, rules.RC004, Disposition.MANUAL, "`Input` is used as a value: write the inputs out, and take it away.")


def _default(call: ast.Call) -> ast.expr | None:
    given = call.args[0] if call.args else next((keyword.value for keyword in call.keywords if keyword.arg == "default"), None)
    return None if isinstance(given, ast.Starred) or (isinstance(given, ast.Constant) and given.value is ...) else given


def _drop(file: File, call: ast.Call, function: FunctionNode) -> bool:
    """Take `= Input(...)` away, where the parameter may stand without a default."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    with_default = named[len(named) - len(arguments.defaults) :]
    parameter: ast.arg | None = None
    for before, (argument, value) in enumerate(zip(with_default, arguments.defaults, strict=True)):
        if value is call:
            parameter = argument
            if any(not _vanishes(file, earlier, other) for earlier, other in zip(with_default[:before], arguments.defaults, strict=False)):
                return False
    for argument, keyword_value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parameter = argument if keyword_value is call else parameter
    if parameter is None or not _vanishes(file, parameter, call):
        return False
    start = file.module.span(parameter)[1]
    end = behind_parentheses(file.module.text, start, *file.module.span(call))
    file.edits.append(Edit(file=file.module.path, start=start, end=end, replacement="", rule=rules.RC004, reason=REASON))
    return True


def _vanishes(file: File, parameter: ast.arg, value: ast.expr) -> bool:
    """Whether a parameter ends up without a default: a required input whose `Input(...)` states none."""
    if not (isinstance(value, ast.Call) and file.code.dotted(file.module, value.func) in ("cog.Input", "cog.input.Input")):
        return False
    return _default(value) is None and not input_types.read(file.code, file.module, parameter.annotation).nullable


def introspection(file: File) -> None:
    """`parameter.default.default` reads Cog's Input object out of a signature: now the parameter's default is the value itself."""
    if ".default.default" not in file.module.text:
        return
    for node in ast.walk(file.module.tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "default"
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "default"
        ):
            file.edits += surround(file.module, node, node.value, "", "", rules.RC004, "the default is the value itself now")
        elif _asks_for_default(node):
            assert isinstance(node, ast.Call)
            after = " is not inspect.Parameter.empty"
            file.edits += surround(file.module, node, node.args[0], "", after, rules.RC004, "the default is the value itself now")


def _asks_for_default(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="hasattr"), args=[ast.Attribute(attr="default"), ast.Constant(value="default")]):
            return True
    return False
