"""The endpoints of a worker's app and the few functions that turn RunPod's conventions into fal's."""

from __future__ import annotations

from converters.concepts.literals import source_of, string
from converters.ir import App, Endpoint, Handler
from converters.targets.templating import docstring, render

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
    return [_aggregate(app, endpoint, handler), _stream(app, endpoint, handler)]


def _job(app: App) -> list[str]:
    """Lines that make the job which the handler receives."""
    by_alias = _by_alias(app)
    dump = f"input.model_dump({'by_alias=True, ' if by_alias else ''}exclude_unset=True)"
    if not app.envelope:
        return [f'job = {{"id": self.current_request.request_id, "input": {dump}}}']
    keys = source_of(tuple(app.envelope))
    return [
        f"body = {dump}",
        f"beside = {{key: body.pop(key) for key in {keys} if key in body}}",
        'job = {"id": self.current_request.request_id, "input": body, **beside}',
    ]


def _by_alias(app: App) -> bool:
    from converters.targets.app import all_fields, field_name

    return any(field_name(field.name) != field.name for field in all_fields(app.endpoints[0].input))


def _annotation(app: App, endpoint: Endpoint) -> str:
    return "Output" if has_model(app) else endpoint.output.annotation if endpoint.output.annotation != "Output" else "Any"


def _method(decorator: str, signature: str, summary: str, lines: list[str]) -> str:
    head = [f"    {decorator}", f"    {signature}"]
    head += [f"        {docstring(summary)}"] if summary else []
    return "\n".join([*head, *(f"        {line}" for line in lines), ""])


def _unary(app: App, endpoint: Endpoint, handler: Handler) -> str:
    word = "async def" if handler.kind == "async" else "def"
    function = "lambda job: self.thread.submit(self.handler, job).result()" if handler.dedicated_thread else "self.handler"
    lines = [*_job(app), f"return {'await ' if handler.kind == 'async' else ''}answer({function}, job)"]
    signature = f"{word} {endpoint.method}(self, input: Input) -> {_annotation(app, endpoint)}:"
    return _method(f"@fal.endpoint({string(endpoint.path)})", signature, endpoint.summary, lines)


def _aggregate(app: App, endpoint: Endpoint, handler: Handler) -> str:
    asynchronous = handler.kind == "async_generator"
    word, wait = ("async def", "await ") if asynchronous else ("def", "")
    signature = f"{word} {endpoint.method}(self, input: Input) -> list[Any]:"
    result = f"{wait}collect(self.handler(job))"
    answer = f"JSONResponse({result}, headers={RETIRE})" if app.refresh_always else result
    return _method(f"@fal.endpoint({string(endpoint.path)})", signature, endpoint.summary, [*_job(app), f"return {answer}"])


def _stream(app: App, endpoint: Endpoint, handler: Handler) -> str:
    word = "async def" if handler.kind == "async_generator" else "def"
    signature = f"{word} stream(self, input: Input) -> StreamingResponse:"
    headers = f", headers={RETIRE}" if app.refresh_always else ""
    summary = 'Every value that the handler yields, as an event; a failure ends the stream with {"error": ...}.'
    return _method(
        '@fal.endpoint("/stream")',
        signature,
        summary,
        [*_job(app), f'return StreamingResponse(events(self.handler(job)), media_type="text/event-stream"{headers})'],
    )


def helpers(app: App) -> str:
    """The functions below the class."""
    endpoint, handler = app.endpoints[0], app.handler
    assert handler is not None
    output = endpoint.output
    media = {
        field.name: {"image": "Image", "video": "Video", "audio": "Audio", "file": "File"}[field.media]
        for field in output.fields
        if field.media
    }
    return render(
        "answer.py.j2" if handler.kind in ("sync", "async") else "events.py.j2",
        asynchronous=handler.kind in ("async", "async_generator"),
        errors=output.errors or output.opaque,
        refresh=output.refresh or output.opaque,
        always_refresh=app.refresh_always,
        validates=any(field.evidence == "rp_validator schema" for field in endpoint.input.fields) or output.opaque,
        debugger=handler.debugger,
        aggregate=app.aggregate_stream,
        media=media,
    )
