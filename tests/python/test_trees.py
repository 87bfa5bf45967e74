"""Trees of programs that are read again and again are made once, and those of other files are others."""

from __future__ import annotations

import ast

import pytest

from converters.python.module import nodes, tree_of

TEXT = "import os\n\n\ndef f(a, *, b=1):\n    return [a for a in os.sep if b]\n"


def test_the_tree_of_a_file_is_made_once_and_that_of_another_file_is_another() -> None:
    assert tree_of(TEXT, "a.py") is tree_of(TEXT, "a.py")
    shared = {*nodes(tree_of(TEXT, "a.py"))} & {*nodes(tree_of(TEXT, "b.py"))}
    assert not [node for node in shared if hasattr(node, "lineno")]


def test_a_tree_that_is_long_is_not_kept() -> None:
    text = "a = 1\n" * 20_000
    assert tree_of(text) is not tree_of(text)


def test_the_nodes_are_those_of_the_standard_library() -> None:
    assert list(nodes(tree_of(TEXT))) == list(ast.walk(tree_of(TEXT)))


@pytest.mark.parametrize("text", ["def f(:\n", "a\0b"])
def test_what_is_no_program_is_refused_every_time(text: str) -> None:
    for _ in range(2):
        with pytest.raises((SyntaxError, ValueError)):
            tree_of(text)
