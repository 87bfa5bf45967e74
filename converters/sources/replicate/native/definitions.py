"""What is evaluated while a file's functions and classes are defined, which is before `setup()` runs."""

from __future__ import annotations

import ast

from converters.concepts.native import NotNative, contexts
from converters.python.module import FunctionNode
from converters.python.names import plain_names
from converters.sources.replicate.native.layout import Layout

Function = ast.FunctionDef | ast.AsyncFunctionDef


def check(layout: Layout) -> None:
    """What is evaluated while functions and classes are defined is there by then; annotations are quoted where they need to be."""
    for node in layout.definitions():
        if isinstance(node, ast.ClassDef):
            _class_body(node, layout)
            functions = [inner for inner in node.body if isinstance(inner, FunctionNode)]
        else:
            functions = [node]
        for function in functions:
            defined_early(function, layout)


def _class_body(node: ast.ClassDef, layout: Layout) -> None:
    parts: list[ast.AST] = [*node.bases, *node.keywords, *node.decorator_list]
    parts += [statement for statement in node.body if not isinstance(statement, FunctionNode)]
    used = {name for part in parts for name in plain_names(part)} & layout.late
    if used:
        raise NotNative(f"the class `{node.name}` needs `{min(used)}` while the file is loaded")


def defined_early(function: Function, layout: Layout) -> None:
    """The defaults and decorators of a function need nothing that `setup()` makes or imports."""
    parts: list[ast.expr | None] = [*function.args.defaults, *function.args.kw_defaults]
    parts += [part for part in function.decorator_list if part not in contexts(function)]
    used = {name for part in parts for name in plain_names(part)} & layout.late
    if used:
        raise NotNative(f"the definition of `{function.name}` needs `{min(used)}` while the file is loaded")
