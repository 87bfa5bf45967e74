"""Virtual environments, each made once per list of requirements: those of apps (``--install``), and any other program's."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from .errors import InstallFailure
from .installers import Installers

Layers = Sequence[Sequence[str]]


class Environments:
    """A directory of virtual environments, each named by a hash of what is in it.

    They are made by uv where it is installed, else by venv and pip, which take indexes, proxies and the like from their own
    variables and configuration, and run confined (`installers`). ``secrets`` fill in ``${NAME}``, as on the platform. Requirements may
    name files and directories below ``projects``.
    """

    def __init__(self, directory: Path, secrets: Mapping[str, str], projects: Sequence[Path] = ()) -> None:
        self._directory = directory.absolute()
        self._secrets = secrets
        self._installers = Installers(self._directory / "packages" / _owner(projects), projects)

    async def python(self, layers: Layers, on_line: Callable[[str], None]) -> Path:
        """The interpreter of the environment in which the ``layers`` are installed one after the other, and fal itself last.

        An environment that exists is used as it is, unless a requirement is a directory. ``on_line`` gets what the installer
        prints. Raises InstallFailure.
        """
        return await self.make([*layers, [f"fal=={version('fal')}"]], on_line)

    async def make(
        self, layers: Layers, on_line: Callable[[str], None], *, search: Sequence[Path] = (), check: str = "", edition: str = ""
    ) -> Path:
        """The interpreter of an environment with the ``layers`` alone.

        It also imports from the directories ``search`` what it does not have itself. The environment counts only where the Python
        code ``check`` runs in it. Each ``edition`` of the same layers is made anew. Raises InstallFailure.
        """
        place = self._directory / _key(layers, *map(str, search), edition)
        python = place / "bin" / "python"
        complete = place / "complete"
        try:
            async with _locked(place.with_suffix(".lock")):
                if not complete.exists() or any(_is_local(item) for layer in layers for item in layer):
                    shutil.rmtree(place, ignore_errors=True)
                    for command in _commands(place, python, layers):
                        await self._run(command, on_line, "the requirements cannot be installed", place)
                    broken = "what was installed does not run"
                    if search:
                        await self._run([str(python), "-I", "-c", _SEARCH_ALSO, *map(str, search)], on_line, broken, place)
                    if check:
                        await self._run([str(python), "-I", "-c", check], on_line, broken, place, search)
                    _mark(complete)
        except OSError as error:
            raise InstallFailure(f"{place} cannot be made: {error.strerror}") from None
        return python

    async def _run(
        self, command: Sequence[str], on_line: Callable[[str], None], failure: str, place: Path, readable: Sequence[Path] = ()
    ) -> None:
        words = [re.sub(r"\$\{(\w+)\}", self._secret, word) for word in command]
        await self._installers.run(words, on_line, failure, place=place, readable=readable)

    def _secret(self, found: re.Match[str]) -> str:
        return self._secrets.get(found[1]) or found[0]


#: Appends to the module search path of the environment whose interpreter runs it.
_SEARCH_ALSO = """
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "_search.pth").write_text("".join(f"{line}\\n" for line in sys.argv[1:]))
"""


def _mark(file: Path) -> None:
    """Make an empty file, through no link that an installed package may have left."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))


def _owner(projects: Sequence[Path]) -> str:
    """Where downloads are kept: what one project's builds have put there is nothing that another one may install."""
    return hashlib.sha256(json.dumps([str(project.resolve()) for project in projects]).encode()).hexdigest()[:16] if projects else "own"


def _key(layers: Layers, *more: str) -> str:
    inputs = [sys.executable, sys.version, *(list(layer) for layer in layers), *filter(None, more)]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


def _is_local(requirement: str) -> bool:
    """True for a project on this disk, which may have changed since."""
    path = Path(requirement.partition("[")[0])
    return path.is_absolute() and path.is_dir()


def _commands(place: Path, python: Path, layers: Layers) -> Iterator[list[str]]:
    """What makes the environment."""
    uv = shutil.which("uv")
    if uv is not None:
        yield [uv, "venv", "--quiet", "--python", sys.executable, str(place)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        yield [sys.executable, "-m", "venv", str(place)]
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    yield from ([*install, *layer] for layer in layers if layer)


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Alone among the processes that make environments here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        await asyncio.get_running_loop().run_in_executor(None, fcntl.flock, file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def not_installed(layers: Iterable[Iterable[str]]) -> list[str]:
    """The packages among requirements that the environment of this process has not, whichever release is wanted."""
    named = [requirement.name for layer in layers for item in layer if (requirement := _requirement(item)) is not None]
    return [name for name in dict.fromkeys(named) if not _is_installed(name)]


def _requirement(item: str) -> Requirement | None:
    """One that names a package for this interpreter; None for options, paths and addresses alone."""
    try:
        requirement = Requirement(item.partition(" #")[0])
    except InvalidRequirement:
        return None
    return requirement if requirement.marker is None or requirement.marker.evaluate() else None


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
