"""Ids in the answers to requests at the same time: which request draws which is a matter of threads, and no difference.

The sides draw from the same seed, one after the other. Of requests that run beside each other, each gets what is left by then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .outcome import Outcome

_ID = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{8,32})(?![0-9A-Za-z])")
"""A UUID, or a part of one as code takes it: eight to 32 hexadecimal digits."""


def without_ids(outcome: Outcome, bodies: Any) -> Outcome:
    """The outcome of requests at the same time, with a mark of the same length for each id that none of the ``bodies`` holds."""
    sent = json.dumps(bodies, default=str)
    effects, machine = (tuple(_marked(text, sent) for text in texts) for texts in (outcome.effects, outcome.machine))
    return replace(outcome, value=_value(outcome.value, sent), effects=effects, machine=machine)


def calls_without_ids(calls: Sequence[str], bodies: Any) -> list[str]:
    """The same of calls, which have no order then."""
    sent = json.dumps(bodies, default=str)
    return sorted(_marked(text, sent) for text in calls)


def field(path: str) -> str:
    """A path without the place of the request among those that were sent together: `$[2].result.id` is `$.result.id`."""
    return re.sub(r"^\$\[\d+\]", "$", path)


def _value(value: Any, sent: str) -> Any:
    if isinstance(value, dict):
        return {key: _value(item, sent) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item, sent) for item in value]
    return _marked(value, sent) if isinstance(value, str) else value


def _marked(text: str, sent: str) -> str:
    """Digits alone are a number that means something, and letters alone a word."""

    def mark(found: re.Match[str]) -> str:
        digits = found[0].replace("-", "")
        plain = digits.isdigit() or digits.isalpha() or found[0] in sent
        return found[0] if plain else f"<id of {len(found[0])}>"

    return _ID.sub(mark, text)
