"""The endpoints of a worker's app and the few functions that turn RunPod's conventions into fal's."""

from __future__ import annotations

from typing import Any

from converters.concepts.literals import source_of, string
from converters.escape import docstring
from converters.ir import App, Endpoint, Handler, Hook
from converters.targets.templating import render

RETIRE = '{"x-fal-stop-runner": "true"}'
"""The response header that retires the runner after its answer."""


def has_model(app: App) -> bool:
    """Whether the results have known keys and get an `Output` model."""
    handler = app.handler
    return app.endpoints[0].output.annotation == "Output" and handler is not None and handler.kind in ("sync", "async")


def endpoints(app: App) -> list[str]:
    """Source of the endpoint methods, indented for the class."""
    endpoint, handler = app.endpoints[0], app.handler
    assert handler is not None
    if handler.kind in ("sync", "async"):
        return [_unary(app, endpoint, handler)]
    return [_aggregate(app, endpoint, handler), _realtime(app, handler) if app.realtime else _stream(app, endpoint, handler)]


def has_hooks(handler: Handler) -> bool:
    """Whether the app calls more of the worker than its handler."""
    return bool(handler.checks or handler.teardown or handler.handle_exit or handler.hints)


def hooks(app: App) -> list[str]:
    """Source of the methods that fal calls besides the endpoints, indented for the class."""
    handler = app.handler
    assert handler is not None
    made = []
    if handler.teardown:
        lines = [f"self.worker.{hook.name}()  # was registered with atexit, which a signal skips" for hook in handler.teardown]
        made.append(_method("", "def teardown(self):", "", lines))
    if handler.handle_exit:
        lines = [line for hook in handler.handle_exit for line in _leaving(hook)]
        made.append(_method("", "def handle_exit(self):", "", lines))
    if handler.hints:
        values = ", ".join(f"self.worker.{hook.name}" for hook in handler.hints)
        summary = "The model that this runner holds: fal prefers a runner with the hint that a request asks for."
        lines = [
            f"names = [str(name) for name in ({values},) if name]",
            "return [name for name in names if name.isascii() and name.isprintable()]  # a response header carries them",
        ]
        made.append(_method("", "def provide_hints(self):", summary, lines))
    if handler.checks:
        made.append(_fitness(handler))
    return made


def _leaving(hook: Hook) -> list[str]:
    call = f"self.worker.{hook.name}(signal.SIGTERM, None)"
    if not hook.ends:
        return [call]
    return ["with contextlib.suppress(SystemExit):  # fal ends the runner once its requests are done", f"    {call}"]


def _fitness(handler: Handler) -> str:
    asynchronous = any(check.asynchronous for check in handler.checks)
    calls = [f"    {'await ' if check.asynchronous else ''}self.worker.{check.name}()" for check in handler.checks]
    return _method(
        '@fal.endpoint("/fitness", health_check=fal.HealthCheck())',
        f"{'async def' if asynchronous else 'def'} fitness(self) -> dict:",
        "The worker's fitness checks: a runner that fails them is replaced.",
        [
            "try:",
            *calls,
            "except Exception as error:",
            "    traceback.print_exc()",
            "    raise HTTPException(503, detail=str(error)) from error",
            'return {"status": "healthy"}',
        ],
    )


def job(app: App) -> list[str]:
    """Lines that make the job which the handler receives."""
    if not app.envelope:
        return [f'job = {{"id": self.current_request.request_id, "input": {dump(app)}}}']
    keys = source_of(tuple(app.envelope))
    return [
        f"body = {dump(app)}",
        f"beside = {{key: body.pop(key) for key in {keys} if key in body}}",
        'job = {"id": self.current_request.request_id, "input": body, **beside}',
    ]


def dump(app: App, *, unset: bool = False) -> str:
    """Source of the request as the dict that the caller sent; ``unset``: with the defaults of what was not sent."""
    arguments = [*(["by_alias=True"] if _by_alias(app) else []), *([] if unset else ["exclude_unset=True"])]
    return f"input.model_dump({', '.join(arguments)})"


def _by_alias(app: App) -> bool:
    from converters.targets.app import all_fields, envelope_fields, field_name

    fields = [*all_fields(app.endpoints[0].input), *envelope_fields(app)]
    return any(field_name(field.name) != field.name for field in fields)


def annotation(app: App, endpoint: Endpoint) -> str:
    return "Output" if has_model(app) else endpoint.output.annotation if endpoint.output.annotation != "Output" else "Any"


def _method(decorator: str, signature: str, summary: str, lines: list[str]) -> str:
    head = [*([f"    {decorator}"] if decorator else []), f"    {signature}"]
    head += [f"        {docstring(summary)}"] if summary else []
    return "\n".join([*head, *(f"        {line}" for line in lines), ""])


def _unary(app: App, endpoint: Endpoint, handler: Handler) -> str:
    word = "async def" if handler.kind == "async" else "def"
    function = "lambda job: self.thread.submit(self.handler, job).result()" if handler.dedicated_thread else "self.handler"
    lines = [*job(app), f"return {'await ' if handler.kind == 'async' else ''}answer({function}, job)"]
    signature = f"{word} {endpoint.method}(self, input: Input) -> {annotation(app, endpoint)}:"
    return _method(f"@fal.endpoint({string(endpoint.path)})", signature, endpoint.summary, lines)


def _aggregate(app: App, endpoint: Endpoint, handler: Handler) -> str:
    asynchronous = handler.kind == "async_generator"
    word, wait = ("async def", "await ") if asynchronous else ("def", "")
    signature = f"{word} {endpoint.method}(self, input: Input) -> list[Any]:"
    result = f"{wait}collect(self.handler(job))"
    answer = f"JSONResponse({result}, headers={RETIRE})" if app.refresh_always else result
    return _method(f"@fal.endpoint({string(endpoint.path)})", signature, endpoint.summary, [*job(app), f"return {answer}"])


def _stream(app: App, endpoint: Endpoint, handler: Handler) -> str:
    word = "async def" if handler.kind == "async_generator" else "def"
    signature = f"{word} stream(self, input: Input) -> StreamingResponse:"
    headers = f", headers={RETIRE}" if app.refresh_always else ""
    summary = 'Every value that the handler yields, as an event; a failure ends the stream with {"error": ...}.'
    return _method(
        '@fal.endpoint("/stream")',
        signature,
        summary,
        [*job(app), f'return StreamingResponse(events(self.handler(job)), media_type="text/event-stream"{headers})'],
    )


def _realtime(app: App, handler: Handler) -> str:
    asynchronous = handler.kind == "async_generator"
    return _method(
        '@fal.realtime("/realtime")',
        f"{'async def' if asynchronous else 'def'} realtime(self, input: Input) -> {'AsyncIterator' if asynchronous else 'Iterator'}[Any]:",
        'Every value that the handler yields, as a message; a failure ends the stream with {"error": ...}.',
        [*job(app), f"{'async ' if asynchronous else ''}for message in messages(self.handler(job)):", "    yield message"],
    )


def helpers(app: App) -> str:
    """The functions below the class."""
    handler = app.handler
    assert handler is not None
    return render(
        "answer.py.j2" if handler.kind in ("sync", "async") else "events.py.j2",
        asynchronous=handler.kind in ("async", "async_generator"),
        aggregate=app.aggregate_stream,
        realtime=app.realtime,
        **answer_options(app),
    )


def answer_options(app: App) -> dict[str, Any]:
    """What the template needs to know of the results that it turns into answers."""
    endpoint, handler = app.endpoints[0], app.handler
    assert handler is not None
    output = endpoint.output
    media = {
        field.name: {"image": "Image", "video": "Video", "audio": "Audio", "file": "File"}[field.media]
        for field in output.fields
        if field.media
    }
    return {
        "errors": output.errors or output.opaque,
        "refresh": output.refresh or output.opaque,
        "always_refresh": app.refresh_always,
        "validates": any(field.evidence == "rp_validator schema" for field in endpoint.input.fields) or output.opaque,
        "debugger": handler.debugger,
        "media": media,
    }
