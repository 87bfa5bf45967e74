"""The source of a node, for comparing and for messages, whatever it holds."""

from __future__ import annotations

import ast


def unparse(node: ast.AST) -> str:
    """What ``ast.unparse`` writes; the node's own form where that finds no quotes for an f-string, as before Python 3.12."""
    try:
        return ast.unparse(node)
    except ValueError:
        return ast.dump(node)
