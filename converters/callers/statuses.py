"""What a comparison with a status name of RunPod or Replicate asks of fal's `Queued`, `InProgress` and `Completed`.

fal calls a request completed whether it succeeded or failed; then `error` says what went wrong (`fal_client.Completed`).
"""

from __future__ import annotations

import ast

from converters import rules
from converters.callers.flow import Flow, Part
from converters.fal.client import ERROR_TYPES as TYPES
from converters.python.constants import Evaluator, NotConstant

RULE = rules.CL005
REASON = "fal_client's status is an object, and `Completed` holds the error of a failed request"
QUEUED, RUNNING, DONE, FAILED = "Queued", "InProgress", "done", "failed"
STATES = {
    "IN_QUEUE": QUEUED,
    "IN_PROGRESS": RUNNING,
    "RUNNING": RUNNING,
    "COMPLETED": DONE,
    "FAILED": FAILED,
    "TIMED_OUT": FAILED,
    "CANCELLED": FAILED,
    "starting": QUEUED,
    "processing": RUNNING,
    "succeeded": DONE,
    "failed": FAILED,
    "canceled": FAILED,
    "aborted": FAILED,
}
ERROR_TYPES = {"TIMED_OUT": TYPES["timeout"], "CANCELLED": TYPES["cancelled"], "canceled": TYPES["cancelled"]}
"""What `Completed.error_type` holds for a failure that the source platform has a name of its own for."""
PLAIN = ast.stmt | ast.Call | ast.keyword | ast.Dict | ast.List | ast.Tuple
"""Where a condition needs no parentheses."""


def compare(flow: Flow, node: ast.expr) -> bool:
    """Rewrite the comparison in which a status stands; False where it is none that can be read."""
    parent = flow.module.parents[node]
    if not isinstance(parent, ast.Compare) or parent.left is not node or len(parent.ops) != 1:
        return False
    names = _names(flow, parent.comparators[0])
    if names is None or any(name not in STATES for name in names):
        return False
    match parent.ops[0]:
        case ast.Eq() | ast.In():
            negated = False
        case ast.NotEq() | ast.NotIn():
            negated = True
        case _:
            return False
    parts = test(flow, node, names, negated)
    if not isinstance(flow.module.parents[parent], PLAIN):
        parts = ("(", *parts, ")")
    flow.rewrite(parent, node, parts, RULE, REASON)
    return True


def test(flow: Flow, node: ast.expr, names: list[str], negated: bool) -> tuple[Part, ...]:
    """The condition that holds for the states that the names stand for."""
    states = {STATES[name] for name in names}
    first, again = _subject(flow, node)
    if len(names) == 1 and names[0] in ERROR_TYPES:
        operator = "!=" if negated else "=="
        return ("getattr(", *first, f', "error_type", None) {operator} "{ERROR_TYPES[names[0]]}"')
    if (DONE in states) == (FAILED in states):
        classes = [f"fal_client.{name}" for name in (QUEUED, RUNNING) if name in states]
        classes += ["fal_client.Completed"] if DONE in states else []
        if len(classes) == 3:
            return ("not " if negated else "", "isinstance(", *first, ", fal_client.Status)")
        if set(classes) == {"fal_client.Queued", "fal_client.InProgress"}:
            classes, negated = ["fal_client.Completed"], not negated
        listed = classes[0] if len(classes) == 1 else f"({', '.join(classes)})"
        return ("not " if negated else "", "isinstance(", *first, f", {listed})")
    if (QUEUED in states) != (RUNNING in states):
        word = QUEUED if QUEUED in states else RUNNING
        inner: tuple[Part, ...] = ("isinstance(", *first, f", fal_client.{word}) or ", *_completed((again,), again, DONE in states, False))
        return ("not (", *inner, ")") if negated else inner
    succeeded = DONE in states
    if QUEUED in states:
        succeeded, negated = not succeeded, not negated
    return _completed(first, again, succeeded, negated)


def _completed(first: tuple[Part, ...], again: Part, succeeded: bool, negated: bool) -> tuple[Part, ...]:
    if negated:
        return ("not isinstance(", *first, ", fal_client.Completed) or ", again, f".error is {'not ' if succeeded else ''}None")
    return ("isinstance(", *first, ", fal_client.Completed) and ", again, f".error is {'' if succeeded else 'not '}None")


def _subject(flow: Flow, node: ast.expr) -> tuple[tuple[Part, ...], Part]:
    """The status as it is written first and again; what asks the server is given a name."""
    inner: ast.expr = node
    while (step := flow.steps.get(inner)) and step.base is not None and step.parts == (step.base,):
        inner = step.base
    if isinstance(inner, ast.Name) or (isinstance(inner, ast.Attribute) and inner not in flow.steps):
        return (node,), node
    name = _unused(flow)
    return (f"{name} := ", node), name


def _unused(flow: Flow) -> str:
    used = {node.id for node in ast.walk(flow.module.tree) if isinstance(node, ast.Name)}
    return next(name for name in ("status", "state", "fal_status", "status_on_fal") if name not in used or name == "status_on_fal")


def _names(flow: Flow, node: ast.expr) -> list[str] | None:
    try:
        value = Evaluator(flow.code, flow.module).value(node)
    except NotConstant:
        return None
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple | set) and value and all(isinstance(one, str) for one in value):
        return sorted(value)
    return None
