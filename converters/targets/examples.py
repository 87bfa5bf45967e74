"""A request that shows how an app is called: one of the project's, else its required fields."""

from __future__ import annotations

import json
from typing import Any

from converters.concepts.literals import source_of
from converters.ir import App

LONGEST = 200
"""Letters of a string that is shown whole."""


def of_project(app: App) -> dict[str, Any] | None:
    """The first example request that the project holds, long strings cut; None where it has none."""
    return next((_short(example.value) for example in app.examples if isinstance(example.value, dict)), None)


def arguments(app: App) -> str:
    """The request as a dictionary of Python, one key a line."""
    lines = [f"    {source_of(str(key))}: {source_of(value)},\n" for key, value in _request(app).items()]
    return "{\n" + "".join(lines) + "}" if lines else "{}"


def body(app: App) -> str:
    """The request as JSON on one line."""
    return json.dumps(_request(app))


def _request(app: App) -> dict[str, Any]:
    example = of_project(app)
    if example is not None:
        return example
    fields = app.endpoints[0].input.fields if app.endpoints else []
    return {field.name: _sample(field.annotation) for field in fields if field.required}


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:60] + "..."
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value


def _sample(annotation: str) -> Any:
    kind = annotation.split(" | ")[0]
    return {"str": "...", "int": 1, "float": 1.0, "Number": 1, "bool": True}.get(
        kind, [] if kind.startswith("list") else {} if kind.startswith("dict") else "..."
    )
