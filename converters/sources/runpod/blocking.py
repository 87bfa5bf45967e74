"""Coroutines that never give the event loop back.

RunPod's loop waits for them one after another. fal's runner answers health checks on the loop that runs an asynchronous endpoint, so such
a handler must run in a thread.
"""

from __future__ import annotations

import ast

from converters.python.code import Code
from converters.python.module import FunctionNode, Module, own_nodes
from converters.sources.runpod.calls import callee
from converters.sources.runpod.handler import Callable, Resolved

MAX_DEPTH = 6


def never_awaits(code: Code, resolved: Resolved) -> bool:
    """Whether a coroutine handler holds the event loop from its first line to its last, as far as can be read."""
    if resolved.kind != "async" or resolved.node is None:
        return False
    node, module = resolved.node, resolved.module
    if not isinstance(node, ast.AsyncFunctionDef):
        returned = [inner.value for inner in own_nodes(node) if isinstance(inner, ast.Return)] if isinstance(node, FunctionNode) else []
        calls = [node.body] if isinstance(node, ast.Lambda) else returned
        return bool(calls) and all(isinstance(call, ast.Call) and _holds(code, module, call, node, 0) for call in calls)
    return _blocks(code, module, node, 0)


def _blocks(code: Code, module: Module, node: ast.AST, depth: int) -> bool:
    for inner in own_nodes(node):
        if isinstance(inner, ast.AsyncFor | ast.AsyncWith) or (isinstance(inner, ast.comprehension) and inner.is_async):
            return False
        if isinstance(inner, ast.Await) and not _holds(code, module, inner.value, node, depth):
            return False
        if isinstance(inner, ast.Call) and _uses_loop(code, module, inner.func):
            return False
    return True


def _holds(code: Code, module: Module, value: ast.expr, scope: ast.AST, depth: int) -> bool:
    """Whether what is awaited is a coroutine of the project that never awaits anything else."""
    target = callee(code, module, value.func, scope) if isinstance(value, ast.Call) and depth < MAX_DEPTH else None
    if target is None:
        return False
    function: Callable = target[0]
    return isinstance(function, ast.AsyncFunctionDef) and _blocks(code, target[1], function, depth + 1)


def _uses_loop(code: Code, module: Module, func: ast.expr) -> bool:
    """Calls that need the loop in which the handler runs: tasks, futures, callbacks."""
    dotted = code.dotted(module, func) or ""
    return dotted.startswith(("asyncio.", "anyio.", "trio."))
