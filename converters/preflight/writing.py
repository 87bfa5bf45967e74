"""Paths that something writes: the code that runs, programs that it calls, or the build of the image."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers.shell import ShellCommand
from converters.preflight.deployment import Deployment
from converters.preflight.paths import Need, reads
from converters.preflight.programs import Command, commands, of_text, script_of
from converters.preflight.running import Running, Scope, Unit
from converters.preflight.values import absolute
from converters.python.unparsed import unparse

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

WRITES = re.compile(
    r"\s*(sudo\s+)?(git|wget|curl|pget|aria2c|tar|unzip|7z|mkdir|cp|mv|ln|touch|tee|rsync|gdown|gsutil|gcloud|aws|hf|huggingface-cli|python[\d.]*"
    r"|bash|sh|cd)\s"
)
"""Lines for a shell, which a function of the code's own may be given, by the programs that write."""

READ = re.compile(r"(-m|--model|--model[-_]path|--model[-_]name|--ckpt\w*|--checkpoint\w*|--weights|--config|--lora\w*)(=.*)?")
"""Options of a program for a file that it reads."""

HARMLESS = frozenset(
    {"mkdir", "chmod", "chown", "ls", "test", "[", "[[", "echo", "rm", "cd", "stat", "du", "cat", "find", "export", "exit", "kill"}
)
"""Programs that put no file where there was none."""
FETCHES = re.compile(r"download|fetch|save|copy|move|pull|retrieve|write|dump|extract|link|rename|unpack|sync", re.IGNORECASE)
"""Names of calls that put something at a path that they are given."""


VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass
class Written:
    """Where files may appear: `paths` themselves and everything below or above them; `words` of the build's commands."""

    paths: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    """Those of the paths that programs are given, and calls whose name says that they write."""
    anywhere: bool = False
    """A command of the build may write anything, such as a script that is not read."""

    def may_hold(self, need: Need) -> bool:
        """Whether something may have written a path by the time it is read."""
        return self.may_write(need.path, need.text)

    def may_write(self, place: str, text: str) -> bool:
        """The same for a path from the root; `text`: as the code has it."""
        parts = [part for part in PurePosixPath(text).parts if part not in ("/", ".", "..")]
        return self.anywhere or _near(place, self.paths) or any(part in self.words for part in parts)

    def may_fetch(self, place: str) -> bool:
        """Whether a program, or a call that says so by its name, may have put a file there, as neither reading nor asking does."""
        return self.anywhere or _near(place, self.fetched) or PurePosixPath(place).name in self.words


def _near(place: str, paths: set[str]) -> bool:
    return any(place == path or place.startswith(f"{path}/") or path.startswith(f"{place}/") for path in paths)


def written(deployment: Deployment) -> Written:
    """What may be written before or while an app answers."""
    found = Written()
    writer = _Writer(deployment, found)
    for scope in deployment.scopes:
        writer.scope(scope, deployment.running.runner.cwd)
    writer.build()
    return found


@dataclass
class _Writer:
    """Enters what code, programs and the build write into `found`."""

    deployment: Deployment
    found: Written
    seen: set[str] = field(default_factory=set)
    """Places of the scripts that were read."""

    def scope(self, scope: Scope, cwd: str) -> None:
        for node in scope.nodes:
            if not isinstance(node, ast.Call):
                continue
            started = list(commands(node, scope, cwd))
            for command in started:
                self.command(command)
            name = unparse(node.func).rpartition(".")[2]
            if started or name in ASKING or name in scope.unit.values.paths or (name == "from_pretrained" and not node.keywords):
                continue
            read = {id(argument) for argument, _ in reads(node, scope)}
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name in ("mkdir", "write_text", "write_bytes", "touch", "save", "open") and isinstance(node.func, ast.Attribute):
                arguments.append(node.func.value)
            added: set[str] = set()
            for argument in arguments:
                if argument is not node.func:
                    _add(argument, scope, cwd, added, self.found.words, read)
            self.found.paths |= added
            if FETCHES.search(name):
                self.found.fetched |= added

    def command(self, command: Command) -> None:
        """A program may write to every path that it is given, but for the script that it is; a script, where its code does."""
        script = command.script
        words = [word for before, word in zip(("", *command.words), command.words, strict=False) if not READ.fullmatch(before)]
        words = [word for word in words if not READ.match(word) and word != script]
        if command.cwd is None:
            self.found.words |= _names(" ".join((*words, *command.further)))
            return
        self.found.anywhere |= bool(words) and words[0] in ("git", "unzip", "tar", "7z") and _into_workdir(tuple(words))
        for word in (*words[1:], *(re.sub(r"^\d*&?>+\|?\s*", "", text) for text in command.further)):
            if word.startswith(("http://", "https://", "git@")):
                word = PurePosixPath(word).name.removesuffix(".git")
            if word and not re.search(r"[\s$]", word) and (place := absolute(word.partition("=")[2] or word, command.cwd)) != command.cwd:
                self.found.paths.add(place)
                self.found.fetched |= {place} if command.words and command.words[0] not in HARMLESS else set()
        if script or command.module:
            self.script(absolute(script or f"{command.module.replace('.', '/')}.py", command.cwd), command.cwd)

    def script(self, place: str, cwd: str) -> None:
        """A script of the project that is started."""
        path = self.deployment.runner.files.get(place)
        if path is None or place in self.seen:
            return
        self.seen.add(place)
        if not path.endswith(".sh"):
            self.python(path, place, cwd)
            return
        for command in of_text(self.deployment.project.files[path].data.decode(errors="replace"), cwd):
            self.command(command)

    def python(self, path: str, place: str, cwd: str) -> None:
        """A program of Python writes what its code writes."""
        reading = Running(self.deployment.project, self.deployment.runner, [place.rpartition("/")[0]])
        unit: Unit | None = reading.unit_of(path, place, script=True)
        if unit is None:
            self.found.anywhere = True
            return
        reading.enter(unit, unit.module.tree)
        reading.settle()
        for scope in reading.scopes():
            self.scope(scope, cwd or "/")

    def build(self) -> None:
        image = self.deployment.image
        for run in image.runs if image is not None else ():
            for command in run.commands():
                for part in (command, *command.inner):
                    self._build_command(part, run.workdir, run.env)
        for copy in image.stage.copies if image is not None else ():
            if copy.from_stage is not None or any("://" in source for source in copy.sources):
                self.found.paths.add(copy.dest.rstrip("/") or "/")
                self.found.fetched.add(copy.dest.rstrip("/") or "/")

    def _build_command(self, part: ShellCommand, workdir: str, env: Mapping[str, str]) -> None:
        image, words = self.deployment.image, part.words
        written = " ".join([*words, *part.redirects, *part.heredocs])
        self.found.words |= _names(VARIABLE.sub(lambda match: env.get(match[1], match[0]), written))
        self.found.anywhere |= bool(words) and words[0] in ("git", "unzip", "tar", "7z") and _into_workdir(words)
        script = script_of(words)
        place = absolute(script, workdir or "/")
        if image is None or not script or place not in image.layout.files:
            return
        if script.endswith(".py"):
            self.python(image.layout.files[place], place, workdir)
        else:
            self.found.words |= _names(self.deployment.project.files[image.layout.files[place]].data.decode(errors="replace"))


def _add(argument: ast.expr, scope: Scope, cwd: str, paths: set[str], words: set[str], read: set[int]) -> None:
    """The paths in an argument, which may be a list of words of a program, but for those that are `read`."""
    if id(argument) in read:
        return
    if isinstance(argument, ast.List | ast.Tuple):
        for element in argument.elts:
            _add(element, scope, cwd, paths, words, read)
        return
    text = scope.text(argument)
    if text and re.search(r"[/.]", text) is not None and "://" not in text and "\n" not in text and " " not in text:
        place = absolute(text, cwd)
        if place not in ("/", cwd):
            paths.add(place)
    elif text and WRITES.match(text):
        words |= _names(text)
    elif text and re.fullmatch(r"[\w-]+", text) and len(text) > 2:
        paths.add(absolute(text, cwd))


def _names(text: str) -> set[str]:
    """Parts of the paths in a command."""
    words = (word for word in re.split(r"[\s'\"=:;,()\[\]{}]+", text) if "://" not in word)
    return {part for word in words for part in word.split("/") if part not in ("", ".", "..")}


def _into_workdir(words: tuple[str, ...]) -> bool:
    """`git clone ADDRESS .`, or an archive that is unpacked where the command runs."""
    if words[0] == "git":
        return "clone" in words and words[-1] in (".", "./")
    return not any(word in ("-C", "-d", "--directory") or word.startswith(("-o", "-C", "-d")) for word in words)
