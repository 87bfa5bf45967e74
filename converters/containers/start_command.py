"""Which file of the project a start command runs, also through shell scripts, and which one it asks for in vain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers.dockerfile import command_line
from converters.containers.dockerfile_model import Stage
from converters.containers.layout import Layout
from converters.containers.shell import ShellCommand, expand, split
from converters.project import Project

PYTHON = re.compile(r"^(.*/)?(python|pypy)(3(\.\d+)?)?$")
ARGUMENTS = "\0arguments"
"""Key under which the words of CMD are known to an ENTRYPOINT script."""
VALUE_FLAGS = frozenset({"-W", "-X", "--check-hash-based-pycs"})


@dataclass(frozen=True)
class Entry:
    """What a start command runs. `file` is in the project; `script` the shell script on the way, if any."""

    file: str
    image_path: str
    workdir: str
    args: tuple[str, ...] = ()
    script: str = ""
    module: bool = False
    interpreter: str = "python"

    @property
    def script_dir(self) -> str:
        """The folder that Python puts first on the module search path (`python -m` takes the working directory)."""
        return self.workdir if self.module else str(PurePosixPath(self.image_path).parent)


@dataclass(frozen=True)
class Absent:
    """A file that a start command runs whatever happens, and that the context puts nowhere near."""

    word: str
    """As the command names it."""
    path: str
    """Where it would be in the image."""
    script: str = ""
    """The shell script of the project that runs it; '' for the Dockerfile's own command."""
    line: int = 0
    """Its line in the script."""


@dataclass
class _Walk:
    """What is looked through on the way from a start command to a Python file."""

    layout: Layout
    project: Project
    absent: list[Absent] = field(default_factory=list)
    line: int = 0
    certain: bool = True
    """Whether the command at hand runs whatever the script decides."""

    @property
    def files(self) -> Mapping[str, str]:
        return self.layout.files

    def misses(self, word: str, workdir: str, script: str) -> None:
        """Note a file that is not there, where nothing in its path is left to a variable."""
        path = _absolute(word, workdir)
        if self.certain and "$" not in path and path not in self.files:
            self.absent.append(Absent(word, path, script, self.line if script else 0))


def entry_of(stage: Stage, files: Layout, project: Project) -> Entry | None:
    """The Python file of the project that the image starts, also through shell scripts; None where there is none."""
    return _started(stage, _Walk(files, project))


def absent_of(stage: Stage, files: Layout, project: Project) -> list[Absent]:
    """The scripts and Python files that the image starts and the context does not put there, in their order."""
    walk = _Walk(files, project)
    _started(stage, walk)
    return walk.absent


def _started(stage: Stage, walk: _Walk) -> Entry | None:
    words = command_line(stage)
    if not words:
        return None
    env = {name: value.value for name, value in stage.env.items()}
    if stage.entrypoint is not None and stage.entrypoint.form == "exec" and stage.cmd is not None:
        env[ARGUMENTS] = "\0".join(stage.cmd.words)
    return _run(list(words), env, stage.workdir or "/", walk, "", 0)


def _run(words: list[str], env: dict[str, str], workdir: str, walk: _Walk, script: str, depth: int) -> Entry | None:
    if depth > 4 or not words:
        return None
    words = _without_wrappers(words)
    if not words:
        return None
    program = PurePosixPath(words[0]).name
    if program in ("sh", "bash", "dash", "ash") and len(words) > 1:
        rest = [word for word in words[1:] if not word.startswith("-")]
        for index, flag in enumerate(words[1:-1], 1):
            if re.fullmatch(r"-[a-z]*c", flag):
                return _shell(words[index + 1], env, workdir, walk, script, depth)
        return _script(str(PurePosixPath(workdir, rest[0])), env, workdir, walk, script, depth) if rest else None
    if PYTHON.match(words[0]) or words[0].startswith("$"):
        return _python(words, workdir, walk, script)
    if program in ("conda", "micromamba", "poetry", "uv", "pdm") and "run" in words:
        rest = words[words.index("run") + 1 :]
        while rest and not PYTHON.match(rest[0]):
            rest = rest[1:]
        return _run(rest, env, workdir, walk, script, depth + 1)
    found = _script(words[0], env, workdir, walk, script, depth)
    return found or (_python(["python", *words], workdir, walk, script) if words[0].endswith(".py") else None)


def _without_wrappers(words: list[str]) -> list[str]:
    while words and PurePosixPath(words[0]).name in (
        "exec",
        "nohup",
        "tini",
        "dumb-init",
        "env",
        "stdbuf",
        "nice",
        "time",
        "xvfb-run",
        "/opt/nvidia/nvidia_entrypoint.sh",
    ):
        words = words[1:]
        while words and (words[0].startswith("-") or re.match(r"^[A-Za-z_]\w*=", words[0])):
            words = words[1:]
    return words


def _script(path: str, env: dict[str, str], workdir: str, walk: _Walk, script: str, depth: int) -> Entry | None:
    """What a shell script of the project starts. A name without a slash is looked for on PATH, unless a shell is given it."""
    absolute = _absolute(path, workdir)
    source = walk.files.get(absolute)
    file = walk.project.get(source) if source else None
    if path.endswith(".sh") and "/" in path:
        walk.misses(path, workdir, script)
    if file is None or file.size > 2**18 or file.path.endswith(".py"):
        return None
    return _shell(file.data.decode(errors="replace"), env, workdir, walk, file.path, depth + 1)


def _shell(text: str, env: dict[str, str], workdir: str, walk: _Walk, script: str, depth: int) -> Entry | None:
    """The last command of a script that runs a Python file of the project, one that is meant to be started before any other."""
    found: Entry | None = None
    known, certain = dict(env), walk.certain
    for command, inner in _flattened(split(text)):
        walk.line, walk.certain = command.line, certain and not inner and command.operator != "||"
        known.update({name: expand([value], known)[0] if expand([value], known) else "" for name, value in command.assignments})
        words = _with_arguments(command, known)
        if not words:
            continue
        if words[0] in ("export", "declare", "local", "readonly"):
            for word in words[1:]:
                name, sign, value = word.partition("=")
                if sign:
                    known[name] = value
        elif words[0] in ("cd", "pushd") and len(words) > 1:
            workdir = _absolute(words[1], workdir)
        else:
            entry = _run(words, known, workdir, walk, script, depth + 1) or _heredoc(command, workdir, walk, script)
            if entry is not None and (found is None or found.file not in walk.layout.starting or entry.file in walk.layout.starting):
                found = entry
    walk.certain = certain
    return found


def _with_arguments(command: ShellCommand, known: dict[str, str]) -> list[str]:
    """The words of a command, `"$@"` replaced by what CMD hands to the ENTRYPOINT script."""
    if any(word in ("$@", "$*", "${@}") for word in command.words) and known.get(ARGUMENTS):
        kept = [word for word in command.words if word not in ("$@", "$*", "${@}")]
        return [*kept, *known[ARGUMENTS].split("\0")]
    return list(expand(command.raw_words, known)) if command.raw_words else []


def _flattened(commands: tuple[ShellCommand, ...]) -> Iterator[tuple[ShellCommand, bool]]:
    """Simple commands, with those inside compound ones, and whether each is one of these."""
    for command in commands:
        if command.compound:
            yield from ((inner, True) for inner in command.inner)
        else:
            yield command, False


def _heredoc(command: ShellCommand, workdir: str, walk: _Walk, script: str) -> Entry | None:
    """`python - <<PY` whose program imports a file of the project and starts the worker itself."""
    for body in command.heredocs:
        if "serverless.start" not in body:
            continue
        for name in re.findall(r"(?m)^\s*(?:from|import)\s+(\w+)|,\s*(\w+)", body):
            path = _absolute(f"{name[0] or name[1]}.py", workdir)
            if path in walk.files:
                return Entry(walk.files[path], path, workdir, (), script, False, "python3")
    return None


def _python(words: list[str], workdir: str, walk: _Walk, script: str) -> Entry | None:
    interpreter, rest = words[0], words[1:]
    while rest:
        word = rest.pop(0)
        if word == "-m" and rest:
            module = rest.pop(0)
            for tail in (f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__main__.py"):
                path = _absolute(tail, workdir)
                if path in walk.files:
                    return Entry(walk.files[path], path, workdir, tuple(rest), script, True, interpreter)
            return None
        if word == "-c":
            return None
        if word in VALUE_FLAGS and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            path = _absolute(word, workdir)
            source = walk.files.get(path)
            if word.endswith(".py"):
                walk.misses(word, workdir, script)
            return Entry(source, path, workdir, tuple(rest), script, False, interpreter) if source and source.endswith(".py") else None
    return None


def _absolute(path: str, workdir: str) -> str:
    parts: list[str] = []
    for part in PurePosixPath(workdir, path).parts[1:]:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/" + "/".join(parts)
