"""Reads of variables without which code refuses to run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.python.demands import is_demanded
from tests.python.code import code, module


@pytest.mark.parametrize(
    ("read", "demanded"),
    [
        ("os.getenv('A')", True),
        ("os.getenv('A', '')", True),
        ("os.getenv('A', default='')", True),
        ("os.getenv('A', default='x')", False),
        ("os.getenv('A', 'x')", False),
    ],
)
def test_a_read_that_may_be_empty_is_demanded_where_the_code_then_raises(tmp_path: Path, read: str, demanded: bool) -> None:
    made = module(code(tmp_path, main=f"import os\nif not {read}:\n    raise SystemExit(1)\n"))
    call = next(node for node in ast.walk(made.tree) if isinstance(node, ast.Call) and ast.unparse(node) == read)
    assert is_demanded(made, call) is demanded
