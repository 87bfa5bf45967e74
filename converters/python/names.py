"""The names of Python code."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def names_in(node: ast.AST) -> Iterator[str]:
    """The names that one node binds or reads, attributes left out."""
    match node:
        case ast.Name(id=name) | ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
            yield name
        case ast.alias():
            yield (node.asname or node.name).partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
