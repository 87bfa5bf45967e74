"""Files in answers as `data:` URIs, and what is in them."""

from __future__ import annotations

import base64
from typing import Any

from converters.verify.outcome import File


def is_data(value: Any) -> bool:
    """Whether a value is a file as a data URL."""
    return isinstance(value, str) and value.startswith("data:") and ";base64," in value


def contents(value: Any) -> Any:
    """An output with the contents of its data URLs."""
    if is_data(value):
        kind, _, data = value[5:].partition(";base64,")
        return File(base64.b64decode(data), kind)
    if isinstance(value, dict):
        return {key: contents(item) for key, item in value.items()}
    return [contents(item) for item in value] if isinstance(value, list) else value
