"""What a path on the command line stands for: a folder, or one entry in it. Anything else is refused with what helps.

Entries are a Python file that starts a worker or is a Cog predictor, a Dockerfile, a compose file and a cog.yaml.
"""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path

from converters.errors import Unreadable
from converters.path_hints import missing, reason
from converters.project import MAX_FILE, Project, environment_of, parts_of_environment
from converters.sources.registry import platforms

ENTRIES = "An entry is a Python file that starts a worker or holds a Cog predictor, a Dockerfile, a compose file or a cog.yaml."
ARCHIVES = (
    (b"PK\x03\x04", 0),
    (b"PK\x05\x06", 0),
    (b"\x1f\x8b", 0),
    (b"BZh", 0),
    (b"\xfd7zXZ\0", 0),
    (b"7z\xbc\xaf", 0),
    (b"Rar!", 0),
    (b"ustar", 257),
)
"""(first bytes, where they stand) of zip, gzip, bzip2, xz, 7z, rar and tar."""
CALLING = re.compile(
    rb"api\.runpod\.ai|api\.replicate\.com|replicate\.(run|stream|predictions)\b|runpod\.Endpoint\b|from\s+[\"']replicate|runpod-sdk"
)
HEAD = 512
"""Bytes that tell an archive."""


def folder_of(path: Path) -> Path:
    """The folder that a path opens: itself, or that of an entry. Raises `Unreadable` for what is neither."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise missing(path) from error
    except (OSError, ValueError) as error:
        name = str(path) if len(str(path)) < 200 else f"{str(path)[:200]}..."
        raise Unreadable(f"cannot be read: {reason(error)}.", file=name, hint="Check the path and its permissions.") from error
    if stat.S_ISDIR(mode):
        if inside := environment_around(path):
            raise Unreadable(f"is part of {inside}.", file=str(path), hint="Give the folder of your own code.")
        return path
    if not stat.S_ISREG(mode):
        raise Unreadable("is neither a file nor a folder.", file=str(path), hint="Give the folder of a project.")
    if not is_entry(path.name):
        raise _no_entry(path)
    return path.parent


def check(path: Path) -> None:
    """Raises `Unreadable` for a path whose programs cannot be looked at: missing, an archive, an environment, no file at all."""
    try:
        folder_of(path)
    except Unreadable:
        if not path.is_file() or _is_archive(path):
            raise


def unit_of(project: Project, path: Path) -> str:
    """The entry that a file is, as a path in its project; '' for a folder. Raises `Unreadable` for a Python file that starts nothing."""
    if path.is_dir():
        return ""
    name = path.name
    if name.endswith(".py") and name not in project.files:
        raise Unreadable("is a symbolic link that leaves its folder.", file=str(path), hint="Give the file that it leads to.")
    for platform in platforms():
        try:
            unit = platform.unit_of(project, name) if platform.is_entry(name) else ""
        except Unreadable as error:
            error.file = str(path) if error.file == name else error.file
            raise
        if unit:
            return unit
    raise _starts_nothing(project, path)


def is_entry(name: str) -> bool:
    """Whether a file of this name may be an entry; a Python file still has to show it."""
    return any(platform.is_entry(name) for platform in platforms())


def hint_of_callers(project: Project) -> str:
    """What helps where a folder only holds programs that call an endpoint; '' where it holds none."""
    endings = (".py", ".js", ".ts", ".mjs", ".sh", ".bash")
    calls = any(path.endswith(endings) and file.size <= MAX_FILE and CALLING.search(file.data) for path, file in project.files.items())
    return f"Its programs call an endpoint. Rewrite the calls: migrate callers {shlex.quote(str(project.root))}" if calls else ""


def environment_around(folder: Path) -> str:
    """What virtual environment or installation a folder is a part of, in words; '' for a folder of somebody's own."""
    found = folder.absolute()
    if "site-packages" in found.parts or "dist-packages" in found.parts:
        return "an installation of packages"
    for above in found.parents:
        if any(found.is_relative_to(above / part) for part in parts_of_environment(above)):
            return environment_of(above)
    return ""


def _no_entry(path: Path) -> Unreadable:
    """What helps where a file is no entry."""
    text, head = str(path), b""
    try:
        with path.open("rb") as stream:
            head = stream.read(2**20)
    except OSError as error:
        return Unreadable(f"cannot be read: {reason(error)}.", file=text, hint="Check its permissions.")
    if _is_packed(head):
        return Unreadable("is an archive.", file=text, hint="Unpack it and give the folder.")
    if CALLING.search(head):
        return _caller(path)
    return Unreadable("is not an entry.", file=text, hint=f"{ENTRIES} Give one, or the folder of the project.")


def _is_packed(head: bytes) -> bool:
    return any(head[at : at + len(mark)] == mark for mark, at in ARCHIVES)


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return _is_packed(stream.read(HEAD))
    except OSError:
        return False


def _caller(path: Path) -> Unreadable:
    command = f"migrate callers {shlex.quote(str(path))}"
    return Unreadable("calls an endpoint and serves none.", file=str(path), hint=f"Rewrite its calls: {command}")


def _starts_nothing(project: Project, path: Path) -> Unreadable:
    """What helps where a Python file is no entry of any platform."""
    from converters.callers.python import is_caller
    from converters.python.code import Code

    code = Code(project)
    module = code.module(path.name)
    if module is not None and is_caller(code, module):
        return _caller(path)
    return Unreadable("starts no worker and is no predictor.", file=str(path), hint=f"{ENTRIES} Give one, or the folder of the project.")
