"""Results that become the answer's model: dicts with the same keys, and errors that are raised."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Sequence

from converters.concepts.native import NotNative
from converters.python.module import Module, own_nodes
from converters.sources.runpod.results import Results


def same_keys(module: Module, results: Results, handler: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Raises `NotNative` where results are not dicts with the same constant keys, or errors that nothing would catch."""
    returns = [node for node in own_nodes(handler) if isinstance(node, ast.Return)]
    if results.opaque or not returns or not _ends(handler.body):
        raise NotNative("not every result is a dict that can be read")
    successes = [row for row in results.dicts if "error" not in row]
    if results.optional or len({frozenset(row) for row in successes}) > 1 or any("refresh_worker" in row for row in results.dicts):
        raise NotNative("its results differ in their keys")
    for node in returns:
        if not isinstance(node.value, ast.Dict):
            if node.value is None or successes or not isinstance(node.value, ast.Constant | ast.JoinedStr):
                raise NotNative("not every result is a dict that can be read")
            continue
        keys = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
        if "error" in keys:
            _error(module, node, keys, handler)
        elif not all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key) for key in keys) or not keys:
            raise NotNative("a result has keys that are no names")


def _error(module: Module, node: ast.Return, keys: Sequence[object], handler: ast.AST) -> None:
    if len(keys) > 1:
        raise NotNative("an error carries other keys beside it")
    assert isinstance(node.value, ast.Dict)
    value = node.value.values[0]
    text = value.values if isinstance(value, ast.JoinedStr) else [value]
    certain = any(isinstance(part, ast.Constant) and part.value for part in text) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str"
    )
    if not certain:
        raise NotNative("whether an error is one depends on its value")
    child: ast.AST = node
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Try) and parent.handlers and any(child is statement for statement in parent.body):
            raise NotNative("an error is returned inside a try block that would catch it")
        if parent is handler:
            return
        child = parent


def _ends(body: list[ast.stmt]) -> bool:
    """Whether a block surely ends with a result or an exception, and never comes to the line behind it."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _ends(last.body) and _ends(last.orelse)
    if isinstance(last, ast.Try):
        return _ends([*last.body, *last.orelse]) and all(_ends(handler.body) for handler in last.handlers)
    if isinstance(last, ast.With | ast.AsyncWith):
        return _ends(last.body)
    return isinstance(last, ast.Return | ast.Raise)
