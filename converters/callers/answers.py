"""The answer of an app whose contract differs from its source's: fields with another name, and paths that became files.

Where a caller looks up such a field it gets the new one, and the address of the file where a path or text was; where the answer goes
elsewhere as a whole, a person is told.
"""

from __future__ import annotations

import ast

from converters import rules
from converters.callers.contract import Contract
from converters.callers.flow import Flow, Part, Remark, Step, Value
from converters.concepts.literals import string
from converters.ir import Scope

RULE = rules.CL021
REASON = "where the app answers it"


def result(contract: Contract | None) -> Value:
    """What a request gives: the source's own words, unless the contract says otherwise."""
    changed = contract is not None and contract.changed
    return Value("result", contract=contract) if changed else Value("plain")


def read(flow: Flow, node: ast.Subscript, value: Value) -> Step | None:
    """`answer["image_path"]`, read."""
    name = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(name, str) or value.contract is None or not isinstance(node.ctx, ast.Load):
        return None
    if not value.contract.changes(name):
        return Step(Value("plain"), (node,), RULE, "", base=node.value)
    new, kind = _found(value.contract, name)
    base: tuple[Part, ...] = (node.value, f"[{string(new)}]")
    return Step(Value("plain"), _addressed(base, kind), RULE, f'answer["{name}"]', REASON, node.value)


def got(flow: Flow, node: ast.Call, value: Value) -> Step | None:
    """`answer.get("image_path")`."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr != "get" or value.contract is None:
        return None
    name = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
    if not isinstance(name, str):
        return None
    if not value.contract.changes(name):
        return Step(Value("plain"), (node,), RULE, "", base=function.value)
    new, kind = _found(value.contract, name)
    parts: tuple[Part, ...] = (function.value, f".get({string(new)})")
    if kind == "file":
        parts = ("(", *parts, ' or {}).get("url")')
    elif kind == "files":
        parts = ('[file["url"] for file in ', *parts, " or []]")
    return Step(Value("plain"), parts, RULE, f'answer.get("{name}")', REASON, function.value)


def used(flow: Flow, node: ast.expr, value: Value) -> bool:
    """Whether a use leaves the answer as it is; where it goes elsewhere as a whole, a person looks at what reads it."""
    if value.contract is not None and not flow.is_tested(node) and not isinstance(flow.module.parents[node], ast.Expr):
        flow.remarks.append(Remark(node, RULE, f"the answer goes on as a whole: {_told(value.contract)}.", Scope.CODE))
    return True


def _found(contract: Contract, name: str) -> tuple[str, str]:
    new = contract.output.get(name, name)
    return new, contract.files.get(new, "")


def _addressed(base: tuple[Part, ...], kind: str) -> tuple[Part, ...]:
    if kind == "file":
        return (*base, '["url"]')
    return ('[file["url"] for file in ', *base, "]") if kind == "files" else base


def _told(contract: Contract) -> str:
    told = []
    for name in contract.changed:
        new, kind = _found(contract, name)
        holds = {"file": ", an object with a `url`", "files": ", a list of objects with a `url`"}.get(kind, "")
        told.append(f"`{name}` is `{new}` now{holds}" if new != name else f"`{name}` is now{holds[1:]}")
    return "; ".join(told)
