"""One image of a project: a Dockerfile with build arguments, target and context, and the command that a container of it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.ir import Origin
from converters.project import Project, SourceFile
from converters.sources.docker import programs
from converters.sources.docker.compose import Service
from converters.sources.docker.dockerfile import parse
from converters.sources.docker.image_config import ImageConfig
from converters.sources.docker.layout import layout
from converters.sources.docker.model import Dockerfile, Stage
from converters.sources.docker.packaging import Packaging


@dataclass(frozen=True)
class Start:
    """What a container runs. `form` is `exec`, `shell`, `compose`, `base` (the base image's own) or `none`."""

    words: tuple[str, ...]
    origin: Origin
    form: str
    why: str


def read(
    project: Project, file: SourceFile, *, context: str | None = None, arguments: Mapping[str, str] | None = None, target: str | None = None
) -> Packaging | None:
    """A Dockerfile as one image of it; None where it has no stage (or not the target)."""
    if file.size > 2**20:
        return None
    dockerfile = parse(file.data, dict(arguments or {}))
    stage = dockerfile.stage(target) or dockerfile.stage()
    if stage is None:
        return None
    chosen = context if context is not None else build_context(dockerfile, stage, project, file.folder)
    return Packaging(file, dockerfile, stage, chosen, layout(dockerfile, stage, project, chosen), None)


def build_context(dockerfile: Dockerfile, stage: Stage, project: Project, folder: str) -> str:
    """The build context: the Dockerfile's folder or one above it, under which the sources exist and the files that its commands name."""
    candidates = [folder]
    while candidates[-1]:
        parent = str(PurePosixPath(candidates[-1]).parent)
        candidates.append("" if parent == "." else parent)
    if len(candidates) == 1:
        return folder
    scored = []
    for index, candidate in enumerate(candidates):
        missing, absent = 0, 0
        for one in dockerfile.stages:
            found = layout(dockerfile, one, project, candidate)
            missing += len([source for source, _ in found.missing if "$" not in source])
            absent += len(_named(one) - found.files.keys()) if one.copies else 0
        scored.append((missing, absent, index))
    return candidates[min(scored)[2]]


def _named(stage: Stage) -> set[str]:
    """Files below WORKDIR that the start command and pip or Python commands of a stage name."""
    words = [*(stage.entrypoint.words if stage.entrypoint else ()), *(stage.cmd.words if stage.cmd else ())]
    words = [part for word in words for part in word.split()]
    for run in stage.runs:
        for command in run.commands():
            if command.words[:1] and re.search(r"(^|/)(pip3?|python3?|uv|poetry|npm|sh|bash)$", command.words[0]):
                words += list(command.words)
                if "pip" in command.words[0] and "." in command.words and "install" in command.words:
                    words.append("pyproject.toml")
    paths = {
        word.removeprefix("./")
        for word in words
        if re.fullmatch(r"(\./)?[\w-][\w./-]*\.(sh|py|txt|toml|lock|json)|(\./)?scripts/[\w./-]+", word)
    }
    return {f"{stage.workdir.rstrip('/')}/{path}" for path in paths}


def targets(dockerfile: Dockerfile) -> list[Stage]:
    """The stages that one may build to get a server: the last one first, then named ones with a command that are not for development."""
    last = dockerfile.stages[-1]
    named = [stage for stage in dockerfile.stages if stage.name and (stage.cmd or stage.entrypoint) and stage is not last]
    return [last, *named]


def written_scripts(stage: Stage) -> dict[str, str]:
    """Scripts that the Dockerfile itself writes with heredocs: path in the image -> text."""
    found: dict[str, str] = {}
    for copy in stage.copies:
        for heredoc in copy.files:
            found[copy.dest.rstrip("/") if not copy.dest.endswith("/") else copy.dest + heredoc.name] = heredoc.data
    for run in stage.runs:
        for command in run.commands():
            for body, redirect in zip(command.heredocs, [one for one in command.redirects if one.startswith((">", "1>"))], strict=False):
                path = redirect.lstrip("1>").strip().strip("\"'")
                if path.startswith("/"):
                    found[path] = body
        echoed = re.search(r"(?:echo|printf)\s+(?:-\w+\s+)?(['\"])(#!.*?)\1\s*>\s*(/[\w./-]+)", run.script, re.DOTALL)
        if echoed:
            found[echoed.group(3)] = echoed.group(2).replace("\\n", "\n")
    return found


def start(packaging: Packaging | None, service: Service | None, image: str, config: ImageConfig | None = None) -> Start:
    """ENTRYPOINT and CMD with the overrides of a compose service; what the base image starts where neither says anything."""
    stage = packaging.stage if packaging else config.stage if config else None
    file = packaging.file.path if packaging else config.file if config else ""
    base = programs.base_of(packaging.stage.base_image if packaging else image)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    origin = Origin(file=file, line=stage.line) if stage else Origin(file=service.file.path if service else ".", line=1)
    form = why = ""
    if stage is not None:
        if stage.entrypoint is not None:
            entrypoint, form, why = stage.entrypoint.words, stage.entrypoint.form, "ENTRYPOINT"
            origin = Origin(file=file, line=stage.entrypoint.line, end_line=stage.entrypoint.end_line)
        if stage.cmd is not None and not (stage.entrypoint is not None and stage.entrypoint.form == "shell"):
            cmd, why = stage.cmd.words, f"{why} and CMD" if why else "CMD"
            if stage.entrypoint is None:
                form = stage.cmd.form
                origin = Origin(file=file, line=stage.cmd.line, end_line=stage.cmd.end_line)
    if base is not None and stage is not None and stage.entrypoint is None and (stage.cmd is None or (cmd and cmd[0].startswith("-"))):
        form, why = "base", f"the base image {stage.base_image or image}"
        entrypoint, cmd = ((), base.command) if base.is_cmd else (base.command, cmd)
    elif base is not None and stage is None:
        entrypoint, form, why = base.command, "base", f"the image {image}"
    if service is not None and service.entrypoint is not None:
        entrypoint, cmd = tuple(service.entrypoint), ()
        form, why, origin = "compose", f"entrypoint of service {service.name}", service.origin("entrypoint")
    if service is not None and service.command is not None:
        cmd, form, why = tuple(service.command), "compose", f"command of service {service.name}"
        origin = service.origin("command")
    words = tuple(word for word in (*entrypoint, *cmd) if form != "compose" or word != "--reload")
    return Start(words, origin, form if words else "none", why)
