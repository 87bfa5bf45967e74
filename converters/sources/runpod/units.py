"""The deployable programs of a project: each a start command, or a file that calls `runpod.serverless.start`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers import packaging as docker
from converters.containers.packaging import Packaging
from converters.errors import Unreadable
from converters.ledger import Ledger
from converters.project import Project
from converters.python.code import Code
from converters.sources.runpod.sdk import Occurrence, files_that_name, occurrences
from converters.sources.runpod.start import Start, find_starts

ASIDE = frozenset({"test", "tests", "examples", "example", "docs", ".github", ".runpod"})


@dataclass
class Unit:
    """One program. `starts` stand in the entry file or in a file that it imports."""

    entry: str
    starts: list[Start]
    packaging: Packaging | None = None
    roots: tuple[str, ...] = ("",)
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Modules that the image has under another name: path below a search root there -> path in the project."""

    @property
    def folder(self) -> str:
        parent = str(PurePosixPath(self.entry).parent)
        return "" if parent == "." else parent


@dataclass
class Survey:
    """Everything in the project that has to do with RunPod."""

    units: list[Unit] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    """Entry files of all units, also of those that are not wanted."""
    starts: list[Start] = field(default_factory=list)
    occurrences: dict[str, list[Occurrence]] = field(default_factory=dict)
    dockerfiles: list[Packaging] = field(default_factory=list)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    leftovers: list[Start] = field(default_factory=list)
    """Starts that belong to no unit: copies, examples, wrappers that no start command names."""

    def packaging_files(self) -> set[str]:
        return {unit.packaging.file.path for unit in self.units if unit.packaging}


def survey(project: Project, ledger: Ledger, only: str = "") -> Survey:
    """Find the units of a project. `only` names the entry file of the one that is wanted."""
    code = Code(project)
    found = Survey()
    for path in files_that_name(project):
        module = code.module(path)
        if module is not None:
            found.occurrences[path] = occurrences(code, module, ledger)
            found.starts += find_starts(code, found.occurrences[path])
    for path, problem in code.problems.items():
        found.unreadable[path] = problem
    starting = frozenset(start.module.path for start in found.starts)
    found.dockerfiles = [
        read for path, file in project.files.items() if docker.is_dockerfile(path) and (read := docker.read(project, file, starting))
    ]
    _by_start_command(project, found, only)
    _by_start_call(code, found)
    found.entries = [unit.entry for unit in found.units]
    if only:
        found.units = [unit for unit in found.units if unit.entry == only] or [unit for unit in found.units if _uses(unit, only)]
    return found


def _uses(unit: Unit, path: str) -> bool:
    """Whether a file starts the worker, or builds its image."""
    packaging = unit.packaging
    builds = packaging is not None and packaging.file.path == path and unit.entry in packaging.layout.files.values()
    return builds or path in (start.module.path for start in unit.starts)


def _by_start_command(project: Project, found: Survey, wanted: str) -> None:
    """Units whose entry file a Dockerfile starts. `wanted`: the Dockerfile that comes before the others."""
    starting = {start.module.path for start in found.starts}
    for packaging in sorted(found.dockerfiles, key=lambda one: (one.file.path != wanted, *_preference(one))):
        if packaging.entry is None or any(unit.entry == packaging.entry.file for unit in found.units):
            continue
        roots = search_roots(project, packaging)
        renamed = renamed_modules(packaging)
        reached = set(Code(project, roots, renamed).closure(packaging.entry.file))
        starts = [start for start in found.starts if start.module.path in reached]
        if starts and (packaging.entry.file in starting or not any(unit for unit in found.units if unit.starts == starts)):
            own = [start for start in starts if start.module.path == packaging.entry.file]
            found.units.append(Unit(packaging.entry.file, own or starts, packaging, roots, renamed))


def _by_start_call(code: Code, found: Survey) -> None:
    """Units that no Dockerfile starts: every remaining file with a start call that is not a copy or an example."""
    taken = {start.module.path for unit in found.units for start in unit.starts} | {unit.entry for unit in found.units}
    remaining = list(dict.fromkeys(start.module.path for start in found.starts if start.module.path not in taken))
    for path in sorted(remaining, key=lambda name: (_aside(name), name.count("/"), name)):
        starts = [start for start in found.starts if start.module.path == path]
        packaging = _packaging_for(path, found)
        beside = any(unit.packaging is not None and unit.folder == _folder(path) for unit in found.units)
        shared = packaging is not None and any(unit.packaging is packaging for unit in found.units)
        if (_aside(path) and found.units) or shared or beside:
            found.leftovers += starts
        else:
            roots = tuple(dict.fromkeys([_folder(path), ""]))
            found.units.append(Unit(path, starts, packaging, roots, renamed_modules(packaging) if packaging else {}))


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _packaging_for(path: str, found: Survey) -> Packaging | None:
    """The Dockerfile that copies a file though it does not visibly start it; else the one beside it that starts nothing readable."""
    holders = [packaging for packaging in sorted(found.dockerfiles, key=_preference) if path in packaging.layout.files.values()]
    if holders:
        return holders[0]
    folder = PurePosixPath(path).parent
    beside = [
        packaging
        for packaging in sorted(found.dockerfiles, key=_preference)
        if PurePosixPath(packaging.file.path).parent in (folder, *folder.parents)
    ]
    nearest = [packaging for packaging in beside if packaging.entry is None]
    return max(nearest, key=lambda packaging: packaging.file.path.count("/")) if nearest else None


def _preference(packaging: Packaging) -> tuple[int, int, str]:
    name = packaging.file.name.lower()
    return (packaging.file.path.count("/"), 0 if name == "dockerfile" else 1, packaging.file.path)


def _aside(path: str) -> bool:
    return any(part in ASIDE or part.startswith("test_") for part in PurePosixPath(path).parts)


def search_roots(project: Project, packaging: Packaging) -> tuple[str, ...]:
    """Folders of the project that are on the module search path in the image: the script's, the working directory's, PYTHONPATH's."""
    entry = packaging.entry
    roots: list[str] = []
    for folder in _search_folders(packaging):
        roots += source_folders(packaging, folder)
    if entry:
        parent = str(PurePosixPath(entry.file).parent)
        roots.append("" if parent == "." else parent)
    return tuple(dict.fromkeys([*roots, ""]))


def _search_folders(packaging: Packaging) -> list[str]:
    """Folders of the image that are on the module search path."""
    entry = packaging.entry
    python_path = packaging.stage.env.get("PYTHONPATH")
    named = [part for part in python_path.value.split(":") if part.startswith("/")] if python_path else []
    return [*([entry.script_dir, entry.workdir] if entry else [packaging.stage.workdir]), *named]


def renamed_modules(packaging: Packaging) -> dict[str, str]:
    """Modules that COPY gives another name, `COPY tts.py /app/engine.py` or `COPY src /app/worker`: the name there -> the file."""
    found: dict[str, str] = {}
    for folder in _search_folders(packaging):
        prefix = folder.rstrip("/") + "/"
        for image_path, path in packaging.layout.files.items():
            name = image_path.removeprefix(prefix)
            if image_path.startswith(prefix) and name.endswith(".py") and path != name and not path.endswith(f"/{name}"):
                found.setdefault(name, path)
    return found


def source_folders(packaging: Packaging, folder: str) -> list[str]:
    """Folders of the project whose files land in a folder of the image, by the number of files."""
    prefix = folder.rstrip("/") + "/"
    counts: dict[str, int] = {}
    for image_path, path in packaging.layout.files.items():
        if image_path.startswith(prefix):
            relative = image_path[len(prefix) :]
            if path.endswith("/" + relative) or path == relative:
                root = path[: -len(relative)].rstrip("/")
                counts[root] = counts.get(root, 0) + 1
    return sorted(counts, key=lambda root: (-counts[root], root))
