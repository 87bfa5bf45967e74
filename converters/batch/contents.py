"""The bytes of a project: what its conversion depends on, so that it can be known again or sent to another machine."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from converters.output.digests import digest_of
from converters.project import IGNORED_FOLDERS


class BoundHere(Exception):
    """A project that is not its own bytes alone: it cannot be read, or a link in it leads out of it."""


@dataclass(frozen=True)
class Entry:
    """A folder, file or link of a project; `path` with slashes, relative to it."""

    path: str
    kind: Literal["folder", "file", "link"]
    mode: int
    location: Path


@dataclass(frozen=True)
class Packed:
    """The same with its bytes, for another machine: of a link, where it leads; of a folder, nothing."""

    path: str
    kind: Literal["folder", "file", "link"]
    mode: int
    data: bytes


def entries(root: Path) -> Iterator[Entry]:
    """Everything below `root` but caches such as .git, in the order of the paths. Raises `BoundHere`."""
    try:
        yield from _below(root.resolve(strict=True), "")
    except (OSError, RuntimeError) as error:
        raise BoundHere(str(error)) from error


def _below(top: Path, inner: str) -> Iterator[Entry]:
    for entry in sorted(os.scandir(top / inner), key=lambda entry: entry.name):
        path = f"{inner}/{entry.name}" if inner else entry.name
        location = Path(entry.path)
        if entry.is_symlink():
            if location.readlink().is_absolute() or not location.resolve(strict=True).is_relative_to(top):
                raise BoundHere(f"{path} is a link that leaves the project")
            yield Entry(path, "link", 0, location)
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in IGNORED_FOLDERS:
                yield Entry(path, "folder", 0, location)
                yield from _below(top, path)
        elif entry.is_file(follow_symlinks=False):
            yield Entry(path, "file", stat.S_IMODE(entry.stat().st_mode) & 0o777, location)
        else:
            raise BoundHere(f"{path} is neither a file nor a folder")


def digest_of_project(root: Path) -> str:
    """The same for the same bytes, names, permissions and links, wherever the project lies. Raises `BoundHere`."""
    state = hashlib.sha256()
    for entry in entries(root):
        try:
            content = (
                os.fspath(entry.location.readlink()) if entry.kind == "link" else digest_of(entry.location) if entry.kind == "file" else ""
            )
        except OSError as error:
            raise BoundHere(str(error)) from error
        state.update(os.fsencode(f"{entry.path}\0{entry.kind}\0{entry.mode:o}\0{content}\0"))
    return state.hexdigest()


def packed(root: Path, largest: int) -> tuple[Packed, ...]:
    """The project as values. Raises `BoundHere`, also where it has more than `largest` bytes."""
    found, size = [], 0
    for entry in entries(root):
        try:
            size += entry.location.stat().st_size if entry.kind == "file" else 0
            if size > largest:
                raise BoundHere(f"more than {largest} bytes")
            link = os.fsencode(entry.location.readlink()) if entry.kind == "link" else b""
            data = entry.location.read_bytes() if entry.kind == "file" else link
        except OSError as error:
            raise BoundHere(str(error)) from error
        found.append(Packed(entry.path, entry.kind, entry.mode, data))
    return tuple(found)


def unpack(contents: Sequence[Packed], root: Path) -> None:
    """Write a packed project into an empty folder. Raises `ValueError` for a path that leaves it."""
    for entry in contents:
        if entry.path.startswith("/") or ".." in entry.path.split("/"):
            raise ValueError(f"the path {entry.path!r} leaves the project")
        target = root / entry.path
        if entry.kind == "folder":
            target.mkdir(parents=True)
        elif entry.kind == "file":
            target.write_bytes(entry.data)
            target.chmod(entry.mode)
    for entry in contents:  # at last: nothing is written through a link
        if entry.kind == "link":
            (root / entry.path).symlink_to(os.fsdecode(entry.data))
