"""A study of a RunPod worker or a Cog predictor: one input at a time, whose schema both sides publish or promise."""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fal_runtime.confinement import Support

from . import contract, disputed, sdk
from .certificate import Certificate, Schemas, Verdict
from .compare import Difference
from .interpreter import imported, inspected
from .observe import Observation
from .outcome import Side, SideFailed
from .repair import repaired
from .requests import Request, generate, varied
from .runner import Runner, Sources
from .sides import Asked, Sides
from .source import stage
from .study import Study
from .target import Target


@dataclass
class HandlerStudy(Study):
    """One handler or predictor with its conversion."""

    schema: dict[str, Any] = field(default_factory=dict)
    """JSON Schema of the input, as the app publishes it."""
    promised: contract.Contract | None = None
    """The schemas of the source."""
    schemas: Schemas | None = None
    """How the app's schemas stand to those."""

    @functools.cached_property
    def _runner(self) -> Runner:
        return self.platform.runner()

    def _source(self, root: Path, observation: Observation, *, confinement: Support) -> contextlib.AbstractContextManager[Side]:
        staged = stage(self.project, self.app, root)
        started = Sources(self.project, self.app, staged, self._interpreter, self._secrets, self.settings.schema)
        return self._runner.serve(started, observation, confinement=confinement, seconds=self.settings.patience)

    def _observation(self, folder: Path, *, is_target: bool, **more: Any) -> Observation:
        """The app's own runner gets the SDK's release that the source has, where the conversion still imports it."""
        if not (is_target and self._shares_sdk):
            return super()._observation(folder, is_target=is_target, **more)
        packages = folder / "site-packages"
        observation = super()._observation(folder, is_target=is_target, search=(str(packages),), **more)
        packages.mkdir()
        assert self.platform.sdk is not None
        if not sdk.share(self._interpreter, self.platform.sdk, packages):
            shutil.rmtree(packages)
        return observation

    @property
    def _shares_sdk(self) -> bool:
        """Whether both sides use the SDK, and would use different releases of it."""
        if self.platform.sdk is None:
            return False
        name, module = self.platform.sdk.package, self.platform.sdk.module.partition(".")[0]
        here, there = inspected().releases.get(name), self._interpreter.releases.get(name)
        kept = imported(data for path, data in self._written_files().items() if path.endswith(".py"))
        return here != there and module in kept

    def _observed(self, *, is_target: bool) -> dict[str, Any]:
        return {"release": None if is_target else self._release}

    @property
    def _release(self) -> tuple[str, str] | None:
        """The SDK's release under which the source runs, where its code may tell it, and the one that the conversion writes down."""
        tells = any(b"__version__" in data for data in self._python.values())
        return self._runner.written_release(self._interpreter) if tells else None

    @property
    def _entries(self) -> tuple[str, ...]:
        if self.app.predictor is not None and self.app.style == "keep":  # imported by Cog's server and by the app alike
            return (Path(self.app.app_file).name,)
        return super()._entries

    @property
    def _code(self) -> str:
        read_by_cog = '"COG_WEIGHTS"' if self.app.predictor is not None and self.app.predictor.weights else ""
        return super()._code + read_by_cog

    def _learn(self, sides: Sides) -> bool:
        document = self._runner.document(sides.source)
        says_null = self._runner.says_null(self._interpreter)
        self.promised = contract.of_source(self.app, self.settings.schema, document, says_null=says_null)
        self.schema = self._taken(sides.target)
        self.schemas = self._against(sides.target)
        return sides.target.streams()

    def _against(self, served: Target) -> Schemas:
        """How the schemas of an app stand to those of the source."""
        assert self.promised is not None
        promised, taken = self.promised, self._taken(served)
        if not (served.place.is_own or promised.is_own):  # what was read in the code is what a conversion writes; a person may say more
            promised = contract.as_declared(promised, taken)
        answered = contract.unmapped(served.output_schema(), served.wrap)
        if promised.output is not None:
            answered = served.place.renaming.schema_of_output(answered, promised.output)
        return contract.compared(promised, taken, answered, envelope=self.app.envelope)

    def _taken(self, served: Target) -> dict[str, Any]:
        """The schema of the app's input under the source's names."""
        assert self.promised is not None
        return served.place.renaming.schema_of_input(served.input_schema(), self.promised.input)

    def _ask_everything(self, sides: Sides) -> None:
        """What the app's schema refuses is tried last: what the converter read in the code may take more than the code does."""
        super()._ask_everything(sides)
        base = next((body for body in self._answered() if isinstance(body, dict)), None)
        if base is not None and self.schemas is not None and self.promised is not None and not self.promised.is_own:
            disputed.settle(self.schemas, base, self.schema.get("required", []), functools.partial(self._fails, sides))

    def _answered(self) -> Iterator[Any]:
        """The bodies of requests that the source answered with a result, those first that were sent first."""
        for request, _, asked in self.asked:
            if asked.before.kind == "result" and not (request.together or request.fault):
                yield request.body

    def _fails(self, sides: Sides, body: dict[str, Any]) -> bool:
        """Whether the source fails on a request that the app refuses."""
        known = next((asked for request, _, asked in self.asked if request.body == body and not request.fault), None)
        asked = known or self._try(sides, Request("mistyped", "what the app's schema refuses", body), stream=False)
        return asked.before.kind in ("error", "refused")

    def _before_requests(self, served: Target, observation: Observation) -> str:
        return self._against(served).different or super()._before_requests(served, observation)

    def _failing_starts(self, folder: Path) -> list[Difference]:
        """A start command that fails keeps the worker from starting, and must keep the app from it."""
        if not self.app.start_command:
            return []
        shell, first, *rest = self.app.start_command
        command = (shell, PurePosixPath(first).name, *rest)
        with contextlib.suppress(SideFailed), self._target(self._observation(folder / "failing", is_target=True, failing=(command,))):
            return [Difference("a start command that fails", "no worker starts", "the app starts")]
        return []

    def _made(self) -> list[Request]:
        examples = [example.value for example in self.app.examples]
        seed, drawn = self.settings.seed, self.settings.drawn
        made = generate(self._full_schema, examples, closed=self._runner.is_closed, seed=seed, drawn=drawn, **self._ways)
        return [request for request in made if not (self._is_unchecked and request.kind in ("invalid", "mistyped"))]

    def _varied(self, telling: Sequence[Request], number: int) -> Iterator[Request]:
        bodies = [request.body for request in telling]
        return varied(self._full_schema, bodies, seed=self.settings.seed + number, count=self.settings.drawn, **self._ways)

    def _repaired(self, request: Request, complaint: str) -> Request | None:
        return repaired(request, complaint, self.schema, closed=self._runner.is_closed)

    def _ask_smaller(self, sides: Sides, stream: bool, request: Request) -> Asked | None:
        asked = super()._ask_smaller(sides, stream, request)
        return None if self._is_unchecked and asked is not None and asked.after.kind == "refused" else asked

    @property
    def _full_schema(self) -> dict[str, Any]:
        stated = self.schema.get("required", [])
        required = self._runner.required(self._interpreter, self.settings.schema, stated)
        return self.schema if required == stated else {**self.schema, "required": required}

    @functools.cached_property
    def _ways(self) -> dict[str, Any]:
        """How the values of requests are made."""
        files = [field.name for field in self.app.endpoints[0].input.fields if field.media]
        return {"link": self._runner.link, "files": files, "literals": self._literals}

    @property
    def _is_unchecked(self) -> bool:
        """Whether the source's server lets everything pass, because it has not the schema that a build gives it."""
        return self._runner.is_unchecked(self._interpreter, self.settings.schema)

    def _verdict(self) -> tuple[Verdict, str]:
        """The schemas first, with the answers that the app gave."""
        if self.schemas and self.promised and self.promised.output is not None:
            answers = [(asked.before, asked.after) for request, _, asked in self.asked if not request.together]
            self.schemas.answered = contract.answers_outside(self.promised.output, answers)
        if self.schemas and self.schemas.different:
            return "different", self.schemas.different
        return super()._verdict()

    def _limits(self) -> list[str]:
        limits = super()._limits()
        script = self.app.environment.start_script
        if self.app.start_command:
            limits.append(f"what {script or 'its start command'} launches: a double stands in for it")
        elif script:
            limits.append(f"what {script} does: the source's side is started without it")
        if self._is_unchecked:
            limits.append("what Cog refuses: its server checks inputs only with the schema of a build (--schema FILE)")
        return [*limits, *(self.schemas.not_proven if self.schemas else [])]

    def _certificate(self, verdict: Verdict, why: str, observations: Sequence[Observation], seconds: float) -> Certificate:
        return super()._certificate(verdict, why, observations, seconds).model_copy(update={"schemas": self.schemas})
