"""`.dockerignore` as fal's client reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.concepts.context import replacement
from converters.project import open_project


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"*.md\n.r\xf3\n", "not UTF-8", id="bytes that the client cannot decode"),
        pytest.param(b"\\\n", "one of its patterns", id="a pattern at which the client stops"),
        pytest.param("*.md\n.rés\n".encode(), None, id="any name in UTF-8"),
    ],
)
def test_an_ignore_file_at_which_the_client_stops_is_replaced(tmp_path: Path, text: bytes, why: str | None) -> None:
    (tmp_path / ".dockerignore").write_bytes(text)
    made = replacement(open_project(tmp_path))
    assert (made is None) if why is None else (made is not None and why in made.reason)
