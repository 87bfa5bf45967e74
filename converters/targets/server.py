"""A server of a Docker project as fal takes it: an image alone, a function around it, or a proxy app in front of it."""

from __future__ import annotations

from converters import escape, rules
from converters.concepts import context
from converters.credentials.vault import Vault
from converters.errors import UsageError
from converters.escape import docker_value, docker_word
from converters.fal.image import CURL
from converters.fal.runner import OLDEST_PYTHON
from converters.ir import App, Application, Disposition, Edit, EnvVar, NewFile, Origin, Scope
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import FileChange
from converters.project import Project
from converters.targets import dockerfile, function, machine, migration, overrides, pyproject, refused, secret_list
from converters.targets.class_names import with_free_name
from converters.targets.image import copy_line, require_utf8
from converters.targets.output_files import added, kept_file, new_file, sealed


def write(project: Project, application: Application, options: Options, ledger: Ledger, vault: Vault) -> list[FileChange]:
    """All files of the output. Raises `UsageError` for a target or setting that does not fit."""
    app = application.apps[0]
    _target(app, options)
    overrides.apply(application, options, ledger)
    refused.refuse(application, ledger)
    check_python(app, ledger)
    require_utf8(project, application)
    if app.target == "app" and app.server is not None:
        for one in app.server.unproxied:
            message = (
                f"{one.what}: the proxy does not pass this on, since {one.why}. Add it to {app.app_file}, or take `--target pyproject`."
            )
            ledger.note(rules.DK046, Disposition.MANUAL, message, one.origin or Origin(file=app.entry, line=1))
    edits = overrides.selected(project, [*application.edits, *_image(project, application, app, ledger)], options, ledger)
    made: dict[str, FileChange] = {}
    secret_list.prepare(application)
    _program(project, application, app, made)
    made["pyproject.toml"] = added(project, "pyproject.toml", pyproject.emit(project, application.apps), None)
    for file in application.files:
        made[file.path] = new_file(project, file)
    wanted = {*app.environment.files, *(edit.file for edit in edits)} | (
        {app.environment.dockerfile} if app.environment.dockerfile else set()
    )
    for path in sorted(wanted):
        if path in project.files and path not in made:
            made[path] = kept_file(project.files[path], [edit for edit in edits if edit.file == path])
    changed = machine.reconsider(project, application, made, ledger)
    if secret_list.complete(project, application, made, vault) or changed:
        _program(project, application, app, made)
        made["pyproject.toml"] = added(project, "pyproject.toml", pyproject.emit(project, application.apps), None)
    return sealed(project, application, made, ledger, vault, migration.emit, options)


def _target(app: App, options: Options) -> None:
    """`auto` is the image alone, unless something must run around the server."""
    server = app.server
    assert server is not None
    if options.target in ("function", "app"):
        app.target = "function" if options.target == "function" else "app"
        app.why = "asked for"
    elif options.target == "pyproject":
        app.target, app.why = "pyproject", "asked for"
    elif name := overrides.only_a_function_takes(options.settings):
        app.target, app.why = "function", f"`--set {name}` is for a function that starts the server, not for an image alone"
    if options.style == "native":
        raise UsageError("`--style native` moves a job handler into an app, and a server has none.", hint="Leave the style to `auto`.")
    if app.target == "pyproject":
        app.app_file = app.class_name = ""


def _program(project: Project, application: Application, app: App, made: dict[str, FileChange]) -> None:
    """The Python file of a function or proxy app."""
    if app.target == "pyproject":
        return
    from converters.targets import proxy

    _modules(project, app)
    if app.target == "function":
        app.class_name = "run_server"
        document = _document(project, application, app)
        text = with_free_name(app, lambda app: function.emit(app, document))
    else:
        text = with_free_name(app, proxy.emit)
    made[app.app_file] = added(project, app.app_file, text, app)


def _modules(project: Project, app: App) -> None:
    """Files of the modules that are pickled. Raises `UsageError` where the project does not hold that of `setup_function`."""
    prepare = app.setting("setup_function")
    for name in function.local_modules(app):
        found = [path for path in project.files if path == f"{name}.py" or (path.startswith(f"{name}/") and path.endswith(".py"))]
        if not found and prepare is not None and str(prepare.value).startswith((f"{name}.", f"{name}:")):
            raise UsageError(f"the module {name!r} is not in the project.", hint=f"Add {name}.py beside pyproject.toml, or leave it out.")
        app.environment.files = sorted({*app.environment.files, *found})


def _document(project: Project, application: Application, app: App) -> str:
    """The OpenAPI document as a file beside the app; '' where there is none."""
    server = app.server
    if server is None or server.document is None:
        return ""
    path = "openapi.json" if server.document_origin == "openapi.json" or "openapi.json" not in project.files else "fal-openapi.json"
    text = escape.json_document(server.document)
    if server.document_origin == "openapi.json":
        app.environment.files = sorted({*app.environment.files, path})
    else:
        application.files.append(
            NewFile(path=path, text=text, rule=rules.DK023, reason=f"the OpenAPI document, from {server.document_origin}")
        )
    return path


def _image(project: Project, application: Application, app: App, ledger: Ledger) -> list[Edit]:
    """Edits of the Dockerfile, and the files that its build needs beside it."""
    server = app.server
    assert server is not None
    baked = list(app.environment.variables)
    last = [copy_line(source, dest) for source, dest in app.environment.copies] + ([] if app.target == "pyproject" else _packages(app))
    if app.environment.dockerfile is None:
        if baked or last:
            _wrapper(application, app, baked, last)
        return []
    found = dockerfile.edits(project, app, baked, last, ledger)
    app.environment.files = sorted({*app.environment.files, *(source for source, _ in app.environment.copies)})
    ignore = context.ignore_file(project, app)
    if ignore is not None:
        application.files.append(ignore)
    return found


def _wrapper(application: Application, app: App, baked: list[EnvVar], last: list[str]) -> None:
    """A Dockerfile of a few lines around a ready image, since only a build can set variables in it."""
    server = app.server
    assert server is not None
    lines = [f"FROM {server.image}", *(f"ENV {one.name}={docker_value(one.value or '')}" for one in baked), *last]
    path = "Dockerfile.fal"
    application.files.append(
        NewFile(
            path=path, text="\n".join(lines) + "\n", rule=rules.ENV001, reason="the ready image with the variables that compose gives it"
        )
    )
    app.environment.dockerfile = path
    server.image = ""


def _packages(app: App) -> list[str]:
    """What fal's own code needs in the image: curl and its packages, installed last."""
    server = app.server
    assert server is not None
    user = server.user if server.user not in ("", "root", "0") else ""
    lines = [
        "# fal needs these in the image, installed last",
        *(["USER root"] if user else []),
        CURL,
        "RUN python3 -m pip install --no-cache-dir fal",
    ]
    return [*lines, *([f"USER {docker_word(user)}"] if user else [])]


def old_python(app: App) -> bool:
    """Whether the Python of the image is known and too old for fal's own code."""
    stated = app.server.python if app.server else ""
    parts = stated.split(".")
    return len(parts) >= 2 and all(part.isdecimal() for part in parts[:2]) and (int(parts[0]), int(parts[1])) < OLDEST_PYTHON


def check_python(app: App, ledger: Ledger) -> None:
    """A function and an app run fal's code inside the image, which needs Python 3.10 or newer there."""
    if app.target == "pyproject":
        return
    origin = next((finding.origin for finding in (app.server.findings if app.server else []) if finding.origin), None)
    if origin is not None and old_python(app):
        version = app.server.python if app.server else ""
        message = (
            f"the image runs Python {version}, and fal's code in it needs 3.10 or newer: take `--target pyproject`, or a newer base image."
        )
        ledger.note(rules.ENV009, Disposition.MANUAL, message, origin)
    elif origin is not None and not (app.server and app.server.python):
        message = "fal's code needs Python 3.10 or newer as `python3` in the image, and nothing here says which it has."
        ledger.note(rules.ENV009, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)
