"""Paths that something writes: the code that runs, programs that it calls, or the build of the image."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.preflight.deployment import Deployment
from converters.preflight.paths import Need, _reads
from converters.preflight.running import Running, Scope, Unit
from converters.preflight.values import absolute

ASKING = frozenset(
    {
        "exists", "isfile", "isdir", "is_file", "is_dir", "join", "Path", "PurePath", "str", "print", "dirname", "basename", "abspath",
        "realpath", "info", "debug", "warning", "error", "exception", "log", "format", "len", "isinstance", "append", "insert",
        "getenv", "get", "setdefault", "FileNotFoundError", "RuntimeError", "ValueError", "Exception", "OSError", "AssertionError",
        "endswith", "startswith", "listdir", "glob", "getsize", "stat", "chdir", "replace", "split", "strip", "fspath", "normpath",
        "expanduser",
    }
)  # fmt: skip
"""Calls that write nothing to a path that they are given."""


@dataclass
class Written:
    """Where files may appear: `paths` themselves and everything below or above them; `words` of the build's commands."""

    paths: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    anywhere: bool = False
    """A command of the build may write anything, such as a script that is not read."""

    def may_hold(self, need: Need) -> bool:
        """Whether something may have written a path by the time it is read."""
        if self.anywhere:
            return True
        if any(need.path == path or need.path.startswith(f"{path}/") or path.startswith(f"{need.path}/") for path in self.paths):
            return True
        parts = [part for part in PurePosixPath(need.text).parts if part not in ("/", ".", "..")]
        return any(part in self.words for part in parts)


def written(deployment: Deployment) -> Written:
    """What may be written before or while an app answers."""
    found = Written()
    for scope in deployment.scopes:
        _of_scope(scope, deployment.running.runner.cwd, found)
    _of_build(deployment, found)
    return found


def _of_scope(scope: Scope, cwd: str, found: Written) -> None:
    for node in scope.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        read = {id(argument) for argument, _ in _reads(node, scope)}
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if name in ("mkdir", "write_text", "write_bytes", "touch", "save", "open") and isinstance(node.func, ast.Attribute):
            arguments.append(node.func.value)
        if name in ASKING or (name == "from_pretrained" and not node.keywords):
            continue
        for argument in arguments:
            if argument is not node.func:
                _add(argument, scope, cwd, found, read)


def _add(argument: ast.expr, scope: Scope, cwd: str, found: Written, read: set[int]) -> None:
    """The paths in an argument, which may be a list of words of a program, but for those that are `read`."""
    if id(argument) in read:
        return
    if isinstance(argument, ast.List | ast.Tuple):
        for element in argument.elts:
            _add(element, scope, cwd, found, read)
        return
    text = scope.text(argument)
    if text and re.search(r"[/.]", text) is not None and "://" not in text and "\n" not in text and " " not in text:
        place = absolute(text, cwd)
        if place not in ("/", cwd):
            found.paths.add(place)
    elif text and " " in text:
        found.words |= _names(text)
    elif text and re.fullmatch(r"[\w-]+", text) and len(text) > 2:
        found.paths.add(absolute(text, cwd))


def _names(text: str) -> set[str]:
    """Parts of the paths in a command."""
    words = (word for word in re.split(r"[\s'\"=:;,()\[\]{}]+", text) if "://" not in word)
    return {part for word in words for part in word.split("/") if part not in ("", ".", "..")}


def _of_build(deployment: Deployment, found: Written) -> None:
    image = deployment.image
    for run in image.runs if image is not None else ():
        for command in run.commands():
            for part in (command, *command.inner):
                words = part.words
                found.words |= _names(" ".join([*words, *part.redirects, *part.heredocs]))
                found.anywhere |= bool(words) and words[0] in ("git", "unzip", "tar", "7z") and _into_workdir(words)
                for word in words:
                    place = absolute(word, run.workdir or "/")
                    if word.endswith(".py") and image is not None and place in image.layout.files:
                        _of_script(deployment, image.layout.files[place], place, run.workdir, found)
                    elif word.endswith(".sh") and image is not None and place in image.layout.files:
                        found.words |= _names(deployment.project.files[image.layout.files[place]].data.decode(errors="replace"))
    for copy in image.stage.copies if image is not None else ():
        if copy.from_stage is not None or any("://" in source for source in copy.sources):
            found.paths.add(copy.dest.rstrip("/") or "/")


def _into_workdir(words: tuple[str, ...]) -> bool:
    """`git clone ADDRESS .`, or an archive that is unpacked where the command runs."""
    if words[0] == "git":
        return "clone" in words and words[-1] in (".", "./")
    return not any(word in ("-C", "-d", "--directory") or word.startswith(("-o", "-C", "-d")) for word in words)


def _of_script(deployment: Deployment, path: str, place: str, cwd: str, found: Written) -> None:
    """A script that the build runs writes what its code writes."""
    reading = Running(deployment.project, deployment.runner, [place.rpartition("/")[0]])
    unit: Unit | None = reading.unit_of(path, place, script=True)
    if unit is None:
        found.anywhere = True
        return
    reading.enter(unit, unit.module.tree)
    reading.settle()
    for scope in reading.scopes():
        _of_scope(scope, cwd or "/", found)
