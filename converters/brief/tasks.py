"""A task of each finding: what may be touched, what is to be known, and how it is shown that it is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.brief.kinds import kind_of
from converters.brief.task import Acceptance, Fact, Kind, Task
from converters.findings.finding import Finding
from converters.preflight.apps import Program
from converters.project import Project, normalize

_HEADER = re.compile(r"^\+\+\+ b/(.+?)\t?$", re.MULTILINE)
_SECRET = re.compile(r"fal secrets set ([A-Za-z_]\w*)=")
_IMAGE: tuple[Kind, ...] = ("requirement", "system-package", "interpreter", "build", "missing-file", "import", "data", "start", "network")
"""Kinds of work that may be done in what the environment is made of."""
_SETTINGS: tuple[Kind, ...] = ("machine", "start", "network")
"""Kinds of work that is done in the settings of the app, also where nothing but a value is to be confirmed."""
_LISTS = re.compile(r"(?:^|/)(?:requirements[\w.-]*\.(?:txt|in)|\.dockerignore)$")


@dataclass(frozen=True)
class Work:
    """What is worked on. `source`: the project that was converted, None where it is not at hand."""

    project: Project
    programs: Sequence[Program]
    source: Project | None
    check: str
    """The command that looks through the whole project."""
    whole: str
    """The command that shows that the app does what it should, where no check can tell: verification, else rehearsal."""

    def tasks(self, found: Iterable[Finding]) -> tuple[Task, ...]:
        """The tasks of findings: those of the code first, among them the ones with an edit."""
        return tuple(sorted(map(self._task, found), key=lambda task: (task.scope == "deploy", task.edit is None)))

    def _task(self, finding: Finding) -> Task:
        kind = kind_of(finding)
        return Task(
            id=finding.id,
            kind=kind,
            rule=finding.rule,
            scope=finding.scope,
            goal=finding.expected,
            why=finding.observed,
            todo=finding.todo,
            about=finding.about,
            files=tuple(dict.fromkeys(self._files(finding, kind))) if finding.scope == "code" or kind in _SETTINGS else (),
            facts=tuple(self._facts(finding, kind)),
            edit=finding.edit,
            applies_in=finding.applies_in,
            acceptance=self._acceptance(finding, kind),
            documentation=finding.documentation,
        )

    def _files(self, finding: Finding, kind: Kind) -> Iterator[str]:
        """The files that the edit changes, where it was found, where the app states its settings, and what is missing."""
        yield from _HEADER.findall(finding.edit or "")
        if finding.file in self.project.files:
            yield finding.file
        if kind == "missing-file" and (path := self._missing(finding)):
            yield path
        for program in self.programs:
            yield program.file
            if kind in _IMAGE and program.image is not None and program.image.file:
                yield program.image.file
        if kind in _IMAGE:
            yield from (path for path in self.project.files if _LISTS.search(path))

    def _missing(self, finding: Finding) -> str:
        """The path of a file that is to be added; '' for one that lies outside the project."""
        named = finding.about.removeprefix("./")
        inside = bool(named) and not named.startswith("/") and normalize(named) is not None and re.search(r"[/.]", named) is not None
        return named if inside and " " not in named else ""

    def _facts(self, finding: Finding, kind: Kind) -> Iterator[Fact]:
        """The finding's own place and evidence, and where the source has what is missing."""
        own = "source" if finding.place == "source" else "app"
        if finding.file and not any((one.file, one.line) == (finding.file, finding.line) for one in finding.evidence):
            yield Fact(finding.observed, finding.file, finding.line, finding.place)
        for one in finding.evidence:
            is_of_app = own == "app" or (one.text == "in the output" and one.file in self.project.files)
            yield Fact(one.text, one.file, one.line, "app" if is_of_app else "source")
        if kind in ("missing-file", "import") and self.source is not None:
            yield from self._held_by_source(finding, self.source)

    def _held_by_source(self, finding: Finding, source: Project) -> Iterator[Fact]:
        """Files of the source with the name of what is missing, the one at the same path first."""
        named = PurePosixPath(finding.about.removeprefix("./"))
        module = PurePosixPath(f"{finding.about.replace('.', '/')}.py")
        for wanted in (named, module):
            found = [path for path in source.files if PurePosixPath(path).name == wanted.name]
            for path in sorted(found, key=lambda path: (path != wanted.as_posix(), path)):
                yield Fact("the source has it", path, 0, "source")

    def _acceptance(self, finding: Finding, kind: Kind) -> Acceptance:
        if finding.scope == "deploy":
            secret = _SECRET.search(finding.todo) or _SECRET.search(finding.observed)
            name = secret[1] if secret else finding.about if kind == "secret" else ""
            return Acceptance("fal secrets list", 0, shows=name) if name else Acceptance(self.check, 0, confirm=True)
        if finding.place == "app":
            return Acceptance(finding.reproduce, 0)
        return Acceptance(self.whole, 0, confirm=True)
