"""The Pythons of an image: the environments that its build makes, what is installed into them, and which one PATH finds first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Literal

from converters.containers.dockerfile_model import Run, Stage
from converters.containers.shell import ShellCommand, expand
from converters.python import pip

Kind = Literal["venv", "uv", "conda", "poetry"]
CONDA = "/opt/conda"
"""Where the images of Anaconda, Miniconda and PyTorch have it."""
WITHOUT_PIP = frozenset({"uv"})
PINNED = re.compile(r"""python\s*=+\s*["']?(3\.\d+)""")


BARE = re.compile(r"^((docker\.io/)?(library/)?(ubuntu|debian)|(docker\.io/)?nvidia/cuda)(:|@|$)")
"""Images that come without a Python."""
SEVERAL = re.compile(r"^(docker\.io/)?runpod/base(:|@|$)")
"""Images with several Pythons, of which none is called `python`, or another than the one that the build uses
(https://github.com/runpod/containers, `official-templates/base/Dockerfile`, as it was from 2023 to 2026)."""
_PLAIN_NAME = re.compile(r"(?:^|[;&|]|\bexec\b)\s*python\s", re.MULTILINE)
"""A command that starts `python`, which is there then."""


@dataclass
class PythonEnvironment:
    """An environment beside the system's own Python. `python`: its minor version, where the build states it."""

    folder: str
    kind: Kind
    line: int
    python: str = ""
    pip: bool = True
    filled: int = 0
    """The line of the first command that installs packages into it; 0 for none."""
    hidden: bool = False
    """It lies in a cache of the tool that makes it, under a name that only the tool knows; `folder` is where it would be otherwise."""
    given: bool = False
    """The base image has it."""


@dataclass
class Pythons:
    """What was read. `system`: lines of commands that install packages beside every environment (tools of packaging left out)."""

    environments: dict[str, PythonEnvironment] = field(default_factory=dict)
    system: list[int] = field(default_factory=list)
    links: set[str] = field(default_factory=set)
    """Targets and names of links to a Python."""
    path: tuple[str, ...] = ()
    """The folders of PATH that the Dockerfile itself puts in front."""

    @property
    def first(self) -> PythonEnvironment | None:
        """The environment whose `python` PATH finds; None for the system's own."""
        for folder in self.path:
            place = folder.removesuffix("/bin").rstrip("/")
            if place in self.environments and folder.endswith("/bin"):
                return self.environments[place]
        return next((e for e in self.environments.values() if any(link.startswith(f"{e.folder}/bin/python") for link in self.links)), None)

    @property
    def filled(self) -> PythonEnvironment | None:
        """The environment that the packages of the image go into, where they go into no other Python."""
        with_packages = [environment for environment in self.environments.values() if environment.filled]
        return with_packages[0] if len(with_packages) == 1 and not self.system else None


def lacks_python(base: str, scripts: str, links: set[str]) -> bool:
    """Whether an image has a Python and none that is called `python`."""
    if SEVERAL.match(base) and _PLAIN_NAME.search(scripts):
        return False
    if not (BARE.match(base) or SEVERAL.match(base)) or re.search(r"conda|pyenv|python\.org|uv python install|virtualenv|-m venv", scripts):
        return False
    if re.search(r"python-is-python3|/bin/python\b(?!3)|command -v python\b(?!3)|install[^&|;]*\spython(\s|$)", scripts):
        return False
    return not any(re.search(r"/python$", link) for link in links) and "python3" in scripts


Read = Callable[[str, str], str]
"""(path, working directory) -> the text of a file that the build reads, '' for none."""


def pythons(runs: Sequence[Run], stage: Stage, read: Read = lambda path, workdir: "") -> Pythons:
    """Read the RUN lines of a stage, in their order."""
    found = Pythons()
    variable = stage.env.get("PATH")
    if variable is not None:
        found.path = tuple(part for part in variable.value.split(":") if part.startswith("/"))
    for run in runs:
        active = ""
        for command in _simple(run.commands()):
            words = expand(command.raw_words, run.env) if command.raw_words else ()
            words = tuple(word for word in words if word not in ("sudo", "exec"))
            if not words:
                continue
            if words[0] in (".", "source") and len(words) > 1 and words[1].endswith("/bin/activate"):
                active = _place(words[1].removesuffix("/bin/activate"), run)
            else:
                _command(found, command, words, run, active, read)
    return found


def _simple(commands: Sequence[ShellCommand]) -> Iterator[ShellCommand]:
    for command in commands:
        yield from command.inner if command.compound else (command,)


def _place(folder: str, run: Run) -> str:
    parts: list[str] = []
    for part in PurePosixPath(run.workdir or "/", folder).parts[1:]:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/" + "/".join(parts)


def _command(found: Pythons, command: ShellCommand, words: tuple[str, ...], run: Run, active: str, read: Read) -> None:
    program = PurePosixPath(words[0]).name
    rest = [word for word in words[1:] if not word.startswith("-")]
    if (program == "ln" and len(rest) == 2 and "python" in rest[1]) or (
        program == "update-alternatives" and any(re.search(r"/python3?$", word) for word in rest)
    ):
        found.links |= set(rest)
    elif re.match(r"python[\d.]*$", program) and words[1:3] == ("-m", "venv") and len(rest) > 1:
        _make(found, _place(rest[-1], run), "venv", command.line, pip="--without-pip" not in words)
    elif program == "virtualenv" and rest:
        _make(found, _place(rest[-1], run), "venv", command.line)
    elif program == "uv":
        _uv(found, command, words, run, active)
    elif program in ("conda", "mamba", "micromamba"):
        _conda(found, command, words, run, read)
    elif program == "poetry" and "install" in rest and not re.search(r"virtualenvs\.create\s+false", run.script):
        if run.env.get("POETRY_VIRTUALENVS_CREATE", "").lower() not in ("false", "0"):
            _make(found, _place(".venv", run), "poetry", command.line, filled=command.line).hidden = not _in_project(run)
    elif (arguments := pip.arguments(words)) is not None:
        target = _target(words, run, active, found)
        if target in found.environments and found.environments[target].given:
            found.environments[target].pip = True
        _install(found, command, arguments, target)


def _in_project(run: Run) -> bool:
    """Whether poetry makes its environment beside pyproject.toml."""
    stated = run.env.get("POETRY_VIRTUALENVS_IN_PROJECT", "").lower() in ("true", "1")
    return stated or re.search(r"virtualenvs\.in-project\s+true", run.script) is not None


def _make(found: Pythons, folder: str, kind: Kind, line: int, *, python: str = "", pip: bool = True, filled: int = 0) -> PythonEnvironment:
    made = found.environments.setdefault(folder, PythonEnvironment(folder, kind, line, python, pip))
    made.filled = made.filled or filled
    return made


def _uv(found: Pythons, command: ShellCommand, words: tuple[str, ...], run: Run, active: str) -> None:
    own = run.env.get("UV_PROJECT_ENVIRONMENT", ".venv")
    version = next((after for word, after in pairwise(words) if word in ("--python", "-p")), "")
    version = version if re.fullmatch(r"3\.\d+", version) else ""
    if words[1:2] == ("venv",):
        rest = [word for word in words[2:] if not word.startswith("-") and word not in (version,)]
        _make(found, _place(rest[-1] if rest else ".venv", run), "uv", command.line, python=version, pip="--seed" in words)
    elif words[1:2] in (("sync",), ("add",)):
        if own not in ("/usr/local", "/usr"):
            _make(found, _place(own, run), "uv", command.line, python=version, pip=False, filled=command.line)
    elif words[1:3] == ("pip", "sync") or pip.arguments(words) is not None:
        target = _target(words, run, active, found)
        arguments = pip.arguments(words) or words[3:]
        if target and target not in found.environments:  # the base image's own, which uv may have made without pip
            _make(found, target, "uv", command.line, pip=False).given = True
        if target in found.environments and any(pip.name(word) == "pip" for word in arguments):
            found.environments[target].pip = True
        _install(found, command, arguments, target)


def _target(words: tuple[str, ...], run: Run, active: str, found: Pythons) -> str:
    """The environment that an install command fills; '' for the system's Python."""
    if "--system" in words or run.env.get("UV_SYSTEM_PYTHON", "") not in ("", "0", "false"):
        return ""
    named = next((after for word, after in pairwise(words) if word in ("--python", "-p")), "")
    for word in (named, words[0]):
        match = re.match(r"^(/.*)/bin/(?:python[\d.]*|pip[\d.]*)$", word) or re.match(r"^(/\S+)$", named)
        if match and match[1] not in ("/usr", "/usr/local"):
            return match[1]
    if active:
        return active
    for part in run.env.get("PATH", "").split(":"):
        if part.endswith("/bin") and part.removesuffix("/bin") in found.environments:
            return part.removesuffix("/bin")
    if PurePosixPath(words[0]).name == "uv":
        near = run.env.get("VIRTUAL_ENV") or _place(".venv", run)
        return near if near in found.environments else ""
    return ""


def _install(found: Pythons, command: ShellCommand, arguments: Sequence[str], target: str) -> None:
    named = [pip.name(word) for word in arguments if not word.startswith("-")]
    if named and all(name in pip.TOOLS | {"fal", "poetry", "pipenv", "pdm", "hatch"} for name in named) and "-r" not in arguments:
        return
    if target:
        environment = _make(found, target, "venv", command.line)
        environment.filled = environment.filled or command.line
    else:
        found.system.append(command.line)


def _conda(found: Pythons, command: ShellCommand, words: tuple[str, ...], run: Run, read: Read) -> None:
    root = next(
        (part.removesuffix("/bin") for part in run.env.get("PATH", "").split(":") if "conda" in part and part.endswith("/bin")), CONDA
    )
    options = dict(pairwise(words))
    name = options.get("-n") or options.get("--name") or ""
    prefix = options.get("-p") or options.get("--prefix") or ""
    text = " ".join(words)
    if words[1:3] == ("env", "create") or words[1:3] == ("env", "update"):
        file = options.get("-f") or options.get("--file") or "environment.yml"
        text = read(file, run.workdir or "/")
        stated = re.search(r"^name:\s*[\"']?([\w.-]+)", text, re.MULTILINE)
        name = name or (stated[1] if stated else "")
    elif words[1:2] == ("run",) and (at := next((i for i, word in enumerate(words) if re.match(r"(python|pip)", word)), 0)):
        if (arguments := pip.arguments(words[at:])) is not None and name not in ("", "base"):
            _install(found, command, arguments, f"{root}/envs/{name}")
        return
    elif words[1:2] != ("create",):
        return
    if name == "base" or not (name or prefix):
        return
    pinned = PINNED.search(text)
    _make(found, prefix or f"{root}/envs/{name}", "conda", command.line, python=pinned[1] if pinned else "", filled=command.line)
