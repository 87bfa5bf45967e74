"""Defaults, choices and descriptions that are no text: half a surrogate pair, which neither pydantic nor JSON takes."""

from __future__ import annotations

import re
from typing import Any

from converters import rules
from converters.ir import Application, Disposition, InputField, InputSchema, Origin
from converters.ledger import Ledger

ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}")
"""Half a pair in Python source that a serializer made, which never writes it as a character."""
PLAIN = re.compile("[\ud800-\udfff]")
INSTEAD = "\\ufffd"


def mend(application: Application, ledger: Ledger) -> None:
    """Let U+FFFD stand for what no request can hold, so that the app starts, and name the fields."""
    for app in application.apps:
        for endpoint in app.endpoints:
            _schema(endpoint.input, Origin(file=app.entry, line=1), ledger)


def _schema(schema: InputSchema, place: Origin, ledger: Ledger) -> None:
    for one in schema.fields:
        if _field(one):
            message = (
                f"`{one.name}` has a default, a choice or a description with half a surrogate pair, which is no text: fal takes no app "
                "with it, so U+FFFD stands there. Write the text that is meant."
            )
            ledger.note(rules.FAL002, Disposition.MANUAL, message, one.origin or place)
        if one.model is not None:
            _schema(one.model, one.origin or place, ledger)


def _field(one: InputField) -> bool:
    """Mend one field; whether there was anything."""
    before = one.model_copy()
    one.annotation = _source(one.annotation)
    one.default = _source(one.default) if one.default is not None else None
    one.description = PLAIN.sub("\ufffd", one.description)
    one.constraints = {name: _value(value) for name, value in one.constraints.items()}
    return one != before


def _source(text: str) -> str:
    return PLAIN.sub("\ufffd", ESCAPED.sub(lambda match: match[1] + INSTEAD, text))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return PLAIN.sub("\ufffd", value)
    return [_value(one) for one in value] if isinstance(value, list) else value
