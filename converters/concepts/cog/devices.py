"""What in the code runs on a GPU alone: devices that are named without asking whether the machine has one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters.provenance import Origin
from converters.python import gpu
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, nodes

ASKS = re.compile(r"is_available|device_count|gpu|cuda|device|cpu", re.IGNORECASE)
"""What a condition asks about that decides between devices."""


def demanded(code: Code, entries: list[str], others: list[str]) -> tuple[str, Origin] | None:
    """(expression, place) of the first use of CUDA that no condition guards; the predictor's own files come first."""
    for path in [*entries, *(path for path in others if path not in entries)]:
        module = code.module(path)
        for node in _uses(module) if module is not None else ():
            assert module is not None
            if not _is_guarded(module, node):
                text = " ".join(module.source(node).split())
                return text if len(text) <= 60 else f"{text[:57]}...", module.origin(node)
    return None


def _uses(module: Module) -> Iterator[ast.AST]:
    """Calls that put something on a CUDA device: `.cuda()`, `.to("cuda")`, `device="cuda"`."""
    if b"is_available" in module.file.data or not (b"cuda" in module.file.data or b"device" in module.file.data):
        return
    constants = gpu.constants_of(module.tree)
    yield from (node for node in nodes(module.tree) if isinstance(node, ast.Call) and gpu.device_of(node, constants))


def _is_guarded(module: Module, node: ast.AST) -> bool:
    """Whether a condition about devices, a `try` or a function with a device of its own decides whether a node runs."""
    for parent in module.ancestors(node):
        if isinstance(parent, ast.If | ast.IfExp | ast.While) and ASKS.search(module.source(parent.test)):
            return True
        if isinstance(parent, ast.Try) and parent.handlers:
            return True
        if isinstance(parent, FunctionNode) and any(
            ASKS.fullmatch(argument.arg) for argument in ast.walk(parent.args) if isinstance(argument, ast.arg)
        ):
            return True
    return False
