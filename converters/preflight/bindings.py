"""The names that a module of the project has once it is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters.python.module import FunctionNode, Module

DYNAMIC = re.compile(
    r"\bimport\s+\*|\b__getattr__\b|\b(globals|locals|vars|setattr|exec|eval)\s*\(|\bsys\.modules\b|\b__dict__\b|\bimport_module\b|\b__import__\b"
)
"""What may give a module names that nobody writes down."""
OF_MODULES = frozenset({"__name__", "__file__", "__doc__", "__path__", "__package__", "__spec__", "__loader__", "__all__", "annotations"})


def bindings(module: Module) -> frozenset[str] | None:
    """The names that the code of a module binds, in whichever branch; None where only running it tells."""
    if DYNAMIC.search(module.text):
        return None
    return frozenset({*OF_MODULES, *_bound(module.tree)})


def _bound(tree: ast.Module) -> Iterator[str]:
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FunctionNode | ast.ClassDef):
            yield node.name
            yield from (name for inner in ast.walk(node) if isinstance(inner, ast.Global) for name in inner.names)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        waiting += ast.iter_child_nodes(node)
