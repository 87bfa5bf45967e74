"""A worker that its image does not start: the command names a file that is not there, and another one is converted."""

from __future__ import annotations

from pathlib import PurePosixPath

from converters import rules
from converters.containers import base_images
from converters.containers.brought import may_bring
from converters.containers.packaging import Packaging, is_dockerfile, read
from converters.containers.start_command import Absent, absent_of
from converters.ir import Disposition, Origin
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project
from converters.sources.runpod.units import Survey, Unit


def absent_start(project: Project, unit: Unit) -> Absent | None:
    """What the image of a worker starts in its place and does not hold; None where the image starts the worker, or nobody can tell."""
    packaging = unit.packaging
    if packaging is None or (packaging.entry is not None and packaging.entry.file == unit.entry):
        return None
    if unit.entry not in packaging.layout.files.values():
        return None
    runs = [run for stage in packaging.dockerfile.stages for run in stage.runs]
    missing = absent_of(packaging.stage, packaging.layout, project)
    return next((one for one in missing if not may_bring(packaging.stage, runs, project, one.path)), None)


def unstarted(project: Project) -> tuple[Origin, str] | None:
    """What an image of a project without any worker starts and does not hold: (place, the word of its command)."""
    for file in [file for path, file in sorted(project.files.items()) if is_dockerfile(path)]:
        packaging = read(project, file)
        if packaging is None:
            continue
        runs = [run for stage in packaging.dockerfile.stages for run in stage.runs]
        lost = {PurePosixPath(source).name for source, _ in packaging.layout.missing}
        for absent in absent_of(packaging.stage, packaging.layout, project):
            brought = PurePosixPath(absent.path).name not in lost and may_bring(packaging.stage, runs, project, absent.path)
            if not brought and not _of_project(project, absent):
                return _place(packaging, absent), absent.word
    return None


def settle(project: Project, unit: Unit, found: Survey, options: Options, ledger: Ledger) -> None:
    """Tell which file was taken for the one that the image starts, unless a person gave it."""
    absent, packaging = absent_start(project, unit), unit.packaging
    if absent is None or packaging is None or (options.named and options.unit == unit.entry):
        return
    base = base_images.describe(packaging.stage.base_image)
    others = sorted({start.module.path for start in found.leftovers if start.module.path in packaging.layout.files.values()})
    also = f" ({', '.join(others)} would start one, too)" if others else ""
    if base.unknown:
        message = (
            f"`{absent.word}` is what the image starts, and only {base.reference} may hold it: how it leads to {unit.entry}, which is "
            f"converted{also}, is not known. Start {unit.entry} here{_by_name(unit)}."
        )
        ledger.note(rules.RP016, Disposition.MANUAL, message, _place(packaging, absent))
        return
    message = (
        f"`{absent.word}` is what the image starts, and {_where(project, absent)}. {unit.entry}, which nothing starts, is converted in "
        f"its place{also}: {_todo(project, absent)}, or start {unit.entry} here{_by_name(unit)}."
    )
    ledger.note(rules.PF006, Disposition.MANUAL, message, _place(packaging, absent))


def _place(packaging: Packaging, absent: Absent) -> Origin:
    command = packaging.stage.entrypoint or packaging.stage.cmd
    if absent.script:
        return Origin(file=absent.script, line=absent.line)
    return packaging.origin(command.line if command is not None else packaging.stage.line)


def _of_project(project: Project, absent: Absent) -> str:
    """The file of the project that has the name, which the image lacks."""
    name = PurePosixPath(absent.path).name
    return min((path for path in project.files if PurePosixPath(path).name == name), key=lambda path: (path.count("/"), path), default="")


def _where(project: Project, absent: Absent) -> str:
    own = _of_project(project, absent)
    return f"no COPY puts {own} at {absent.path}" if own else "neither the project nor the build has it"


def _todo(project: Project, absent: Absent) -> str:
    own = _of_project(project, absent)
    return f"copy {own} there" if own else f"add {PurePosixPath(absent.path).name}"


def _by_name(unit: Unit) -> str:
    """The command that takes the file as a person's own choice."""
    return "" if unit.folder else f", or name it: `migrate {unit.entry}`"
