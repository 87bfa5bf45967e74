"""The processes that a start command comes to: through shells, start scripts, `exec "$@"` and wrappers such as tini or poetry run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from converters.containers.layout import Layout
from converters.containers.shell import ShellCommand, expand, split
from converters.ir import Origin
from converters.project import Project
from converters.sources.docker.shell_branches import Branches
from converters.sources.docker.shell_lists import ShellLists

MAX_DEPTH = 5
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
WRAPPERS = frozenset(
    {
        "exec", "nohup", "tini", "dumb-init", "env", "stdbuf", "nice", "time", "xvfb-run", "catatonit", "s6-setuidgid", "ionice", "sudo",
        "nvidia_entrypoint.sh", "command", "setsid", "unbuffer", "-",
    }
)  # fmt: skip
VALUE_FLAGS = {"sudo": {"-u", "-g"}, "nice": {"-n"}, "tini": {"-e", "-p"}, "env": {"-u", "-C"}, "ionice": {"-c", "-n"}}
USER_SWITCHES = frozenset({"gosu", "su-exec", "chpst", "setpriv", "runuser"})
RUNNERS = {
    "poetry": 1,
    "uv": 1,
    "pdm": 1,
    "pipenv": 1,
    "pixi": 1,
    "rye": 1,
    "hatch": 1,
    "conda": 1,
    "mamba": 1,
    "micromamba": 1,
    "opentelemetry-instrument": 0,
    "ddtrace-run": 0,
    "newrelic-admin": 1,
    "accelerate": 1,
    "timeout": 1,
    "numactl": 0,
}
RUN_VALUE_FLAGS = frozenset(
    {
        "-n",
        "--name",
        "-p",
        "--prefix",
        "--project",
        "--directory",
        "--python",
        "--with",
        "--extra",
        "--group",
        "--package",
        "-e",
        "--environment",
        "-k",
        "--kill-after",
        "-s",
        "--signal",
        "--cpunodebind",
        "--membind",
        "--env-file",
    }
)
"""Flags of `uv run` and its kind that take a value of their own."""
SET = frozenset({"export", "declare", "local", "readonly", "typeset"})


@dataclass(frozen=True)
class Process:
    """A program with its arguments, as far as they are known; `$NAME` is left where nothing sets the variable."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    workdir: str
    origin: Origin
    script: str = ""
    background: bool = False
    possible: bool = False
    """It stands in an arm of a script of which reading cannot tell whether it runs."""
    via: tuple[str, ...] = ()
    """The scripts on the way, as paths in the project."""


@dataclass
class Tracer:
    """Follows start commands over the files of an image."""

    project: Project
    layout: Layout
    heredocs: Mapping[str, str] = field(default_factory=dict)
    """Scripts that the Dockerfile itself writes: path in the image -> text."""
    folder: str = ""
    """Of the Dockerfile."""

    def trace(self, process: Process, depth: int = 0) -> list[Process]:
        """The programs that run in the end, in their order; unknown ones are among them."""
        process = _unwrapped(process)
        if not process.words or depth > MAX_DEPTH:
            return []
        program = PurePosixPath(process.words[0]).name
        if program in SHELLS:
            return self._shell(process, depth)
        script = self._script_of(process.words[0], process.workdir)
        if script is not None:
            path, text = script
            return self._script(process, process.words[1:], path, text, depth)
        return [process]

    def _shell(self, process: Process, depth: int) -> list[Process]:
        words = list(process.words[1:])
        flags = [word for word in words if word.startswith("-") and not word.startswith("--")]
        while words and words[0].startswith("-"):
            words.pop(0)
        if not words:
            return [process]
        if any("c" in flag for flag in flags):
            return self._text(process, words[0], words[2:], process.origin.line, depth, "")
        script = self._script_of(words[0], process.workdir)
        if script is None:
            return [process]
        return self._script(process, words[1:], script[0], script[1], depth)

    def _script_of(self, word: str, workdir: str) -> tuple[str, str] | None:
        """(path, text) of a shell script of the image."""
        path = absolute(word, workdir)
        if path not in self.heredocs and "/" not in word:
            path = next((known for known in self.layout.files if known.endswith(f"bin/{word}")), path)
        if path in self.heredocs:
            return "", self.heredocs[path]
        source = self.layout.files.get(path) or self._elsewhere(word)
        file = self.project.get(source) if source else None
        if file is None or file.size > 2**18 or file.path.endswith((".py", ".js", ".mjs", ".ts")) or b"\0" in file.data:
            return None
        text = file.data.decode(errors="replace")
        first = text.partition("\n")[0]
        if first.startswith("#!") and not any(name in first for name in SHELLS):
            return None
        return (file.path, text) if first.startswith("#!") or file.path.endswith((".sh", ".bash")) or "exec " in text else None

    def _elsewhere(self, word: str) -> str | None:
        """A shell script that a RUN puts in its place: the only one of its name in the project."""
        name = PurePosixPath(word).name
        found = [path for path in self.project.files if path.endswith(f"/{name}") or path == name] if name.endswith(".sh") else []
        near = [path for path in found if path == f"{self.folder}/{name}".lstrip("/")]
        return found[0] if len(found) == 1 else near[0] if len(near) == 1 else None

    def _script(self, process: Process, arguments: Sequence[str], path: str, text: str, depth: int) -> list[Process]:
        process = replace(process, via=(*process.via, path), script=path) if path else process
        found = self._text(process, text.replace("\r\n", "\n"), arguments, 1, depth, path)
        passes_on = re.search(r"(exec|eval)\s+[\"']?\$[@*{]|\$[{]?[@*]", text)
        if arguments and passes_on and not arguments[0].startswith("-"):
            found += self.trace(replace(process, words=tuple(arguments)), depth + 1)
        return found

    def _text(self, process: Process, text: str, arguments: Sequence[str], line: int, depth: int, path: str) -> list[Process]:
        env = {**process.env, **{str(index): word for index, word in enumerate(arguments, 1)}}
        lists, branches = ShellLists(list(arguments)), Branches()
        found: list[Process] = []
        workdir = process.workdir
        for command in flattened(split(text, line)):
            runs = branches.runs(command, env)
            if runs is False:
                continue
            if lists.assign(command, env):
                continue
            assigned = {name: _one(value, env) for name, value in command.assignments}
            env.update(assigned if runs else {name: value for name, value in assigned.items() if name not in env})
            words = lists.expand(command.raw_words, env)
            if not words:
                continue
            name = words[0]
            if name in SET:
                _export(words[1:], env, certain=runs is True)
            elif name == "set" and "--" in words:
                if runs or not lists.arguments or lists.arguments[0].startswith("-"):
                    lists.set(words[words.index("--") + 1 :], env)
            elif name == "shift":
                lists.set(lists.arguments[int(words[1]) if len(words) > 1 and words[1].isdecimal() else 1 :], env)
            elif name == "eval" and len(words) > 1 and depth < MAX_DEPTH:
                inner = replace(process, workdir=workdir, env=dict(env))
                found += self._text(inner, " ".join(words[1:]), (), command.line, depth + 1, path)
            elif name in ("cd", "pushd") and len(words) > 1:
                workdir = absolute(words[1], workdir) if "$" not in words[1] else workdir
            else:
                origin = Origin(file=path, line=command.line, end_line=command.end_line) if path else process.origin
                last = replace(process, words=words, env=dict(env), workdir=workdir, origin=origin, background=_background(text, command))
                last = last if runs else replace(last, possible=True)
                found += self.trace(last, depth + 1)
        return found


def flattened(commands: tuple[ShellCommand, ...]) -> Iterator[ShellCommand]:
    """Simple commands, with those inside compound ones."""
    for command in commands:
        if command.compound:
            yield from command.inner
        else:
            yield command


def absolute(path: str, workdir: str) -> str:
    """A path of the image, resolved against its working directory."""
    parts: list[str] = []
    for part in PurePosixPath(workdir or "/", path).parts[1:]:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def _background(text: str, command: ShellCommand) -> bool:
    return re.match(r"\s*&(?!&)", text[command.end :]) is not None


def _one(value: str, env: Mapping[str, str]) -> str:
    found = expand([f'"{value}"' if value else '""'], env)
    return found[0] if found else ""


def _export(words: Sequence[str], env: dict[str, str], *, certain: bool) -> None:
    for word in words:
        name, sign, value = word.partition("=")
        if sign and (certain or name not in env):
            env[name] = value


def _unwrapped(process: Process) -> Process:
    """Without what only sets the stage: `exec`, tini, gosu, `env A=b`, `poetry run`, `timeout 60`, an unset `$OPTIONAL_WRAPPER`."""
    words, env = list(process.words), dict(process.env)
    changed = True
    while words and changed:
        changed = False
        name = PurePosixPath(words[0]).name
        if (
            name in WRAPPERS
            or name in USER_SWITCHES
            or re.fullmatch(r"\$\{?[A-Z_]*(OPTIONAL|PREFIX|WRAPPER|NUMA|CMD_PREFIX)\w*\}?", words[0])
        ):
            words = _without_flags(words[1:], VALUE_FLAGS.get(name, set()), env)
            words = words[1:] if name in USER_SWITCHES and words else words
            changed = True
        elif name in RUNNERS and (
            RUNNERS[name] == 0 or name == "timeout" or "run" in words[1:2] or words[1:2] in (["launch"], ["run-program"], ["exec"])
        ):
            rest = words[1 + (RUNNERS[name] if name != "timeout" else 0) :]
            rest = _without_flags(rest, set(RUN_VALUE_FLAGS), env)
            words = rest[1:] if name == "timeout" else rest
            changed = True
        elif name in ("python", "python3") and words[1:2] == ["-m"] and words[2:3] in (["poetry"], ["uv"], ["pipenv"]):
            words = words[2:]
            changed = True
    return replace(process, words=tuple(words), env=env)


def _without_flags(words: list[str], with_value: set[str], env: dict[str, str]) -> list[str]:
    while words and (words[0].startswith("-") or re.match(r"^[A-Za-z_]\w*=", words[0])):
        if words[0] == "--":
            return words[1:]
        if not words[0].startswith("-"):
            name, _, value = words[0].partition("=")
            env[name] = value
        words = words[2:] if words[0] in with_value else words[1:]
    return words
