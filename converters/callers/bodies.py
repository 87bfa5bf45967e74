"""The body of a request: what stands in RunPod's envelope `{"input": ...}` becomes fal's arguments, the rest keywords of the call."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from converters import rules
from converters.callers.calls import Argument, unwrapped
from converters.callers.contract import Contract
from converters.callers.flow import Flow, Part, Remark
from converters.concepts.literals import string
from converters.python.constants import Evaluator, NotConstant

ENVELOPE = rules.CL007
WEBHOOK = rules.CL014
PLATFORM_KEYS = ("webhook", "policy")


class Unclear(Exception):
    """A body without a single meaning on fal; the message says why."""


@dataclass
class Body:
    """fal's arguments, and keywords of `submit` such as `webhook_url`."""

    arguments: tuple[Part, ...]
    keywords: list[Argument] = field(default_factory=list)
    message: str = ""


def enveloped(flow: Flow, owner: ast.expr, node: ast.expr, *, lenient: bool, contract: Contract | None = None) -> Body:
    """RunPod's envelope. `lenient`: its SDK also takes the input alone. Raises `Unclear`."""
    if contract is not None and contract.input:
        rename(flow, owner, _input_of(flow, node), contract)
    if isinstance(node, ast.Dict):
        return _literal(flow, owner, node, lenient)
    variable = flow.variables.of(node)
    if variable is None:
        raise Unclear("what is sent is put together elsewhere")
    if not variable.open and len(variable.values) == 1 == len(variable.origins) and isinstance(variable.values[0], ast.Dict):
        return _named(flow, owner, node, variable.values[0], alone=len(variable.loads) == 1, lenient=lenient)
    source: tuple[Part, ...] = (node, '.get("input") or ', node) if lenient else (node, '["input"]')
    flow.remarks.append(
        Remark(owner, ENVELOPE, f"`{flow.text((node,))}` comes from elsewhere: keys of it beside `input` are no longer sent.")
    )
    return Body(source)


def _input_of(flow: Flow, node: ast.expr) -> ast.expr:
    """The input in an envelope that is written out, in place or under a name."""
    variable = flow.variables.of(node)
    if variable is not None and not variable.open and len(variable.values) == 1 == len(variable.origins):
        node = variable.values[0]
    inner = _keys(node).get("input", node) if isinstance(node, ast.Dict) else node
    return _input_of(flow, inner) if inner is not node and flow.variables.of(inner) is not None else inner


def rename(flow: Flow, owner: ast.expr, node: ast.expr, contract: Contract) -> None:
    """Give the fields of an input the names that the app has for them. Raises `Unclear` where they are not written out."""
    if not isinstance(node, ast.Dict) or any(_text(key) is None for key in node.keys):
        names = ", ".join(f"`{old}` `{new}`" for old, new in contract.input.items())
        raise Unclear(f"the app calls {names}, and the input is put together elsewhere")
    for key in node.keys:
        if key is not None and (new := contract.input.get(_text(key) or "")):
            flow.rewrite(key, owner, (string(new),), ENVELOPE, "the name that the app has for it")


def _literal(flow: Flow, owner: ast.expr, node: ast.Dict, lenient: bool) -> Body:
    keys = _keys(node)
    if "input" not in keys:
        if lenient:
            return Body((node,))
        raise Unclear("the request has no `input`")
    body = Body((unwrapped(flow, keys["input"], node),))
    extra = {key: value for key, value in keys.items() if key not in ("input", *PLATFORM_KEYS)}
    _known(flow, extra)
    for key, value in keys.items():
        if key in PLATFORM_KEYS:
            _platform(flow, owner, body, key, value, (value,))
    if extra:
        entries = [part for key, value in extra.items() for part in (f", {string(key)}: ", value)]
        body.arguments = ("{**", keys["input"], *entries, "}")
        body.message = f"; {', '.join(f'`{key}`' for key in extra)} is sent among the input's fields, where the converted app reads it"
    return body


def _named(flow: Flow, owner: ast.expr, name: ast.expr, node: ast.Dict, *, alone: bool, lenient: bool) -> Body:
    """A dict that was given a name: it loses its envelope where nothing else reads it."""
    keys = _keys(node)
    if "input" not in keys:
        if lenient:
            return Body((name,))
        raise Unclear("the request has no `input`")
    variable = flow.variables.of(name)
    assert variable is not None
    for load in variable.loads:
        if load is not name and not flow.is_shown(load) and not _keeps_envelope(flow, load):
            raise Unclear(f"`{variable.name}` is changed before it is sent")
    _known(flow, {key: value for key, value in keys.items() if key not in ("input", *PLATFORM_KEYS)})
    if alone and len(keys) == 1:
        flow.rewrite(node, owner, (unwrapped(flow, keys["input"], node),), ENVELOPE, "fal takes the input without an envelope")
        return Body((name,))
    body = Body((name, '["input"]'))
    for key in PLATFORM_KEYS:
        if key in keys:
            _platform(flow, owner, body, key, keys[key], (name, f"[{string(key)}]"))
    extra = [key for key in keys if key not in ("input", *PLATFORM_KEYS)]
    if extra:
        entries: list[Part] = [part for key in extra for part in (f", {string(key)}: ", name, f"[{string(key)}]")]
        body.arguments = ("{**", name, '["input"]', *entries, "}")
    return body


def _keys(node: ast.Dict) -> dict[str, ast.expr]:
    keys = {}
    for key, value in zip(node.keys, node.values, strict=True):
        text = _text(key)
        if text is None:
            raise Unclear("the keys of the request are put together while it runs")
        keys[text] = value
    return keys


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _keeps_envelope(flow: Flow, load: ast.expr) -> bool:
    """Whether a use leaves the keys of the envelope alone: `payload["input"]`, `json.dumps(payload)`, another request."""
    match flow.module.parents[load]:
        case ast.Subscript(ctx=context, slice=key):
            return isinstance(context, ast.Load) or _text(key) == "input"
        case ast.keyword(arg="json" | "request_input"):
            return True
        case ast.Call(func=ast.Attribute(attr="run" | "run_sync")):
            return True
        case ast.Call(func=function):
            return flow.code.dotted(flow.module, function) == "json.dumps"
    return False


def _known(flow: Flow, extra: dict[str, ast.expr]) -> None:
    for key in extra:
        if key not in flow.envelope:
            raise Unclear(f"whether the app reads `{key}`, which stands beside `input`, is not known here")


def _platform(flow: Flow, owner: ast.expr, body: Body, key: str, value: ast.expr, source: tuple[Part, ...]) -> None:
    """`webhook` and `policy`, which RunPod itself reads."""
    if key == "webhook":
        body.keywords.append(("webhook_url", source))
        flow.remarks.append(Remark(owner, WEBHOOK, webhook_message("id, status, output")))
        return
    try:
        policy = Evaluator(flow.code, flow.module).value(value)
    except NotConstant as error:
        raise Unclear("`policy` is put together while it runs") from error
    for name, wanted in policy.items() if isinstance(policy, dict) else ():
        if name == "lowPriority" and wanted is True:
            body.keywords.append(("priority", ('"low"',)))
        elif name == "ttl" and isinstance(wanted, int):
            body.keywords.append(("start_timeout", (str(wanted // 1000),)))
        elif name == "executionTimeout":
            seconds = f"{wanted // 1000} s" if isinstance(wanted, int) else "its value"
            text = f"`executionTimeout` is a setting of the app on fal: deploy it with `request_timeout` = {seconds}."
            flow.remarks.append(Remark(owner, ENVELOPE, text))


def webhook_message(keys: str) -> str:
    return (
        f"the program behind the webhook gets fal's body: `request_id`, `status` (OK or ERROR), `payload` and `error` instead of {keys}; "
        "fal signs it (https://fal.ai/docs/documentation/model-apis/inference/webhooks)."
    )
