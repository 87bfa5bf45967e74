"""Leads the apps of a finished fal project through their rehearsal, from their files to their answers."""

from __future__ import annotations

import glob
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from packaging.utils import canonicalize_name

from converters.fal.machine_types import memory

from . import pickled, recipe
from .apps import App, NotLoaded
from .ask import ask
from .engines import Built, Engine, EngineFailure, Process, Step, StepFailure, UnknownBase
from .engines.disk import DISK_FULL
from .memory import Memory, doubled, stubs
from .outside.asked import Asked
from .outside.upstream import UpstreamError
from .places import place, settings_place
from .recipe import Recipe
from .result import Failure, Place, Rehearsal, StoodIn, Timing, tail
from .start import StartFailure, started

Say = Callable[[str], None]
_OUTSIDE = re.compile(
    r"Hash mismatch for `?cpython-.*|Temporary failure resolving .*|.*\bTimeoutError\b.*|cause: operation timed out|Cannot add PPA: .*"
)
"""What a step says where the double of the internet, and not the app, is the reason."""
_NOT_THERE = re.compile(r"(\S+) is not in the image at this step|this Python cannot import (\S+) at this step")
_NO_PACKAGE, _PPA = re.compile(r"this release has no package "), re.compile(r"\bppa:[\w.-]+/[\w.-]+|\bppa\.launchpad")
_UNPACKED = re.compile(r"\.(?:tar(?:\.\w+)?|t[gbx]z2?|tzst|zip)(?:[?#].*)?$|(?:\.git)?/info/refs\?service=git-upload-pack$")
"""Addresses of archives and repositories, of whose content only what the project names is known."""
_LOCK = re.compile(r"\.(?:lock|toml|txt)$|^Pipfile\.lock$")
"""Names of files that may state digests of packages."""
_MOST_TEXT = 2**20
"""Bytes of a file that is read for what it names."""
_NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]+")
_QUOTED = re.compile(r"""["']([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:[=<>~!;@ ][^"']*)?["']""")
"""A requirement in the text of a program: its name."""


@dataclass(frozen=True)
class Settings:
    """Limits, in seconds: of each step of a build, of the start, and of each answer."""

    step: float = 1800
    start: float = 180
    answer: float = 60
    records: Path | None = None
    """Where it is kept what the steps of builds asked for."""
    suffix: str = ""
    """Behind the name of the image, for those that must not share one."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Those that are known; dummies stand for the others."""
    own_python: str = field(default_factory=lambda: f"{sys.version_info.major}.{sys.version_info.minor}")
    """The minor version that pickled the apps."""


class Internet(Protocol):
    """The double of the internet (`outside.Outside`)."""

    def expect(self, *texts: str) -> None:
        """Have what these texts name found in what is fetched."""

    def locked(self, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Those of these files that state digests of packages, with the digests of what stands in for them. Raises UpstreamError."""

    def record(self) -> list[Asked]:
        """What was asked so far."""


def rehearse(
    app: App | NotLoaded,
    engine: Engine,
    settings: Settings,
    say: Say = lambda text: None,
    internet: Internet | None = None,
) -> Rehearsal:
    """Rehearse one app. The ``internet`` is what the engine's builds and processes see in its place."""
    since = time.monotonic()
    if isinstance(app, NotLoaded):
        return Rehearsal(app=app.key, failure=_not_loaded(app))
    with tempfile.TemporaryDirectory(prefix="fal-migrate-", ignore_cleanup_errors=True) as folder:
        course = Course(app, engine, settings, Path(folder), say, internet)
        Path(folder).chmod(0o755)  # whoever runs in the image reads what is mounted
        try:
            course.run()
        except EngineFailure as failure:
            course.tell(skipped=f"{engine.name} cannot do it: {failure}")
    asked, told = course.asked(), course.told
    return told.model_copy(
        update={
            "seconds": round(time.monotonic() - since, 1),
            "stood_in": (*told.stood_in, *stubs(asked)),
            "not_rehearsed": (*doubled(asked), *told.not_rehearsed),
        }
    )


def _not_loaded(app: NotLoaded) -> Failure:
    where, _, why = app.why.partition(": ")
    found = place(where)
    return Failure(stage="load", what="loading the app as `fal deploy` does", why=why if found else app.why, place=found)


@dataclass(frozen=True)
class Ready:
    """What an app is started from: the recipe with the bounds of its machine, what was built, and the pickle."""

    plan: Recipe
    built: Built
    payload: Path | None


@dataclass
class Course:
    """One app on its way; ``told`` is what is known of it so far."""

    app: App
    engine: Engine
    settings: Settings
    folder: Path
    say: Say
    internet: Internet | None = None
    memory: Memory = field(init=False)
    told: Rehearsal = field(init=False)

    def __post_init__(self) -> None:
        spec = self.app.described.spec
        self._unpacked: list[str] = []
        self.memory, self._seen = Memory(self.settings.records), len(self._record())
        self.told = Rehearsal(app=spec.name, kind=recipe.kind_of(spec), reached="loaded")

    def run(self) -> None:
        """Build, start and ask, until something fails."""
        ready = self.prepare()
        if ready is not None:
            self._ask(ready)

    def prepare(self) -> Ready | None:
        """Build what the app is started from; None where :attr:`told` says why there is nothing."""
        plan = self._plan()
        built = self._build(plan)
        if built is None:
            return None
        stood_in = tuple(StoodIn(what=one.image, by=one.by, differs=one.differs) for one in built.bases)
        not_done = tuple(f"{where.file}:{where.line}: {text}" if where.file else text for where, text in built.not_done)
        self.tell(reached="built", stood_in=stood_in, not_rehearsed=(*self.told.not_rehearsed, *not_done))
        payload = self._payload(plan, built)
        if self.told.failure is not None or self.told.skipped:
            return None
        bound = memory(self.app.described.spec.settings.get("machine_type"))
        return Ready(replace(plan, build=replace(plan.build, memory=bound)), built, payload)

    def asked(self) -> list[Asked]:
        """What was asked of other machines: by the build, also where its steps come from the cache, and by the app."""
        return [*self.memory.asked, *self._new()]

    def _record(self) -> list[Asked]:
        return self.internet.record() if self.internet is not None else []

    def _new(self) -> list[Asked]:
        """What was asked since this was asked last."""
        record = self._record()
        new, self._seen = record[self._seen :], len(record)
        return new

    def tell(self, **values: Any) -> None:
        """Enter what has become known."""
        self.told = self.told.model_copy(update=values)

    def _plan(self) -> Recipe:
        spec = self.app.described.spec
        minor = _minor(spec.python_version) or self.settings.own_python
        tag = f"{_tag(spec.name)}{self.settings.suffix}"
        made = recipe.recipe(self.app, self.folder / "context", tag=tag, minor=minor, secrets=self.settings.secrets)
        if self.internet is not None:
            self._lock(self.internet, made.build.context)
            self.internet.expect(made.build.dockerfile, *_texts(made.build.context), *_texts(self.app.project.root, "*.py"))
        return replace(made, build=replace(made.build, step_seconds=self.settings.step))

    def _lock(self, internet: Internet, context: Path) -> None:
        """Let lock files of the copied context name what will be installed."""
        files = {path.relative_to(context).as_posix(): path for path in context.rglob("*") if path.is_file() and _LOCK.search(path.name)}
        try:
            locked = internet.locked({name: path.read_bytes() for name, path in files.items()})
        except UpstreamError as error:
            self.tell(notes=(*self.told.notes, f"digests of packages are those of the real ones: {error}"))
            return
        for name, data in locked.items():
            files[name].write_bytes(data)

    def _build(self, plan: Recipe) -> Built | None:
        timings: list[Timing] = []

        def on_step(step: Step) -> None:
            if step.state == "running":
                self.say(f"{step.number}/{step.of} {step.instruction}")
            else:
                asked = self._new()
                self._unpacked = [one.url for one in asked if one.outcome == "doubled" and _UNPACKED.search(one.url)]
                self.memory.step(step, asked)
                timings.append(Timing(what=step.instruction, seconds=round(step.seconds, 1), cached=step.state == "cached"))
                self.tell(timings=tuple(timings))

        try:
            return self.engine.build(plan.build, on_step)
        except UnknownBase as unknown:
            hint = f"Say one: --base {unknown.image}=bookworm, or a folder with its files; with a registry: --real-bases."
            self.tell(skipped=f"{unknown.image} is not known and cannot be stood in for: {unknown.why}. {hint}")
        except StepFailure as failure:
            why = self._not_its_own(plan, failure)
            self.tell(skipped=why) if why else self.tell(failure=self._step_failure(plan, failure))
        return None

    def _not_its_own(self, plan: Recipe, failure: StepFailure) -> str:
        """Why a step that failed says nothing about the app; '' where it does."""
        step = failure.step
        if step.seconds >= self.settings.step:  # on a slow machine
            return f"`{step.instruction}` took longer than {self.settings.step:g} s"
        if failure.means.startswith(DISK_FULL):  # whoever filled it
            return f"`{step.instruction}`: {failure.means}"
        last = next((line.strip() for line in reversed(failure.output) if line.strip()), "")
        if not step.place.file:
            return f"what stands in for its surroundings could not be made: `{step.instruction}`: {failure.means or last}"
        if (found := _OUTSIDE.search("\n".join(failure.output))) is not None:
            return f"`{step.instruction}`: {found[0].strip()}"
        if _NO_PACKAGE.match(failure.means) and _PPA.search(plan.build.dockerfile):
            return f"`{step.instruction}`: what a PPA holds is not known"
        missing = _NOT_THERE.match(failure.means)
        if missing is not None and self._unpacked and not self._holds(missing[1] or missing[2].partition(".")[0]):
            source = self._unpacked[-1].partition("/info/refs?")[0]
            return f"`{step.instruction}` needs {missing[1] or missing[2]}, and what {source} holds is not known"
        for url in self._unpacked:
            source = url.partition("/info/refs?")[0]
            name = re.escape(source.rpartition("/")[2].removesuffix(".git"))
            if any(re.search(rf"(?i)^\s*{name} \S+ depends on ", line) for line in failure.output):
                return f"`{step.instruction}`: what another commit of {source} requires is not known"
        return ""

    def _holds(self, path: str) -> bool:
        """Whether the context has a file, directory or module of the name that a path ends with."""
        name = glob.escape(path.rstrip("/").rpartition("/")[2])
        context = self.folder / "context"
        return not name or next((found for pattern in (name, f"{name}.py") for found in context.rglob(pattern)), None) is not None

    def _step_failure(self, plan: Recipe, failure: StepFailure) -> Failure:
        step = failure.step
        ours = step.place.file == recipe.FAL
        why = failure.means or next((line.strip() for line in reversed(failure.output) if line.strip()), "it failed")
        where = settings_place(self.app, "image" if plan.kind != "requirements" else "requirements")
        if not ours:
            where = Place(file=step.place.file, line=step.place.line)
            where = _requirement_place(self.app, where, failure.output) if plan.kind == "requirements" else where
        return Failure(
            stage="fal" if ours else "build",
            what=step.instruction,
            why=why,
            todo=failure.todo,
            place=where,
            output=tail(failure.output),
        )

    def _payload(self, plan: Recipe, built: Built) -> Path | None:
        """The pickle for the Python of the image; made anew where that is another than ours."""
        spec = self.app.described.spec
        if plan.kind == "server":
            return None
        minor = self._python(plan, built)
        if minor is None:
            return None
        self.tell(python=minor)
        stated = _minor(spec.python_version)
        if stated and stated != minor:
            why = f"the app says python_version {stated}, and the Python that fal starts in its image is {minor}"
            todo = f'Write python_version="{minor}", and deploy from that Python.'
            place_of = settings_place(self.app, "python_version")
            self.tell(failure=Failure(stage="fal", what="python_version", why=why, todo=todo, place=place_of))
            return None
        if minor == self.settings.own_python or self.app.described.payload is None:
            return self.app.described.payload
        self.tell(notes=(*self.told.notes, f"deploy it from Python {minor}: the pickle of another one does not load there"))
        self.say(f"pickling with Python {minor}")
        try:
            return pickled.pickled(self.app, self.engine, minor, self.folder / "deployer")
        except pickled.NotPickled as failure:
            self.tell(failure=failure.failure) if failure.failure else self.tell(skipped=str(failure))
            return None

    def _python(self, plan: Recipe, built: Built) -> str | None:
        """The minor version of the interpreter that fal starts."""
        if plan.kind == "requirements":
            return _minor(self.app.described.spec.python_version) or self.settings.own_python
        code = "import sys; print('minor', *sys.version_info[:2])"
        running = self.engine.run(built.image, Process((plan.python, "-c", code)))
        try:
            limit = time.monotonic() + 60
            while running.poll() is None and time.monotonic() < limit:
                time.sleep(0.05)
            lines = running.lines()
        finally:
            running.kill()
        found = next((line.split()[1:] for line in lines if line.startswith("minor ")), None)
        if found is not None:
            return ".".join(found)
        why = "fal starts `python`, and the image has none by that name that runs"
        where = settings_place(self.app, "image")
        self.tell(failure=Failure(stage="fal", what=f"{plan.python} -c {code!r}", why=why, place=where, output=tail(lines)))
        return None

    def _ask(self, ready: Ready) -> None:
        self.say("starting it")
        plan, image, folder = ready.plan, ready.built.image, self.folder / "run"
        try:
            with started(self.app, plan, self.engine, image, ready.payload, folder, self.settings.start) as runner:
                self.tell(reached="started")
                self.say("asking it")
                answers = ask(runner, self.settings.answer)
        except StartFailure as failure:
            self.tell(failure=failure.failure)
            return
        self.tell(requests=tuple(answers.requests), failure=answers.failure)
        if answers.failure is None and answers.answered:
            self.tell(reached="answered")
        if answers.unanswered:
            unanswered = tuple(f"{one}" for one in answers.unanswered)
            self.tell(not_rehearsed=(*self.told.not_rehearsed, *(f"no made-up request was answered: {one}" for one in unanswered)))


def _texts(folder: Path, pattern: str = "*") -> Iterator[str]:
    """The small texts of a folder."""
    for path in sorted(folder.rglob(pattern)):
        if path.is_file() and path.stat().st_size < _MOST_TEXT and not {".git", ".venv", "node_modules"} & set(path.parts):
            data = path.read_bytes()
            if b"\0" not in data:
                yield data.decode(errors="replace")


def _requirement_place(app: App, where: Place, output: Sequence[str]) -> Place:
    """The line of the requirement that an installer complains about, where it names one."""
    file = app.project.get(where.file)
    if file is None:
        return where
    text = "\n".join(output)
    named = {canonicalize_name(name) for name in _NAMES.findall(text)}
    for number, line in enumerate(file.data.decode(errors="replace").splitlines(), 1):
        if number >= where.line and any(canonicalize_name(name) in named for name in _QUOTED.findall(line)):
            return Place(file=where.file, line=number)
    return where


def _minor(version: str | None) -> str:
    return ".".join((version or "").split(".")[:2])


def _tag(name: str) -> str:
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return f"localhost/rehearsal/app:{letters or 'app'}"
