"""What type a request field has, by evidence: a conversion, a default, an example, and last its name."""

from __future__ import annotations

import re
from typing import Any

NUMBER, INTEGER, REAL, TO_INT, TO_FLOAT = "Number", "Integer", "Real", "ToInt", "ToFloat"
BOUNDED_NUMBER = """\
# an int stays an int, as in Cog
Number = Annotated[float, WrapValidator(lambda value, check: (check(value), value)[1])]"""
"""`Number` where its bounds belong into the schema, which pydantic does not tell for a union."""
ALIASES = {
    NUMBER: "Number = int | float  # a JSON number reaches the handler as it was sent",
    INTEGER: 'Integer = Annotated[int | bool, WithJsonSchema({"type": "integer"})]  # as rp_validator, to which true is a whole number',
    REAL: 'Real = Annotated[float | bool, WithJsonSchema({"type": "number"})]  # as rp_validator: true passes where the default is an int',
    TO_INT: 'ToInt = Annotated[Any, WithJsonSchema({"type": "integer"})]  # the worker converts it itself, with int()',
    TO_FLOAT: 'ToFloat = Annotated[Any, WithJsonSchema({"type": "number"})]  # the worker converts it itself, with float()',
}
"""Types of generated code, by name: what the source takes for a number is more than pydantic's `int` and `float`."""

TEXT_NAMES = re.compile(
    r"^(prompt|negative_prompt|system_prompt|initial_prompt|text|query|url|language|model_name|model_id|model|message|caption|voice)$"
    r"|_(url|base64|b64|prompt)$"
)
INTEGER_NAMES = re.compile(
    r"(^|_)(steps?|width|height|seed|num|count|size|length|batch|index|frames|fps|tokens|epochs?|top_k|k|n|limit|iterations|rank|port|quality|beams?)(_|$)"
)


def of_default(name: str, value: Any) -> str:
    """Annotation for a field whose default is known; 'Any' for None."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if INTEGER_NAMES.search(name) else NUMBER
    if isinstance(value, float):
        return NUMBER
    if isinstance(value, str):
        return "str"
    if isinstance(value, list | tuple | set):
        return "list[Any]"
    if isinstance(value, dict):
        return "dict[str, Any]"
    return "Any"


def of_examples(name: str, values: list[Any]) -> str:
    """Annotation that fits every example value; 'Any' where they disagree or there is none."""
    kinds = {of_default(name, value) for value in values if value is not None}
    if kinds == {"int", NUMBER}:
        kinds = {NUMBER}
    return kinds.pop() if len(kinds) == 1 else "Any"


def of_name(name: str) -> str:
    """Annotation by convention: `prompt` is text, `num_inference_steps` a whole number; 'Any' for other names."""
    if TEXT_NAMES.search(name):
        return "str"
    if re.search(r"^(seed|width|height|steps)$|^num_|_steps$|^max_(new_)?tokens$", name):
        return "int"
    return "Any"


def nullable(annotation: str) -> str:
    """The annotation with None among its values."""
    return annotation if annotation == "Any" or annotation.endswith("| None") else f"{annotation} | None"


def accepts(annotation: str, value: Any) -> bool:
    """Whether a strict model with this annotation takes a JSON value."""
    parts = [part.strip() for part in annotation.split(" | ")]
    if {"Any", TO_INT, TO_FLOAT} & set(parts):
        return True
    if value is None:
        return "None" in parts
    if isinstance(value, bool):
        return bool({"bool", INTEGER, REAL} & set(parts))
    if isinstance(value, int):
        return bool({"int", "float", INTEGER, REAL, NUMBER} & set(parts))
    if isinstance(value, float):
        return bool({"float", REAL, NUMBER} & set(parts))
    if isinstance(value, str):
        return "str" in parts
    if isinstance(value, list):
        return any(part.startswith("list") for part in parts)
    return any(part.startswith("dict") for part in parts)
