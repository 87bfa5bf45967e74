"""Whether a worker can be written natively, as a fal engineer would have written it, and the plan for that.

The entry file dissolves: what it loads moves into `setup()`, the handler's body becomes the endpoint, other modules stay. It is read
once RunPod's worker loop is taken out of it, so that everything else the conversion changes in it comes along.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from dataclasses import dataclass

from converters.concepts import fields
from converters.concepts.native import NotNative, must_define, shows
from converters.ir import App, Edit
from converters.native_plan import NativeWorker
from converters.python.applying import apply, together
from converters.python.code import Code
from converters.python.module import FunctionNode, Module
from converters.python.names import plain_names
from converters.sources.runpod import flow, results
from converters.sources.runpod.handler import Resolved
from converters.sources.runpod.native import answers, imports, reads
from converters.sources.runpod.native.places import TRACEBACKS, Places, place, quotes
from converters.sources.runpod.native.validated import validated
from converters.sources.runpod.units import Unit

OWN = frozenset(
    {"Input", "Output", "Annotated", "WithJsonSchema", "BaseModel", "ConfigDict", "Field", "HTTPException", "JSONResponse", "Literal",
     "fal", "failing_with_message", "answering", "HERE", "ContainerImage", *fields.ALIASES}
)  # fmt: skip
"""Names of the app file itself."""
TOOLKIT = frozenset({"Image", "Video", "Audio", "File"})
STANDARD = {
    "traceback": "traceback",
    "wraps": "functools.wraps",
    "mimetypes": "mimetypes",
    "os": "os",
    "sys": "sys",
    "subprocess": "subprocess",
    "Path": "pathlib.Path",
    "Any": "typing.Any",
}
"""Names that the app file may import from the standard library."""


@dataclass(frozen=True)
class Worker:
    """What is known of a worker when its form is chosen."""

    code: Code
    unit: Unit
    resolved: Resolved
    closure: list[str]
    app: App
    edits: list[Edit]


def source(worker: Worker) -> NativeWorker:
    """The plan for a worker. Raises `NotNative` with the first reason against it."""
    edited = _without_runpod(worker)
    module, lines = imports.plain(worker.code, edited, worker.app.handler.module if worker.app.handler else "")
    handler = _handler(module, worker.resolved)
    app, code = worker.app, worker.code
    assert app.handler is not None and worker.resolved.job is not None
    must_define(module.text)
    places = place(module, handler.name, app.handler.load)
    _free_names(app, module, places)
    if len(worker.closure) > 1 and not _loads(worker, module, places):
        raise NotNative("nothing would be gained: it loads nothing itself, and its code stands in several modules")
    traced = flow.follow(code, module, handler, worker.resolved.job)
    endpoint = app.endpoints[0]
    made = NativeWorker(
        text=module.text,
        places=places.places,
        loaded=sorted(places.attributes),
        imports=places.imports,
        job=worker.resolved.job,
        aliases=[],
        methods=sorted(places.methods),
        siblings=len(worker.closure) > 1,
        tracebacks=quotes(module, TRACEBACKS),
    )
    try:
        made.aliases = sorted(reads.read_by_key(code, traced, endpoint.input, handler, worker.resolved.job))
    except NotNative:
        checked = validated(code, module, handler, traced, endpoint.input)
        if checked is not None and not reads.uses_input(handler, checked.lines, worker.resolved.job):
            made.validated, made.validated_whole, made.gone = checked.name, checked.whole, sorted(checked.lines)
        body = [statement for statement in handler.body if statement.lineno not in made.gone]
        made.reads = "job" if app.envelope else reads.whole(body, worker.resolved.job)
    if shows(module.tree, {*places.attributes, *places.methods, *made.aliases, made.job, made.validated} - {""}):
        raise NotNative("an f-string shows how a name is written that would be another")
    _leave_out(worker, module, handler, places, made)
    try:
        if app.refresh_always:
            raise NotNative("every answer retires the runner")
        left = copy.copy(handler)
        left.body = [statement for statement in handler.body if statement.lineno not in made.gone]
        answers.same_keys(module, results.results(code, module, left), left)
    except NotNative:
        made.answers = True
    edits = [edit for edit in worker.edits if edit.file == module.path]
    made.spans = _spans(worker.resolved.module, edited, edits, {line: places.places[now] for line, now in lines.items()})
    return made


def _without_runpod(worker: Worker) -> Module:
    """The entry file as it would be kept. Raises `NotNative` where its handler is none that an endpoint can be."""
    app, resolved, unit = worker.app, worker.resolved, worker.unit
    node, handler = resolved.node, app.handler
    assert handler is not None
    if not isinstance(node, FunctionNode) or resolved.module.path != unit.entry or resolved.given or handler.name != node.name:
        raise NotNative("its handler is not a plain function of the entry file")
    if resolved.kind not in ("sync", "async"):
        raise NotNative("it streams")
    if resolved.coroutine and any(isinstance(inner, ast.Await) for inner in ast.walk(node)):
        raise NotNative("its handler awaits functions that never await")
    if handler.returned or handler.dedicated_thread or handler.debugger:
        raise NotNative(handler.dedicated_thread or "its handler exists only once it is loaded")
    if handler.checks or handler.teardown or handler.handle_exit or handler.hints:
        raise NotNative("it has functions of its own that the app calls")
    arguments = node.args
    if len(arguments.args) != 1 or arguments.posonlyargs or arguments.vararg or arguments.kwarg or arguments.kwonlyargs:
        raise NotNative("its handler takes more than the job")
    text = apply(resolved.module.text, [edit for edit in worker.edits if edit.file == unit.entry])
    return Module(resolved.module.file, text, ast.parse(text))


def _handler(module: Module, resolved: Resolved) -> ast.FunctionDef | ast.AsyncFunctionDef:
    assert isinstance(resolved.node, FunctionNode)
    found = [one for one in module.tree.body if isinstance(one, FunctionNode) and one.name == resolved.node.name]
    if len(found) != 1:
        raise NotNative("its handler is defined in a block, or more than once")
    return found[0]


def _loads(worker: Worker, module: Module, places: Places) -> bool:
    """Whether `setup()` would do anything: run statements, or import packages, by itself or through the project's modules."""
    if places.at("load"):
        return True
    for statement in module.tree.body:
        if statement.lineno in places.at("setup") and not isinstance(statement, ast.Import | ast.ImportFrom):
            return True
    return any(_is_heavy(worker, path) for path in worker.closure)


def _is_heavy(worker: Worker, path: str) -> bool:
    """Whether a module imports a package that is neither the SDK, the standard library, nor the project's own."""
    import sys

    module = worker.code.module(path)
    if module is None:
        return True
    found = worker.code.imports(module).values()
    return any(
        one.dotted.split(".")[0] not in sys.stdlib_module_names | {"runpod", "__future__"}
        and worker.code.resolve(module, one.dotted, one.level) is None
        and worker.code.resolve(module, one.dotted.rpartition(".")[0], one.level) is None
        and not one.level
        for one in found
    )


def _leave_out(worker: Worker, module: Module, handler: ast.FunctionDef | ast.AsyncFunctionDef, places: Places, made: NativeWorker) -> None:
    """Definitions and imports that served only what goes: the start call's options, the validator's schema."""
    gone = [statement for statement in handler.body if statement.lineno in made.gone]
    served = plain_names(*(start.call for start in worker.unit.starts if start.module.path == module.path), *gone)
    left = plain_names(*(statement for statement in handler.body if statement.lineno not in made.gone))
    while True:
        lines = places.at("top", "method", "setup", "load")
        used = left | {name for line in lines for name in places.named[line].uses}
        needless = [line for line in lines if places.named[line].binds and places.named[line].binds <= served - used]
        needless = [line for line in needless if places.places[line] != "setup" or places.named[line].imported]
        if not needless:
            break
        for line in needless:
            places.places[line] = "drop"
            served |= places.named[line].uses
            for name in places.named[line].binds & set(made.imports):
                del made.imports[name]
    made.places = places.places


def _spans(module: Module, edited: Module, edits: list[Edit], places: Mapping[int, str]) -> list[tuple[int, int, str]]:
    """Where the statements of the source go, by the lines of the edited file; those that an edit takes out are left out."""
    made = together(module.text, edits)
    rows: list[tuple[int, int, str]] = []
    for statement in module.tree.body:
        first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", []))])
        start, end = module.span(statement)
        moved = start + sum(len(edit.replacement) - (edit.end - edit.start) for edit in made if edit.end <= start)
        gone = any(edit.start <= start and end <= edit.end for edit in made)
        home = next((one for one in edited.tree.body if edited.span(one)[0] <= moved < edited.span(one)[1]), None)
        place = "drop" if gone or home is None else places[home.lineno]
        rows.append((first, statement.end_lineno or first, place))
    return rows


def _free_names(app: App, module: Module, places: Places) -> None:
    """The file must not define the names that the app file uses."""
    top = {name for line in places.at("top", "import") for name in places.named[line].binds}
    taken = (top | set(places.imports)) & OWN
    if any(field.media for field in app.endpoints[0].output.fields):
        taken |= (top | set(places.imports)) & TOOLKIT
    standard = _standard(module)
    taken |= {name for name in top & set(STANDARD) if standard.get(name) != STANDARD[name]}
    if taken:
        raise NotNative(f"`{min(taken)}` is also a name of the app file")
    if app.endpoints[0].method in places.attributes | places.methods:
        raise NotNative(f"`{app.endpoints[0].method}` is also the name of its endpoint")


def _standard(module: Module) -> dict[str, str]:
    """Name -> what import statements at module level say that it is."""
    found: dict[str, str] = {}
    for statement in module.tree.body:
        if isinstance(statement, ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{statement.module}.{alias.name}" for alias in statement.names}
    return found


def reason(made: NativeWorker) -> str:
    """Why the native form is right, for the report."""
    loads = bool(made.loaded) or "load" in made.places.values()
    loading = "what the entry file loads is loaded in setup()" if loads else "it loads nothing itself"
    reading = {
        "fields": "its input is read key by key",
        "input": "its input is read as a dict of what the caller sent",
        "job": "its handler uses the job as a whole",
    }[made.reads]
    named = "; tracebacks in its answers name the lines of the app file" if made.tracebacks else ""
    return f"{loading}, and {'its input is checked by the model' if made.validated else reading}{named}"
