"""What every engine does alike: it prepares a Dockerfile, makes what stands in for its bases, and explains a step that fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from converters.rehearsal.advice import advice
from converters.rehearsal.bases import SUITE_IMAGE, Base, Bases, NotKnown, Suite, SuiteFailure, archive, taken
from converters.rehearsal.dockerfile import Prepared, prepare
from converters.rehearsal.engines import Build, Built, EngineFailure, Outside, Place, StandIn, Step, StepFailure, UnknownBase
from converters.rehearsal.engines.contents import Contents
from converters.rehearsal.engines.output import Steps, said_by_the_step

MEMORY, TASKS = 4 * 2**30, 4096
"""Bytes, and processes and threads, of a build or process for which nothing else is said."""
_BASE_SECONDS = 900.0


class Builder(ABC):
    """`folder` is the engine's own; `outside` answers whatever a build asks of other machines."""

    pulls = False
    """Whether it takes images from registries."""

    def __init__(self, folder: Path, outside: Outside | None, bases: Bases) -> None:
        self.folder, self._outside, self._bases = folder.resolve(), outside, bases  # a room shows no links of the machine
        self._images: set[str] = set()
        self.stopped = False

    def build(self, build: Build, on_step: Callable[[Step], None] = lambda step: None) -> Built:
        """Raises StepFailure, UnknownBase, EngineFailure."""
        bases: dict[str, Base] = {}

        if self._bases.real and not self.pulls:
            raise EngineFailure("a confined build reaches no registry: --real-bases needs an engine that pulls them itself (podman)")

        uses = taken(build.dockerfile, build.arguments)

        def stand_in(reference: str, line: int) -> str:
            if self._bases.real and reference not in self._bases.given:
                return reference
            try:
                found = bases[reference] = self._bases.find(reference, build.dockerfile, uses.get(reference))
            except NotKnown as error:
                raise UnknownBase(reference, _place(build, line), str(error)) from error
            return found.tag

        prepared = prepare(build.dockerfile, build.arguments, stand_in, Contents(build.context).digest)
        self._refuse_what_docker_would(build, prepared)
        for found in bases.values():
            self.base(found, on_step)
        steps = self.steps(build, prepared, on_step)
        stood_in = tuple(StandIn(one.image, one.by, one.differs) for one in bases.values())
        return Built(build.tag, tuple(steps.finished), stood_in, tuple((_place(build, line), text) for line, text in prepared.not_done))

    def base(self, found: Base, on_step: Callable[[Step], None] = lambda step: None) -> str:
        """The stand-in of a base image, made where it is not there yet; its name. Raises EngineFailure, StepFailure."""
        tag = found.tag
        if self.has(tag):
            return tag
        for under in found.upon:
            self.base(under)
        for suite in found.suites:
            self._suite(suite)
        build = Build(found.text, found.folder or self._empty(), tag, memory=MEMORY, step_seconds=_BASE_SECONDS)
        self.steps(build, prepare(found.text, {}, lambda image, line: image), lambda step: None)
        self._images.add(tag)
        return tag

    @abstractmethod
    def steps(self, build: Build, prepared: Prepared, on_step: Callable[[Step], None]) -> Steps:
        """Build what was prepared. Raises StepFailure, EngineFailure."""

    @abstractmethod
    def has(self, tag: str) -> bool:
        """Whether an image is there. Raises EngineFailure."""

    def fail(self, build: Build, steps: Steps, why: str) -> None:
        output = said_by_the_step(steps.output)
        failed = steps.fail()
        means, todo = (why, "") if why else advice(failed, output, build.context)
        raise StepFailure(failed, output, means, todo)

    def _refuse_what_docker_would(self, build: Build, prepared: Prepared) -> None:
        if not prepared.stages:
            line, message = prepared.diagnostics[0] if prepared.diagnostics else (1, "there is no FROM")
            raise StepFailure(Step(1, 1, "FROM", _place(build, line), "failed"), [message], message)

    def _suite(self, suite: Suite) -> None:
        """A release as an image. Raises EngineFailure."""
        tag = f"{SUITE_IMAGE}:{suite.name}"
        if self.has(tag):
            return
        try:
            made = archive(suite, self._bases.folder)
        except SuiteFailure as error:
            raise EngineFailure(str(error)) from error
        text = f"FROM scratch\nADD --chown=0:0 {made.name} /\n"
        sources = "\\n".join(suite.sources.splitlines())
        text += f"RUN printf '{sources}\\n' > /etc/apt/sources.list\n"
        text += "RUN echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup\n"
        self.steps(
            Build(text, made.parent, tag, step_seconds=_BASE_SECONDS), prepare(text, {}, lambda image, line: image), lambda step: None
        )

    def _empty(self) -> Path:
        folder = self.folder / "empty"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _place(build: Build, line: int) -> Place:
    return build.places[line - 1] if 0 < line <= len(build.places) else replace(Place(), line=line)
