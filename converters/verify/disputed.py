"""Requests that an app refuses by its schema though the source's code seems to take them: the source is asked.

What the converter reads in the code says which fields there are, and seldom what becomes of every value: `data["tags"]` may hold
anything, and the loop over it fails on a number. Only the source knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .certificate import Breach, Schemas

_FIELD = re.compile(r"\$\.([^.\[\]]+)")


def settle(schemas: Schemas, base: Mapping[str, Any], required: Collection[str], fails: Callable[[dict[str, Any]], bool]) -> None:
    """Tell what the source takes from what it `fails` on: the latter is no difference, whatever the app says of it.

    ``base`` is a body that the source answers; ``required`` are the fields that the app demands.
    """
    schemas.fails_too = [breach for breach in schemas.refused if fails(body(breach, base, required))]
    schemas.refused = [breach for breach in schemas.refused if breach not in schemas.fails_too]


def body(breach: Breach, base: Mapping[str, Any], required: Collection[str]) -> dict[str, Any]:
    """The body ``base``, which the source answers, with what the app refuses in it: nothing else may be why the source fails.

    ``required`` are the fields that the app demands, which the refused value may lack.
    """
    if not isinstance(breach.value, dict):
        return dict(base)
    found = _FIELD.match(breach.path)
    if found and found[1] in breach.value:
        return {**base, found[1]: breach.value[found[1]]}
    lacking = [name for name in required if name not in breach.value]
    unknown = {name: value for name, value in breach.value.items() if name not in base}
    return {**{name: value for name, value in base.items() if name not in lacking}, **({} if lacking else unknown)}
