"""The methods of a predictor's app: `setup()`, the endpoints, and what stands between a request and the predictor."""

from __future__ import annotations

from converters.concepts.literals import string
from converters.concepts.names import is_dotted_name, is_name
from converters.escape import docstring
from converters.ir import App, InputField, Predictor
from converters.targets import app as app_parts
from converters.targets.app import field_name
from converters.targets.native.predictor_form import decorators, endpoint_name, native_of, output_name, target, uploaded

WIDTH = 100
"""Letters of a line."""
RUNNING = "self.running[self.current_request.request_id] = threading.get_ident()"
RUNNING_REQUESTS = "self.running = {}  # request -> the thread of its prediction"
WEIGHTS = 'weights = os.environ.get("COG_WEIGHTS")  # a path or URL of trained weights'
DONE = ["finally:", "    self.running.pop(self.current_request.request_id, None)"]


def indented(lines: list[str], depth: int) -> list[str]:
    return [f"{'    ' * depth}{row}" if row else "" for line in lines for row in line.split("\n")]


def setup(app: App) -> str:
    """`setup()`: search path, environment, the import, and the predictor's own setup in the same event loop."""
    predictor = app.predictor
    assert predictor is not None
    lines = [*prepared(app, predictor), *_load(predictor)]
    lines += [RUNNING_REQUESTS] if is_synchronous(predictor) else []
    word = "async def" if predictor.setup == "async" else "def"
    return "\n".join([f"    {word} setup(self):", *indented(lines, 2)])


def prepared(app: App, predictor: Predictor, *, searches: bool = True) -> list[str]:
    """Lines that make the place that Cog gave a predictor: its folder, variables, arguments and model files."""
    lines = ["sys.path.insert(0, os.getcwd())  # Cog ran in the project's folder"] if searches else []
    lines += [app_parts.environment_line(variable) for variable in app.environment.variables if variable.value is not None]
    if predictor.uses_arguments:
        lines.append('sys.argv = ["-c"]  # as in Cog\'s worker, which is started without arguments')
    if predictor.prepare:
        names = sorted({name for line in predictor.prepare for name in ("download", "hub", "link") if f"{name}(" in line})
        lines += [f"from fal_weights import {', '.join(names)}", "", *predictor.prepare]
    return lines


def _load(predictor: Predictor) -> list[str]:
    """Lines that import the predictor, make it, and run its own setup."""
    names = ["CancelationException", predictor.name] if predictor.cancel else [predictor.name]
    if is_dotted_name(predictor.module):
        lines = [f"from {predictor.module} import {', '.join(names)}", ""]
    else:
        module = f"importlib.import_module({string(predictor.module)})"
        lines = [*(f"{name} = {module}.{name}" for name in names), ""]
    keep = ["self.cancelation = CancelationException"] if predictor.cancel and is_synchronous(predictor) else []
    return [*lines, *_made(predictor), *keep]


def _made(predictor: Predictor) -> list[str]:
    if not predictor.method:
        return [f"self.predictor = {predictor.name}"]
    lines = [f"self.predictor = {predictor.name}()"]
    if predictor.setup:
        wait = "await " if predictor.setup == "async" else ""
        if predictor.weights:
            lines.append(f'{wait}self.predictor.setup(weights=os.environ.get("COG_WEIGHTS"))  # a path or URL of trained weights')
        else:
            lines.append(f"{wait}self.predictor.setup()")
    return lines


def endpoints(app: App) -> list[str]:
    """Source of the endpoint methods, indented for the class; in native style, what stands beside the predictor's own."""
    predictor, native = app.predictor, native_of(app)
    assert predictor is not None
    merged = native is not None and native.merged
    if predictor.kind in ("generator", "async_generator"):
        made = [*([] if merged else [_outputs(app)]), _collected(app), _stream(app)]
    else:
        made = [] if merged else [_unary(app)]
    if cancels(app):
        made.append(_cancel(app))
    if predictor.healthcheck:
        made.append(_healthcheck(app, predictor))
    return made


def is_synchronous(predictor: Predictor) -> bool:
    """Whether a prediction has a thread of its own, into which an exception can be sent."""
    return predictor.kind in ("sync", "generator")


def cancels(app: App) -> bool:
    """Whether fal's cancel stops a running prediction, as Cog's does."""
    if app.predictor is None or not is_synchronous(app.predictor):
        return False
    native = native_of(app)
    return native is None or native.cancels


def _cancelation(app: App) -> str:
    assert app.predictor is not None
    return "self.cancelation" if app.predictor.cancel and native_of(app) is None else "CancelationException"


def _cancelled(app: App) -> list[str]:
    return [
        f"except {_cancelation(app)} as error:",
        '    raise RequestCancelledException("the prediction was cancelled") from error',
    ]


def _cancel(app: App) -> str:
    """fal posts to this route with the id of the request that the caller cancelled."""
    lines = [
        "thread = self.running.get(self.current_request.request_id)",
        "if thread is not None:",
        f"    stop = ctypes.py_object({_cancelation(app)})",
        "    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), stop)",
        'return {"cancelled": thread is not None}',
    ]
    summary = "Stop the running prediction: its code gets Cog's exception."
    return _method('@fal.endpoint("/cancel")', "def cancel(self) -> dict:", summary, lines)


def _method(decorator: str, signature: str, summary: str, lines: list[str]) -> str:
    head = [f"    {decorator}"] if decorator else []
    head.append(f"    {signature}")
    head += [f"        {docstring(summary)}"] if summary else []
    return "\n".join([*head, *indented(lines, 2), ""])


def files(app: App) -> list[InputField]:
    """The inputs that are downloaded before the predictor runs."""
    return [field for field in app.endpoints[0].input.fields if field.media in ("path", "paths", "file", "files")]


def fetched(app: App, *, asynchronous: bool) -> list[str]:
    """Lines that download the file inputs into the request's folder; a default reaches the predictor as its code states it."""
    lines = []
    for field in files(app):
        name = field_name(field.name)
        given = f"input.{name}"
        call = "await asyncio.to_thread(fetch, {0}, folder, {1})" if asynchronous else "fetch({0}, folder, field={1})"
        one = call.format("url" if field.media in ("paths", "files") else given, string(field.name))
        if field.media in ("file", "files"):
            one = f'({one}).open("rb")' if asynchronous else f'{one}.open("rb")'
        if field.media in ("paths", "files"):
            one = f"[{one} for url in {given}]"
        given_or = f" if {given} is not None else None" if field.annotation.endswith("| None") else ""
        if field.default not in (None, "None", "[]"):
            given_or = f" if {string(name)} in input.model_fields_set and {given} is not None else {given}"
        line = f"{variable(field)} = {one}{given_or}"
        if len(line) + 12 > WIDTH and given_or:
            condition, _, other = given_or.removeprefix(" if ").rpartition(" else ")
            line = f"{variable(field)} = (\n    {one}\n    if {condition}\n    else {other}\n)"
        lines.append(line)
    return lines


def variable(field: InputField) -> str:
    """The local name of a downloaded input; never one that the method itself uses."""
    name = field_name(field.name)
    return f"{name}_file" if name in ("input", "self", "folder", "result", "error", "url", "given") else name


def _arguments(app: App) -> list[str]:
    fields = app.endpoints[0].input.fields
    downloaded = {field.name for field in files(app)}
    found = []
    for field in fields:
        if field.computed:
            continue
        value = variable(field) if field.name in downloaded else f"input.{field_name(field.name)}"
        found.append(f"{field.name}={value}" if is_name(field.name) else f"**{{{string(field.name)}: {value}}}")
    computed = [field for field in fields if field.computed]
    return found + (["**given"] if computed else [])


def _given(app: App) -> list[str]:
    """Inputs whose default the code computes are passed only where the caller sent them."""
    names = ", ".join(string(field_name(field.name)) for field in app.endpoints[0].input.fields if field.computed)
    if not names:
        return []
    return [f"given = input.model_dump(include={{{names}}}, exclude_none=True)  # the code computes their defaults itself"]


def _call(app: App, head: str, tail: str = "") -> list[str]:
    """The call of the predictor, on one line where it fits."""
    predictor = app.predictor
    assert predictor is not None
    arguments = _arguments(app)
    inside = ", ".join(arguments)
    start = f"{head}{target(app)}("
    depth = 4 * (2 + bool(files(app)) + (native_of(app) is None))
    if len(f"{start}{inside}){tail}") + depth <= WIDTH:
        return [f"{start}{inside}){tail}"]
    if len(inside) + depth + 4 <= WIDTH:
        return [start, f"    {inside}", f"){tail}"]
    return [start, *(f"    {argument}," for argument in arguments), f"){tail}"]


def _failure() -> list[str]:
    """A failed prediction, which `sys.exit` makes, too: the runner goes on, as Cog's worker does."""
    return [
        "except (Exception, SystemExit) as error:",
        "    traceback.print_exc()",
        "    raise HTTPException(500, detail=str(error)) from error",
    ]


def encodes(app: App) -> bool:
    """Whether values are made ready for JSON at run time: where reading does not show that they are."""
    output = app.endpoints[0].output
    media = output.fields[0].media if output.wrap else None
    return not media and not (output.wrap and output.is_json)


def _answer(app: App, *, asynchronous: bool) -> list[str]:
    """The line that makes the response of `result`."""
    output = app.endpoints[0].output
    field = output.fields[0] if output.wrap else None
    if field is not None and field.media:
        name = field_name(field.name)
        if field.many:
            return [f"return {output_name(app)}({name}=[file for path in result if (file := {uploaded(app, 'path')})])"]
        if field.optional:
            return [f"return {output_name(app)}({name}={uploaded(app, 'result')})"]
        null = f"JSONResponse({{{string(field.name)}: None}})"
        return [f"file = {uploaded(app, 'result')}", f"return {output_name(app)}({name}=file) if file else {null}"]
    value = "encode(result)" if encodes(app) else "result"
    if value != "result" and asynchronous:
        value = "await asyncio.to_thread(encode, result)"
    return [f"return JSONResponse({{{string(output.wrap)}: {value}}})" if output.wrap else f"return JSONResponse({value})"]


def _unary(app: App) -> str:
    endpoint, predictor = app.endpoints[0], app.predictor
    assert predictor is not None
    asynchronous = predictor.kind == "async"
    wait = "await " if asynchronous else ""
    tried = [*_call(app, f"result = {wait}"), *_answer(app, asynchronous=asynchronous)]
    if native_of(app) is not None:
        inner = [*_given(app), *tried]
    elif asynchronous:
        inner = [*_given(app), "try:", *indented(tried, 1), *_failure()]
    else:
        inner = [*_given(app), RUNNING, "try:", *indented(tried, 1), *_cancelled(app), *_failure(), *DONE]
    if files(app):
        inner = ["with tempfile.TemporaryDirectory() as folder:", *indented([*fetched(app, asynchronous=asynchronous), *inner], 1)]
    word = "async def" if asynchronous else "def"
    signature = f"{word} {endpoint_name(app)}(self, input: Input) -> {output_name(app)}:"
    return _method("\n    ".join(decorators(app)), signature, endpoint.summary, inner)


def _outputs(app: App) -> str:
    """A private generator: downloads, runs the predictor, and makes every value ready for JSON."""
    predictor = app.predictor
    assert predictor is not None
    asynchronous = predictor.kind == "async_generator"
    output = app.endpoints[0].output
    media = output.fields[0].media if output.wrap else None
    loop = "async for value in " if asynchronous else "for value in "
    if media:
        answer = [f"    if file := {uploaded(app, 'value')}:", "        yield file.model_dump()"]
    else:
        answer = [f"    yield {'encode(value)' if encodes(app) else 'value'}"]
    inner = [*_given(app), *_call(app, loop, ":"), *answer]
    if files(app):
        inner = ["with tempfile.TemporaryDirectory() as folder:", *indented([*fetched(app, asynchronous=asynchronous), *inner], 1)]
    return _method("", outputs_signature(app, "Any"), "What the predictor yields, ready for JSON.", inner)


def outputs_signature(app: App, item: str) -> str:
    """The first line of the generator that answers a request."""
    assert app.predictor is not None
    word, iterator = ("async def", "AsyncIterator") if app.predictor.kind == "async_generator" else ("def", "Iterator")
    return f"{word} outputs(self, input: Input) -> {iterator}[{item}]:"


def _collected(app: App) -> str:
    endpoint, predictor = app.endpoints[0], app.predictor
    assert predictor is not None
    asynchronous = predictor.kind == "async_generator"
    every = "[value async for value in self.outputs(input)]" if asynchronous else "list(self.outputs(input))"
    word = "async def" if asynchronous else "def"
    answer = f"return JSONResponse({{{string(endpoint.output.wrap)}: {every}}})"
    lines = (
        [answer]
        if native_of(app) is not None
        else [
            *([] if asynchronous else [RUNNING]),
            "try:",
            f"    {answer}",
            "except HTTPException:",
            "    raise",
            *([] if asynchronous else _cancelled(app)),
            *_failure(),
            *([] if asynchronous else DONE),
        ]
    )
    return _method(
        "\n    ".join(decorators(app)), f"{word} {endpoint_name(app)}(self, input: Input) -> {output_name(app)}:", endpoint.summary, lines
    )


def _stream(app: App) -> str:
    predictor = app.predictor
    assert predictor is not None
    word = "async def" if predictor.kind == "async_generator" else "def"
    return _method(
        '@fal.endpoint("/stream")',
        f"{word} stream(self, input: Input) -> StreamingResponse:",
        "Every value as it is made, as an event.",
        ['return StreamingResponse(events(self.outputs(input)), media_type="text/event-stream")'],
    )


def _healthcheck(app: App, predictor: Predictor) -> str:
    asynchronous = predictor.healthcheck == "async"
    owner, name = ("self.predictor", "healthcheck") if native_of(app) is None else ("self", "check_health")
    call = f"{'await ' if asynchronous else ''}{owner}.healthcheck()"
    return _method(
        '@fal.endpoint("/healthcheck", health_check=fal.HealthCheck())',
        f"{'async def' if asynchronous else 'def'} {name}(self) -> dict:",
        "The predictor's own check; a runner that fails it is replaced.",
        [f"if not {call}:", '    raise HTTPException(503, detail="unhealthy")', 'return {"status": "healthy"}'],
    )
