"""What is evaluated while a file's functions and classes are defined, which is before `setup()` runs."""

from __future__ import annotations

import ast
import re

from converters.concepts.native import NotNative
from converters.python.module import FunctionNode, own_nodes
from converters.python.names import plain_names
from converters.python.unparsed import unparse
from converters.sources.replicate.native.layout import Layout

Function = ast.FunctionDef | ast.AsyncFunctionDef
CONTEXT = re.compile(r"(torch\.)?(inference_mode|no_grad|autocast|amp\.autocast|cuda\.amp\.autocast)\(")
"""Decorators that are contexts, too: `with torch.no_grad():` around a body does what they do."""


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


def contexts(node: Function) -> list[ast.expr]:
    """The innermost decorators of a function that can stand around its body instead."""
    found: list[ast.expr] = []
    if isinstance(node, ast.AsyncFunctionDef) or any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node)):
        return found
    for decorator in reversed(node.decorator_list):
        if not CONTEXT.match(unparse(decorator)):
            break
        found.insert(0, decorator)
    return found
