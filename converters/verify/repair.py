"""Requests that the source refused, mended by what its complaint asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .requests import Request
from .values import HOST, KINDS, OBJECT, Schema, Values

_KINDS = {
    "integer": "int", "int": "int", "number": "float", "float": "float", "string": "str", "boolean": "bool", "bool": "bool",
    "object": "dict", "dict": "dict",
}  # fmt: skip
"""What programs call a type, and its name in Python; lists are mended by themselves."""
_WANTS_ADDRESS = re.compile(r"(?i)\bur[li]\b|\bscheme\b")


def repaired(request: Request, complaint: str, schema: Schema, *, closed: bool = False) -> Request | None:
    """The request with what the source's own validation asks for: keys that are missing, unwelcome, of another type or exclusive.

    ``closed``: the source takes no keys but those of the schema.
    """
    body = _addressed(_renamed(_mended(request.body, complaint), complaint), complaint)
    if closed and isinstance(body, dict):
        body = {key: value for key, value in body.items() if key in request.body or key in schema.get("properties", {})}
    if body == request.body and isinstance(body, dict):
        values = Values(schema)
        named = [name for name in values.names if name not in body and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", complaint)]
        body = {**body, **{name: values.value(name) for name in named[:1]}}
    return None if body == request.body else replace(request, kind="repaired", about=f"{request.about}, repaired", body=body)


def _addressed(body: Any, complaint: str) -> Any:
    """The body with an address for each text that the complaint shows where it wants one: ``Invalid URL 'a cat'``."""
    if not _WANTS_ADDRESS.search(complaint):
        return body
    if isinstance(body, dict):
        return {key: _addressed(value, complaint) for key, value in body.items()}
    if isinstance(body, list):
        return [_addressed(value, complaint) for value in body]
    shown = isinstance(body, str) and "://" not in body and re.search(rf"(?<!\w){re.escape(body)}(?!\w)", complaint)
    return HOST + "a.png" if shown and body else body


def _renamed(body: Any, complaint: str) -> Any:
    """The body with its made-up files of the first kind that the complaint lists: ``must be one of .mp4, .mov``."""
    listed = re.findall(r"(?<![\w/.-])\.([a-z0-9]{2,5})\b", complaint)
    suffix = next((kind for kind in listed if kind in KINDS), None)
    if suffix is None or not isinstance(body, dict):
        return body
    return {key: re.sub(r"\.\w+$", f".{suffix}", value) if str(value).startswith(HOST) else value for key, value in body.items()}


def _mended(body: Any, complaint: str) -> Any:
    missing = re.findall(r"(\w+) is a required input", complaint) or re.findall(
        r"(?i)(?:missing|required)(?: required)?(?: input| key| field| parameters?)?s?:? \W?'?\"?(\w+)", complaint
    )
    missing += re.findall(r"(?i)\bno (\w+) (?:was |were |is |are )?(?:provided|given|supplied|specified)\b", complaint)
    missing += re.findall(r"^\W*(?:detail\W+)?'(\w+)'\W*$", complaint)  # what a KeyError says
    unwelcome = re.findall(r"Unexpected input\. (\w+)", complaint) + re.findall(r"(\w+) does not meet the constraints", complaint)
    wrong = dict(re.findall(r"(\w+) should be <class '(\w+)'>", complaint))
    wrong.update((key, _KINDS[kind]) for key, kind in re.findall(rf"(\w+)['\"]? must be (?:an? )?({'|'.join(_KINDS)})\b", complaint))
    choices = dict(re.findall(r"(\w+)['\"]? (?:must|should) be one of:? [\[({]?['\"]?([\w-]+)", complaint))
    lists = [key.lower() for key in re.findall(r"(\w+) (?:input )?must be a list", complaint)]
    if ("only one" in complaint or "not both" in complaint) and isinstance(body, dict):
        unwelcome += [key for key in body if re.search("base64|b64", key)]
    values = {"int": 1, "float": 1.0, "str": "a", "bool": True, "list": ["a"], "dict": {}}

    def within(value: Any) -> Any:
        if isinstance(value, list):
            return [within(item) for item in value]
        return mend(value, False) if isinstance(value, dict) else value

    def mend(part: dict[str, Any], top: bool) -> dict[str, Any]:
        kept = {key: within(value) for key, value in part.items() if key not in unwelcome}
        if not (top and any(isinstance(value, dict) for value in part.values())):
            kept.update({key: kept.get(key, HOST + "a.png") for key in missing if key not in ("the", "a", "and", "or")})
        kept.update({key: [OBJECT] for key in lists if top})
        kept.update({key: choices[key] for key in choices.keys() & kept.keys()})
        return {key: values.get(wrong[key], value) if key in wrong else value for key, value in kept.items()}

    return mend(body, True) if isinstance(body, dict) else body
