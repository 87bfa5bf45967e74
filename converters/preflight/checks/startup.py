"""Code that waits longer at its start than fal lets a runner take."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from typing import Any

from converters import rules
from converters.fal.runner import STARTUP_TIMEOUT
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.running import Scope
from converters.preflight.suggestions import setting
from converters.preflight.values import Unknown
from converters.python.module import FunctionNode
from converters.python.unparsed import unparse

WAITS = re.compile(r"wait|ready|start|boot|launch|health|load|init|warm|alive|setup", re.IGNORECASE)
LIMITS = re.compile(r"(time_?out|max_wait|max_seconds|deadline|wait_seconds|startup)", re.IGNORECASE)


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF050: a wait of the start that is longer than `startup_timeout`."""
    program = deployment.program
    limit = program.value("startup_timeout", STARTUP_TIMEOUT)
    limit = limit if isinstance(limit, int | float) else STARTUP_TIMEOUT
    longest: tuple[float, str, int] | None = None
    for scope in deployment.scopes:
        for seconds, line in _waits(scope):
            if limit < seconds <= 24 * 3600 and (longest is None or seconds > longest[0]):
                longest = (seconds, scope.unit.path, line)
    if longest is not None:
        seconds, file, line = longest
        message = (
            f"the code waits up to {seconds:.0f} s at its start, and fal ends a start after {limit:.0f} s: "
            f"write `startup_timeout = {seconds:.0f}`."
        )
        suggestion = setting(program, "startup_timeout", math.ceil(seconds))
        yield Finding(file, line, rules.PF050, message, about="startup_timeout", suggestion=suggestion)


def _waits(scope: Scope) -> Iterator[tuple[float, int]]:
    """(seconds, line) of the waits of a function that is about a start, or of a module."""
    name = getattr(scope.node, "name", "")
    if name and not WAITS.search(name):
        return
    for node in scope.nodes:
        if isinstance(node, ast.For) and (times := _times(scope, node.iter)) and (pause := _pause(scope, node)):
            yield times * pause, node.lineno
        elif isinstance(node, ast.While) and (limit := _limit(scope, node.test)):
            yield limit, node.lineno
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                waits = keyword.arg and LIMITS.search(keyword.arg) and WAITS.search(unparse(node.func))
                seconds = _number(scope, keyword.value) if waits else None
                if seconds is not None:
                    yield seconds, node.lineno


def _times(scope: Scope, node: ast.expr) -> float:
    """How often a loop over `range(...)` runs; 0 where that is not known."""
    if isinstance(node, ast.Call) and unparse(node.func) == "range" and node.args:
        bounds = [_number(scope, argument) for argument in node.args]
        if len(bounds) == 1:
            return bounds[0] or 0
        if None not in bounds:
            return max(0.0, (bounds[1] or 0) - (bounds[0] or 0)) / ((bounds[2] or 1) if len(bounds) > 2 else 1)
    return 0


def _pause(scope: Scope, loop: ast.For) -> float:
    """Seconds that a loop sleeps in each round."""
    found = 0.0
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and unparse(node.func) in ("time.sleep", "sleep", "asyncio.sleep") and node.args:
            found = max(found, _number(scope, node.args[0]) or 0)
    return found


def _limit(scope: Scope, test: ast.expr) -> float:
    """The seconds that a loop compares the time with: `time.time() - start < 1200`, `time.time() < deadline`."""
    text = unparse(test)
    if not re.search(r"time\.(time|monotonic|perf_counter)\(\)|elapsed|waited", text) or not isinstance(test, ast.Compare):
        return 0
    for side in (test.left, *test.comparators):
        value = _number(scope, side)
        if value is None and isinstance(side, ast.Name):
            value = _added(scope, side.id)
        if value is not None and value > STARTUP_TIMEOUT:
            return value
    return 0


def _added(scope: Scope, name: str) -> float | None:
    """The seconds in `deadline = time.time() + 1200`."""
    for node in scope.nodes:
        if isinstance(node, ast.Assign) and unparse(node.targets[0]) == name and isinstance(node.value, ast.BinOp):
            return _number(scope, node.value.right)
    return None


def _defaults(scope: Scope) -> dict[str, Any]:
    """Parameters of a function that have a default -> its value, which holds where nobody gives another."""
    if not isinstance(scope.node, FunctionNode):
        return {}
    arguments = scope.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [(name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value is not None]
    return {name.arg: scope.unit.values.value(value) for name, value in pairs}


def _number(scope: Scope, node: ast.expr) -> float | None:
    value: Any = scope.unit.values.value(node, {**scope.local, **_defaults(scope)})
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        value = float(value)
    return None if isinstance(value, Unknown | bool) or not isinstance(value, int | float) else float(value)
