"""Callers made for a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from converters.callers.convert import convert_callers
from converters.ledger import Item
from converters.outcome import Converted

APPS = {"abc123": "acme/upscaler", "acme/story": "acme/story-fal"}


@dataclass(frozen=True)
class Made:
    """The texts that came out, and the ledger."""

    texts: dict[str, str]
    items: list[Item]

    @property
    def manual(self) -> list[str]:
        """`file:line rule` of what is left in the code."""
        return [
            f"{item.file}:{item.line} {item.rule}"
            for item in self.items
            if item.disposition.value == "manual" and item.scope.value == "code"
        ]


def rewritten(folder: Path, files: Mapping[str, str], apps: Mapping[str, str] = APPS) -> Made:
    """What `migrate callers` makes of files, whose common indentation is taken off."""
    root = folder / "callers"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(dedent(text).lstrip("\n").encode())
    outcome = convert_callers(root, apps)
    assert isinstance(outcome, Converted), outcome
    for change in outcome.files:
        if change.path.endswith(".py") and change.data is not None:
            compile(change.data, change.path, "exec")
    return Made({change.path: (change.data or b"").decode() for change in outcome.files}, outcome.ledger.items())


def client(folder: Path, text: str) -> Made:
    return rewritten(folder, {"client.py": text})
