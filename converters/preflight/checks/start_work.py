"""What a start installs, compiles or downloads each time, although every runner is new."""

from __future__ import annotations

from collections.abc import Iterator

from converters import rules
from converters.concepts.starting import StartFollower, named
from converters.containers.dockerfile import command_line
from converters.containers.start_work import StartWork, installed
from converters.fal.runner import STARTUP_TIMEOUT
from converters.ir import Origin, Scope
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.values import absolute
from converters.project import MAX_FILE

DONE = {
    "compiles": "may compile for longer than fal gives a start, {limit} s: move it to a RUN line of the Dockerfile, or say how long it "
    "may take with `--set startup_timeout=3600`.",
    "installs": "installs at every start of a runner: move it to a RUN line of the Dockerfile, so that runners start in seconds.",
    "downloads": "downloads at every start of a runner, for only /data outlives one: fetch it in a RUN line, or once into a folder below "
    "/data, and use what is there.",
}


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF051: a start that installs, compiles or downloads."""
    program = deployment.program
    stated = program.value("startup_timeout", STARTUP_TIMEOUT)
    limited = program.kind == "server" and isinstance(stated, int | float) and stated <= STARTUP_TIMEOUT
    said: set[str] = set()
    for work in steps(deployment):
        if work.told and work.kind not in said:
            said.add(work.kind)
            scope = Scope.CODE if work.kind == "compiles" and limited else Scope.DEPLOY
            kind = "installs" if work.kind == "compiles" and not limited else work.kind
            message = f"`{work.text}` {DONE[kind].format(limit=STARTUP_TIMEOUT)}"
            yield Finding(work.origin.file, work.origin.line, rules.PF051, message, about=f"{work.origin.file}:{work.kind}", scope=scope)


def steps(deployment: Deployment) -> Iterator[StartWork]:
    """What the start command comes to, and what the modules do that run."""
    runner, project = deployment.runner, deployment.project

    def find(word: str) -> str | None:
        return runner.files.get(absolute(word, runner.cwd or "/"))

    def read(path: str) -> str | None:
        file = project.files.get(path)
        return file.data.decode(errors="replace") if file is not None and file.size <= MAX_FILE else None

    image = deployment.image
    have = frozenset(deployment.packages.names)
    if image is not None:
        have |= installed(image.stage.base_image, image.runs, lambda word: named(word, find, read))
    start = StartFollower(find, read, have)
    if image is not None and deployment.program.kind == "server":
        stated = deployment.program.image
        listed = [word for one in (stated.entrypoint, stated.cmd) if isinstance(one, list) for word in one] if stated is not None else []
        own = image.stage.entrypoint or image.stage.cmd
        line = image.line_of(own.line if own is not None else image.stage.line)
        env = {name: value.value for name, value in image.stage.env.items()}
        words = tuple(map(str, listed)) or command_line(image.stage) or ()
        yield from start.of_command(words, Origin(file=image.image.file, line=line), env)
    else:
        for path in deployment.scripts:
            yield from start.of_command((path_on(deployment, path),), Origin(file=path, line=1), {})
    for unit in deployment.running.units.values():
        yield from start.of_program(unit.path, is_script=unit.script)


def path_on(deployment: Deployment, path: str) -> str:
    """Where a file of the project lies on the runner."""
    return next((place for place, source in deployment.runner.files.items() if source == path), path)
