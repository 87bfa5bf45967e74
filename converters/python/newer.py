"""Syntax of a newer Python than the one that converts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst


def is_newer(text: str, version: tuple[int, int]) -> bool:
    """Whether a file that this Python cannot parse is Python of an app that runs on a newer one."""
    tree = None if version <= sys.version_info[:2] else _parsed(text)
    return tree is not None and (version >= (3, 14) or not any(_is_bare(node) for node in _nodes(tree)))


def is_syntax(text: str) -> bool:
    """Whether some Python parses a text, this one or a newer one that libcst knows."""
    return _parsed(text) is not None


def _parsed(text: str) -> cst.Module | None:
    import libcst as cst

    try:
        return cst.parse_module(text)
    except (cst.ParserSyntaxError, RecursionError):
        return None


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _is_bare(node: cst.CSTNode) -> bool:
    """`except A, B:`, which is Python 2 and again Python 3.14."""
    import libcst as cst

    return isinstance(node, cst.ExceptHandler) and isinstance(node.type, cst.Tuple) and not node.type.lpar
