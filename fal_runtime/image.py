"""The files of a container image that come from the project, laid out as the Dockerfile lays them out.

Nothing is built: FROM, RUN and the base image's content are not reproduced. WORKDIR, ENV, COPY, ADD, ENTRYPOINT and CMD of
the last stage are read, which is what decides where an app finds its own files; COPY --from brings the project's files that
an earlier stage holds. Scripts with a ``#!`` line may be executed, as a RUN with chmod often says.
"""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
import json
import os
import posixpath
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dockerfile_parse import DockerfileParser
from dockerfile_parse.util import WordSplitter

Command = tuple[str, ...]


_AND = re.compile(r"(&&|\|\||;|\|)")
_SHELL = re.compile(r"[$`*?{}()<>~]")


@dataclass
class Layout:
    """What the last stage of a Dockerfile says about a running container."""

    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    copies: list[tuple[Command, str, Layout | None]] = field(default_factory=list)
    """Sources, destination, and the stage that they come from (None: the build context)."""
    entrypoint: Command = ()
    cmd: Command = ()
    folders: list[str] = field(default_factory=list)
    """What ``RUN mkdir`` makes."""


def read(dockerfile: str, build_args: Mapping[str, str]) -> Layout:
    """Read the text of a Dockerfile. Unknown instructions are skipped; ``${NAME}`` is replaced from ARG and ENV."""
    layout, arguments = Layout(), {"PATH": os.environ.get("PATH", ""), **build_args}
    stages: dict[str, Layout] = {}
    count = 0
    for item in _instructions(dockerfile):
        name, value = item["instruction"], item["value"]
        if name == "FROM":
            base, *rest = [word for word in _words(value, arguments) if not word.startswith("--")]
            layout = deepcopy(stages.get(base.lower(), Layout()))
            stages[str(count)] = layout
            count += 1
            if len(rest) == 2 and rest[0].lower() == "as":
                stages[rest[1].lower()] = layout
        elif name == "ARG":
            key, _, default = value.partition("=")
            arguments.setdefault(key.strip(), WordSplitter(default).dequote())
        elif name == "ENV":
            layout.env.update(_assignments(value, {**arguments, **layout.env}))
        elif name == "WORKDIR":
            layout.workdir = posixpath.normpath(posixpath.join(layout.workdir, _words(value, {**arguments, **layout.env})[0]))
        elif name == "RUN":
            layout.folders += _made(value, layout.workdir, {**arguments, **layout.env})
        elif name in ("COPY", "ADD"):
            _copy(layout, value, {**arguments, **layout.env}, stages)
        elif name == "ENTRYPOINT":
            layout.entrypoint, layout.cmd = _command(value), ()
        elif name == "CMD":
            layout.cmd = _command(value)
    return layout


def stage(layout: Layout, context: Sequence[tuple[Path, str]], root: Path) -> list[str]:
    """Copy what COPY and ADD name from ``context`` (absolute path, path below the context) to below ``root``.

    Returns a line for each source that matches nothing (which fails the build on the platform).
    """
    found, missing = _files(layout, context)
    for path, absolute in found.items():
        target = inside(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(absolute, target)
        with target.open("rb") as file:
            if file.read(2) == b"#!":
                target.chmod(target.stat().st_mode | 0o111)
    for folder in (layout.workdir, *layout.folders):
        with contextlib.suppress(FileExistsError, NotADirectoryError):  # a file is called so
            inside(root, folder).mkdir(parents=True, exist_ok=True)
    return missing


def _files(layout: Layout, context: Sequence[tuple[Path, str]]) -> tuple[dict[str, Path], list[str]]:
    """Where each file of the context lies in the image, and a line for each source that matches nothing."""
    files: dict[str, Path] = {}
    missing = []
    for sources, destination, earlier in layout.copies:
        holds = context if earlier is None else [(file, path.lstrip("/")) for path, file in _files(earlier, context)[0].items()]
        for source in sources:
            found = list(_matches(source, holds, many=len(sources) > 1 or destination.endswith("/")))
            if not found and earlier is None:
                missing.append(f"COPY {source}: no such file in the build context")
            for absolute, relative in found:
                files[posixpath.normpath("/" + (posixpath.join(destination, relative) if relative else destination))] = absolute
    return files, missing


def _instructions(dockerfile: str) -> Iterable[Mapping[str, str]]:
    import io

    structure: Iterable[Mapping[str, str]] = DockerfileParser(fileobj=io.BytesIO(dockerfile.encode())).structure
    return structure


def _words(value: str, env: Mapping[str, str]) -> list[str]:
    return [str(word) for word in WordSplitter(value, args=dict(env)).split()] or [""]


def _assignments(value: str, env: Mapping[str, str]) -> dict[str, str]:
    words = _words(value, env)
    if "=" not in words[0]:
        return {words[0]: value.strip().partition(" ")[2].strip()}
    return {key: text for key, _, text in (word.partition("=") for word in words)}


def _made(command: str, workdir: str, env: Mapping[str, str]) -> Iterator[str]:
    """The folders that ``mkdir`` makes in a command of a shell; without those whose names only a shell could tell."""
    try:
        words = _words(_AND.sub(r" \1 ", command), env)
    except (ValueError, KeyError):
        return
    while words:
        end = next((at for at, word in enumerate(words) if _AND.fullmatch(word)), len(words))
        program, *rest = words[:end] or [""]
        words = words[end + 1 :]
        if program == "cd" and rest:
            workdir = posixpath.join(workdir, rest[0])
        if program == "mkdir":
            paths = [
                word for before, word in itertools.pairwise(["", *rest]) if not word.startswith("-") and before not in ("-m", "--mode")
            ]
            yield from (posixpath.normpath(posixpath.join(workdir, path)) for path in paths if not _SHELL.search(path))


def _copy(layout: Layout, value: str, env: Mapping[str, str], stages: Mapping[str, Layout]) -> None:
    words = json.loads(value[value.index("[") :]) if value.rstrip().endswith("]") and "[" in value else _words(value, env)
    flags = [word for word in words if word.startswith("--")] + [word for word in value.split() if word.startswith("--from=")]
    paths = [word for word in words if not word.startswith("--")]
    named = next((flag.removeprefix("--from=").lower() for flag in flags if flag.startswith("--from=")), None)
    if len(paths) < 2 or value.lstrip().startswith("<<") or (named is not None and stages.get(named, layout) is layout):
        return
    earlier = None if named is None else stages[named]
    sources = tuple(path for path in paths[:-1] if "://" not in path and not path.startswith("git@"))
    destination = posixpath.join(layout.workdir, paths[-1]) + ("/" if paths[-1] in (".", "..") else "")
    layout.copies.append((sources, destination, earlier))


def _matches(source: str, context: Sequence[tuple[Path, str]], *, many: bool) -> Iterable[tuple[Path, str]]:
    """Files for one source, with their path below the destination: "" for a file copied to the very destination."""
    pattern = posixpath.normpath(source.lstrip("/"))
    for absolute, relative in context:
        if pattern == ".":
            yield absolute, relative
        elif relative == pattern and not many:
            yield absolute, ""
        elif fnmatch.fnmatchcase(relative, pattern) and relative.count("/") == pattern.count("/"):
            yield absolute, posixpath.basename(relative)
        else:
            for parent in PurePosixPath(relative).parents:
                if parent.name and fnmatch.fnmatchcase(parent.as_posix(), pattern) and len(parent.parts) == pattern.count("/") + 1:
                    yield absolute, PurePosixPath(relative).relative_to(parent).as_posix()


def _command(value: str) -> Command:
    try:
        words = json.loads(value)
    except ValueError:
        return ("/bin/sh", "-c", value)
    return tuple(str(word) for word in words) if isinstance(words, list) else ("/bin/sh", "-c", value)


def override(value: str | Sequence[str] | None) -> Command | None:
    """An ``entrypoint`` or ``cmd`` of the image table: a string is split as a shell would."""
    if value is None:
        return None
    return tuple(shlex.split(value)) if isinstance(value, str) else tuple(value)


def inside(root: Path, path: str) -> Path:
    """``path`` of the image below ``root``; normalised first, so that it cannot leave it."""
    return root / posixpath.normpath("/" + path).lstrip("/")
