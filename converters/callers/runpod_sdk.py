"""RunPod's Python client, `runpod.Endpoint` and `runpod.AsyncioEndpoint`, as `fal_client` (guide rows RunPod 11, 12, 13).

What each call does is read from `runpod/endpoint/runner.py` and `runpod/endpoint/asyncio/asyncio_runner.py` of runpod 1.10, and
from `fal_client/client.py` of fal-client 1.0.
"""

from __future__ import annotations

import ast

from converters import rules
from converters.callers import answers, keys, statuses
from converters.callers.applications import application, contract_of
from converters.callers.bodies import Unclear, enveloped
from converters.callers.calls import Argument, call
from converters.callers.flow import Flow, Remark, Step, Value

SUBSCRIBE, SUBMIT, STREAM = rules.CL001, rules.CL002, rules.CL003
NO_COUNTERPART = rules.CL009
ENDPOINTS = {
    "runpod.Endpoint": False,
    "runpod.endpoint.Endpoint": False,
    "runpod.endpoint.runner.Endpoint": False,
    "runpod.AsyncioEndpoint": True,
    "runpod.endpoint.AsyncioEndpoint": True,
}
JOBS = {
    "runpod.AsyncioJob": "AsyncRequestHandle",
    "runpod.endpoint.AsyncioJob": "AsyncRequestHandle",
    "runpod.endpoint.Job": "SyncRequestHandle",
    "runpod.endpoint.runner.Job": "SyncRequestHandle",
}
GONE = {
    "health": "fal_client has nothing like `health`, while `fal apps runners APP` and the metrics show runners and requests",
    "purge_queue": "fal_client has nothing like `purge_queue`, while `fal queue flush APP` empties the queue",
}


class RunPodSDK:
    """`runpod.Endpoint(id)`, its jobs and their statuses."""

    def step(self, flow: Flow, node: ast.expr) -> Step | None:
        if isinstance(node, ast.Call):
            name = flow.code.dotted(flow.module, node.func) or ""
            if name in ENDPOINTS:
                return self._endpoint(flow, node, ENDPOINTS[name])
            if isinstance(node.func, ast.Attribute) and (value := flow.value(node.func.value)):
                if value.kind == "result":
                    return answers.got(flow, node, value)
                if value.kind == "endpoint":
                    return self._request(flow, node, node.func, value)
                if value.kind == "job":
                    return self._job(flow, node, node.func, value)
        elif isinstance(node, ast.Await) and is_streamed(flow, node.value):
            flow.value(node.value)
            return Step(Value("job", True), (node.value,), STREAM, "", base=node.value)
        elif isinstance(node, ast.Attribute) and node.attr == "job_id" and (value := flow.value(node.value)) and value.kind == "job":
            return Step(Value("plain"), (node.value, ".request_id"), SUBMIT, "job.job_id", "fal's id of the request", node.value)
        elif isinstance(node, ast.Subscript) and (value := flow.value(node.value)) and value.kind == "result":
            return answers.read(flow, node, value)
        parent = flow.module.parents[node]
        if isinstance(parent, ast.AnnAssign) and parent.annotation is node and parent.value is not None:
            handle = JOBS.get(flow.code.dotted(flow.module, node) or "")
            if handle and (value := flow.value(parent.value)) and value.kind == "job":
                return Step(Value("plain"), (f"fal_client.{handle}",), SUBMIT, "AsyncioJob", "fal's handle of a request", parent.value)
        return None

    def use(self, flow: Flow, node: ast.expr, value: Value) -> bool:
        if value.kind == "result":
            return answers.used(flow, node, value)
        if value.kind == "status":
            return statuses.compare(flow, node) or flow.is_shown(node)
        if value.kind == "job" and isinstance(flow.module.parents[node], ast.Expr):
            return True
        return value.kind in ("endpoint", "job") and (flow.is_tested(node) or (value.kind == "job" and flow.is_shown(node)))

    def _endpoint(self, flow: Flow, node: ast.Call, asynchronous: bool) -> Step | None:
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        endpoint = node.args[0] if node.args else given.get("endpoint_id")
        if endpoint is None or "" in given or any(isinstance(one, ast.Starred) for one in node.args):
            return None
        key = node.args[1] if not asynchronous and len(node.args) > 1 else given.get("api_key")
        if key is not None:
            keys.no_longer_sent(flow, node, key)
        message = "the id of the app takes its place; the key is read from FAL_KEY"
        value = Value("endpoint", asynchronous, contract=contract_of(flow, endpoint))
        return Step(value, application(flow, node, endpoint), SUBSCRIBE, "runpod.Endpoint", message)

    def _request(self, flow: Flow, node: ast.Call, function: ast.Attribute, value: Value) -> Step | None:
        name = f"endpoint.{function.attr}"
        if function.attr in GONE:
            flow.refuse(function.value, GONE[function.attr])
            return Step(Value("plain"), (node,), NO_COUNTERPART, name, base=function.value)
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        body = node.args[0] if node.args else given.get("request_input") or given.get("endpoint_input")
        starred = "" in given or any(isinstance(argument, ast.Starred) for argument in node.args)
        if body is None or function.attr not in ("run", "run_sync") or starred:
            return None
        timeout = node.args[1] if len(node.args) > 1 else given.get("timeout")
        try:
            return self._asked(flow, node, function, value, body, timeout)
        except Unclear as error:
            flow.refuse(function.value, str(error))
            return Step(Value("plain"), (node,), SUBSCRIBE, name, base=function.value)

    def _asked(self, flow: Flow, node: ast.Call, function: ast.Attribute, value: Value, body: ast.expr, timeout: ast.expr | None) -> Step:
        name, suffix = f"endpoint.{function.attr}", "_async" if value.asynchronous else ""
        if value.asynchronous:
            arguments: list[Argument] = [("", (function.value,)), ("arguments", (body,))]
            asked = None
        else:
            asked = enveloped(flow, node, body, lenient=True, contract=value.contract)
            arguments = [("", (function.value,)), ("arguments", asked.arguments), *asked.keywords]
        extra = asked.message if asked else ""
        if function.attr == "run_sync":
            if any(keyword == "webhook_url" for keyword, _ in arguments):
                raise Unclear("a request with a webhook is submitted on fal (`fal_client.submit`), which does not wait for the result")
            if timeout is not None:
                arguments.append(("client_timeout", (timeout,)))
            message = f"waits for the result; a failed job raises FalClientHTTPError, where run_sync gave None{extra}"
            result = answers.result(value.contract)
            return Step(result, call(flow, node, "subscribe", arguments), SUBSCRIBE, name, message, function.value)
        if is_streamed(flow, node):
            parts = call(flow, node, f"stream{suffix}", arguments)
            message = f"the request starts when its events are read{extra}"
            return Step(Value("job", value.asynchronous), parts, STREAM, name, message, function.value)
        parts = call(flow, node, f"submit{suffix}", arguments)
        return Step(
            Value("job", value.asynchronous, contract=value.contract),
            parts,
            SUBMIT,
            name,
            f"gives a handle of the request{extra}",
            function.value,
        )

    def _job(self, flow: Flow, node: ast.Call, function: ast.Attribute, value: Value) -> Step | None:
        job, name = function.value, f"job.{function.attr}"
        match function.attr:
            case "status":
                return Step(Value("status"), (job, ".status()"), statuses.RULE, name, "gives fal_client's status object", job)
            case "output":
                if node.args or node.keywords:
                    limit = flow.text(((node.args or [keyword.value for keyword in node.keywords])[0],))
                    text = f"`get()` waits without a limit; `fal_client.subscribe(..., client_timeout={limit})` has one."
                    flow.remarks.append(Remark(node, SUBMIT, text))
                message = "waits for the result; a failed job raises FalClientHTTPError, where output() gave None"
                return Step(answers.result(value.contract), (job, ".get()"), SUBMIT, name, message, job)
            case "cancel":
                if isinstance(_outside_await(flow, node), ast.Expr):
                    return Step(Value("plain"), (job, ".cancel()"), SUBMIT, name, "asks fal to cancel the request", job)
                flow.refuse(job, "what `cancel()` answered is used, and fal's gives nothing")
            case "stream":
                if is_streamed(flow, _origin(flow, job)):
                    return Step(Value("plain"), (job,), STREAM, name, "the events of fal's stream are what the worker yields", job)
                flow.refuse(
                    job, "the job is streamed and asked for in other ways: on fal a stream is a request of its own (fal_client.stream)"
                )
        return None


def is_streamed(flow: Flow, node: ast.AST | None) -> bool:
    """Whether the job that a call gives is only ever streamed, once."""
    parent = flow.module.parents.get(node) if node is not None else None
    if isinstance(parent, ast.Await):
        node, parent = parent, flow.module.parents[parent]
    if isinstance(parent, ast.Attribute):
        return parent.attr == "stream"
    if not isinstance(parent, ast.Assign | ast.AnnAssign):
        return False
    target = parent.target if isinstance(parent, ast.AnnAssign) else parent.targets[0]
    variable = flow.variables.of(target)
    if variable is None or len(variable.loads) != 1 or len(variable.origins) != 1:
        return False
    reader = flow.module.parents[variable.loads[0]]
    return isinstance(reader, ast.Attribute) and reader.attr == "stream"


def _origin(flow: Flow, job: ast.expr) -> ast.expr | None:
    """The call that gave a job."""
    variable = flow.variables.of(job)
    origin = variable.values[0] if variable is not None and len(variable.values) == 1 else job
    return origin.value if isinstance(origin, ast.Await) else origin


def _outside_await(flow: Flow, node: ast.expr) -> ast.AST:
    parent = flow.module.parents[node]
    return flow.module.parents[parent] if isinstance(parent, ast.Await) else parent
