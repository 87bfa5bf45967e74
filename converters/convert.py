"""One conversion from folder to outcome: read, model, write in memory. Nothing is executed, written or raised."""

from __future__ import annotations

import contextlib
import json
import platform as host
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from converters import __version__, entries, ignores, own_rules, rules
from converters.compiled import DoesNotCompile, must_compile
from converters.concepts.decided import complete
from converters.converted import fal_apps, is_covered, is_served
from converters.credentials.account import settle_files
from converters.credentials.vault import Vault, collect
from converters.credentials.withhold import withhold, withhold_items
from converters.errors import Unreadable, Unsupported, UsageError
from converters.given_server import GivenServer
from converters.ir import Disposition, Origin
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import Converted, Crashed, NotConverted, Outcome, Unchanged
from converters.output.merge import has_markers
from converters.project import MAX_FILE, Project, SourceFile, open_project
from converters.sources.platform import Platform
from converters.sources.registry import platforms

FURTHER = "To convert another program in it, give that program's own folder or file."


def convert(path: Path, options: Options) -> Outcome:
    """Convert the project at `path`. What goes wrong is part of the outcome; only `UsageError` is raised, for options that do not fit."""
    root, platform, vault = path, "", Vault()
    try:
        project = open_project(entries.folder_of(path))
        root = project.root
        options = replace(options, unit=options.unit or entries.unit_of(project, path), named=not path.is_dir())
        if (unchanged := _unchanged(project, options.unit)) is not None:
            return unchanged
        chosen = _detect(project, options)
        platform = chosen.name
        if chosen.is_server:
            options = replace(options, server=_given(project, options))
        vault = collect(project, _further(options))
        return _converted(project, chosen, options, vault)
    except UsageError as error:
        raise masked(error, vault) from error
    except Exception as error:
        return failed(error, root, platform, vault)


def _converted(project: Project, chosen: Platform, options: Options, vault: Vault) -> Converted:
    """The output in memory. Where the native form of an app turns out not to compile, its own modules are kept."""
    from converters.targets.overrides import skipped
    from converters.targets.write import write

    ledger = Ledger(ignores=(*ignores.comments(project), *options.ignores, *skipped(options)))
    ignores.refuse(ledger)
    application = chosen.analyze(project, options, ledger)
    own_rules.look(project, application, ledger)
    complete(application)
    note_skipped(project, ledger)
    settle_files(project, application, ledger, in_place=options.in_place)
    withhold(application, vault, ledger)
    try:
        files = write(project, application, options, ledger, vault)
        must_compile(files, project)
    except DoesNotCompile as error:
        if options.style != "auto" or all(app.style != "native" for app in application.apps):
            raise
        return _converted(project, chosen, replace(options, style="keep", not_native=vault.mask(error.fault)), vault)
    ledger.close()
    ignores.note_unused(ledger)
    withhold_items(ledger, vault)
    name = options.name or project.name
    return Converted(project.root, application, ledger, tuple(files), name, vault, options.not_native)


def note_skipped(project: Project, ledger: Ledger) -> None:
    """Account for what is below the folder and no part of the output."""
    for skipped in project.skipped:
        message = f"not read: {skipped.reason}"
        if skipped.lost:
            origin = Origin(file=skipped.path, line=1)
            ledger.note(rules.FS005, Disposition.MANUAL, f"{message}. Rename it or make it readable, and convert again.", origin)
        else:
            ledger.note(rules.FS005, Disposition.DROPPED, message, Origin(file=skipped.path, line=1))


def secrets_of(path: Path, options: Options) -> Vault:
    """What no report on the project at `path` may show, whatever its conversion comes to. Raises `Unreadable`."""
    return collect(open_project(entries.folder_of(path)), _further(options))


def _further(options: Options) -> Iterator[tuple[str, str]]:
    """Inputs beside the project, which may hold secrets, too: (name, text)."""
    for path in (options.endpoint_config, options.image_config):
        if path is not None:
            with contextlib.suppress(OSError):
                yield path.name, path.read_text("utf-8-sig", errors="replace")
    if options.openapi is not None:
        yield options.openapi.source, json.dumps(options.openapi.document)
    if options.settings:
        yield "--set", json.dumps(options.settings)


def masked(error: UsageError, vault: Vault) -> UsageError:
    """The same error without the secrets that its sentences may quote."""
    return UsageError(vault.mask(error.message), hint=vault.mask(error.hint), file=error.file, line=error.line)


def failed(error: Exception, root: Path, platform: str = "", vault: Vault | None = None) -> NotConverted | Crashed:
    """What an error makes of a conversion: a reason that a person can act on, or the report of a bug. Neither quotes a secret."""
    mask = (vault or Vault()).mask
    match error:
        case Unsupported() | Unreadable():
            status: Literal["unsupported", "unreadable"] = "unreadable" if isinstance(error, Unreadable) else "unsupported"
            return NotConverted(root, status, mask(error.message), mask(error.hint), error.file, error.line, platform)
        case RecursionError():
            message = f"a file is nested too deeply to be read ({error})."
            return NotConverted(root, "unreadable", message, "Simplify it, or leave it out.", platform=platform)
    return Crashed(root, mask(f"{type(error).__name__}: {error}"), mask(report(error)))


def _unchanged(project: Project, unit: str) -> Unchanged | None:
    """What there is to say of a project whose programs all are fal apps; None where there is something to convert."""
    apps = fal_apps(project.root)
    if not apps:
        return None
    if unit.endswith(".py"):
        others = [] if is_served(apps, project.root, unit) else [unit]
    else:
        programs = [unit] if unit else [path for path, file in project.files.items() if is_program(file) and not project.is_installed(path)]
        others = [path for path in programs if not is_covered(apps, project.root, project.root / path, whole=bool(unit))]
    if others:
        return None
    what = f"a fal project (app{'s' if len(apps) > 1 else ''} {', '.join(app.name for app in apps)})"
    return Unchanged(project.root, what, FURTHER, unresolved(project))


def is_program(file: SourceFile) -> bool:
    """Whether a file starts a worker or describes a model, as far as its bytes tell."""
    return any(one.is_program(file.name, lambda: file.data if file.size <= MAX_FILE else b"") for one in platforms())


def unresolved(project: Project) -> tuple[str, ...]:
    """The files of a project in which a merge of ours left conflict markers."""
    return tuple(path for path, file in project.files.items() if file.size <= MAX_FILE and has_markers(file.data))


def _detect(project: Project, options: Options) -> Platform:
    wanted = next((one for one in platforms() if one.owns(project, options.unit)), None) if options.unit else None
    for candidate in [wanted] if wanted is not None else platforms():
        if candidate.is_server and options.image_config is not None:
            return candidate
        if candidate is wanted or candidate.detect(project):
            if not candidate.is_server:
                _refuse_servers_options(candidate.name, options)
            return candidate
    if (given := _given(project, options)) is not None and given.image:
        return next(one for one in platforms() if one.is_server)
    _refuse_unread(project)
    hint = entries.hint_of_callers(project) or "Give the folder that holds the worker."
    raise Unsupported(f"neither {', nor '.join(one.recognised_by for one in platforms())} was recognised.", hint=hint)


def _given(project: Project, options: Options) -> GivenServer | None:
    """What files of the project, and exports, that belong to another platform say about its server."""
    return next((given for one in platforms() if (given := one.server(project, options)) is not None), None)


def _refuse_servers_options(platform: str, options: Options) -> None:
    for name, given in (("--image-config", options.image_config), ("--openapi", options.openapi)):
        if given is not None:
            raise UsageError(f"{name} describes a server, and this is a {platform} project.", hint="Leave it out.")


def _refuse_unread(project: Project) -> None:
    """Name the Python file that could not be looked into, where it may be what the project is about."""
    for path, file in project.files.items():
        if path.endswith(".py") and file.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Unreadable("is encoded as UTF-16, which Python does not read.", file=path, line=1, hint="Save it as UTF-8.")
        if path.endswith(".py") and file.size > MAX_FILE:
            raise Unreadable(f"is larger than {MAX_FILE // 2**20} MiB.", file=path, line=1, hint="Move the data out of the code.")


def report(error: BaseException) -> str:
    """The text of a bug report: versions and the traceback of this program, nothing of the project."""
    lines = traceback.format_exception(error)
    return f"fal-migrate {__version__}\nPython {host.python_version()} on {host.system()}\n\n{''.join(lines)}"
