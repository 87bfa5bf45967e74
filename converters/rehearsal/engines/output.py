"""What `buildah bud` and `podman build` print, as steps: `STEP 2/5: ...` begins one, `[1/2]` before it names the stage."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from converters.rehearsal.dockerfile import Prepared
from converters.rehearsal.engines import Place, Step

_STEP = re.compile(r"(?:\[(\d+)/\d+\] )?STEP (\d+)/(\d+): ")
_CACHED = "--> Using cache "
_DONE = re.compile(r"(?:--> [0-9a-f]{6,}|COMMIT)\b")
_OWN = re.compile(r"subprocess exited (with (status|signal)|on) [\w ]+$|Error: exit status \d+$")
_FAILED = "Error: building at STEP "
_SAYS = re.compile(r".*?\": ")
_SAYS_LAST = re.compile(r".*\": ")
_ENDED = re.compile(r"((error )?while running runtime: )?exit status \d+$")
MOST_LINES = 4000


def is_own_line(line: str) -> bool:
    """Whether buildah says it of a program that failed, rather than the program."""
    return _OWN.match(line) is not None


def said_by_the_step(lines: Sequence[str]) -> list[str]:
    """What a step printed: of the engine's own words, which repeat the step, only what failed in one that is no program."""
    found: list[str] = []
    for line in lines:
        if line.startswith(_FAILED):
            is_command = line.startswith(f'{_FAILED}"RUN')
            last = (_SAYS_LAST if is_command else _SAYS).sub("", lines[-1], count=1)
            return found if is_command and _ENDED.match(last) else [*found, last]
        if line.strip() and not is_own_line(line):
            found.append(line)
    return found


class Steps:
    """Follows the output line by line; what a step prints that looks like the next one's beginning is taken for it."""

    def __init__(self, prepared: Prepared, places: Sequence[Place], on_step: Callable[[Step], None]) -> None:
        self._prepared, self._places, self._on_step = prepared, places, on_step
        steps = [(stage, step) for stage, lines in enumerate(prepared.stages) for step, line in enumerate(lines) if line is not None]
        self._numbers = {step: number for number, step in enumerate(steps, 1)}
        self._began = time.monotonic()
        self.current: Step | None = None
        self.finished: list[Step] = []
        self.output: list[str] = []
        """What the current step has printed."""

    def line(self, text: str) -> None:
        """One line of the engine's output."""
        match = _STEP.match(text)
        if match is not None and self._is_step(int(match.group(1) or 1), int(match.group(2))):
            self._end("done")
            self.current, self.output, self._began = self._step(int(match.group(1) or 1), int(match.group(2))), [], time.monotonic()
            if self.current is not None:
                self._on_step(self.current)
        elif text.startswith(_CACHED):
            self._end("cached")
        elif _DONE.match(text):
            self._end("done")
        elif self.current is not None:
            self.output.append(text)
            del self.output[:-MOST_LINES]

    @property
    def seconds(self) -> float:
        """How long the current step takes already; 0 where none is running."""
        return time.monotonic() - self._began if self.current is not None else 0.0

    def end(self) -> None:
        """The build has succeeded."""
        self._end("done")

    def fail(self) -> Step:
        """The step that failed: the current one, else the first one, for nothing began."""
        failed = self.current or self._step(1, 1) or Step(0, len(self._numbers), "", Place(), "failed")
        failed = replace(failed, state="failed", seconds=round(self.seconds, 3))
        self.finished.append(failed)
        self._on_step(failed)
        return failed

    def _end(self, state: str) -> None:
        if self.current is not None:
            ended = replace(self.current, state="cached" if state == "cached" else "done", seconds=round(self.seconds, 3))
            self.finished.append(ended)
            self._on_step(ended)
            self.current = None

    def _is_step(self, stage: int, number: int) -> bool:
        stages = self._prepared.stages
        return 0 < stage <= len(stages) and 0 < number <= len(stages[stage - 1])

    def _step(self, stage: int, number: int) -> Step | None:
        """The step of the file, None for one that no line stands for."""
        if not self._is_step(stage, number) or (line := self._prepared.stages[stage - 1][number - 1]) is None:
            return None
        place = self._places[line.number - 1] if line.number <= len(self._places) else Place("", line.number)
        return Step(self._numbers[stage - 1, number - 1], len(self._numbers), line.text, place, "running")
