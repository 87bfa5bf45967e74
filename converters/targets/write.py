"""From the model to the files of the output, each with what was done to it."""

from __future__ import annotations

from converters import rules
from converters.concepts import context
from converters.containers import packaging as docker
from converters.credentials.vault import Vault
from converters.errors import Unsupported, UsageError
from converters.ir import App, Application, Disposition, Edit, Safety
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import FileChange, Hunk
from converters.project import Project, SourceFile
from converters.targets import (
    contract,
    emitters,
    ignored,
    image,
    machine,
    migration,
    overrides,
    places,
    pyproject,
    refused,
    secret_list,
    surrogates,
)
from converters.targets.app import idiomatic_name
from converters.targets.output_files import added, kept_file, new_file, sealed, text_of


def write(project: Project, application: Application, options: Options, ledger: Ledger, vault: Vault | None = None) -> list[FileChange]:
    """All files of the output; what we made holds no secret of the `vault`. Raises `UsageError` for a target that does not fit,
    and `DoesNotCompile` for a native form that Python refuses.
    """
    vault = vault or Vault()
    if any(app.server is not None for app in application.apps):
        from converters.targets import server

        return server.write(project, application, options, ledger, vault)
    if options.target in ("function", "pyproject"):
        raise Unsupported(
            f"`--target {options.target}` serves a program that listens on a port, and a queue worker has none.",
            hint="Use `--target app`, or leave it to `auto`.",
        )
    overrides.apply(application, options, ledger)
    refused.refuse(application, ledger)
    surrogates.mend(application, ledger)
    overrides.keep_entries(project, application, options, ledger)
    choose_style(project, application, options, ledger)
    for app in application.apps:
        _idiomatic(app, options, ledger)
    gone = {app.entry for app in application.apps if app.style == "native"}
    for app in application.apps:
        app.environment.files = [path for path in app.environment.files if path not in gone]
    application.edits = [
        edit for edit in application.edits if not any(app.style == "native" and app.entry == edit.file for app in application.apps)
    ]
    image.require_utf8(project, application)
    _ignore_file(project, application)
    edits = list(application.edits)
    _image_edits(project, application, edits, ledger)
    edits = overrides.selected(project, edits, options, ledger)
    _moved_copies(project, edits, ledger)
    secret_list.prepare(application)
    made = _programs(project, application)
    for new in application.files:
        text = text_of(new)
        hunk = Hunk(1, text.count("\n"), new.rule, new.reason, str(new.origin or ""))
        made[new.path] = FileChange(new.path, "added", text.encode(), hunks=(hunk,))
    for path, file in _kept(project, application).items():
        if path not in made:
            made[path] = kept_file(file, [edit for edit in edits if edit.file == path])
    if (ignore := ignored.keeping(project, made)) is not None:
        made[ignore.path] = new_file(project, ignore)
    changed = machine.reconsider(project, application, made, ledger)
    if secret_list.complete(project, application, made, vault) or changed:
        made |= _programs(project, application)
    if len(application.apps) == 1 and (program := made.get(application.apps[0].app_file)) is not None and program.data is not None:
        places.fill(ledger, application.apps[0], program.data.decode())
    return sealed(project, application, made, ledger, vault, migration.emit, options)


def _ignore_file(project: Project, application: Application) -> None:
    """Write a `.dockerignore` in place of one at which fal's client stops, which would load no app then."""
    if any(new.path == ".dockerignore" for new in application.files):
        return
    if any(app.environment.kind == "image" and app.environment.context in ("", ".") for app in application.apps):
        ignore = context.replacement(project)
        if ignore is not None:
            application.files.append(ignore)


def _programs(project: Project, application: Application) -> dict[str, FileChange]:
    """The app files, and the pyproject.toml that names them."""
    texts = {app.app_file: (app, text) for app in application.apps if (text := emitters.app_file(application, app)) is not None}
    made = {path: added(project, path, text, app) for path, (app, text) in texts.items()}
    made["pyproject.toml"] = added(project, "pyproject.toml", pyproject.emit(project, application.apps), None)
    made[contract.NAME] = added(project, contract.NAME, contract.emit(application.platform, application.apps), None)
    return made


def _moved_copies(project: Project, edits: list[Edit], ledger: Ledger) -> None:
    """A COPY line that goes because the handler stands in the app file does not stay in the image, whatever was said before."""
    gone = {(edit.file, project.files[edit.file].text.count("\n", 0, edit.start) + 1) for edit in edits if edit.rule == rules.DK006}
    for item in ledger.settled.values():
        if item.rule == rules.DK005 and (item.file, item.line) in gone:
            item.rule, item.disposition, item.message = rules.DK006, Disposition.CONVERTED, "the handler stands in the app file"


def _idiomatic(app: App, options: Options, ledger: Ledger) -> None:
    """`--idiomatic` changes what a native app answers: pictures as fal's Image, under fal's names."""
    app.idiomatic = options.idiomatic and app.style == "native"
    for field in app.endpoints[0].output.fields if options.idiomatic and app.endpoints else ():
        if field.media is not None and field.origin is not None:
            if app.idiomatic:
                message = f"`{field.name}` is answered as `{idiomatic_name(field)}`"
                ledger.note(rules.FS002, Disposition.CONVERTED, message, field.origin, safety=Safety.IDIOMATIC)
            else:
                ledger.note(rules.FS002, Disposition.KEPT, "kept code keeps the names of its results", field.origin)


def choose_style(project: Project, application: Application, options: Options, ledger: Ledger) -> None:
    """Native where it is provably safe, unless the person asked otherwise; a Dockerfile that copies the handler is then edited, too."""
    for app in application.apps:
        if options.style == "keep":
            app.style = "keep"
            app.why_style = f"keep: its native form does not hold, since {options.not_native}" if options.not_native else "keep: asked for"
        elif app.native is not None and (app.native.alone or len(application.apps) == 1):
            app.style = "native"
        elif options.style == "native":
            raise UsageError(
                f"`--style native` is not safe here, since {app.why_style.removeprefix('keep: ')}.",
                hint="Use `--style keep`, or leave it to `auto`.",
                file=app.entry,
            )
        else:
            app.style = "keep"
            if app.native is not None:
                app.why_style = "keep: several apps share the tree"


def _image_edits(project: Project, application: Application, edits: list[Edit], ledger: Ledger) -> None:
    seen: set[str] = set()
    for app in application.apps:
        dockerfile = app.environment.dockerfile
        if app.environment.kind == "image" and dockerfile in project.files and dockerfile not in seen:
            seen.add(dockerfile)
            packaging = docker.read(project, project.files[dockerfile])
            if packaging is not None:
                docker.record(packaging, Ledger())
                edits += image.edits(project, packaging, app, ledger)


def _kept(project: Project, application: Application) -> dict[str, SourceFile]:
    """The files that the image would have held, and what its build reads."""
    wanted: set[str] = set()
    for app in application.apps:
        wanted |= set(app.environment.files)
        if app.environment.kind == "image" and app.environment.dockerfile:
            wanted.add(app.environment.dockerfile)
            ignore = f"{app.environment.context}/.dockerignore".lstrip("/") if app.environment.context else ".dockerignore"
            wanted.add(ignore)
    return {path: project.files[path] for path in sorted(wanted) if path in project.files}
