"""Projects in memory, for tests that read Python."""

from __future__ import annotations

import textwrap
from pathlib import Path

from converters.project import open_project
from converters.python.code import Code
from converters.python.module import Module


def code(folder: Path, **files: str) -> Code:
    """A project of Python files (`a__b` is `a/b.py`)."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
    return Code(open_project(folder))


def module(found: Code, path: str = "main.py") -> Module:
    made = found.module(path)
    assert made is not None, found.problems
    return made
