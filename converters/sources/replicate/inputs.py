"""The inputs of a predictor: `name: type = Input(...)` of every parameter, as fields of one request model."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass, field
from typing import Any

from converters.concepts.fields import NUMBER
from converters.concepts.literals import source_of
from converters.ir import InputField, InputSchema, Origin
from converters.python.code import Code
from converters.python.constants import Evaluator, NotConstant
from converters.python.module import Module
from converters.sources.replicate import bounds, input_types
from converters.sources.replicate.predictor import Method
from converters.sources.replicate.shared_inputs import InputCall, input_call

CONSTRAINTS = ("ge", "le", "min_length", "max_length")
MISSING = object()


@dataclass
class Problem:
    """Something about an input that only running the code could tell."""

    module: Module
    node: ast.AST
    text: str
    hint: str = "write it out in app.py"


@dataclass
class Inputs:
    """The schema, and for each input what becomes of its value before the predictor gets it."""

    schema: InputSchema = field(default_factory=InputSchema)
    problems: list[Problem] = field(default_factory=list)
    calls: list[InputCall] = field(default_factory=list)


def read(code: Code, method: Method) -> Inputs:
    """The inputs of a method whose parameters are annotated."""
    found = Inputs()
    found.schema.extra = "allow"
    for parameter in method.parameters:
        found.schema.fields.append(_field(code, method, parameter, found))
    return found


def keep_integers(schema: InputSchema) -> None:
    """`float` takes what Cog 0.17 and later hand on as it was sent: an int stays an int, in file names and cache keys, too."""
    for made in schema.fields:
        if not re.search(r"\bint\b", made.annotation):
            made.annotation = re.sub(r"\bfloat\b", NUMBER, made.annotation)


def _field(code: Code, method: Method, parameter: ast.arg, found: Inputs) -> InputField:
    default = method.default(parameter.arg)
    call = input_call(code, method.module, default) if default is not None else None
    type_ = input_types.read(code, method.module, parameter.annotation)
    if type_.problem and parameter.annotation is not None:
        found.problems.append(Problem(method.module, parameter, f"the type of `{parameter.arg}` {type_.problem}"))
    made = InputField(
        name=parameter.arg,
        annotation=type_.source,
        required=False,
        media=type_.media,
        origin=Origin(file=method.module.path, line=parameter.lineno, end_line=parameter.end_lineno or parameter.lineno),
    )
    if call is not None:
        found.calls.append(call)
        apply(code, call, made, found)
    elif default is None:
        _absent(made, type_.nullable)
    else:
        _default(code, method.module, default, {}, made, found)
    _finish(made)
    return made


def apply(code: Code, call: InputCall, made: InputField, found: Inputs) -> None:
    """Carry the arguments of an `Input(...)` call over to a field."""
    _default_of(code, call, made, found)
    _apply_arguments(code, call, made, found)
    found.problems += [Problem(call.module, call.node, text) for text in bounds.misfits(made)]
    if broken := bounds.broken_by_default(made):
        text = f"the default of `{made.name}` is {made.default}, which its own {broken} does not allow: Cog refuses to build it"
        found.problems.append(Problem(call.module, call.node, text, hint="correct the default or the bound"))


def _apply_arguments(code: Code, call: InputCall, made: InputField, found: Inputs) -> None:
    for name, node in call.arguments.items():
        if name == "default":
            continue
        value = value_of(code, call, node)
        if value is MISSING:
            found.problems.append(Problem(call.module, node, f"`{name}` of `{made.name}` is computed by {short(call.module, node)}"))
        elif value is None:
            continue
        elif not _fits(name, value):
            message = f"`{name}` of `{made.name}` is {value!r}, of a type that Cog does not take there"
            found.problems.append(Problem(call.module, node, message))
        elif name == "description":
            made.description = " ".join(str(value).split())
        elif name == "choices":
            made.constraints["choices"] = list(value)
        elif name in CONSTRAINTS:
            made.constraints[name] = value
        elif name == "regex":
            made.constraints["pattern"] = value
        elif name == "deprecated":
            made.deprecated = bool(value)
        elif name == "accept":
            made.accept = str(value)


def _fits(name: str, value: Any) -> bool:
    """Whether a bound, a pattern or choices are of their type."""
    if name == "choices":
        return isinstance(value, list | tuple) and all(isinstance(one, str | int | float) for one in value)
    if name == "regex":
        return isinstance(value, str)
    return name not in CONSTRAINTS or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))


def _default_of(code: Code, call: InputCall, made: InputField, found: Inputs) -> None:
    node = call.arguments.get("default")
    if node is None or (isinstance(node, ast.Constant) and node.value is ...):
        _absent(made, made.annotation.endswith("| None") or made.annotation == "Any")
    else:
        _default(code, call.module, node, call.names, made, found)


def _default(code: Code, module: Module, node: ast.expr, names: dict[str, Any], made: InputField, found: Inputs) -> None:
    try:
        value = Evaluator(code, module, names).value(node)
        made.default = source_of(value)
    except (NotConstant, TypeError):
        made.default, made.computed = "None", True
        made.annotation = nullable(made.annotation)
        found.problems.append(
            Problem(module, node, f"the default of `{made.name}` is computed by {short(module, node)} when the predictor is loaded")
        )
        return
    if value is None:
        made.annotation = nullable(made.annotation)
    elif isinstance(value, tuple):
        made.default = source_of(list(value))
    elif made.annotation.startswith("float") and isinstance(value, int) and not isinstance(value, bool):
        made.default = source_of(value)


def _absent(made: InputField, nullable_: bool) -> None:
    """Cog requires an input without a default, unless its type allows None."""
    made.required = not nullable_
    made.default = "None" if nullable_ else None


def value_of(code: Code, call: InputCall, node: ast.expr) -> Any:
    """The constant behind an argument of `Input(...)`; `MISSING` where only running the code could tell."""
    try:
        value = Evaluator(code, call.module, call.names).value(node)
        source_of(value)
    except (NotConstant, TypeError):
        return MISSING
    return sorted(value, key=str) if isinstance(value, set) else value


def nullable(annotation: str) -> str:
    return annotation if annotation == "Any" or annotation.endswith("| None") else f"{annotation} | None"


def _finish(made: InputField) -> None:
    """Constraints that do not fit the type are dropped as Cog's own schema drops them; choices are unique."""
    if "choices" in made.constraints:
        choices = made.constraints["choices"]
        made.constraints["choices"] = [item for index, item in enumerate(choices) if item not in choices[:index]]


def short(module: Module, node: ast.AST) -> str:
    """The source of an expression on one line, for a message."""
    text = " ".join(module.source(node).split())
    return f"`{text[:70]}{'...' if len(text) > 70 else ''}`"
