"""One image of a project: a Dockerfile with build arguments, target and context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from converters.containers.dockerfile_model import Dockerfile, Run, Stage
from converters.containers.layout import layout
from converters.containers.packaging import Packaging
from converters.containers.parsed import parsed
from converters.project import Project, SourceFile


def read(
    project: Project, file: SourceFile, *, context: str | None = None, arguments: Mapping[str, str] | None = None, target: str | None = None
) -> Packaging | None:
    """A Dockerfile as one image of it; None where it has no stage (or not the target)."""
    if file.size > 2**20:
        return None
    dockerfile = parsed(project, file.data, arguments or {})
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
    """Scripts that the Dockerfile itself writes, with heredocs and with echo: path in the image -> text."""
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
        _echoed(run, found)
    return found


def _echoed(run: Run, found: dict[str, str]) -> None:
    """Lines that echo and printf put into a script: `echo "serve &" > start.sh`, `echo "exec app" >> start.sh`."""
    for command in run.commands():
        if command.words[:1] not in (("echo",), ("printf",)) or len(command.redirects) != 1:
            continue
        redirect = re.fullmatch(r"1?(>>?)\|?\s*[\"']?([\w./-]+\.sh)[\"']?", command.redirects[0])
        if redirect is None or "$(" in command.text:
            continue
        words = [word for index, word in enumerate(command.words[1:]) if index or not re.fullmatch(r"-[neE]+", word)]
        line = " ".join(words).replace("\\n", "\n")
        path = str(PurePosixPath(run.workdir or "/", redirect[2]))
        found[path] = f"{found.get(path, '') if redirect[1] == '>>' else ''}{line}\n"
