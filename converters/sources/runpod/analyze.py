"""From the files of a RunPod worker to the model: what is served, how it is loaded, what it takes and answers."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import re
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import dotenv, kept_back
from converters.concepts import environment as environments
from converters.concepts.environment import Plan
from converters.concepts.machine import assume
from converters.concepts.names import app_name, class_name
from converters.concepts.native import NotNative
from converters.containers import base_images
from converters.containers import packaging as docker
from converters.containers.packaging import Packaging
from converters.entries import hint_of_callers
from converters.errors import Unsupported
from converters.ir import (
    App,
    Application,
    Disposition,
    Endpoint,
    Evidence,
    Handler,
    InputSchema,
    Origin,
    Value,
)
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project
from converters.python import pip
from converters.python.code import Code
from converters.python.environ import code_variables
from converters.python.module import Module
from converters.sources.runpod import (
    absent_start,
    blocking,
    cog_build,
    dispositions,
    endpoint_config,
    flow,
    hooks,
    hub,
    init_timeout,
    inputs,
    life,
    names,
    native,
    results,
    start_script,
    threads,
    volumes,
)
from converters.sources.runpod.environment import environment_of, imported_names, pinned_release
from converters.sources.runpod.files import app_file_of, placement
from converters.sources.runpod.handler import Resolved, resolve
from converters.sources.runpod.rewrite import Rewrite, rewrite
from converters.sources.runpod.sdk import files_that_name
from converters.sources.runpod.start import Start
from converters.sources.runpod.units import Survey, Unit, survey

DEFAULTS = [
    ("workers", "0 to 3 (set in the console)", "min_concurrency {min_concurrency}, max_concurrency {max_concurrency}"),
    ("idle timeout", "5 s", "keep_alive {keep_alive} s"),
    ("execution timeout", "600 s", "request_timeout {request_timeout} s"),
    ("retries", "none", "up to 10 attempts of queue requests on 503, 504 and lost connections"),
    ("jobs at a time per worker", "1", "max_multiplexing {max_multiplexing}"),
]
"""(setting, RunPod's default, fal's default) where the source is silent; the names in braces are settings."""


def detect(project: Project) -> list[Evidence]:
    """Where the project says that it is a RunPod worker: the files that name the SDK or belong to its hub."""
    found = []
    for path in files_that_name(project):
        data = project.files[path].data
        for number, line in enumerate(data.splitlines(), 1):
            if b"serverless.start" in line or re.search(rb"^\s*(from|import)\s+runpod\b", line):
                found.append(Evidence(file=path, line=number, why=line.strip().decode(errors="replace")[:80]))
                break
    for path in project.files:
        if path.endswith(".runpod/hub.json"):
            found.append(Evidence(file=path, line=1, why="listing for RunPod's hub"))
    return found


def analyze(project: Project, options: Options, ledger: Ledger) -> Application:
    """Read every worker of the project. Raises `Unsupported` and `Unreadable` with the reason and the place."""
    found = survey(project, ledger, options.unit)
    if not found.units:
        _refuse(project, found)
    application = Application(platform="runpod", evidence=detect(project), defaults=list(DEFAULTS))
    taken: set[str] = set()
    for unit in found.units:
        application.apps.append(_app(project, unit, found, options, ledger, application, taken))
    volumes.apart(application, ledger)
    dispositions.leftovers(project, found, ledger)
    return application


def _refuse(project: Project, found: Survey) -> None:
    """Say why there is nothing to convert."""
    if found.unreadable:
        marked = [path for path in found.unreadable if b"serverless.start" in project.files[path].data]
        raise found.unreadable[sorted(marked or found.unreadable)[0]]
    for path, file in project.files.items():
        if (
            path.endswith(".py")
            and file.name in ("handler.py", "rp_handler.py")
            and len(file.data.strip()) < 400
            and b"runpod" in file.data.lower()
        ):
            raise Unsupported(
                "has no job handler: it only marks the folder as a RunPod worker, whose server is started by the image itself.",
                file=path,
                line=1,
                hint="Convert the Docker image as a server.",
            )
    if (absent := absent_start.unstarted(project)) is not None:
        raise Unsupported(
            f"`{absent[1]}` is what the image starts, and neither the project nor the build has it.",
            file=absent[0].file,
            line=absent[0].line,
            hint="Add it: no file that is there calls `runpod.serverless.start`.",
        )
    hint = hint_of_callers(project) or "A RunPod worker registers its handler with that call."
    raise Unsupported("no call of `runpod.serverless.start` was found.", hint=hint)


def _app(project: Project, unit: Unit, found: Survey, options: Options, ledger: Ledger, application: Application, taken: set[str]) -> App:
    code = Code(project, unit.roots, unit.renamed)
    entry = code.module(unit.entry)
    assert entry is not None, "a start call was found in it"
    folder = unit.folder
    listing = hub.read_hub(project, _listing_folder(project, folder), ledger)
    _refuse_server(project, unit, listing, entry)
    if unit.packaging:
        docker.record(unit.packaging, ledger)
    start = chosen_start(unit)
    option = start.options.get("handler")
    if option is None:
        raise Unsupported(
            "`runpod.serverless.start` is called without a handler that can be read.",
            file=start.module.path,
            line=start.call.lineno,
            hint="Pass a dict with the key `handler`.",
        )
    if start.in_class_body:
        raise Unsupported(
            "`runpod.serverless.start` is called while a class is defined.",
            file=start.module.path,
            line=start.call.lineno,
            hint="Move the call out of the class.",
        )
    resolved = resolve(code, start, option)
    if blocking.never_awaits(code, resolved):
        resolved = dataclasses.replace(resolved, kind="sync", coroutine=True)
    name = app_name(options.name or names.unit_name(project, unit, found), taken)
    closure = code.closure(unit.entry)
    cog = cog_build.read(project, unit.folder, code, closure, imported_names(code, closure), ledger) if unit.packaging is None else None
    environment, plan = (cog.environment, cog.plan) if cog else environment_of(project, unit, code, closure, ledger)
    application.files += [cog.file] if cog and cog.file else []
    app_file = app_file_of(project, unit, taken)
    known_examples = hub.examples(project, folder, ledger)
    found_results = results.results(code, resolved.module, resolved.node)
    endpoint = _endpoint(code, resolved, found_results, known_examples, plan.specs, ledger, taken_name=name)
    thread = threads.reason(code, closure) if resolved.kind == "sync" else ""
    release = pinned_release(environment, plan, [use for path in closure for use in found.occurrences.get(path, [])], unit.entry, ledger)
    volume = _volume(application, {*closure, *start_script.configuration(unit)})
    change = rewrite(code, entry, unit, start, resolved, ledger, found.occurrences, closure, volume or name, release)
    edits = application.edits
    moved = {(edit.file, edit.start) for edit in edits if edit.rule == rules.FS001}
    edits += [edit for edit in change.edits if edit not in edits and (edit.rule != rules.FS001 or (edit.file, edit.start) not in moved)]
    handler = _handler(unit, entry, resolved, change, option.origin, in_image=environment.kind == "image")
    handler.coroutine = resolved.coroutine
    if handler.coroutine:
        message = "the handler never awaits, so it runs in a thread: on the runner's event loop, it would keep health checks from an answer"
        ledger.note(rules.RP003, Disposition.CONVERTED, message, handler.origin)
    handler.dedicated_thread = thread
    if thread:
        ledger.note(rules.RP018, Disposition.CONVERTED, f"one thread loads and answers, as in the worker: {thread}", handler.origin)
    handler.uses_arguments = any(b"sys.argv" in project.files[path].data or b"argparse" in project.files[path].data for path in closure)
    handler.checks, handler.teardown, handler.handle_exit = change.checks, change.teardown, change.handle_exit
    handler.hints = hooks.hints(code, entry, closure, ledger)
    app = App(
        name=name,
        class_name=class_name(name),
        entry=unit.entry,
        app_file=app_file,
        why="a job handler becomes the endpoint of an app",
        handler=handler,
        endpoints=[endpoint],
        environment=environment,
        settings=list(listing.settings),
        examples=known_examples,
        realtime=options.realtime and resolved.kind in ("generator", "async_generator"),
        volume=volume,
        asks_for_volume=volumes.is_looked_for(project, unit, code, closure),
    )
    if app.realtime:
        ledger.note(rules.RP026, Disposition.CONVERTED, "what the handler yields goes out by `fal.realtime` at /realtime", handler.origin)
    elif options.realtime:
        ledger.note(rules.RP026, Disposition.DROPPED, "--realtime has no effect: the handler yields nothing", handler.origin)
    dispositions.listed_variables(app, listing)
    image = unit.packaging.stage.env if unit.packaging else ()
    dotenv.carry_over(project, app, [unit.folder, unit.packaging.context if unit.packaging else "", ""], closure, image, ledger)
    code_variables(app, code, closure, ledger, unit.packaging.stage.env if unit.packaging else ())
    placement(project, unit, app, closure, plan.read_files, ledger)
    absent_start.settle(project, unit, found, options, ledger)
    start_script.carry_over(project, unit, app, edits, ledger, closure)
    start_script.configuration_edits(project, app, edits, ledger)
    init_timeout.settle(unit, app, listing.variables, ledger)
    _options(code, unit, start, resolved, app, ledger)
    life.settle(app, code, closure, ledger)
    if app.start_command and not app.endpoints[0].input.known:
        hooks.forwarding(code, closure, ledger)
    if options.endpoint_config is not None:
        endpoint_config.apply(options.endpoint_config, app, ledger)
    _native(native.Worker(code, unit, resolved, closure, app, edits))
    _machine(app, unit, imported_names(code, closure), plan, ledger)
    dispositions.settle(project, unit, app, code, found, closure, plan, ledger)
    if cog:
        cog_build.settle(cog, app, ledger)
    _remarks(app, unit, found_results, ledger)
    environments.check_pins(environment, ledger, imported_names(code, closure))
    environments.raise_python(environment, ledger)
    if not cog:
        kept_back.settle(environment, ledger)
    return app


def _volume(application: Application, held: set[str]) -> str:
    """The app that first moved a path on the volume in a file that this worker has, too: both then use one folder."""
    for edit in application.edits:
        if edit.rule == rules.FS001 and edit.file in held:
            return edit.replacement.rpartition("/")[2]
    return ""


def _native(worker: native.Worker) -> None:
    """Whether the worker can be written natively; the reason goes into the report either way."""
    app, unit = worker.app, worker.unit
    try:
        if worker.resolved.node is None or worker.resolved.job is None:
            raise NotNative("its handler could not be followed")
        made = native.source(worker)
        if unit.packaging is None and app.environment.kind == "image":
            raise NotNative("its image holds the whole folder, as Cog builds it")
        if held := _held_by_image(unit, app):
            raise NotNative(held)
    except NotNative as reason:
        app.why_style = f"keep: {reason}"
    else:
        app.native = made
        app.why_style = f"native: {native.reason(made)}"


BUILD_TOOLS = re.compile(r"\*\.py\b|\b(compileall|pytest|ruff|mypy|pyright|flake8|black|pylint|unittest)\b")
"""Build steps that look at whatever Python files are there."""


def _held_by_image(unit: Unit, app: App) -> str:
    """Why the handler cannot leave its image: its COPY line copies more, or a later step of the build uses it; '' where it can."""
    packaging = unit.packaging
    if packaging is None or app.environment.kind != "image":
        return ""
    path = PurePosixPath(unit.entry)
    holding = [
        copy for copy in packaging.stage.copies if copy.from_stage is None and any(_holds(packaging, one, path) for one in copy.sources)
    ]
    if not holding:
        return "no COPY line of the Dockerfile brings its handler"
    names = {path.name, *(PurePosixPath(image).name for image, source in packaging.layout.files.items() if source == unit.entry)}
    words = "|".join(re.escape(word) for name in sorted(names) for word in (name, name.removesuffix(".py")))
    uses = re.compile(rf"(?<![\w.-])(?:{words})(?![\w-])")
    first = min(copy.line for copy in holding)
    for _, step, construct in packaging.steps:
        text = step.command.text
        if construct.line > first and step.purpose not in ("pip", "apt") and (uses.search(text) or BUILD_TOOLS.search(text)):
            return f"the build uses its handler ({packaging.file.path}:{construct.line})"
    return ""


def _holds(packaging: Packaging, source: str, entry: PurePosixPath) -> bool:
    """Whether a source of a COPY line names a file, a folder with it, or a pattern that it fits."""
    path = PurePosixPath(packaging.context) / source.lstrip("/")
    return path == entry or path in entry.parents or (any(sign in source for sign in "*?[") and entry.match(str(path)))


def _listing_folder(project: Project, folder: str) -> str:
    """The nearest folder at or above the worker's that holds `.runpod/hub.json`."""
    while folder and not project.get(f"{folder}/.runpod/hub.json"):
        parent = str(PurePosixPath(folder).parent)
        folder = "" if parent == "." else parent
    return folder


def _refuse_server(project: Project, unit: Unit, listing: hub.Hub, entry: Module) -> None:
    """A load-balancing worker answers HTTP itself: its handler is a stub for the hub."""
    if listing.http is not None:
        raise Unsupported(
            'says `"type": "http"`: this worker is an HTTP server that its image starts, and the handler only stands in for the hub.',
            file=listing.http.file,
            line=listing.http.line,
            hint="Convert the Docker image as a server.",
        )


def chosen_start(unit: Unit) -> Start:
    """The start call that runs without command-line flags: the one below the fewest `if` bodies."""

    def conditions(start: Start) -> tuple[int, int]:
        nodes = [start.call, *start.module.ancestors(start.call)]
        below = sum(
            isinstance(parent, ast.If) and parent is not start.main_block and any(child is node for child in parent.body)
            for node, parent in itertools.pairwise(nodes)
        )
        return (below, start.call.lineno)

    return min(unit.starts, key=conditions)


def _endpoint(
    code: Code,
    resolved: Resolved,
    found: results.Results,
    examples: list[Value[object]],
    specs: list[Value[str]],
    ledger: Ledger,
    *,
    taken_name: str,
) -> Endpoint:
    schema = InputSchema(known=False, evidence="the handler could not be followed")
    if resolved.node is not None and resolved.job is not None:
        traced = flow.follow(code, resolved.module, resolved.node, resolved.job)
        requests = [example.value for example in examples if isinstance(example.value, dict)]
        schema, remarks = inputs.schema(code, traced, requests, defaults_skip_checks=names.skips_checks(specs))
        for text in remarks:
            ledger.note(rules.RP012, Disposition.KEPT, text, resolved.module.origin(resolved.node))
    method = names.method_name(resolved)
    summary = resolved.docstring.strip().splitlines()[0].strip() if resolved.docstring.strip() else ""
    return Endpoint(path="/", kind="unary", method=method, summary=summary, input=schema, output=results.output_schema(found))


def _handler(unit: Unit, entry: Module, resolved: Resolved, change: Rewrite, origin: Origin, *, in_image: bool) -> Handler:
    return Handler(
        name=change.handler,
        module=names.module_name(unit, in_image=in_image),
        file=unit.entry,
        kind=resolved.kind,
        load=change.load,
        returned=change.returned,
        origin=origin,
    )


def _options(code: Code, unit: Unit, start: Start, resolved: Resolved, app: App, ledger: Ledger) -> None:
    """The other keys of `start`, and the keys of the job beside `input`."""
    dispositions.start_options(code, start, resolved, app, ledger)
    dispositions.other_starts([begin for begin in unit.starts if begin is not start], ledger)
    if resolved.node is not None and resolved.job is not None:
        traced = flow.follow(code, resolved.module, resolved.node, resolved.job)
        dispositions.envelope(traced, app, ledger)


def _machine(app: App, unit: Unit, imported: set[str], plan: Plan, ledger: Ledger) -> None:
    if app.setting("machine_type") is not None:
        return
    base = base_images.describe(unit.packaging.stage.base_image) if unit.packaging else None
    without = {pip.name(spec.value) for spec in (*plan.specs, *app.environment.requirements)} & names.WITHOUT_CUDA
    heavy = (imported & names.GPU_PACKAGES) - without
    why = f"the base image {base.reference}" if base and base.gpu else f"the code imports {sorted(heavy)[0]}" if heavy else ""
    if not why and base is not None and base.unknown:
        why = f"workers of RunPod have a GPU, and what {base.reference} runs is not known"
    message = "no machine is stated; {machine} is assumed ({why}): look up the GPU of the endpoint in RunPod's console."
    assume(app, ledger, rule=rules.RP050, gpu=why, message=message, place=Origin(file=app.entry, line=1))


def _remarks(app: App, unit: Unit, found: results.Results, ledger: Ledger) -> None:
    places: dict[str, list[Origin]] = {}
    for module, node in found.error_with_more:
        places.setdefault(module.path, []).append(module.origin(node))
    for origins in places.values():
        first, *others = sorted(origins, key=lambda origin: origin.line)
        also = f" (also in line {', '.join(str(origin.line) for origin in others)})" if others else ""
        message = (
            f"what stands beside `error`{also} reached the callers of a failed job on RunPod; on fal a failed request answers "
            "`error` alone, as its `detail`: put what they need into the message"
        )
        ledger.note(rules.RP021, Disposition.DROPPED, message, first, notable=True)
    for field in app.endpoints[0].output.fields:
        if field.media is not None and field.origin is not None:
            ledger.note(
                rules.FS002,
                Disposition.CONVERTED,
                f"`{field.name}` names a local file, which tells a caller nothing: it is uploaded, and returned as {field.media.title()}",
                field.origin,
            )
    volumes.copied(app, unit, ledger)
