"""How installers run: confined to the environment that they make, a cache of their own, their configuration and what they install.

They build packages, which is code that nobody here has read. It sees of the machine what other project code sees, and beside that what
an installer must read: its configuration, and the files that this names, or that requirements name within their project.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .confinement import START, SWITCH, View, interpreter, is_collection
from .confinement.bounds import Bounds, machine_memory
from .errors import InstallFailure
from .interception import without_credentials
from .variables import of_the_machine

#: Variables that configure installers, networks, certificates and compilers.
_VARIABLES = re.compile(
    r"(?:PIP|UV|CMAKE)_\w+|XDG_CONFIG_(?:HOME|DIRS)|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|SOURCE_DATE_EPOCH"
    r"|(?i:https?_proxy|all_proxy|no_proxy)|CC|CXX|LD|[A-Z]+FLAGS|MAX_JOBS|TORCH_CUDA_ARCH_LIST"
)
#: Their files, below the user's directory for such files, below the home directory, and of the system.
_CONFIGURATION = ("pip/pip.conf", "uv/uv.toml")
_CONFIGURATION_AT_HOME = (".pip/pip.conf",)
_SYSTEM_WIDE = ("/etc/pip.conf", "/etc/xdg/pip", "/etc/uv")
_PATH = re.compile(r"(?:^|(?<=[\s=@'\",])|(?<=file://))(~?/[^\s'\"\[\];,#?]+)")
_MOST_TASKS = 4096
_GRACE = 2.0
"""Seconds in which an installer that is told to end can do so."""


class Installers:
    """Runs installers. ``cache`` is their directory for what they download; requirements may name files below ``projects``."""

    def __init__(self, cache: Path, projects: Sequence[Path] = ()) -> None:
        self._cache = cache
        self._projects = tuple(project.resolve() for project in projects)

    async def run(
        self, command: Sequence[str], on_line: Callable[[str], None], failure: str, *, place: Path, readable: Sequence[Path] = ()
    ) -> None:
        """Run a command that may write to the directory ``place`` alone and read ``readable``; ``on_line`` gets what it prints.

        Raises InstallFailure, which begins with ``failure``.
        """
        own = Path(tempfile.mkdtemp(prefix="fal-runtime-install-"))
        in_thread = asyncio.get_running_loop().run_in_executor
        try:
            settings = await in_thread(None, self._settings, own, command, place, readable)
            reason = await _run(settings, on_line)
        finally:
            await in_thread(None, lambda: shutil.rmtree(own, ignore_errors=True))
        if reason is not None:
            raise InstallFailure(f"{failure}: {reason}")

    def _settings(self, own: Path, command: Sequence[str], place: Path, readable: Sequence[Path]) -> dict[str, Any]:
        """What `confinement.start` reads. Makes the directories that it names."""
        scratch, work, projects = own / "scratch", own / "work", own / "projects"
        for directory in (own / "stage", scratch / "tmp", work, projects, place, self._cache):
            directory.mkdir(parents=True, exist_ok=True)
        home = Path("~").expanduser().absolute()
        shown = scratch / str(home).lstrip("/")
        variables = self._variables()
        configured = (value for name, value in variables.items() if _VARIABLES.fullmatch(name))
        named = [*_paths(configured), *_paths(_configuration(home, shown))]
        argv = [self._with_copy(word, projects / str(number)) for number, word in enumerate(command)]
        view = View(
            own / "stage",
            scratch,
            str(work),  # a project's own modules and settings in the current directory are not the installer's
            tuple(dict.fromkeys([*interpreter(), *_programs(argv), *_SYSTEM_WIDE, *map(str, readable), *named, *self._files(argv)])),
            (str(place), str(self._cache), str(work), str(projects)),
            tasks=_MOST_TASKS,
        )
        moved = {name: value for name, value in variables.items() if name != "XDG_CONFIG_HOME"}
        environments = {
            "namespaces": {**moved, "HOME": str(home)},
            "landlock": {**moved, "HOME": str(shown), "TMPDIR": str(scratch / "tmp")},
            "none": {**variables, "HOME": str(home)},
        }
        return {"argv": argv, "view": view.as_json(), "environments": environments}

    def _variables(self) -> dict[str, str]:
        configured = {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name) and name != "PIP_LOG"}
        caches = {"PIP_CACHE_DIR": str(self._cache / "pip"), "UV_CACHE_DIR": str(self._cache / "uv")}
        linking = {"UV_LINK_MODE": configured.get("UV_LINK_MODE", "copy")}  # between mounts there are no links
        return without_credentials({**of_the_machine(os.environ), **configured}) | caches | linking

    def _with_copy(self, word: str, copies: Path) -> str:
        """A requirement with a copy in place of a directory of the project: builds write into what they build."""
        name, bracket, extras = word.partition("[")
        path = Path(name)
        if not path.is_absolute() or not path.is_dir() or not self._is_within(path):
            return word
        copy = copies / path.name
        shutil.copytree(path, copy, symlinks=True, ignore_dangling_symlinks=True)
        return f"{copy}{bracket}{extras}"

    def _files(self, words: Iterable[str]) -> Iterator[str]:
        """The files of the project that requirements name; what they name elsewhere stays out of sight."""
        return (path for path in _paths(words) if self._is_within(Path(path)))

    def _is_within(self, path: Path) -> bool:
        return any(path.resolve().is_relative_to(project) for project in self._projects)


def _configuration(home: Path, shown: Path) -> Iterator[str]:
    """The texts of the installers' configuration. Copies the user's own to ``shown``, which stands for the home directory."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    owned = {base / name: shown / ".config" / name for name in _CONFIGURATION}
    owned |= {home / name: shown / name for name in _CONFIGURATION_AT_HOME}
    for file, copy in owned.items():
        with suppress(OSError):
            data = file.read_bytes()
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
            yield data.decode(errors="replace")
    for name in ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/uv/uv.toml", *filter(None, map(os.environ.get, _NAMING_FILES))):
        with suppress(OSError):
            yield Path(name).read_text(encoding="utf-8", errors="replace")


#: Variables that name a file of configuration.
_NAMING_FILES = ("PIP_CONFIG_FILE", "UV_CONFIG_FILE")


def _paths(texts: Iterable[str]) -> Iterator[str]:
    """The files and directories of the machine that texts name, but for comments."""
    for text in texts:
        for line in text.splitlines():
            for found in _PATH.findall("" if line.lstrip().startswith(("#", ";")) else line):
                path = Path(os.path.normpath(Path(found).expanduser()))
                whole = path.parent if path.name == "simple" else path  # an index: files lie beside its pages
                for shown in dict.fromkeys((path, whole)):
                    if shown.exists() and not is_collection(str(shown)):
                        yield str(shown)


def _programs(argv: Sequence[str]) -> Iterator[str]:
    """The program that is run, where it is no interpreter but uv, which may lie anywhere."""
    if Path(argv[0]).name.startswith("uv"):
        yield from dict.fromkeys((argv[0], os.path.realpath(argv[0])))


async def _run(settings: Mapping[str, Any], on_line: Callable[[str], None]) -> str | None:
    """Why a program failed; None where it did not."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(START)),
        env={name: os.environ[name] for name in (SWITCH, "LD_LIBRARY_PATH") if name in os.environ},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        limit=1 << 20,
    )
    bounds = Bounds(_MOST_TASKS, machine_memory() * 9 // 10)
    lines: list[str] = []
    try:
        bounds.hold(process.pid)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(settings).encode())
        process.stdin.close()
        async for data in process.stdout:
            lines.append(data.decode(errors="replace").rstrip())
            on_line(lines[-1])
        code = await process.wait()
    finally:
        await _ended(process)
        await asyncio.get_running_loop().run_in_executor(None, bounds.close)
    return (bounds.exceeded or _reason(lines)) if code else None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a process, and with it what it has started, where it has not ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)  # the program itself leads a group of its own: the one that stands for it passes signals on
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)


def _reason(lines: Sequence[str]) -> str:
    """The line that says most: the last error or, with uv, its cause; else the last line."""
    told = [line.strip() for line in lines if line.strip()]
    errors = [line for line in told if re.match(r"(?i)error\b|cause:|╰─▶", line)]
    return (errors or told or ["no output"])[-1]
