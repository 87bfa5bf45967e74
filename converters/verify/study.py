"""Runs both sides of an app, sends them the same requests, and writes down what came of it."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from converters.ir import App, Application
from converters.project import Project
from converters.sources.replicate import rewrite
from fal_runtime import _sandbox

from . import cog, compare, contract, coverage, followups, runpod, target, verdicts
from .certificate import Certificate, Differing, Schemas, Trial, Verdict
from .demand import demanded
from .interpreter import Interpreter, inspected, uneven, versions
from .literals import addresses, literals
from .observe import Observation, pins, top_level_names
from .outcome import Outcome, Side, SideFailed, TargetFailed
from .requests import Request, generate, names_own_file, repaired, varied
from .scratch import require_room, scratch_folder
from .settings import Settings
from .sides import Asked, Sent, Sides
from .source import at_a_time, end_all, stage

_REPAIRS = 6
_ATTEMPTS = 3
"""How often both sides are started: again with what the project demanded."""
_ROUNDS = 3
"""How often variants are drawn of the requests that ran new lines, as long as variants run new lines."""
_VOLUMES = ("/runpod-volume", "/workspace-volume")


@dataclass
class Study:
    """One app of a project, with its conversion written to ``written``."""

    project: Project
    application: Application
    app: App
    written: Path
    settings: Settings
    say: Callable[[str], None] = lambda text: None
    trials: list[Trial] = field(default_factory=list)
    asked: list[Sent] = field(default_factory=list)
    schema: dict[str, Any] = field(default_factory=dict)
    """JSON Schema of the input, as the app publishes it."""
    loaded: list[str] = field(default_factory=list)
    """What the source asked of models while it loaded."""
    loading: list[compare.Difference] = field(default_factory=list)
    """How the app's loading differs from that."""
    promised: contract.Contract | None = None
    """The schemas of the source."""
    schemas: Schemas | None = None
    """How the app's schemas stand to those."""
    ran: dict[str, set[int]] = field(default_factory=dict)
    """Lines of the converted project that ran, by file."""
    ran_in_source: dict[str, set[int]] = field(default_factory=dict)
    """Lines of the project itself that ran."""
    variables: dict[str, str] = field(default_factory=dict)
    """Environment variables that the project demands to be set."""
    scratch: Path | None = None
    """Where scratch folders are made; None: in our cache."""
    _deadline: float = 0.0

    def first_difference(self, written: Path) -> Trial | str | None:
        """How another conversion of the same app differs from what the source did in this study, which has been run.

        The first request that is answered differently, or why the other does not start; None where all are answered alike.
        """
        other = replace(self, written=written, trials=[], asked=[])
        with tempfile.TemporaryDirectory(prefix="verify-", dir=self.scratch or scratch_folder()) as folder:
            observation = other._observation(Path(folder) / "target", is_target=True)
            try:
                with other._served(observation) as served:
                    if different := self._against(served).different:
                        return different
                    if not self.loading and (loading := compare.of_loading(self.loaded, self.loaded, observation.loading())):
                        return loading[0].said
                    for request, stream, before in self.asked:
                        asked = before.again(served, observation, request, stream=stream)
                        other._record(request, stream, asked)
                        if other._differs:
                            return other.trials[-1]
            except SideFailed as failure:
                return str(failure)
            finally:
                end_all(Path(folder))
        return None

    def run(self) -> Certificate:
        """Start both sides and compare them."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="verify-", dir=self.scratch or scratch_folder()) as folder:
            for attempt in range(_ATTEMPTS):
                place = Path(folder) / str(attempt)
                observations = [self._observation(place / name, is_target=name == "target") for name in ("target", "source", "again")]
                why, verdict = "", "not proven"
                try:
                    with self._sides(place, observations) as sides:
                        self._ask_everything(sides)
                except TargetFailed as failure:
                    require_room(str(failure), folder)
                    verdict, why = "different", str(failure)
                except SideFailed as failure:
                    require_room(str(failure), folder)
                    why = str(failure)
                else:
                    self._check_answers()
                    verdict, why = self._verdict()
                finally:
                    end_all(place)
                settled = verdict != "not proven" and self.trials
                if settled or attempt + 1 == _ATTEMPTS or not self._met(why):
                    break
                self.trials, self.asked = [], []
            return self._certificate(verdict, why, observations, time.monotonic() - started)  # type: ignore[arg-type]

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
            versions=versions(self._interpreter),
            doubles=[],
        )

    def _met(self, why: str) -> bool:
        """Whether the project demands variables that can be set now."""
        sources = "\n".join(file.data.decode(errors="replace") for path, file in self.project.files.items() if path.endswith(".py"))
        if self.app.predictor is not None and self.app.predictor.weights:
            sources += '"COG_WEIGHTS"'  # Cog reads it for the predictor
        found = {name: value for name, value in demanded(why, sources).items() if name not in self.variables}
        self.variables.update(found)
        return bool(found)

    def _observation(self, folder: Path, *, is_target: bool) -> Observation:
        files = self._written_files() if is_target else {path: file.data for path, file in self.project.files.items()}
        texts = [data.decode(errors="replace") for path, data in files.items() if path.endswith((".txt", "cog.yaml", "app.py"))]
        workdir = self.app.environment.workdir or "/app"
        roots = [("/app", "<project>"), ("/src", "<project>"), ("/root/.cache/huggingface", "<models>")]
        if workdir != "/":
            roots.append((workdir, "<project>"))
        roots += [("/data/.cache/huggingface", "<models>"), (f"/data/{self.app.name}", "<volume>")]
        roots += [(volume, "<volume>") for volume in _VOLUMES]
        imported = self.app.predictor is not None and self.app.style == "keep"  # by Cog's server and by the app alike
        entries = (Path(self.app.app_file).name, *(() if imported else (Path(self.app.entry).name,)))
        python = Path(sys.executable) if is_target else self._interpreter.executable
        variables = tuple(variable.name for variable in self.app.environment.variables if variable.value is not None)
        names = self._own_names(files)
        return Observation(
            folder,
            names,
            pins(texts),
            roots,
            self._doubled,
            entries,
            python,
            variables=variables,
            release=None if is_target else self._release,
            **self._observed,
        )

    @property
    def _release(self) -> tuple[str, str] | None:
        """Cog's release under which the source runs, where its code may tell it, and the one that the conversion writes down."""
        tells = any(b"__version__" in file.data for path, file in self.project.files.items() if path.endswith(".py"))
        here = self._interpreter.releases.get("cog", "")
        return (here, rewrite.VERSION) if tells and here and self.app.predictor is not None else None

    @property
    def _observed(self) -> dict[str, Any]:
        """What else an observation of this kind of program is told."""
        return {}

    def _own_names(self, paths: Iterable[str]) -> frozenset[str]:
        """Names of modules that are the project's own, by the files of a side."""
        return top_level_names(paths)

    @functools.cached_property
    def _interpreter(self) -> Interpreter:
        return inspected(self.settings.python)

    @functools.cached_property
    def _doubled(self) -> tuple[str, ...]:
        """Packages that both sides get as doubles though they are installed: chosen ones, and those that only one side has."""
        files = (file.data for path, file in self.project.files.items() if path.endswith(".py"))
        return (*self.settings.doubled, *sorted(uneven(self._interpreter, inspected(), files)))

    def _written_files(self) -> dict[str, bytes]:
        paths = (path for path in self.written.rglob("*") if path.is_file() and path.stat().st_size < 2**21)
        return {path.relative_to(self.written).as_posix(): path.read_bytes() for path in paths}

    @property
    def _secrets(self) -> dict[str, str]:
        return {**{secret.name: f"double-{secret.name.lower()}" for secret in self.app.secrets}, **self.variables}

    @contextlib.contextmanager
    def _sides(self, folder: Path, observations: Sequence[Observation]) -> Iterator[Sides]:
        probe = folder / "probe"
        probe.mkdir(parents=True)
        private = _sandbox.available(probe) is None
        secrets = self._secrets
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            sources = [pool.submit(self._enter, stack, folder / f"{name}-root", observation, secrets, private)
                       for name, observation in zip(("source", "again"), observations[1:], strict=True)]  # fmt: skip
            failures: list[SideFailed] = []
            try:
                served = stack.enter_context(self._served(observations[0]))
            except SideFailed as failure:
                failures.append(TargetFailed(f"the converted app does not start: {failure}"))
            started = []
            for future in sources:
                try:
                    started.append(future.result())
                except SideFailed as failure:
                    failures.insert(0, SideFailed(f"the source does not start: {failure}"))
            if len(failures) == 1:
                raise failures[0]
            if failures:
                raise SideFailed("; ".join(dict.fromkeys(map(str, failures))))
            doubled = any(event.kind == "import" for event in observations[1].events())
            source, again = started
            yield Sides(served, source, again, doubled, pool, (observations[1], observations[2], observations[0]))

    def _served(self, observation: Observation) -> contextlib.AbstractContextManager[target.Target]:
        """The conversion while it runs."""
        return target.serve(self.written, self.app, observation, self._secrets, seconds=self.settings.patience)

    def _enter(self, stack: contextlib.ExitStack, root: Path, observation: Observation, secrets: dict[str, str], private: bool) -> Side:
        staged = stage(self.project, self.app, root)
        options: dict[str, Any] = {"private": private, "seconds": self.settings.patience}
        if self.application.platform == "runpod":
            return stack.enter_context(runpod.serve(staged, observation, secrets, self._interpreter, envelope=self.app.envelope, **options))
        options.update(configuration=self._configuration, schema=self.settings.schema)
        return stack.enter_context(cog.serve(staged, self.app, observation, secrets, self._interpreter, **options))

    @property
    def _configuration(self) -> bytes:
        """The cog.yaml of this app's predictor: the nearest to its file."""
        assert self.app.predictor is not None
        folders = [str(folder) for folder in PurePosixPath(self.app.predictor.file).parents]
        found = [f"{folder}/cog.yaml" if folder != "." else "cog.yaml" for folder in folders]
        return next((self.project.files[path].data for path in found if path in self.project.files), b"")

    def _ask_everything(self, sides: Sides) -> None:
        deadline = self._deadline = time.monotonic() + self.settings.seconds
        streams = self._learn(sides)
        self.loaded, again, after = (observation.loading() for observation in sides.observations)
        self.loading = compare.of_loading(self.loaded, again, after)
        silences = 0
        for request, stream in self._requests(sides, streams=streams):
            if time.monotonic() > deadline or silences > 2:
                return
            asked = self._try(sides, request, stream)
            silences += self._is_silent(asked.before) or self._is_silent(asked.after)
            for _ in range(_REPAIRS if self.settings.replay is None else 0):
                if asked.before.kind != "error" or request.kind not in ("example", "plausible", "repaired"):
                    break
                closed = self.application.platform == "replicate"
                mended = repaired(request, str(asked.before.value), self._schema_of(request), closed=closed)
                if mended is None or not self._can_be_asked(mended) or time.monotonic() > deadline:
                    break
                request = mended
                asked = self._try(sides, request, stream)

    def _is_silent(self, outcome: Outcome) -> bool:
        """Whether nothing was answered: after a few of these nothing more is asked, since each takes its time."""
        return outcome.kind == "silence"

    def _learn(self, sides: Sides) -> bool:
        """Ask the sides what they take and answer, and compare it. Returns whether the app streams the same input too."""
        self.schema = sides.target.input_schema()
        document = sides.source.document() if isinstance(sides.source, cog.Predictor) else None
        self.promised = contract.of_source(self.app, self.settings.schema, document, says_null=cog.reads_schema(self._interpreter))
        self.schemas = self._against(sides.target)
        return sides.target.streams()

    def _against(self, served: target.Target) -> Schemas:
        """How the schemas of an app stand to those of the source."""
        assert self.promised is not None
        answered = contract.unmapped(served.output_schema(), self.app.endpoints[0].output.wrap)
        return contract.compared(self.promised, served.input_schema(), answered, envelope=self.app.envelope)

    def _schema_of(self, request: Request) -> dict[str, Any]:
        """The JSON Schema of what a request holds."""
        return self.schema

    def _can_be_asked(self, request: Request) -> bool:
        """Whether a request can be sent at all."""
        return True

    def _made(self) -> list[Request]:
        """The requests that are made before any was sent."""
        examples = [example.value for example in self.app.examples]
        closed = self.application.platform == "replicate"
        return generate(self._full_schema, examples, closed=closed, seed=self.settings.seed, drawn=self.settings.drawn, **self._ways)

    def _varied(self, sides: Sides, number: int) -> Iterator[Request]:
        """Variants of the requests that were telling so far."""
        seed = self.settings.seed + number
        bodies = [request.body for request in followups.telling(self.asked, sides.observations[0])]
        yield from varied(self._full_schema, bodies, seed=seed, count=self.settings.drawn, **self._ways)

    @property
    def _full_schema(self) -> dict[str, Any]:
        if self.settings.schema is not None and self.application.platform == "replicate" and cog.reads_schema(self._interpreter):
            return {**self.schema, "required": cog.required(self.settings.schema, self.schema.get("required", []))}
        return self.schema

    @functools.cached_property
    def _ways(self) -> dict[str, Any]:
        """How the values of requests are made."""
        link = "data" if self.application.platform == "replicate" else "url"
        files = [field.name for field in self.app.endpoints[0].input.fields if field.media]
        known = replace(
            literals(file.data for path, file in self.project.files.items() if path.endswith(".py")),
            addresses=addresses(file.data.decode(errors="replace") for path, file in self.project.files.items() if path.endswith(".md")),
        )
        return {"link": link, "files": files, "literals": known}

    def _requests(self, sides: Sides, *, streams: bool) -> Iterator[tuple[Request, bool]]:
        if self.settings.replay is not None:
            for trial in self.settings.replay.trials:
                request = Request(trial.kind, trial.about, trial.body, trial.fault, trial.together, trial.operation)  # type: ignore[arg-type]
                yield request, trial.stream
            return
        made = self._made()
        last = [request for request in made if request.kind == "mistyped" or names_own_file(request)]
        left_out = ("invalid", "mistyped") if self._unchecked else ()
        failed = False
        for request in (request for request in made if request not in last and request.kind not in left_out):
            if not failed and request.kind not in ("example", "plausible"):
                failed = True
                yield from ((made, False) for made in followups.faults(self.asked, sides.observations[0], self.settings.drawn))
            yield request, False
            if streams and request.kind in ("example", "plausible"):
                yield request, True
        yield from ((made, False) for made in followups.together(self.asked, at_a_time(self.app)))
        for number in range(_ROUNDS):
            before = len(followups.telling(self.asked, sides.observations[0]))
            for request in self._varied(sides, number):
                yield request, False
            if len(followups.telling(self.asked, sides.observations[0])) == before:
                break
        for request in (request for request in last if request.kind not in left_out):
            yield request, False  # one side may act on what the other refuses

    @property
    def _unchecked(self) -> bool:
        """Whether the source's server lets everything pass, because it has not the schema that a build gives it."""
        return self.application.platform == "replicate" and self.settings.schema is None and cog.reads_schema(self._interpreter)

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
        asked = sides.ask(request, stream=stream)
        return None if self._unchecked and asked.after.kind == "refused" else asked

    @property
    def _differs(self) -> bool:
        return bool(self.trials) and not self.trials[-1].same

    @property
    def _sent_together(self) -> bool:
        return any(trial.together for trial in self.trials)

    def _limits(self) -> list[str]:
        unset = ["what it does with several requests at the same time"] if at_a_time(self.app) > 1 and not self._sent_together else []
        unset += [f"what it does without {name}={value}, which it demands" for name, value in self.variables.items()]
        if self.app.environment.start_script:
            unset.append(f"what {self.app.environment.start_script} does: the source's side is started without it")
        if self._unchecked:
            unset.append("what Cog refuses: its server checks inputs only with the schema of a build (--schema FILE)")
        if self.schemas:
            unset += self.schemas.not_proven
        return unset

    def _verdict(self) -> tuple[Verdict, str]:
        if self.schemas and self.schemas.different:
            return "different", self.schemas.different
        return verdicts.verdict(self.trials, self.loading, self._result)

    @property
    def _result(self) -> str:
        """What an answer that proves something is called."""
        return "a model's result"

    def _check_answers(self) -> None:
        """Whether the app answered as the source's schema says."""
        if self.schemas and self.promised and self.promised.output is not None:
            answers = [(asked.before, asked.after) for request, _, asked in self.asked if not request.together]
            self.schemas.answered = contract.answers_outside(self.promised.output, answers)

    def _certificate(self, verdict: Verdict, why: str, observations: Sequence[Observation], seconds: float) -> Certificate:
        after, before = observations[0].events(), observations[1].events()
        self.ran = coverage.lines_run(self._written_files(), after)
        sources = {path: file.data for path, file in self.project.files.items() if path.endswith(".py")}
        self.ran_in_source = coverage.lines_run(sources, before)
        covered = coverage.measured(sources, self._written_files(), before, after)
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
            versions=versions(self._interpreter),
            doubles=sorted({event.text for event in before if event.kind == "import"}),
            loading=[Differing.of(difference) for difference in self.loading],
            schemas=self.schemas,
            trials=self.trials,
            coverage=covered,
            not_proven=[*self._limits(), *unproven, *(f"{part.file}: {coverage.ranges(part.never)} ran on neither side" for part in never)],
            seconds=round(seconds, 1),
        )
