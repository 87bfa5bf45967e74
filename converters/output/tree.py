"""The files of an output as they come to stand on disk."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO

from converters.outcome import Converted, FileChange
from converters.output.digests import digest, digest_of


@dataclass(frozen=True)
class Piece:
    """One file to write: its bytes, or the file they are copied from. `mode` None: as new files are made (umask)."""

    data: bytes | None
    origin: Path | None = None
    mode: int | None = None
    executable: bool = False

    @cached_property
    def digest(self) -> str:
        return digest(self.data) if self.data is not None else digest_of(self.location)

    @property
    def location(self) -> Path:
        if self.origin is None:
            raise ValueError("a file of the output has neither bytes nor a source")
        return self.origin

    @property
    def size(self) -> int:
        return len(self.data) if self.data is not None else self.location.stat().st_size

    def read(self) -> bytes:
        return self.data if self.data is not None else self.location.read_bytes()

    def write(self, target: Path) -> None:
        """Create `target`, which must not exist, so that nothing is written through a link."""
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if self.executable else 0o666)
        with os.fdopen(handle, "wb") as stream:
            if self.data is not None:
                stream.write(self.data)
            else:
                with self.location.open("rb") as source:
                    copy(source, stream)
        if self.mode is not None:
            target.chmod(self.mode)


def copy(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy a file into an empty one: shared blocks where the file system has them, else by the kernel, else through a buffer."""
    if _clone(source, target):
        return
    try:
        while hasattr(os, "copy_file_range") and os.copy_file_range(source.fileno(), target.fileno(), 2**30):
            pass
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            raise
    source.seek(os.lseek(target.fileno(), 0, os.SEEK_CUR))  # behind what the kernel has copied
    shutil.copyfileobj(source, target, 1024 * 1024)


def _clone(source: IO[bytes], target: IO[bytes]) -> bool:
    """Whether the target shares the source's blocks now (`FICLONE`)."""
    try:
        import fcntl

        fcntl.ioctl(target.fileno(), 0x40049409, source.fileno())
    except (ImportError, OSError):
        return False
    return True


def pieces_of(converted: Converted) -> dict[str, Piece]:
    """The files of a conversion by path; kept files keep the permissions of their source."""
    return {change.path: piece_of(converted.root, change) for change in converted.files if change.action != "removed"}


def piece_of(root: Path, change: FileChange) -> Piece:
    parts = PurePosixPath(change.path).parts
    if not parts or change.path.startswith("/") or ".." in parts:
        raise ValueError(f"the path {change.path!r} leaves the output")
    source = root / change.path
    kept = change.action in ("copied", "modified") and source.is_file()
    mode = stat.S_IMODE(source.stat().st_mode) & 0o777 if kept else None
    if mode is not None and bool(mode & stat.S_IXUSR) != change.executable:
        mode = None
    return Piece(change.data, source if change.data is None else None, mode, change.executable)


def build(folder: Path, pieces: Mapping[str, Piece]) -> None:
    """Write all files below an empty folder."""
    for path, piece in pieces.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        piece.write(target)


def carry(entry: Path, target: Path) -> None:
    """Bring a file, a link or anything else that is no folder to `target` without copying its bytes where that is possible."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.is_symlink():
        target.symlink_to(entry.readlink())
        return
    try:
        os.link(entry, target)
    except OSError:
        shutil.copy2(entry, target)


def entries(folder: Path) -> dict[str, Path]:
    """Everything below a folder that is no folder itself, by relative path; links are not followed."""
    return {path.relative_to(folder).as_posix(): path for path in _walk(folder)}


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def digest_on_disk(entry: Path) -> str:
    """The digest of a regular file; empty for a link or a special file, which equals nothing."""
    return digest_of(entry) if stat.S_ISREG(entry.lstat().st_mode) else ""
