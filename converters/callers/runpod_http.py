"""Requests to RunPod's HTTP API (`api.runpod.ai/v2/ID/...`) by requests, httpx and their like, as `fal_client`.

The operations: https://docs.runpod.io/serverless/endpoints/operation-reference.
"""

from __future__ import annotations

import ast

from converters import rules
from converters.callers import answers, statuses
from converters.callers.addresses import RUNPOD, Address, application_parts, mentions, runpod_address
from converters.callers.applications import contract_of
from converters.callers.bodies import Unclear, enveloped
from converters.callers.calls import Argument, call
from converters.callers.contract import Contract
from converters.callers.flow import Flow, Part, Step, Value
from converters.concepts.literals import string

RULE, NO_COUNTERPART = rules.CL004, rules.CL009
METHODS = frozenset({"get", "post", "put", "patch", "delete", "request"})
LINKED = ("run", "status", "cancel", "stream", "retry")
"""Operations that share the ids of requests: those of a file are rewritten together or not at all."""
UNKNOWN = {
    "stream": "on fal a stream is a request of its own: `fal_client.stream(APP, arguments=...)` gives the events",
    "health": "`fal apps runners APP` and fal's metrics show runners and requests",
    "purge-queue": "`fal queue flush APP` empties the queue",
    "retry": "submit the request again",
    "openai": "call the app's own path: `fal_client.run(APP, path=...)`",
}


def _is_json(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "json"


def _contract(flow: Flow, address: Address) -> Contract | None:
    endpoint = address.endpoint
    return flow.apps.contract(endpoint) if isinstance(endpoint, str) else contract_of(flow, endpoint)


class RunPodHTTP:
    """HTTP requests to an endpoint, their responses and the JSON in them."""

    def step(self, flow: Flow, node: ast.expr) -> Step | None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if value := flow.value(node.func.value):
                if value.kind == "result":
                    return None  # of a client, whose reader knows it
                return self._method(flow, node, node.func, value)
            if node.func.attr in METHODS:
                return self._request(flow, node, node.func)
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and (value := flow.value(node.value))
            and value.kind != "result"
        ):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            return self._key(flow, node, node.value, value, key, None)
        elif isinstance(node, ast.Await) and _is_json(node.value) and (value := flow.value(node.value)):
            return Step(value, (node.value,), RULE, "", base=node.value)  # what aiohttp reads is there already
        return None

    def use(self, flow: Flow, node: ast.expr, value: Value) -> bool:
        parent = flow.module.parents[node]
        if value.kind in ("run", "sync", "poll", "ack") and isinstance(parent, ast.Expr):
            return True
        return value.kind in ("body", "answer", "poll") and flow.is_shown(node)

    def _request(self, flow: Flow, node: ast.Call, function: ast.Attribute) -> Step | None:
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        position = 1 if function.attr == "request" else 0
        url = node.args[position] if len(node.args) > position else given.get("url")
        if url is None or not mentions(flow, url, RUNPOD):
            return None
        address = runpod_address(flow, url)
        name = f"{function.attr} {address.operation}" if address and isinstance(address.operation, str) else f"{function.attr} {RUNPOD}"
        try:
            return self._operation(flow, node, url, address, given, name)
        except Unclear as error:
            flow.refuse(node, str(error))
            return Step(Value("plain"), (node,), RULE, name)

    def _operation(
        self, flow: Flow, node: ast.Call, url: ast.expr, address: Address | None, given: dict[str, ast.expr], name: str
    ) -> Step | None:
        if address is None or not isinstance(address.operation, str):
            raise Unclear("the address is put together in a way that is not followed")
        operation = address.operation
        if operation in LINKED:
            flow.join(node, flow.module.tree)
        if operation not in ("run", "runsync", "status", "cancel"):
            flow.refuse(node, f"`/{operation}` has no counterpart: {UNKNOWN.get(operation, 'look up what it is for')}")
            return Step(Value("plain"), (node,), NO_COUNTERPART, name)
        app = application_parts(flow, node, url, address.endpoint)
        if app is None:
            raise Unclear("the endpoint's id is not at hand where the request is made")
        awaited = isinstance(flow.module.parents[node], ast.Await)
        if isinstance(flow.module.parents[node], ast.withitem):
            raise Unclear("the response is used in a `with` block: call `fal_client` in its place")
        suffix = "_async" if awaited else ""
        if operation in ("run", "runsync"):
            return self._submit(flow, node, given, app, operation, suffix, name, _contract(flow, address))
        if not address.request:
            raise Unclear("the address names no request")
        request: tuple[Part, ...] = (string(address.request),) if isinstance(address.request, str) else (address.request,)
        function = "status" if operation == "status" else "cancel"
        parts = call(flow, node, f"{function}{suffix}", [("", app), ("", request)])
        kind: Value = (
            Value("poll", awaited, app, request, contract=_contract(flow, address)) if operation == "status" else Value("ack", awaited)
        )
        return Step(kind, parts, RULE, name, "asks fal for the status of the request" if kind.kind == "poll" else "cancels the request")

    def _submit(
        self,
        flow: Flow,
        node: ast.Call,
        given: dict[str, ast.expr],
        app: tuple[Part, ...],
        operation: str,
        suffix: str,
        name: str,
        contract: Contract | None,
    ) -> Step:
        asked = enveloped(flow, node, self._body(flow, given), lenient=False, contract=contract)
        arguments: list[Argument] = [("", app), ("arguments", asked.arguments), *asked.keywords]
        if operation == "run":
            message = f"gives a handle of the request; errors are raised{asked.message}"
            return Step(Value("run", bool(suffix)), call(flow, node, f"submit{suffix}", arguments), RULE, name, message)
        if any(keyword == "webhook_url" for keyword, _ in arguments):
            raise Unclear("a request with a webhook is submitted on fal (`fal_client.submit`), which does not wait for the result")
        message = f"waits until the result is there, however long it takes; errors are raised{asked.message}"
        return Step(Value("sync", bool(suffix), contract=contract), call(flow, node, f"subscribe{suffix}", arguments), RULE, name, message)

    @staticmethod
    def _body(flow: Flow, given: dict[str, ast.expr]) -> ast.expr:
        body = given.get("json") or given.get("data") or given.get("content")
        if isinstance(body, ast.Call) and flow.code.dotted(flow.module, body.func) == "json.dumps" and body.args:
            body = body.args[0]
        if body is None:
            raise Unclear("what is sent cannot be told")
        return body

    def _method(self, flow: Flow, node: ast.Call, function: ast.Attribute, value: Value) -> Step | None:
        base = function.value
        match value.kind, function.attr:
            case "run", "json":
                return Step(Value("body", value.asynchronous), (base,), RULE, "", base=base)
            case "sync", "json":
                return Step(Value("answer", value.asynchronous, contract=value.contract), (base,), RULE, "", base=base)
            case "poll", "json":
                return Step(value, (base,), RULE, "", base=base)
            case (("run" | "sync" | "poll" | "ack"), "raise_for_status"):
                parent = flow.module.parents[node]
                if isinstance(parent, ast.Expr):
                    flow.rewrite(parent, base, None, RULE, "fal_client raises errors by itself")
                    return Step(Value("plain"), (node,), RULE, "", base=base)
            case (("body" | "answer" | "poll"), "get"):
                if node.args and isinstance(node.args[0], ast.Constant):
                    return self._key(flow, node, base, value, node.args[0].value, node.args[1] if len(node.args) > 1 else None)
        return None

    def _key(self, flow: Flow, node: ast.expr, base: ast.expr, value: Value, key: object, default: ast.expr | None) -> Step | None:
        match value.kind, key:
            case "body", "id":
                return Step(Value("plain"), (base, ".request_id"), RULE, "", "fal's id of the request", base)
            case "body", "status":
                return Step(Value("status"), (base, ".status()"), statuses.RULE, "", base=base)
            case "answer", "output":
                return Step(answers.result(value.contract), (base,), RULE, "", "the result itself", base)
            case "poll", "status":
                return Step(Value("status"), (base,), statuses.RULE, "", base=base)
            case "poll", "error":
                text: tuple[Part, ...] = (base, ".error") if default is None else (base, ".error or ", default)
                if default is not None and not isinstance(flow.module.parents[node], statuses.PLAIN):
                    text = ("(", *text, ")")
                return Step(Value("plain"), text, statuses.RULE, "", base=base)
            case "poll", "output":
                arguments = (*value.application, ", ", *value.request, ")")
                result: tuple[Part, ...] = ("fal_client.result(", *arguments)
                if value.asynchronous:
                    result = ("await fal_client.result_async(", *arguments)
                    result = result if isinstance(flow.module.parents[node], statuses.PLAIN) else ("(", *result, ")")
                return Step(answers.result(value.contract), result, RULE, "", "the result of the request", base)
        return None
