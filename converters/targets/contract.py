"""What the callers of converted apps need to know, left in the output: paths, names that changed, and both schemas.

`migrate callers --map ENDPOINT=owner/app:FOLDER` and `migrate verify SOURCE FOLDER` read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converters import escape
from converters.ir import App, Endpoint
from converters.reports.schemas import annotation_schema, input_schema, output_schema
from converters.targets.app import idiomatic_name

NAME = "fal-contract.json"


def emit(platform: str, apps: Sequence[App]) -> str:
    """The document for all apps of an output, by the names of their tables."""
    document = {"version": 1, "platform": platform, "apps": {app.name: of_app(app) for app in apps if app.endpoints}}
    return escape.json_document(document)


def of_app(app: App) -> dict[str, Any]:
    """What one app promises: `input` and `output` map the source's fields to those that have another name here.

    `files`: what of the answer is a file.
    `key`: under which the app answers what the source answers bare; '' where it answers an object of the source's own.
    """
    endpoint = app.endpoints[0]
    return {
        "path": endpoint.path,
        "key": endpoint.output.wrap,
        "input": {},
        "output": renamed(app),
        "files": files(app),
        "input_schema": input_schema(endpoint.input),
        "output_schema": _output_schema(endpoint, renamed(app)),
    }


def files(app: App) -> dict[str, str]:
    """The fields of the answer, under the app's names, that are objects with a `url` ("file") or lists of them ("files")."""
    names = renamed(app)
    fields = app.endpoints[0].output.fields if app.endpoints else []
    return {names.get(field.name, field.name): "files" if field.many else "file" for field in fields if field.media}


def renamed(app: App) -> dict[str, str]:
    """The fields of the answer that have fal's own names, where those were asked for."""
    fields = app.endpoints[0].output.fields if app.idiomatic and app.endpoints else []
    return {field.name: idiomatic_name(field) for field in fields if field.name != idiomatic_name(field)}


def _output_schema(endpoint: Endpoint, names: dict[str, str]) -> dict[str, Any]:
    schema = output_schema(endpoint.output)
    if "properties" not in schema:
        return schema
    media = {
        field.name: f"list[{kind}]" if field.many else kind for field in endpoint.output.fields if (kind := (field.media or "").title())
    }
    parts = {name: annotation_schema(media[name]) if name in media else part for name, part in schema["properties"].items()}
    found = {**schema, "properties": {names.get(name, name): part for name, part in parts.items()}}
    if "required" in schema:
        found["required"] = [names.get(name, name) for name in schema["required"]]
    return found
