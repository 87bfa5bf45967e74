"""Programs and installers that stand in for those that a build fetches, as files."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def text(name: str, **values: str) -> bytes:
    """A program of this folder; each ``@NAME@`` in it is replaced by a value."""
    found = (_HERE / name).read_text(encoding="utf-8")
    for key, value in values.items():
        found = found.replace(f"@{key}@", value)
    return found.encode()
