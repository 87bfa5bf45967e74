"""A start that installs or downloads: Docker sets no limit to it, fal does, so the app says that it takes longer."""

from __future__ import annotations

from converters import rules
from converters.concepts.starting import StartFollower, named
from converters.containers.start_work import StartWork, installed
from converters.ir import App, Disposition, Setting
from converters.ledger import Ledger
from converters.project import MAX_FILE, Project
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.processes import absolute

SECONDS = 3600
"""Enough for gigabytes; a limit that is not reached costs nothing."""


def read(project: Project, candidate: Candidate, app: App, ledger: Ledger) -> None:
    """Write `startup_timeout`, unless it is stated. What may compile has no known end: preflight asks."""
    work = _work(project, candidate) if app.setting("startup_timeout") is None else []
    if not work or any(one.kind == "compiles" for one in work):
        return
    first = next((one for one in work if one.told), work[0])
    why = f"`{first.text}` {'runs at every start' if first.told else 'may run at a start'}"
    app.settings.append(Setting(name="startup_timeout", value=SECONDS, origin=first.origin, note=why))
    message = f"{why}, for which Docker sets no limit -> startup_timeout = {SECONDS}"
    ledger.note(rules.PF051, Disposition.CONVERTED, message, first.origin)


def _work(project: Project, candidate: Candidate) -> list[StartWork]:
    packaging = candidate.packaging
    if packaging is None:
        return []
    files, workdir = packaging.layout.files, packaging.stage.workdir

    def find(word: str) -> str | None:
        return files.get(absolute(word, workdir or "/"))

    def text_of(path: str) -> str | None:
        file = project.get(path)
        return file.data.decode(errors="replace") if file is not None and file.size <= MAX_FILE else None

    runs = [run for stage in packaging.dockerfile.stages for run in stage.runs]
    have = installed(packaging.stage.base_image, runs, lambda word: named(word, find, text_of))
    start = StartFollower(find, text_of, have)
    work = list(start.of_command(tuple(candidate.start.words), candidate.start.origin, candidate.env()))
    listener = candidate.listener
    if listener is not None and listener.entry is not None:
        script = not listener.application
        work += [one for path in listener.entries for one in start.of_program(path, is_script=script)]
    return work
