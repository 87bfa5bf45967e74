"""What becomes of each construct: every SDK name, option, Dockerfile line and variable of a worker is spoken for here."""

from __future__ import annotations

import ast
import re
from typing import Any

from converters import rules
from converters.concepts import environment as environments
from converters.concepts import storage, variables
from converters.concepts.image_dispositions import settle_image, settle_requirements
from converters.containers.packaging import Packaging
from converters.ir import App, Disposition, EnvVar, Origin, Scope, Setting, Value
from converters.ledger import Ledger
from converters.project import Project
from converters.python import pip
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.environ import environment_reads
from converters.python.guards import is_guarded
from converters.python.module import FunctionNode
from converters.python.newer import is_syntax
from converters.sources.runpod.calls import callee
from converters.sources.runpod.gone import gone
from converters.sources.runpod.handler import Resolved
from converters.sources.runpod.helpers import BUCKET, helper, needs_bucket
from converters.sources.runpod.hub import Hub
from converters.sources.runpod.job_reads import Flow
from converters.sources.runpod.sdk import Occurrence
from converters.sources.runpod.start import START, Start
from converters.sources.runpod.units import Survey, Unit

CLIENT = re.compile(
    r"^runpod\.(Endpoint|AsyncioEndpoint|AsyncioJob|api_key|endpoint_url_base|create_\w+|get_\w+|run_\w+|stop_pod|terminate_pod|api|endpoint|cli)\b"
)
INTERNAL = re.compile(r"^runpod\.serverless\.modules\.(rp_http|rp_scale|rp_job|rp_ping|rp_fastapi|worker_state|rp_handler|rp_local)(\.|$)")


def settle(
    project: Project, unit: Unit, app: App, code: Code, found: Survey, closure: list[str], plan: environments.Plan, ledger: Ledger
) -> None:
    """Speak for the SDK names of the unit's files and for its Dockerfile."""
    names = [occurrence for path in closure for occurrence in found.occurrences.get(path, [])]
    for occurrence in names:
        if not ledger.is_settled(occurrence.construct):
            _helper(occurrence, app, ledger)
    _bucket([occurrence for occurrence in names if needs_bucket(occurrence)], unit, app, code, closure, ledger)
    imports = [ledger.settled.get(occurrence.construct.key) for occurrence in names if occurrence.is_import]
    unread = unread_modules(code, closure, ledger)
    _sdk_requirement(app, unread or any(item is not None and item.disposition is not Disposition.DROPPED for item in imports))
    if unit.packaging is None:
        return
    if app.environment.kind == "image":
        settle_image(unit.packaging, app, ledger)
    else:
        settle_requirements(unit.packaging, app, plan.read_files, ledger)


def _helper(occurrence: Occurrence, app: App, ledger: Ledger) -> None:
    name = occurrence.dotted
    if (old := gone(occurrence)) is not None:
        had = (
            f"runpod {old.last} is the last release that has it: write what it did into the worker"
            if old.last
            else "no release has it: take it out"
        )
        ledger.settle(occurrence.construct, rules.RP038, Disposition.MANUAL, f"`{name}` is not in the SDK any more; {had}.")
    elif CLIENT.match(name):
        ledger.settle(
            occurrence.construct,
            rules.RP039,
            Disposition.MANUAL,
            f"`{name}` calls RunPod's own API: call the fal app with fal_client instead.",
        )
    elif INTERNAL.search(name):
        ledger.settle(
            occurrence.construct,
            rules.RP039,
            Disposition.MANUAL,
            f"`{name}` is an inner part of RunPod's worker loop, which does not run on fal: take it out.",
        )
    elif name.endswith("register_fitness_check"):
        ledger.settle(occurrence.construct, rules.RP001, Disposition.KEPT, "the import stays for the check that is registered")
    else:
        known = helper(name)
        if known is not None:
            ledger.settle(occurrence.construct, known.rule, Disposition.KEPT, known.reason)
            if known.rule == rules.RP035 and app.handler is not None:
                app.handler.debugger = True
            return
        if name not in (START, "runpod.start"):
            message = f"`{name}` is not known to this converter: check what it does and carry it over by hand."
            ledger.settle(occurrence.construct, rules.ALL001, Disposition.MANUAL, message)


def _bucket(uses: list[Occurrence], unit: Unit, app: App, code: Code, closure: list[str], ledger: Ledger) -> None:
    """Ask for the variables that name the bucket of the upload helpers, where nothing in the project sets them."""
    have = {variable.name for variable in app.environment.variables if variable.value}
    have |= set(unit.packaging.stage.env) if unit.packaging else set()
    missing = [name for name in BUCKET if name not in have]
    if not uses or not missing:
        return
    origin = uses[0].module.origin(uses[0].node)
    asked = {variable.name for variable in app.secrets}
    app.secrets += [EnvVar(name=name, secret=True, origin=origin) for name in missing if name not in asked]
    modules = [module for path in closure if (module := code.module(path)) is not None]
    guarded = any(name == BUCKET[0] and not required for module in modules for _, name, required in environment_reads(code, module))
    writes = f"`{uses[0].dotted.rpartition('.')[2]}` writes to the bucket that {', '.join(missing)} name"
    if guarded:
        message = f"{writes}: the code asks first whether {BUCKET[0]} is set; set them with `fal secrets set` if the old endpoint has them"
        ledger.note(rules.RP032, Disposition.KEPT, message, origin, notable=True)
        return
    message = (
        f"{writes}: set each with `fal secrets set NAME=...`. Without them it only copies the file, and callers get a path on the "
        "runner in place of an address."
    )
    ledger.note(rules.RP032, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)


def _sdk_requirement(app: App, used: bool) -> None:
    """The SDK stays a requirement only while kept code imports it."""
    environment = app.environment
    if environment.kind != "requirements":
        return
    present = any(pip.name(spec.value) == "runpod" for spec in environment.requirements)
    if used and not present:
        environment.requirements.append(Value(value="runpod", note="the kept code uses its helpers"))
        if environment.layers:
            environment.layers.append(["runpod"])
    elif not used and present:
        environment.requirements = [spec for spec in environment.requirements if pip.name(spec.value) != "runpod"]
        environment.layers = [kept for layer in environment.layers if (kept := [part for part in layer if pip.name(part) != "runpod"])]


def start_options(code: Code, start: Start, resolved: Resolved, app: App, ledger: Ledger) -> None:
    """Every key of the configuration of `start`."""
    for option in start.options.values():
        construct = ledger.record("option", option.key, option.origin, offset=option.offset)
        if option.key == "handler":
            ledger.settle(
                construct, rules.RP003, Disposition.CONVERTED, f"`{resolved.expression[:60]}` becomes the endpoint {app.endpoints[0].path}"
            )
        elif option.key == "return_aggregate_stream":
            value = _constant(code, option.module, option.value)
            app.aggregate_stream = bool(value)
            if not _is_constant(code, option.module, option.value) and resolved.kind in ("generator", "async_generator"):
                message = "whether / answers the yielded values or [] depends on running code, and it answers []: make it a constant."
                ledger.settle(construct, rules.RP006, Disposition.MANUAL, message)
            elif resolved.kind in ("generator", "async_generator"):
                ledger.settle(
                    construct,
                    rules.RP006,
                    Disposition.CONVERTED,
                    "the endpoint / returns the list of yielded values" if value else "the endpoint / returns []",
                )
            else:
                ledger.settle(construct, rules.RP006, Disposition.DROPPED, "it has no effect on a handler that is no generator")
        elif option.key == "refresh_worker":
            value = _constant(code, option.module, option.value)
            app.refresh_always = bool(value)
            if not _is_constant(code, option.module, option.value):
                message = "whether runners retire after each answer depends on running code, and they stay: make it a constant."
                ledger.settle(construct, rules.RP007, Disposition.MANUAL, message)
            elif app.refresh_always:
                message = "every answer carries `x-fal-stop-runner: true`, which retires the runner"
                ledger.settle(construct, rules.RP007, Disposition.CONVERTED, message)
            else:
                ledger.settle(construct, rules.RP007, Disposition.DROPPED, "runners stay, which is fal's default")
        elif option.key == "concurrency_modifier":
            _concurrency(code, option.module, option.value, resolved, app, ledger, construct)
        elif option.key in ("rp_args", "reference_counter_start"):
            ledger.settle(construct, rules.RP009, Disposition.DROPPED, "the SDK fills it in itself")
        elif option.key == "concurrency_controller":
            ledger.settle(construct, rules.RP009, Disposition.DROPPED, "the SDK ignores it since 1.4.0")
    for node in start.unread:
        construct = ledger.record("option", start.module.source(node)[:60], start.module.origin(node), offset=node.col_offset)
        ledger.settle(
            construct, rules.RP009, Disposition.MANUAL, "this part of the configuration could not be read: carry over by hand what it sets."
        )


def other_starts(starts: list[Start], ledger: Ledger) -> None:
    """Start calls of a worker that only run under a condition: one app serves one handler."""
    for start in starts:
        for option in start.options.values():
            construct = ledger.record("option", option.key, option.origin, offset=option.offset)
            message = (
                "this start call runs under a condition, and its handler is not served: add an endpoint or an app for it if it is used."
            )
            ledger.settle(construct, rules.RP009, Disposition.MANUAL, message)


def _concurrency(code: Code, module: Any, node: ast.expr, resolved: Resolved, app: App, ledger: Ledger, construct: Any) -> None:
    if resolved.kind not in ("async", "async_generator"):
        ledger.settle(
            construct,
            rules.RP010,
            Disposition.DROPPED,
            "the handler never awaits, so RunPod runs its jobs one after another whatever this returns",
        )
        return
    value = modifier_value(code, module, node)
    if value is None:
        ledger.settle(
            construct,
            rules.RP010,
            Disposition.MANUAL,
            "how many jobs run at a time depends on running code: set max_multiplexing.",
            scope=Scope.DEPLOY,
        )
    else:
        if value > 1:
            app.settings.append(Setting(name="max_multiplexing", value=value, origin=module.origin(node), note="concurrency_modifier"))
        ledger.settle(construct, rules.RP010, Disposition.CONVERTED, f"at most {value} jobs at a time -> max_multiplexing")


def modifier_value(code: Code, module: Any, node: ast.expr) -> int | None:
    """The number that a concurrency modifier settles at: a constant result, or the upper end of a `min(...)` clamp."""
    function: ast.AST | None = node if isinstance(node, ast.Lambda) else None
    home = module
    if not isinstance(node, ast.Lambda):
        found = callee(code, module, node)
        function, home = (found[0], found[1]) if found else (None, module)
    if isinstance(function, ast.Lambda):
        returns: list[ast.expr] = [function.body]
    elif isinstance(function, FunctionNode):
        returns = [inner.value for inner in ast.walk(function) if isinstance(inner, ast.Return) and inner.value is not None]
    else:
        return None
    values: list[int] = []
    for value in returns:
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "min":
            bounds = [found for argument in value.args if isinstance(found := _constant(code, home, argument), int)]
            if bounds:
                values.append(min(bounds))
                continue
        found_value = _constant(code, home, value)
        if not isinstance(found_value, int) or isinstance(found_value, bool):
            return None
        values.append(found_value)
    return values[0] if len(set(values)) == 1 else None


def envelope(traced: Flow, app: App, ledger: Ledger) -> None:
    """Keys that the handler reads beside `input`: the request's id is fal's, the others travel among the input's fields."""
    for read in traced.envelope:
        origin = Origin(file=read.module.path, line=getattr(read.node, "lineno", 1), end_line=getattr(read.node, "end_lineno", 0) or 0)
        if read.key == "id":
            ledger.note(rules.RP014, Disposition.CONVERTED, '`job["id"]` is the id of the fal request', origin)
        elif any(field.name == read.key for field in app.endpoints[0].input.fields):
            if (read.how in ("get", "in") and not read.definite) or is_guarded(read.module, read.node, read.key):
                message = (
                    f"`{read.key}` is read beside `input` and in it: on fal callers send it among the fields, where the handler finds it"
                )
                ledger.note(rules.RP015, Disposition.CONVERTED, message, origin, notable=True)
                continue
            message = (
                f"the handler reads `{read.key}` beside `input` and in it; a fal request has one place for both: "
                "give one of them another name, here and in the callers."
            )
            ledger.note(rules.RP015, Disposition.MANUAL, message, origin)
        else:
            if read.key not in app.envelope:
                app.envelope.append(read.key)
            ledger.note(rules.RP015, Disposition.CONVERTED, _beside(read.key), origin, notable=True)


def _beside(key: str) -> str:
    """What becomes of a key beside `input`."""
    moved = f"`{key}` stands beside `input` on RunPod: on fal callers send it among the fields, and the handler finds it in the job"
    own = {
        "webhook": "; a webhook that fal itself shall call is `webhook_url` of the request",
        "policy": "; what it told RunPod's queue becomes fal's settings of the app and headers of the request",
    }
    return moved + own.get(key, "")


def listed_variables(app: App, listing: Hub) -> None:
    known = {variable.name for variable in app.environment.variables}
    for variable in listing.variables:
        if variable.secret:
            app.secrets.append(variable)
        elif variable.name not in known and not variables.PLATFORM.match(variable.name):
            value = storage.moved(variable.value or "", app)
            app.environment.variables.append(variable.model_copy(update={"value": value}))


def leftovers(project: Project, found: Survey, ledger: Ledger) -> None:
    """Start calls, SDK names and Dockerfiles that belong to no converted unit."""
    used = found.packaging_files()
    for start in found.leftovers:
        for option in start.options.values():
            construct = ledger.record("option", option.key, option.origin, offset=option.offset)
            ledger.settle(
                construct, rules.RP011, Disposition.DROPPED, "this start call belongs to no worker that is converted: a copy or an example"
            )
    for occurrences in found.occurrences.values():
        for occurrence in occurrences:
            if ledger.is_settled(occurrence.construct):
                continue
            if any(part in ("tests", "test") for part in occurrence.module.path.split("/")):
                message = "test code: it is not part of the app"
            elif CLIENT.match(occurrence.dotted):
                ledger.settle(
                    occurrence.construct,
                    rules.RP039,
                    Disposition.MANUAL,
                    "a program that calls RunPod's API: call the fal app with fal_client instead.",
                    scope=Scope.DEPLOY,
                )
                continue
            else:
                message = "not part of a converted worker: the start command does not reach this file"
            ledger.settle(occurrence.construct, rules.RP011, Disposition.DROPPED, message)
    for packaging in found.dockerfiles:
        if packaging.file.path not in used:
            same = [unit for unit in found.units if unit.packaging is not None and unit.entry == _entry_file(packaging)]
            construct = ledger.record(
                "Dockerfile", packaging.file.path, Origin(file=packaging.file.path, line=1, end_line=packaging.file.data.count(b"\n") + 1)
            )
            if same and same[0].packaging is not None:
                message = (
                    f"{packaging.file.path} builds the worker {same[0].entry}, too, and {same[0].packaging.file.path} was chosen: "
                    f"`migrate {packaging.file.path}` makes an app of this one"
                )
                ledger.settle(construct, rules.DK013, Disposition.DROPPED, message, notable=True)
            else:
                ledger.settle(construct, rules.DK013, Disposition.DROPPED, "not the Dockerfile of a converted worker")
    for path, problem in found.unreadable.items():
        if not any(item.rule == rules.FS005 and item.file == path for item in ledger.notes):
            message = f"not read, since it {problem.message} It is carried along as it is"
            ledger.note(rules.FS005, Disposition.KEPT, message, Origin(file=path, line=problem.line or 1))


def _entry_file(packaging: Packaging) -> str:
    return packaging.entry.file if packaging.entry is not None else ""


def unread_modules(code: Code, closure: list[str], ledger: Ledger) -> bool:
    """Account for modules of the worker that could not be read. Whether one of them names the SDK.

    What is no Python at all is left to a person by PF001; syntax that is only new here, where the SDK is named.
    """
    named = False
    for path in (path for path in closure if path in code.problems):
        problem, file = code.problems[path], code.project.files[path]
        names = b"runpod" in file.data
        disposition, message = (
            Disposition.KEPT,
            "the worker imports it, and it was not read: what it names of the SDK is not known, and stays",
        )
        if names and is_syntax(file.text):
            disposition = Disposition.MANUAL
            message = (
                f"{path} names the SDK and {problem.message} What it calls of the SDK stays as it is, and does nothing on fal: convert "
                "with the Python that it is written for (`uv run --python VERSION`), or take those calls out."
            )
        ledger.note(rules.FS005, disposition, message, Origin(file=path, line=problem.line or 1))
        named = named or names
    return named


def _is_constant(code: Code, module: Any, node: ast.expr) -> bool:
    try:
        constant(code, module, node)
    except NotConstant:
        return False
    return True


def _constant(code: Code, module: Any, node: ast.expr) -> Any:
    try:
        return constant(code, module, node)
    except NotConstant:
        return None
