"""The release of its platform's SDK under which the source side runs: the one that the project asks for, else the newest.

It is installed into an environment of its own, for the newest releases and fal's need other packages. Where no environment can be
made, the SDK of the environment that we run in takes its place; the certificate says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from converters.ir import App
from converters.project import Project
from converters.sources.platform import Sdk
from fal_runtime.environments import Environments
from fal_runtime.errors import InstallFailure

from .certificate import Certificate
from .interpreter import Interpreter, inspected

OWN = "own"
"""The choice to make no environment."""
_SECONDS = 300
"""How long making an environment may take."""
_DAYS = 7
"""How long the newest release that was found counts as the newest."""
_ABSENT = re.compile(
    r"(?i)no matching distribution|no version of|no solution found|unsatisfiable|does not run|conflict|requires-python|failed to build"
)
"""What installers say of a release that cannot be had; else they could not ask for it."""
_UNFIT = re.compile(r"^the source does not start: .*(ImportError|ModuleNotFoundError|AttributeError|TypeError|cannot be run here)")
_REQUIREMENTS = re.compile(
    r"(^|/)([\w.-]*requirements[\w.-]*\.(txt|in)|pyproject\.toml|setup\.(py|cfg)|cog\.yaml|[\w.-]*Dockerfile[\w.-]*)$"
)
_ERROR = re.compile(r"\w*Error: .*|cog \S+ cannot be run here")
Announce = Callable[[str], contextlib.AbstractContextManager[object]]
"""Tells a person what is done while the ``with`` block runs."""


@dataclass(frozen=True)
class Wanted:
    """What a project says about the release of its SDK: a specifier such as ``~=1.7``, and where."""

    specifier: str
    place: str

    @property
    def is_exact(self) -> bool:
        """Whether only one release fits."""
        return bool(re.fullmatch(r"===?[^*,]+", self.specifier))


@dataclass(frozen=True)
class SourceSdk:
    """The interpreter for the source side, and in one line which release it has and why."""

    python: Path
    told: str
    is_earlier: bool = False
    """Whether nothing asks for this release, and it is tried since others lack what the project imports of the SDK."""


def candidates(project: Project, sdk: Sdk | None, app: App, directory: Path, announce: Announce) -> Iterator[SourceSdk]:
    """The interpreters that the source side of an app may have, the best first; none where its platform has no SDK.

    Each is made when it is asked for, and kept in ``directory``. That one is made, or cannot be, is announced.
    """
    if sdk is None or app.server is not None:
        return
    name, module = sdk.package, sdk.module
    wanted = stated(project, sdk, app.entry)
    own, here = Path(sys.executable), importlib.metadata.version(name)
    tried: set[str] = set()
    failures: list[str] = []
    if wanted is not None and wanted.is_exact and SpecifierSet(wanted.specifier).contains(here, prereleases=True):
        yield SourceSdk(own, f"{name} {here}, as {wanted.place} asks")
        tried.add(here)
    for requirement, why in _attempts(name, wanted):
        if requirement.partition("==")[2] in tried:
            continue
        try:
            python = environment(requirement, module, directory, announce)
        except InstallFailure as failure:
            failures.append(f"{requirement}: {failure}")
            if not _ABSENT.search(str(failure)):
                break  # there is no network, so nothing else can be had either
        else:
            release = inspected(python).releases.get(name, "")
            if release not in tried:
                tried.add(release)
                yield SourceSdk(python, f"{name} {release}, {why}, in an environment of its own{_beside(failures)}")
    if here not in tried:
        if failures:
            with announce(f"{failures[0]}; {name} {here} of this environment takes its place (--source-sdk own asks for no other)"):
                pass
        yield SourceSdk(own, f"{name} {here} of this environment{_beside(failures)}")
    for release in sdk.earlier:
        with contextlib.suppress(InstallFailure):
            python = environment(f"{name}=={release}", module, directory, announce)
            yield SourceSdk(python, f"{name} {release}, in an environment of its own", is_earlier=True)


def _beside(failures: Sequence[str]) -> str:
    return f" ({failures[0]})" if failures else ""


def misfit(certificate: Certificate) -> str:
    """Why the source does not start under its SDK's release, where it asks for what that does not have; else ''."""
    if certificate.verdict != "not proven" or not _UNFIT.search(certificate.why):
        return ""
    error = _ERROR.search(certificate.why)
    return (error[0] if error else certificate.why)[:160]


def lacks_names(why: str, sdk: Sdk) -> bool:
    """Whether a misfit is of names that the SDK lacks, so that another release may have them."""
    return bool(re.search(rf"(cannot import name .* from|module|No module named) '{sdk.package}(\.[\w.]+)?'", why))


def _attempts(name: str, wanted: Wanted | None) -> Iterator[tuple[str, str]]:
    """What is installed, the best first, each with why."""
    if wanted is not None:
        yield f"{name}{wanted.specifier}", f"as {wanted.place} asks"
    yield name, "the newest"


def stated(project: Project, sdk: Sdk, entry: str) -> Wanted | None:
    """What the requirements nearest to the entry file say about a package's release; None where they say nothing about it."""
    found = []
    for path, file in project.files.items():
        if _REQUIREMENTS.search(path):
            found += [(_distance(path, entry), wanted) for wanted in _stated_in(path, file.data.decode(errors="replace"), sdk)]
    return min(found, key=lambda pair: (pair[0], pair[1].place))[1] if found else None


def _stated_in(path: str, text: str, sdk: Sdk) -> Iterator[Wanted]:
    pattern = re.compile(
        rf"(?<![\w./-]){sdk.package}(?:\[[\w, -]*\])?[ ]*((?:(?:[=~!<>]=|[<>]|===)[ ]*[\w.*+!-]+[ ]*,?[ ]*)+)", re.IGNORECASE
    )
    for number, line in enumerate(text.splitlines(), 1):
        code = line.partition("#")[0]
        builder = re.match(sdk.statement, code) if sdk.file and path.endswith(sdk.file) else None
        specifiers = [f"=={builder[1]}"] if builder else [part.replace(" ", "").rstrip(",") for part in pattern.findall(code)]
        for specifier in specifiers:
            try:
                yield Wanted(str(SpecifierSet(specifier)), f"{path}:{number}")
            except InvalidSpecifier:
                continue


def _distance(path: str, entry: str) -> int:
    """How many folders lie between two files."""
    one, other = PurePosixPath(path).parent.parts, PurePosixPath(entry).parent.parts
    shared = sum(1 for _ in _while_equal(one, other))
    return len(one) + len(other) - 2 * shared


def _while_equal(one: tuple[str, ...], other: tuple[str, ...]) -> Iterator[str]:
    for left, right in zip(one, other, strict=False):
        if left != right:
            return
        yield left


def environment(requirement: str, module: str, directory: Path, announce: Announce) -> Path:
    """The interpreter of an environment with ``requirement`` in which ``module`` can be imported, made where there is none.

    What the environment lacks it imports from the one that we run in, so that both sides have the same packages. A requirement that
    several releases fit is installed anew after a week, where that works. Raises InstallFailure.
    """
    record = directory / f"source-{hashlib.sha256(f'{sys.executable} {requirement}'.encode()).hexdigest()[:16]}.json"
    known = _known(record)
    exact = Wanted(requirement.lstrip("abcdefghijklmnopqrstuvwxyz"), "").is_exact
    today = datetime.date.today()
    if known is None or not (exact or (today - known[0]).days < _DAYS):
        try:
            python = _made(requirement, module, directory, "" if exact else _edition(today), announce)
        except InstallFailure:
            if known is None:
                raise
        else:
            _remember(record, today, python, known)
            return python
    return known[1]


def _edition(day: datetime.date) -> str:
    return day.isoformat()


def _made(requirement: str, module: str, directory: Path, edition: str, announce: Announce) -> Path:
    ours = dict.fromkeys(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib"))
    making = Environments(directory, {}).make(
        [[requirement]], lambda line: None, search=tuple(ours), check=f"import {module}", edition=edition
    )
    with announce(f"making an environment with {requirement} for the source side"):
        try:
            return asyncio.run(asyncio.wait_for(making, _SECONDS))
        except asyncio.TimeoutError:
            raise InstallFailure(f"it could not be installed within {_SECONDS} s") from None


def _known(record: Path) -> tuple[datetime.date, Path] | None:
    """When the environment of a requirement was made, and its interpreter, where it is there."""
    try:
        document = json.loads(record.read_text())
        made, python = datetime.date.fromisoformat(document["made"]), Path(document["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (made, python) if (python.parents[1] / "complete").exists() else None


def _remember(record: Path, made: datetime.date, python: Path, before: tuple[datetime.date, Path] | None) -> None:
    """Write down which environment a requirement has, and remove the one that has been out of use since the last time."""
    try:
        outdated = Path(json.loads(record.read_text())["before"])
    except (OSError, ValueError, KeyError, TypeError):
        outdated = None
    if outdated is not None and outdated.parent == record.parent and before is not None and before[1] != python:
        shutil.rmtree(outdated, ignore_errors=True)
    kept = str(before[1].parents[1]) if before is not None and before[1] != python else None
    with contextlib.suppress(OSError):  # it is then looked up anew
        record.write_text(json.dumps({"made": made.isoformat(), "python": str(python), **({"before": kept} if kept else {})}))


def share(interpreter: Interpreter, sdk: Sdk, folder: Path) -> bool:
    """Put the SDK of another environment, without what it needs, into ``folder``; False where our own Python cannot import it there."""
    name, module = sdk.package, sdk.module
    places = [Path(place) / name for place in interpreter.folders]
    package = next((place for place in places if (place / "__init__.py").is_file()), None)
    if package is None:
        return False
    shutil.copytree(package, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for metadata in package.parent.glob(f"{name}-*.dist-info/METADATA"):
        (folder / metadata.parent.name).mkdir()
        shutil.copy(metadata, folder / metadata.parent.name)
    program = [sys.executable, "-c", f"import {module}"]
    environment = {"PYTHONPATH": str(folder), "PATH": os.defpath}
    tried = subprocess.run(program, cwd=folder, env=environment, capture_output=True, timeout=60)
    return tried.returncode == 0
