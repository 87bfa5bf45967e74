"""The source of a node, where Python's own function has none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.python.unparsed import unparse

CONVERTERS = Path(__file__).parents[2] / "converters"


@pytest.mark.parametrize("text", ["a.b(c)", "f'{a!r}'", "lambda x: x"])
def test_it_is_what_python_writes(text: str) -> None:
    assert unparse(ast.parse(text, mode="eval").body) == ast.unparse(ast.parse(text))


def test_an_f_string_of_any_value_has_a_form() -> None:
    value = ast.Constant("\x85\\'\"")
    node = ast.JoinedStr([ast.FormattedValue(value, -1, None)])
    other = ast.JoinedStr([ast.FormattedValue(ast.Constant("\x85\\'"), -1, None)])
    assert unparse(node)
    assert unparse(node) != unparse(other)


def test_nothing_calls_pythons_own_function() -> None:
    """It raises for f-strings that a project may hold; what runs in a child process of verification has no package of ours."""
    files = [path for path in CONVERTERS.rglob("*.py") if "child" not in path.parts and path.name != "unparsed.py"]
    assert [str(path) for path in files if "ast.unparse" in path.read_text()] == []
