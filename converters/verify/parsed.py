"""Python code of a project that may be none, or nested too deeply."""

from __future__ import annotations

import ast

NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What parsing and compiling raise for code that cannot be read: the last two where it is nested too deeply."""


def parsed(data: bytes) -> ast.Module | None:
    """The syntax tree of a file; None where it cannot be read."""
    try:
        return ast.parse(data)
    except NO_PYTHON:
        return None
