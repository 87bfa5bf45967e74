"""One statement a line."""

from __future__ import annotations

import ast

import pytest

from converters.python.separated import separated


@pytest.mark.parametrize(
    ("text", "made"),
    [
        pytest.param("a = 1\nb = 2\n", "a = 1\nb = 2\n", id="nothing to do"),
        pytest.param("a = 1; b = 2  # both\n", "a = 1\nb = 2  # both\n", id="two statements"),
        pytest.param("import os, torch as t  # why\n", "import os\nimport torch as t  # why\n", id="two modules"),
        pytest.param("from a import b, c\n", "from a import b, c\n", id="two names of one module"),
        pytest.param("é = 'ü'; b = 2\n", "é = 'ü'\nb = 2\n", id="letters of several bytes"),
        pytest.param("\rprint(); from a import b\rclass A: pass", "\nprint()\nfrom a import b\nclass A: pass", id="carriage returns"),
        pytest.param("a = 1; b = 2\r\n", "a = 1\nb = 2\n", id="carriage returns and line feeds"),
    ],
)
def test_separated(text: str, made: str) -> None:
    assert separated(text) == made
    assert len(ast.parse(made).body) >= len(ast.parse(text).body)
