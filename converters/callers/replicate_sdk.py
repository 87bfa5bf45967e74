"""Replicate's Python client as `fal_client` (guide rows "Replicate client" and "Webhooks").

What each call gives is documented at https://github.com/replicate/replicate-python; the app is one that Cog's model was converted to:
it answers `{"output": ...}` (a list for an iterator) unless its result is a mapping itself, and files in it are objects with a `url`.
"""

from __future__ import annotations

import ast

from converters import rules
from converters.callers import files, keys, statuses
from converters.callers.addresses import REPLICATE, mentions
from converters.callers.applications import application, literal, single
from converters.callers.bodies import WEBHOOK, Unclear, webhook_message
from converters.callers.calls import Argument, call
from converters.callers.flow import Flow, Part, Remark, Step, Value
from converters.callers.runpod_http import METHODS
from converters.ir import Scope

SUBSCRIBE, STREAM, SUBMIT, FILES = rules.CL010, rules.CL011, rules.CL012, rules.CL013
CLIENTS = frozenset({"replicate.Client", "replicate.client.Client"})
ERRORS = {
    "replicate.exceptions.ReplicateError": "FalClientError",
    "replicate.exceptions.ModelError": "FalClientHTTPError",
    "replicate.exceptions.ReplicateException": "FalClientError",
}
URLOPEN = "from urllib.request import urlopen"
CREATE = {
    "predictions.create": ("version", "model", "deployment"),
    "models.predictions.create": ("model",),
    "deployments.predictions.create": ("deployment",),
    "trainings.create": ("version", "model"),
}
NAMED = ("deployments.get", "models.get", "models.versions.get")
"""What gives an object that stands for a deployment, a model or a version of it: the id of the app takes its place."""
TRAININGS = "/trainings"
"""Behind the name of a model: `--map` takes the app of its trainings so, as Replicate's addresses have it."""
IGNORED = frozenset(
    {"input", "webhook", "webhook_events_filter", "version", "model", "deployment", "ref", "wait", "use_file_output", "stream"}
)
"""Keywords that are carried over or say how Replicate's client waits, which fal's does by itself."""


class ReplicateSDK:
    """`replicate.run`, `stream` and `predictions`, by module or client, and what they give."""

    def step(self, flow: Flow, node: ast.expr) -> Step | None:
        if isinstance(node, ast.Call):
            if (flow.code.dotted(flow.module, node.func) or "") in CLIENTS:
                for keyword in node.keywords:
                    if keyword.arg in ("api_token", "bearer_token"):
                        keys.no_longer_sent(flow, node, keyword.value)
                return Step(Value("client"), ("fal_client",), SUBSCRIBE, "replicate.Client", "fal_client reads its key from FAL_KEY")
            name, client = self._called(flow, node.func)
            if name:
                return self._call(flow, node, name, client)
            if isinstance(node.func, ast.Attribute):
                if (held := self._held(flow, node.func)) is not None:
                    return self._of_held(flow, node, node.func, held)
                if value := flow.value(node.func.value):
                    return self._method(flow, node, node.func, value)
                if node.func.attr in METHODS and node.args and mentions(flow, node.args[0], REPLICATE):
                    flow.refuse(node, "Replicate's HTTP API is called: call `fal_client.submit(APP, arguments=...)` in its place")
                    return Step(Value("plain"), (node,), SUBMIT, f"{node.func.attr} {REPLICATE}")
        elif isinstance(node, ast.Await):
            return self._await(flow, node)
        elif isinstance(node, ast.Attribute | ast.Name) and (error := ERRORS.get(flow.code.dotted(flow.module, node) or "")):
            return self._caught(flow, node, error)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and (value := flow.value(node.value)):
            return self._attribute(flow, node, value)
        elif isinstance(node, ast.Subscript) and (value := flow.value(node.value)) and value.kind in ("output", "items"):
            return Step(Value("items", key=value.key), (node.value, f"[{flow.text((node.slice,))}]"), FILES, "", base=node.value)
        return None

    def use(self, flow: Flow, node: ast.expr, value: Value) -> bool:
        parent = flow.module.parents[node]
        match value.kind:
            case "status":
                return statuses.compare(flow, node) or flow.is_shown(node)
            case "deployment":
                call = flow.module.parents[parent] if isinstance(parent, ast.keyword) else parent
                return isinstance(call, ast.Call) and call in flow.steps
            case "prediction":
                return isinstance(parent, ast.Expr) or flow.is_tested(node) or flow.is_shown(node)
            case "output" | "items" | "events":
                if value.kind != "events" and _is_text(parent, node):
                    _file_as_text(flow, node, value)
                elif value.kind != "events" and value.key is None and files.goes_on(parent):
                    _say_unknown(flow, node)
                return not isinstance(parent, ast.Attribute)
        return False

    @staticmethod
    def _caught(flow: Flow, node: ast.expr, error: str) -> Step | None:
        """`except ReplicateError` around calls that are rewritten."""
        around = next((parent for parent in flow.module.ancestors(node) if not isinstance(parent, ast.Tuple)), None)
        if not isinstance(around, ast.ExceptHandler):
            return None
        tried = flow.module.parents[around]
        calls = [inner for inner in ast.walk(ast.Module(tried.body, [])) if isinstance(inner, ast.Call) and flow.value(inner)]  # type: ignore[attr-defined]
        for inner in ast.walk(ast.Module(around.body, [])):
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == around.name:
                flow.refuse(node, f"`{flow.brief(inner)}` is read, which fal_client's errors do not have")
        for inner in calls:
            flow.join(node, inner)
        return Step(Value("plain"), (f"fal_client.{error}",), SUBSCRIBE, flow.module.source(node), "what fal_client raises")

    @staticmethod
    def _called(flow: Flow, function: ast.expr) -> tuple[str, ast.expr | None]:
        """What of Replicate's client is called (`predictions.create`), and the variable that holds the client."""
        dotted = flow.code.dotted(flow.module, function) or ""
        if dotted.startswith("replicate.") and dotted not in CLIENTS:
            return dotted.removeprefix("replicate."), None
        attributes: list[str] = []
        node = function
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
            if (value := flow.value(node)) is not None:
                return (".".join(reversed(attributes)), node) if value.kind == "client" else ("", None)
        return "", None

    @staticmethod
    def _held(flow: Flow, function: ast.Attribute) -> ast.expr | None:
        """What a method belongs to, where that stands for a deployment or model: `deployment` in `deployment.predictions.create`."""
        node: ast.expr = function.value
        while True:
            if (value := flow.value(node)) is not None and value.kind == "deployment":
                return node
            if not isinstance(node, ast.Attribute):
                return None
            node = node.value

    def _of_held(self, flow: Flow, node: ast.Call, function: ast.Attribute, held: ast.expr) -> Step | None:
        value = flow.value(held)
        assert value is not None
        method = flow.text((function,)).removeprefix(flow.text((held,))).lstrip(".").replace("async_", "")
        asynchronous = function.attr.startswith("async_")
        if method == "versions.get":
            return Step(value, (held,), SUBMIT, "model.versions.get", "a version is the app itself", held)
        if method != "predictions.create":
            return None
        try:
            parts = self._asked(flow, node, f"submit{'_async' if asynchronous else ''}", (), webhook=True, app=(held,))
        except Unclear as error:
            flow.refuse(held, str(error))
            return Step(Value("plain"), (node,), SUBMIT, "deployment.predictions.create", base=held)
        created = Value("prediction", asynchronous, key=value.key)
        return Step(created, parts, SUBMIT, "deployment.predictions.create", "gives a handle of the request", held)

    def _call(self, flow: Flow, node: ast.Call, name: str, client: ast.expr | None) -> Step | None:
        full = f"replicate.{name}"
        try:
            step = self._known(flow, node, name, full, client)
        except Unclear as error:
            flow.refuse(client or node, str(error))
            step = None
        if step is None and client is not None:
            flow.refuse(client, f"`{full}` has no counterpart in fal_client")
        return step

    def _known(self, flow: Flow, node: ast.Call, name: str, full: str, client: ast.expr | None) -> Step | None:
        asynchronous = "async_" in name
        match name.replace("async_", ""):
            case "run":
                parts = self._asked(flow, node, f"subscribe{'_async' if asynchronous else ''}", ("ref",), webhook=False)
                if asynchronous:
                    if not isinstance(flow.module.parents[node], ast.Await):
                        raise Unclear(
                            'the coroutine is not awaited where it is made: write `subscribe_async` and take `["output"]` of its result'
                        )
                    return Step(Value("client"), parts, SUBSCRIBE, full, "waits for the result", client)
                key = answer_key(flow, node, ("ref",))
                stands = f'the result stands under "{key or "output"}"'
                message = f"{stands}, a list where the model yields; a mapping is answered as it is"
                return Step(Value("output", key=key), (*parts, *result_key(flow, node, key)), SUBSCRIBE, full, message, client)
            case "stream":
                parts = self._asked(flow, node, f"stream{'_async' if asynchronous else ''}", ("ref",), webhook=False)
                return Step(Value("events"), parts, STREAM, full, "each event is a value that the model yields", client)
            case name if name in NAMED and node.args:
                app = application(flow, node, node.args[0])
                return Step(
                    Value("deployment", key=answer_key(flow, node, ())), app, SUBMIT, full, "the id of the app takes its place", client
                )
            case "trainings.create":
                return self._training(flow, node, full, client, asynchronous=asynchronous)
            case "predictions.create" | "models.predictions.create" | "deployments.predictions.create" as create:
                parts = self._asked(flow, node, f"submit{'_async' if asynchronous else ''}", CREATE[create], webhook=True)
                value = Value("prediction", asynchronous, key=answer_key(flow, node, CREATE[create]))
                return Step(value, parts, SUBMIT, full, "gives a handle of the request", client)
        return None

    def _training(self, flow: Flow, node: ast.Call, full: str, client: ast.expr | None, *, asynchronous: bool) -> Step:
        """A training: a request of the app that the training became, which answers what `train()` returns."""
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        model = given.get("model") or given.get("version") or (node.args[0] if node.args else None)
        if not isinstance(model, ast.Constant) or not isinstance(model.value, str) or "/" not in model.value:
            raise Unclear("which model is trained is not written out in the call")
        name = f"{model.value.partition(':')[0]}{TRAININGS}"
        parts = self._asked(
            flow, node, f"submit{'_async' if asynchronous else ''}", ("version",), webhook=True, app=(literal(flow, node, name),)
        )
        if "destination" in given:
            text = "a training on fal makes no version of a model: its answer names the weights, which the app is given as COG_WEIGHTS."
            flow.remarks.append(Remark(node, SUBMIT, text))
        value = Value("prediction", asynchronous, key=flow.apps.answer_key(name))
        return Step(value, parts, SUBMIT, full, "gives a handle of the request", client)

    def _asked(
        self, flow: Flow, node: ast.Call, function: str, names: tuple[str, ...], *, webhook: bool, app: tuple[Part, ...] = ()
    ) -> tuple[Part, ...]:
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        unknown = sorted(set(given) - IGNORED - ({"destination"} if names == ("version",) else set()))
        if unknown or any(isinstance(one, ast.Starred) for one in node.args):
            raise Unclear(f"`{unknown[0] or '**'}` of the call has no counterpart" if unknown else "its arguments are unpacked")
        model = node.args[0] if node.args else next((given[name] for name in names if name in given), None)
        at = 1 if names else 0
        body = node.args[at] if len(node.args) > at else given.get("input")
        if model is None and not app:
            raise Unclear("the call names no model")
        arguments: list[Argument] = [("", app or self._named(flow, node, model)), ("arguments", self._input(flow, node, body))]
        if "webhook" in given:
            if not webhook:
                raise Unclear("a webhook needs `fal_client.submit`")
            arguments.append(("webhook_url", (given["webhook"],)))
            flow.remarks.append(Remark(node, WEBHOOK, webhook_message("Replicate's prediction")))
        events = given.get("webhook_events_filter")
        if "webhook" in given and not (isinstance(events, ast.List) and flow.text((events,)).replace("'", '"') == '["completed"]'):
            text = "fal calls the webhook once, when the request is completed: start, output and logs are not sent."
            flow.remarks.append(Remark(node, WEBHOOK, text))
        return call(flow, node, function, arguments)

    @staticmethod
    def _named(flow: Flow, node: ast.Call, model: ast.expr | None) -> tuple[Part, ...]:
        """What names the app of a call; an object that stands for a model is the app's id already."""
        assert model is not None
        if (value := flow.value(model)) is not None and value.kind == "deployment":
            flow.join(node, model)
            return (model,)
        return application(flow, node, model)

    @staticmethod
    def _input(flow: Flow, node: ast.Call, body: ast.expr | None) -> tuple[Part, ...]:
        """The input; a file that is opened in it is uploaded first."""
        if body is None:
            return ("{}",)
        for inner in files.handles(flow, body):
            flow.rewrite(inner, node, files.uploaded(inner), FILES, "fal takes the address of an uploaded file")
        if (made := files.in_memory(flow, body)) is not None:
            raise Unclear(
                f"`{flow.brief(made)}` is sent as a file: `fal_client.upload(data, content_type)` gives an address to send instead"
            )
        return (body,)

    def _await(self, flow: Flow, node: ast.Await) -> Step | None:
        if not isinstance(node.value, ast.Call):
            return None
        name, _ = self._called(flow, node.value.func)
        if name == "async_run" and flow.value(node.value):
            key = answer_key(flow, node.value, ("ref",))
            return Step(
                Value("output", key=key), ("(await ", node.value, ")", *result_key(flow, node, key)), SUBSCRIBE, "", base=node.value
            )
        if name == "async_stream" and flow.value(node.value):
            return Step(Value("events"), (node.value,), STREAM, "", base=node.value)
        return None

    def _method(self, flow: Flow, node: ast.Call, function: ast.Attribute, value: Value) -> Step | None:
        base, name = function.value, f"prediction.{function.attr}"
        asynchronous = function.attr.startswith("async_")
        match value.kind, function.attr.removeprefix("async_"):
            case "prediction", "wait" | "reload" | "cancel" as method:
                outer = flow.module.parents[node]
                outer = flow.module.parents[outer] if isinstance(outer, ast.Await) else outer
                if not isinstance(outer, ast.Expr):
                    return None
                if method == "reload":
                    flow.rewrite(outer, base, None, SUBMIT, "fal_client's handle asks the server each time")
                    return Step(Value("plain"), (node,), SUBMIT, "", base=base)
                if method == "wait" and not asynchronous:
                    return Step(Value("plain"), (base, ".get()"), SUBMIT, name, "a failed request raises FalClientHTTPError", base)
                return Step(Value("plain"), (base, ".get()" if method == "wait" else ".cancel()"), SUBMIT, name, "", base)
            case "output" | "items", "read":
                needs_key(flow, node, value)
                flow.helpers.append((base, URLOPEN))
                if flow.apps.is_private:
                    text = "the file is private: its address alone does not give it, see https://fal.ai/docs/api-reference/platform-apis/for-storage."
                    flow.remarks.append(Remark(base, FILES, text, Scope.CODE, node))
                return Step(Value("plain"), ("urlopen(", base, '["url"]).read()'), FILES, "", "the file is fetched from its address", base)
        return None

    def _attribute(self, flow: Flow, node: ast.Attribute, value: Value) -> Step | None:
        base = node.value
        called = isinstance(parent := flow.module.parents[node], ast.Call) and parent.func is node
        match value.kind, node.attr:
            case "prediction", "status" if not called:
                return Step(Value("status"), self._asks(base, value, "status"), statuses.RULE, "prediction.status", base=base)
            case "prediction", "output" if not called:
                return Step(
                    Value("output", key=value.key),
                    (*self._asks(base, value, "get"), *result_key(flow, node, value.key)),
                    SUBMIT,
                    "prediction.output",
                    "waits for the result",
                    base,
                )
            case "prediction", "error" if not called:
                parts: tuple[Part, ...] = ("getattr(", *self._asks(base, value, "status"), ', "error", None)')
                return Step(Value("plain"), parts, statuses.RULE, "prediction.error", "a failed request's status holds its error", base)
            case "prediction", "id":
                return Step(Value("plain"), (base, ".request_id"), SUBMIT, "prediction.id", "fal's id of the request", base)
            case (("output" | "items"), "url") if not called:
                needs_key(flow, node, value)
                return Step(Value("plain"), (base, '["url"]'), FILES, "", "files are objects with a `url`", base)
            case "events", "data":
                return Step(Value("plain"), (base,), STREAM, "", "an event is the value itself", base)
        return None

    @staticmethod
    def _asks(base: ast.expr, value: Value, method: str) -> tuple[Part, ...]:
        return ("(await ", base, f".{method}())") if value.asynchronous else (base, f".{method}()")


def answer_key(flow: Flow, node: ast.Call, names: tuple[str, ...]) -> str | None:
    """The key under which the app that a call names answers; None where nobody knows."""
    given = {keyword.arg or "": keyword.value for keyword in node.keywords}
    model = node.args[0] if node.args else next((given[name] for name in names if name in given), None)
    if model is not None and (value := flow.value(model)) is not None and value.kind == "deployment":
        return value.key
    variable = flow.variables.of(model) if model is not None else None
    constant = single(variable) if variable is not None else model
    known = isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    return flow.apps.answer_key(constant.value) if known else None  # type: ignore[union-attr]


def needs_key(flow: Flow, node: ast.expr, value: Value) -> None:
    """Leave a result that is used as a file to a person where nobody knows under which key the app answers it."""
    if value.key is None:
        flow.refuse(
            node,
            "the result is a file, which a converted app answers under a key of its own (`image`, `images`, `audio` ...): name the folder "
            "of the app with --map MODEL=owner/app:FOLDER, or write `answer[KEY]`, with `KEY` of the app's Output and `url` of its files",
        )


def _say_unknown(flow: Flow, node: ast.expr) -> None:
    text = (
        "whether the model answers text or a file is not known here, and it goes on as a whole: a converted app answers a file under a key "
        "of its own (`image`, `images`, `audio` ...), an object with a `url`. Name the app's folder with --map MODEL=owner/app:FOLDER."
    )
    if not any(remark.message == text and flow.is_together(remark.owner, node) for remark in flow.remarks):
        flow.remarks.append(Remark(node, FILES, text))


def _is_text(parent: ast.AST, node: ast.expr) -> bool:
    """Whether a value is made a string: `str(item)`, `f"{item}"`."""
    match parent:
        case ast.Call(func=ast.Name(id="str"), args=[argument]):
            return argument is node
        case ast.FormattedValue():
            return True
    return False


def _file_as_text(flow: Flow, node: ast.expr, value: Value) -> None:
    """The text of a file of Replicate's client is its address; text stays text."""
    parent = flow.module.parents[node]
    if value.key is None and isinstance(parent, ast.Call):
        needs_key(flow, node, value)
    elif value.key not in (None, "", "output"):
        flow.rewrite(node, node, (node, '["url"]'), FILES, "the text of a file is its address")


def result_key(flow: Flow, node: ast.expr, key: str | None = None) -> tuple[str, ...]:
    """`["output"]`, or nothing where the caller looks up names in the result: a mapping is answered without that key.

    `key`: what the app itself is known to answer with, '' for a mapping.
    """
    if key is not None:
        return (f'["{key}"]',) if key else ()
    parent = flow.module.parents[node]
    variable = flow.variables.of(parent.targets[0]) if isinstance(parent, ast.Assign) else None
    uses = [flow.module.parents[load] for load in variable.loads] if variable is not None else [parent]
    looked_up = (use.slice.value for use in uses if isinstance(use, ast.Subscript) and isinstance(use.slice, ast.Constant))
    return () if any(isinstance(key, str) for key in looked_up) else ('["output"]',)
