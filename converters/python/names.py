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


def plain_names(*nodes: ast.AST | None) -> set[str]:
    """Every name that stands by itself in expressions or statements, those in functions and classes included; None holds none."""
    return {inner.id for node in nodes if node is not None for inner in ast.walk(node) if isinstance(inner, ast.Name)}
