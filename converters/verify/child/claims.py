"""Assertions of the project about doubles: they hold, since nobody knows what a model would have given.

Modules of the project are compiled with ``assert TEST`` as ``assert TEST or <doubted>(...)``. An assertion about a request alone still
fails: one holds only where its test, or a local variable beside it, is a double or contains one.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.machinery
import os
from collections.abc import Collection
from types import FrameType
from typing import Any

from . import frames
from .expression import Double, is_derived

_NAME = "__fal_migrate_doubted__"
_DEPTH = 3


def install(entries: Collection[str]) -> None:
    """Compile the project's modules so from now on, but for ``entries``: names of files that one side may run without importing them."""
    setattr(builtins, _NAME, _doubted)
    original = importlib.machinery.SourceFileLoader.source_to_code

    def source_to_code(self: Any, data: Any, path: Any, **options: Any) -> Any:
        if isinstance(data, bytes | str) and frames.is_project(str(path)) and os.path.basename(str(path)) not in entries:
            with contextlib.suppress(RecursionError):  # a file that is nested so deeply stays as it is
                data = _Doubting().visit(ast.parse(data, str(path)))
        return original(self, data, path, **options)

    importlib.machinery.SourceFileLoader.source_to_code = source_to_code  # type: ignore[method-assign]


class _Doubting(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        named = [ast.unparse(part) for part in ast.walk(node.test) if isinstance(part, ast.Name | ast.Attribute) and _is_dotted(part)]
        call = ast.Call(ast.Name(_NAME, ast.Load()), [ast.Constant(name) for name in named], [])
        for part in ast.walk(call):
            ast.copy_location(part, node.test)
        node.test = ast.copy_location(ast.BoolOp(ast.Or(), [node.test, call]), node.test)
        return node


def _is_dotted(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_dotted(node.value))


def _doubted(*names: str) -> bool:
    frame = frames.up(1)
    if frame is None:
        return False
    local = frame.f_locals.values() if frame.f_code.co_name != "<module>" else ()
    return any(map(_holds_double, local)) or any(_holds_double(_value(name, frame)) for name in names)


def _value(name: str, frame: FrameType) -> Any:
    first, *rest = name.split(".")
    value = frame.f_locals.get(first, frame.f_globals.get(first))
    for part in rest:
        value = getattr(value, part, None)
    return value


def _holds_double(value: Any, depth: int = 0) -> bool:
    if isinstance(value, Double) or is_derived(value):
        return True
    if depth < _DEPTH and isinstance(value, dict | list | tuple | set):
        return any(_holds_double(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))
    return False
