"""From a cog.yaml and its predictor to the model: what is served, what it takes and answers, what it runs in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import dotenv, kept_back
from converters.concepts import environment as environments
from converters.concepts.cog import build_report, dockerfile, environment, files, packages, pget, units
from converters.concepts.cog.build import Build
from converters.concepts.cog.units import Unit
from converters.concepts.context import ignore_file
from converters.concepts.machine import assume
from converters.concepts.names import app_name, class_name
from converters.concepts.native import NotNative
from converters.errors import Unreadable, Unsupported
from converters.ir import (
    App,
    Application,
    Disposition,
    Endpoint,
    Evidence,
    NewFile,
    Origin,
    Scope,
    Setting,
)
from converters.ir import Predictor as ServedPredictor
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project
from converters.python import arguments
from converters.python.applying import apply
from converters.python.code import Code
from converters.python.environ import code_variables
from converters.sources.replicate import (
    debug_dockerfile,
    decorators,
    deployment,
    inputs,
    native,
    outputs,
    report,
    rewrite,
    train,
    unchanged,
    weights,
)
from converters.sources.replicate.predictor import METHODS, TRAINING, Predictor, resolve

DEFAULTS = [
    (
        "instances",
        "0 to 1, as the deployment says (set in the console)",
        "min_concurrency {min_concurrency}, max_concurrency {max_concurrency}",
    ),
    ("idle timeout", "about a minute, a deployment's instances stay", "keep_alive {keep_alive} s"),
    ("prediction timeout", "30 minutes", "request_timeout {request_timeout} s"),
    ("predictions at a time", "1, or concurrency.max", "max_multiplexing {max_multiplexing}"),
    ("retries", "none", "up to 10 attempts of queue requests on 503, 504 and lost connections"),
]
"""(setting, Replicate's default, fal's default) where the source is silent; the names in braces are settings."""
RESERVED = frozenset(
    {"setup", "teardown", "health", "handle_exit", "provide_hints", "stream", "serve", "run", "openapi", "outputs", "predictor", "cancel",
     "healthcheck"}
)  # fmt: skip


@dataclass
class Context:
    """What every part of one conversion needs."""

    project: Project
    options: Options
    ledger: Ledger
    application: Application
    taken: set[str]
    count: int


@dataclass
class Parts:
    """What was read of one unit."""

    unit: Unit
    code: Code
    build: Build
    closure: list[str]
    change: rewrite.Rewrite
    fetched: pget.Downloads


def detect(project: Project) -> list[Evidence]:
    """The cog.yaml files of the project."""
    return [Evidence(file=file.path, line=1, why="describes a model for Cog") for file in units.files(project)]


def has_predictor(project: Project) -> bool:
    """Whether a cog.yaml names a predictor that is there, or cannot be read to tell."""
    try:
        served = [unit for unit in units.survey(project).units if unit.reference is not None]
    except (Unsupported, Unreadable):
        return True
    names = [f"{unit.folder}/{unit.reference.text.partition(':')[0]}".lstrip("/") for unit in served if unit.reference is not None]
    return not names or any(name in project.files for name in names)


def analyze(project: Project, options: Options, ledger: Ledger) -> Application:
    """Read every unit. Raises `Unsupported` and `Unreadable` with the reason and the place."""
    found = units.survey(project, options.unit)
    application = Application(platform="replicate", evidence=detect(project), defaults=list(DEFAULTS))
    served = [unit for unit in found.units if unit.reference is not None]
    if not served:
        first = found.units[0].config
        raise Unsupported(
            "names no predictor.",
            file=first.file.path,
            line=1,
            hint="Cog serves what `run` or `predict` names; without it the file only describes a build.",
        )
    context = Context(project, options, ledger, application, set(), len(served))
    for unit in served:
        try:
            if options.target in ("function", "pyproject"):
                _unchanged(context, unit)
            else:
                _unit(context, unit)
        except (Unsupported, Unreadable) as error:
            found.problems.append(error)
    if not application.apps:
        raise found.problems[0]
    _shared(context)
    report.aside(found, ledger)
    return application


def _unit(context: Context, unit: Unit) -> None:
    """The app of a predictor, and the one of its training."""
    assert unit.reference is not None
    ledger = context.ledger
    code = Code(context.project, tuple(dict.fromkeys([unit.folder, ""])))
    predictor = resolve(code, unit.folder, unit.reference, TRAINING if unit.key == "train" else METHODS)
    report.record(unit, ledger)
    trainer = train.resolve(code, unit, ledger)
    entries = [predictor.module.path, *([trainer.module.path] if trainer else [])]
    closure = sorted({path for entry in entries for path in code.closure(entry)})
    build = environment.read(context.project, unit.config, code, closure, entries)
    build_report.raise_python(build, ledger)
    kept_back.keep_back(build.packages.specs, build.packages.layers, build.python.value, ledger)
    fetched = pget.read(code, closure, ledger)
    change = rewrite.rewrite(code, closure, ledger)
    change.edits += fetched.edits
    environment.decide(unit.config, code, closure, build, fetched)
    context.application.edits += [edit for edit in change.edits if edit not in context.application.edits]
    if change.needs_cog:
        build_report.keep_cog(build)
    debug = debug_dockerfile.find(context.project, unit.folder)
    if debug is not None:
        build.reasons.insert(0, ("the project holds the Dockerfile that `cog debug` wrote", Origin(file=debug.path, line=1)))
        context.application.edits += debug_dockerfile.edits(debug, build)
        debug_dockerfile.local_images(debug, ledger)
    parts = Parts(unit, code, build, closure, change, fetched)
    app = _app(context, parts, predictor, app_name(_wanted_name(context, unit), context.taken))
    _weights(context, parts, app)
    _native(context, parts, app)
    context.application.apps.append(app)
    if trainer is not None:
        trained = _app(context, parts, trainer, app_name(f"{app.name}-train", context.taken), train.NAMES)
        _native(context, parts, trained)
        train.settle(unit, trained, ledger)
        context.application.apps.append(trained)
    build_report.settle(unit, build, app, ledger)
    report.settle(unit, predictor, app, ledger)


def _native(context: Context, parts: Parts, app: App) -> None:
    """Whether the predictor can be written natively; the reason goes into the report either way."""
    module = parts.code.module(app.entry)
    assert module is not None
    try:
        text = apply(module.text, [edit for edit in context.application.edits if edit.file == app.entry])
        app.native = native.source(app, text, parts.code, parts.closure)
    except NotNative as reason:
        app.why_style = f"keep: {reason}"
    else:
        app.why_style = "native: reading shows that its own file can stand in the app's"


def _shared(context: Context) -> None:
    """An entry file that several apps read stays for all of them."""
    apps = context.application.apps
    for app in apps:
        code = Code(context.project, tuple(dict.fromkeys([PurePosixPath(app.entry).parent.as_posix().removeprefix("."), ""])))
        read = code.closure(app.entry)
        for other in apps:
            if other is not app and other.native is not None and other.entry in read:
                other.native, other.why_style = None, "keep: several apps share the tree"
                app.native = None if app.entry == other.entry else app.native


def _unchanged(context: Context, unit: Unit) -> None:
    """The image that was pushed to Replicate, as it is."""
    report.record(unit, context.ledger)
    name = app_name(_wanted_name(context, unit), context.taken)
    app = unchanged.app(unit, name, class_name(name), files.app_file(context.project, unit.folder), context.ledger)
    _machine(context, unit, gpu=unit.config.flag("build.gpu"), app=app)
    unchanged.settle(unit, context.ledger)
    context.application.apps.append(app)


def _wanted_name(context: Context, unit: Unit) -> str:
    """The name that was asked for, the image's own, the folder's."""
    if context.options.name and context.count == 1:
        return context.options.name
    for key in ("image", "model"):
        entry = unit.config.find(key)
        if entry is not None:
            return entry.text.split("@")[0].rsplit("/", 1)[-1].split(":")[0]
    if unit.variant:
        return unit.variant
    return PurePosixPath(unit.folder).name if unit.folder and context.count > 1 else context.options.name or context.project.name


def _app(context: Context, parts: Parts, predictor: Predictor, name: str, names: tuple[str, ...] = files.NAMES_OF_APP) -> App:
    project, unit, build = context.project, parts.unit, parts.build
    if unit.variant:
        names = tuple(f"{re.sub(r'[^a-z0-9]+', '_', unit.variant.lower())}_{file}" for file in names)
    debug = debug_dockerfile.find(project, unit.folder)
    docker = debug.path if debug is not None else files.dockerfile(project, unit.folder, unit.variant)
    surroundings = environment.environment(build, unit.config, docker)
    if surroundings.kind == "image" and debug is None and all(new.path != docker for new in context.application.files):
        reason = "the image that Cog would build, without Cog"
        new = NewFile(path=docker, text=dockerfile.text(build, unit.config), rule=rules.RC021, reason=reason)
        context.application.files.append(new)
    app = App(
        name=name,
        class_name=class_name(name),
        entry=predictor.module.path,
        app_file=files.app_file(project, unit.folder, names),
        why="a Cog predictor becomes the endpoint of an app",
        why_style="keep: the predictor's file stays and app.py imports it in setup()",
        predictor=_served(unit, parts.code, predictor),
        environment=surroundings,
    )
    assert app.predictor is not None
    app.predictor.cancel = predictor.module.path in parts.change.cancel
    argument = arguments.first_read(parts.code, parts.closure)
    if argument is not None:
        app.predictor.uses_arguments = True
        context.ledger.note(rules.RC041, Disposition.CONVERTED, "setup() empties the command line, as Cog's worker has it", argument)
    app.environment.files = files.shipped(project, unit, parts.code, parts.closure, build, surroundings)
    if surroundings.kind == "image":
        _ignore(context, parts, app)
    app.endpoints = [_endpoint(parts, predictor, app, context.ledger)]
    _machine(context, unit, gpu=build.gpu, app=app, demand=build.demand)
    _concurrency(unit, parts.code, predictor, app)
    app.examples = deployment.examples(project, app)
    dotenv.carry_over(project, app, [unit.folder, ""], parts.closure, (), context.ledger)
    code_variables(app, parts.code, parts.closure, context.ledger)
    if app.predictor.weights and predictor.setup is not None:
        context.ledger.note(
            rules.RC012,
            Disposition.MANUAL,
            "setup() takes the model's weights: `fal secrets set COG_WEIGHTS=...` with their path or URL, if the model has any.",
            predictor.setup.module.origin(predictor.setup.node),
            scope=Scope.DEPLOY,
        )
    if app.environment.kind == "requirements":  # an image keeps what it pins, as far as fal's own requirements do
        environments.check_pins(app.environment, context.ledger)
    return app


def _ignore(context: Context, parts: Parts, app: App) -> None:
    """A `.dockerignore` with which fal's client sends what the code needs, where its reading of the project's own loses some of it."""
    folder = parts.unit.folder
    prefix = f"{folder}/" if folder else ""
    inside = [path for path in app.environment.files if path.startswith(prefix)]
    wanted = files.needed(inside, prefix, parts.code, parts.closure, parts.build)
    new = ignore_file(context.project, app, folder, [*wanted, *parts.closure])
    if new is not None and all(one.path != new.path for one in context.application.files):
        context.application.files.append(new)
        context.ledger.note(
            rules.DK038, Disposition.CONVERTED, f"{new.reason}: {new.path} says so no longer", Origin(file=parts.unit.path, line=1)
        )


def _served(unit: Unit, code: Code, predictor: Predictor) -> ServedPredictor:
    setup = predictor.setup
    folder = unit.folder if predictor.module.path.startswith(f"{unit.folder}/") else ""
    module = predictor.module.path.removeprefix(f"{folder}/" if folder else "").removesuffix(".py").replace("/", ".")
    return ServedPredictor(
        name=predictor.name,
        module=module,
        file=predictor.module.path,
        method=predictor.method.node.name if predictor.is_class else "",
        kind=predictor.kind,
        setup="" if setup is None else "async" if setup.asynchronous else "sync",
        weights=setup is not None and any(parameter.arg == "weights" for parameter in setup.parameters),
        healthcheck="" if predictor.healthcheck is None else "async" if predictor.healthcheck.asynchronous else "sync",
        origin=predictor.module.origin(predictor.node),
    )


def _weights(context: Context, parts: Parts, app: App) -> None:
    """Model files: what setup() fetches, and the module that does it."""
    assert app.predictor is not None
    unit, ledger = parts.unit, context.ledger
    app.predictor.prepare, hub = weights.managed(unit.config, app, ledger)
    if not parts.fetched.used and not parts.fetched.left:  # code that fetches its files fills its caches itself
        weights.caches(parts.code, parts.closure, ledger)
    if parts.fetched.used or app.predictor.prepare:
        path = f"{unit.folder}/{weights.MODULE}.py".strip("/")
        values = {"pget": parts.fetched.used, "hub": hub}
        app.environment.files.append(path)
        reason = "fetches model files into /data, once"
        new = NewFile(path=path, template="fal_weights.py.j2", values=values, rule=rules.RC033, reason=reason)
        context.application.files.append(new)


def _endpoint(parts: Parts, predictor: Predictor, app: App, ledger: Ledger) -> Endpoint:
    code, method = parts.code, predictor.method
    old = decorators.is_old(code, method)
    taken = decorators.old_inputs(code, method) if old else inputs.read(code, method)
    if not old and not packages.is_before(parts.unit.config, parts.build.packages, packages.STATIC):
        inputs.keep_integers(taken.schema)
    answered = outputs.read(code, method, predictor.kind, taken.schema)
    report.problems(taken, method, ledger)
    report.remarks(answered, method, ledger)
    assert app.predictor is not None
    app.predictor.kind = answered.kind
    name = method.node.name if predictor.is_class or method.node.name not in RESERVED else "predict"
    return Endpoint(
        method="predict" if name in RESERVED or name.startswith("_") else name,
        summary=predictor.docstring,
        input=taken.schema,
        output=answered.schema,
    )


def _machine(context: Context, unit: Unit, *, gpu: bool, app: App, demand: tuple[str, Origin] | None = None) -> None:
    """The machine and the scaling: of a deployment's JSON, else as the project says, else assumed.

    `demand`: code that runs on CUDA alone, and its place.
    """
    if context.options.endpoint_config is not None:
        app.settings += deployment.settings(context.options.endpoint_config)
    if app.setting("machine_type") is not None or deployment.stated(context.project, unit.folder, app, context.ledger, gpu=gpu):
        return
    entry = unit.config.find("build.gpu")
    why = f"cog.yaml says {'only gpu: true' if gpu else 'gpu: false'}" if entry else "cog.yaml asks for no GPU"
    message = "no hardware is stated; {machine} is assumed ({why}): look up the model's hardware on Replicate."
    place = entry.origin if entry else Origin(file=unit.path, line=1)
    if demand is not None:
        why, place = f"the code says `{demand[0]}` without a condition{', against cog.yaml' if entry else ''}", demand[1]
    assume(app, context.ledger, rule=rules.RC020, gpu=why if gpu else "", why=why, message=message, place=place)


def _concurrency(unit: Unit, code: Code, predictor: Predictor, app: App) -> None:
    """`@concurrent(max=N)` or `concurrency.max` -> max_multiplexing; Cog's server refuses it for code that is not async."""
    if app.predictor is None or not app.predictor.kind.startswith("async"):
        return
    stated = decorators.concurrency(code, predictor.method)
    entry = unit.config.find("concurrency.max")
    if stated is None and entry is not None and re.fullmatch(r"\d+", entry.text.strip()):
        stated = int(entry.text), entry.origin
    if stated is not None and stated[0] > 1:
        app.settings.append(Setting(name="max_multiplexing", value=stated[0], origin=stated[1]))
