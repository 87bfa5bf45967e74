"""A message that says what was found and what to do is told apart, and one that does not is left whole."""

from __future__ import annotations

import pytest

from converters.findings.wording import split

SPLIT = [
    ("`a.txt`, which the code opens, is not in the project: add it.", "`a.txt`, which the code opens, is not in the project", "Add it."),
    ("fal has no `context`: the code sees an empty one. Make what it reads an input.", "fal has no `context`: the code sees an empty one", "Make what it reads an input."),
    ("the image starts `a: write b`, which\n  is gone: replace it.", "the image starts `a: write b`, which is gone", "Replace it."),
    ("L is assumed (no GPU: see the image): choose the machine.", "L is assumed (no GPU: see the image)", "Choose the machine."),
    ("the key is `X`: it is written down.", "the key is `X`: it is written down", ""),
    ("set FAL_KEY where this program runs.", "set FAL_KEY where this program runs", ""),
    ("the name is too long: settled elsewhere.", "the name is too long: settled elsewhere", ""),
]  # fmt: skip


@pytest.mark.parametrize(("message", "observed", "todo"), SPLIT, ids=[observed for _, observed, _ in SPLIT])
def test_it_is_told_apart(message: str, observed: str, todo: str) -> None:
    assert split(message) == (observed, todo)
