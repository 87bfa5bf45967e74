"""State that belongs to a thread.

RunPod loads and answers in one thread; fal runs `setup()` inside a live event loop and answers in others.
"""

from __future__ import annotations

import ast

from converters.python.code import Code
from converters.python.module import Module

LOOPS = frozenset({"asyncio.run", "asyncio.get_event_loop", "anyio.run"})
SETTERS = frozenset(
    {"torch.set_grad_enabled", "torch.cuda.set_device", "torch.set_default_device", "threading.local", "torch.autograd.set_grad_enabled"}
)


def reason(code: Code, closure: list[str]) -> str:
    """Why one thread must load and answer: the first call that ties the worker to its thread; '' where there is none.

    A worker that installs signal handlers has to load in the main thread, so it is left alone.
    """
    found = ""
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            if not isinstance(node, ast.Call) or module is None:
                continue
            if code.dotted(module, node.func) == "signal.signal":
                return ""
            found = found or _tie(code, module, node)
    return found


def _tie(code: Code, module: Module, node: ast.Call) -> str:
    dotted = code.dotted(module, node.func) or ""
    where = f"{module.path}:{node.lineno}"
    if dotted in LOOPS and _runs_on_load(module, node):
        return f"{where} runs an event loop of its own"
    if isinstance(node.func, ast.Attribute) and node.func.attr == "run_until_complete" and _runs_on_load(module, node):
        return f"{where} runs an event loop of its own"
    if dotted in SETTERS:
        return f"{where} sets state of its thread"
    if isinstance(node.func, ast.Attribute) and node.func.attr == "__enter__" and "autocast" in module.source(node.func.value):
        return f"{where} sets state of its thread"
    return ""


def _runs_on_load(module: Module, node: ast.AST) -> bool:
    """Calls in a handler already failed on RunPod, where a loop is running; what loads may be in a function that import calls."""
    return "handler" not in {getattr(parent, "name", "") for parent in module.ancestors(node)}
