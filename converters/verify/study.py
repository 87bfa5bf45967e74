"""Runs both sides of an app, sends them the same requests, and writes down what came of it."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from converters.ir import App, Application
from converters.project import Project
from converters.sources.platform import Platform
from converters.sources.registry import named, platforms
from fal_runtime.confinement import Support

from . import compare, coverage, followups, target, verdicts
from .certificate import Certificate, Differing, Trial, Verdict
from .demand import DOUBLE, demanded, made_up
from .interpreter import Interpreter, inspected, uneven, versions
from .literals import Literals, addresses, literals, suffixes
from .observe import Observation, pins, top_level_names
from .outcome import Outcome, Side, SideFailed, TargetFailed
from .parsed import parsed
from .requests import Request, names_own_file
from .scratch import require_room, scratch_folder
from .settings import Settings
from .sides import Asked, Sent, Sides, started
from .source import at_a_time, end_all

_REPAIRS = 6
_ATTEMPTS = 3
"""How often both sides are started: again with what the project demanded."""
_ROUNDS = 3
"""How often variants are drawn of the requests that ran new lines, as long as variants run new lines."""
_VOLUMES = ("/runpod-volume", "/workspace-volume")


@dataclass
class Study(ABC):
    """One app of a project, with its conversion written to ``written``."""

    target_side: ClassVar[type[target.Target]] = target.Target
    """How the conversion is asked."""

    project: Project
    application: Application
    app: App
    written: Path
    settings: Settings
    say: Callable[[str], None] = lambda text: None
    trials: list[Trial] = field(default_factory=list)
    asked: list[Sent] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    """What the source asked of models while it loaded."""
    loads_in_order: bool = True
    """Whether it did so in an order: not where it loads in threads of its own."""
    loading: list[compare.Difference] = field(default_factory=list)
    """How the app's loading differs from that."""
    traceback: tuple[str, ...] = ()
    """What the app printed of the exception with which it does not start."""
    ran: dict[str, set[int]] = field(default_factory=dict)
    """Lines of the converted project that ran, by file."""
    ran_in_source: dict[str, set[int]] = field(default_factory=dict)
    """Lines of the project itself that ran."""
    variables: dict[str, str] = field(default_factory=dict)
    """Environment variables that the project demands to be set."""
    scratch: Path | None = None
    """Where scratch folders are made; None: in our cache."""
    place: target.Place | None = None
    """The app of ``written``; None: that of the conversion."""
    app_file: str = ""
    """Its program, relative to ``written``; '': the conversion's."""
    _deadline: float = 0.0

    @property
    def platform(self) -> Platform:
        """The platform that the project comes from."""
        return named(self.application.platform)

    @property
    def _sdks(self) -> list[str]:
        """The SDKs of all platforms, which one project may use at the same time."""
        return [platform.sdk.package for platform in platforms() if platform.sdk is not None]

    def first_difference(self, written: Path) -> Trial | str | None:
        """How another conversion of the same app differs from what the source did in this study, which has been run.

        The first request that is answered differently, or why the other does not start; None where all are answered alike.
        """
        other = replace(self, written=written, trials=[], asked=[])
        with tempfile.TemporaryDirectory(prefix="verify-", dir=self.scratch or scratch_folder()) as folder:
            observation = other._observation(Path(folder) / "target", is_target=True)
            try:
                with other._target(observation) as served:
                    if different := self._before_requests(served, observation):
                        return different
                    for request, stream, before in self.asked:
                        asked = before.again(served, observation, request, stream=stream)
                        other._record(request, stream, asked)
                        if other._differs:
                            return other.trials[-1]
                if not self.loading and (loading := other._failing_starts(Path(folder))):
                    return loading[0].said
            except SideFailed as failure:
                return str(failure)
            finally:
                end_all(Path(folder))
        return None

    def run(self) -> Certificate:
        """Start both sides and compare them."""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="verify-", dir=self.scratch or scratch_folder()) as folder:
            for attempt in range(_ATTEMPTS):
                place = Path(folder) / str(attempt)
                observations = [self._observation(place / name, is_target=name == "target") for name in ("target", "source", "again")]
                why, verdict = "", "not proven"
                try:
                    with started(place, observations, self._target, self._source) as sides:
                        self._ask_everything(sides)
                except TargetFailed as failure:
                    require_room(str(failure), folder)
                    self.traceback = failure.traceback
                    verdict, why = "different", str(failure)
                except SideFailed as failure:
                    require_room(str(failure), folder)
                    why = str(failure)
                    if any(not trial.same for trial in self.trials):
                        verdict, found = self._verdict()
                        why = f"{found}; then {why}"
                    elif broken := self._unparsable():
                        verdict, why = "different", f"{broken}, a file of the converted app, is not valid Python; and {why}"
                else:
                    self.loading += self._failing_starts(place)
                    verdict, why = self._verdict()
                finally:
                    end_all(place)
                settled = verdict != "not proven" and self.trials
                if settled or attempt + 1 == _ATTEMPTS or not self._met(why):
                    break
                self.trials, self.asked = [], []
            return self._certificate(verdict, why, observations, time.monotonic() - began)  # type: ignore[arg-type]

    def ended(self, why: str) -> Certificate:
        """What is certified where the study was ended before it came to anything."""
        return Certificate(
            app=self.app.name,
            platform=self.application.platform,
            source=self.project.name,
            target=self.written.name,
            verdict="not proven",
            why=why,
            seed=self.settings.seed,
            versions=versions(self._interpreter, self._sdks),
            sdk=self.settings.sdk,
            doubles=[],
        )

    def _met(self, why: str) -> bool:
        """Whether the project demands variables that can be set now."""
        found = {name: value for name, value in demanded(why, self._code).items() if name not in self.variables}
        self.variables.update(found)
        return bool(found)

    @property
    def _code(self) -> str:
        """The project's code, which reads the variables that it demands."""
        return "\n".join(data.decode(errors="replace") for data in self._python.values())

    def _observation(self, folder: Path, *, is_target: bool, **more: Any) -> Observation:
        files = self._written_files() if is_target else {path: file.data for path, file in self.project.files.items()}
        texts = [data.decode(errors="replace") for path, data in files.items() if path.endswith((".txt", "cog.yaml", "app.py"))]
        workdir = self.app.environment.workdir or "/app"
        roots = [("/app", "<project>"), ("/src", "<project>"), ("/root/.cache/huggingface", "<models>")]
        if workdir != "/":
            roots.append((workdir, "<project>"))
        roots += [("/data/.cache/huggingface", "<models>"), (f"/data/{self.app.name}", "<volume>")]
        roots += [(volume, "<volume>") for volume in _VOLUMES]
        python = Path(sys.executable) if is_target else self._interpreter.executable
        variables = tuple(variable.name for variable in self.app.environment.variables if variable.value is not None)
        names = self._own_names(files)
        return Observation(
            folder,
            names,
            pins(texts),
            roots,
            self._doubled,
            self._entries,
            python,
            variables=variables,
            suffixes=suffixes(self._python.values()),
            **self._observed(is_target=is_target),
            **more,
        )

    @abstractmethod
    def _observed(self, *, is_target: bool) -> dict[str, Any]:
        """What else an observation of this kind of program is told."""

    @property
    def _entries(self) -> tuple[str, ...]:
        """Names of the files that a side starts with."""
        return Path(self.app_file or self.app.app_file).name, Path(self.app.entry).name

    def _own_names(self, paths: Iterable[str]) -> frozenset[str]:
        """Names of modules that are the project's own, by the files of a side."""
        return top_level_names(paths)

    @functools.cached_property
    def _interpreter(self) -> Interpreter:
        return inspected(self.settings.python)

    @functools.cached_property
    def _doubled(self) -> tuple[str, ...]:
        """Packages that both sides get as doubles though they are installed: chosen ones, and those that only one side has."""
        return (*self.settings.doubled, *sorted(uneven(self._interpreter, inspected(), self._python.values(), self._sdks)))

    @functools.cached_property
    def _literals(self) -> Literals:
        """The values that the project's own code and texts name."""
        texts = (file.data.decode(errors="replace") for path, file in self.project.files.items() if path.endswith(".md"))
        return replace(literals(self._python.values()), addresses=addresses(texts))

    @property
    def _python(self) -> dict[str, bytes]:
        """The project's Python files."""
        return {path: file.data for path, file in self.project.files.items() if path.endswith(".py")}

    def _written_files(self) -> dict[str, bytes]:
        paths = (path for path in self.written.rglob("*") if path.is_file() and path.stat().st_size < 2**21)
        return {path.relative_to(self.written).as_posix(): path.read_bytes() for path in paths}

    def _unparsable(self) -> str:
        """A Python file of the conversion that cannot be parsed, though the project's file of that name can; '' where there is none."""
        for path, data in sorted(self._written_files().items()):
            own = self.project.files.get(path)
            if path.endswith(".py") and parsed(data) is None and (own is None or parsed(own.data) is not None):
                return path
        return ""

    @property
    def _secrets(self) -> dict[str, str]:
        kinds = {secret.name: made_up(secret.name, self._code) for secret in self.app.secrets}
        return {**{name: f"double-{name.lower()}" if kind == DOUBLE else kind for name, kind in kinds.items()}, **self.variables}

    def _target(self, observation: Observation) -> contextlib.AbstractContextManager[target.Target]:
        """The conversion while it runs."""
        patience = self.settings.patience
        return target.serve(self.written, self.app, observation, self._secrets, seconds=patience, kind=self.target_side, place=self.place)

    @abstractmethod
    def _source(self, root: Path, observation: Observation, *, confinement: Support) -> contextlib.AbstractContextManager[Side]:
        """The source below ``root`` while it runs; confined as the system supports it."""

    def _ask_everything(self, sides: Sides) -> None:
        deadline = self._deadline = time.monotonic() + self.settings.seconds
        streams = self._learn(sides)
        self.loads_in_order = not sides.observations[0].loads_in_threads
        self.loaded, again, after = (observation.loading() for observation in sides.observations)
        self.loading = compare.of_loading(self.loaded, again, after, in_order=self.loads_in_order)
        silences = 0
        for request, stream in self._requests(sides, streams=streams):
            if time.monotonic() > deadline or silences > 2:
                return
            asked = self._try(sides, request, stream)
            silences += self._is_silent(asked.before) or self._is_silent(asked.after)
            for _ in range(_REPAIRS if self.settings.replay is None else 0):
                if asked.before.kind != "error" or request.kind not in ("example", "plausible", "repaired"):
                    break
                mended = self._repaired(request, str(asked.before.value))
                if mended is None or not self._can_be_asked(mended) or time.monotonic() > deadline:
                    break
                request = mended
                asked = self._try(sides, request, stream)

    def _is_silent(self, outcome: Outcome) -> bool:
        """Whether nothing was answered: after a few of these nothing more is asked, since each takes its time."""
        return outcome.kind == "silence"

    @abstractmethod
    def _learn(self, sides: Sides) -> bool:
        """Ask the sides what they take and answer. Returns whether the app streams the same input too."""

    @abstractmethod
    def _made(self) -> list[Request]:
        """The requests that are made before any was sent."""

    @abstractmethod
    def _varied(self, telling: Sequence[Request], number: int) -> Iterator[Request]:
        """Variants of the requests that were telling so far."""

    @abstractmethod
    def _repaired(self, request: Request, complaint: str) -> Request | None:
        """The request with what the source asks for in its complaint."""

    def _can_be_asked(self, request: Request) -> bool:
        """Whether a request can be sent at all."""
        return True

    def _before_requests(self, served: target.Target, observation: Observation) -> str:
        """How another conversion differs before it is asked anything; '' where it does not."""
        loading = [] if self.loading else compare.of_loading(self.loaded, self.loaded, observation.loading(), in_order=self.loads_in_order)
        return loading[0].said if loading else ""

    def _failing_starts(self, folder: Path) -> list[compare.Difference]:
        """How the app differs where what must happen before it starts fails; ``folder`` is for scratch files."""
        return []

    def _requests(self, sides: Sides, *, streams: bool) -> Iterator[tuple[Request, bool]]:
        if self.settings.replay is not None:
            for trial in self.settings.replay.trials:
                request = Request(trial.kind, trial.about, trial.body, trial.fault, trial.together, trial.operation)  # type: ignore[arg-type]
                yield request, trial.stream
            return
        source = sides.observations[0]
        made = self._made()
        last = [request for request in made if request.kind == "mistyped" or names_own_file(request)]
        failed = False
        for request in (request for request in made if request not in last):
            if not failed and request.kind not in ("example", "plausible"):
                failed = True
                yield from ((made, False) for made in followups.faults(self.asked, source, self.settings.drawn))
            yield request, False
            if streams and request.kind in ("example", "plausible"):
                yield request, True
        if not failed:
            yield from ((made, False) for made in followups.faults(self.asked, source, self.settings.drawn))
        yield from ((made, False) for made in followups.together(self.asked, at_a_time(self.app)))
        for number in range(_ROUNDS):
            telling = followups.telling(self.asked, source)
            for request in self._varied(telling, number):
                yield request, False
            if len(followups.telling(self.asked, source)) == len(telling):
                break
        for request in last:
            yield request, False  # one side may act on what the other refuses

    def _try(self, sides: Sides, request: Request, stream: bool) -> Asked:
        asked = sides.ask(request, stream=stream)
        self.say(f"{request.kind}: {request.about}")
        self._record(request, stream, asked)
        self.asked.append((request, stream, asked))
        if self._differs and self.settings.replay is None and not any(trial.kind == "shrunk" for trial in self.trials):
            self._shrink(sides, request, stream, asked)
        return asked

    def _record(self, request: Request, stream: bool, asked: Asked) -> None:
        self.trials.append(verdicts.trial(request, stream, asked))

    def _shrink(self, sides: Sides, request: Request, stream: bool, asked: Asked) -> None:
        """Find the smallest request that shows the same difference, and record it."""
        ask = functools.partial(self._ask_smaller, sides, stream)
        smallest, last = followups.smallest(request, asked, ask, self._can_be_asked, until=self._deadline)
        if smallest != request:
            about = f"smallest that differs at {asked.differences[0].path}"
            self._record(replace(smallest, kind="shrunk", about=about), stream, last)

    def _ask_smaller(self, sides: Sides, stream: bool, request: Request) -> Asked | None:
        """What came of a smaller request; None where that says nothing."""
        return sides.ask(request, stream=stream)

    @property
    def _differs(self) -> bool:
        return bool(self.trials) and not self.trials[-1].same

    def _limits(self) -> list[str]:
        """What was not tried, in words."""
        sent_together = any(trial.together for trial in self.trials)
        untried = ["what it does with several requests at the same time"] if at_a_time(self.app) > 1 and not sent_together else []
        return [*untried, *(f"what it does without {name}={value}, which it demands" for name, value in self.variables.items())]

    def _verdict(self) -> tuple[Verdict, str]:
        return verdicts.verdict(self.trials, self.loading, self._result)

    @property
    def _result(self) -> str:
        """What an answer that proves something is called."""
        return "a model's result"

    def _certificate(self, verdict: Verdict, why: str, observations: Sequence[Observation], seconds: float) -> Certificate:
        after, before = observations[0].events(), observations[1].events()
        self.ran = coverage.lines_run(self._written_files(), after)
        self.ran_in_source = coverage.lines_run(self._python, before)
        covered = coverage.measured(self._python, self._written_files(), before, after)
        never = [part for part in covered if part.never]
        unproven = sorted({f"{trial.about}: {path}" for trial in self.trials for path in trial.not_proven})
        return Certificate(
            app=self.app.name,
            platform=self.application.platform,
            source=self.project.name,
            target=self.written.name,
            verdict=verdict,
            why=why,
            seed=self.settings.seed,
            versions=versions(self._interpreter, self._sdks),
            sdk=self.settings.sdk,
            doubles=sorted({event.text for event in before if event.kind == "import"}),
            traceback=list(self.traceback),
            loading=[Differing.of(difference) for difference in self.loading],
            trials=self.trials,
            coverage=covered,
            not_proven=[*self._limits(), *unproven, *(f"{part.file}: {coverage.ranges(part.never)} ran on neither side" for part in never)],
            seconds=round(seconds, 1),
        )
