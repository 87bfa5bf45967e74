"""What the last run wrote to an output folder, kept in the user's cache: the base of the 3-way merge of the next run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.output.tree import Piece

KEPT = 1024 * 1024
"""Bytes up to which a file's content is kept; of larger ones only the digest."""


@dataclass(frozen=True)
class Base:
    """The digests of the files as they were written, by path; `content` where it was kept."""

    digests: Mapping[str, str]
    folder: Path

    def content(self, path: str) -> bytes | None:
        """The bytes of a file, None where they were not kept or were damaged since."""
        try:
            data = (self.folder / "files" / self.digests[path]).read_bytes()
        except (KeyError, OSError):
            return None
        return data if digest(data) == self.digests[path] else None


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(file: Path) -> str:
    """The digest of a file of any size."""
    state = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1024 * 1024):
            state.update(chunk)
    return state.hexdigest()


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/fal-migrate`, else the system's usual place. Not created. Raises `OSError` without a home folder."""
    stated = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(stated) if stated else Path.home() / ".cache") / "fal-migrate"
    except RuntimeError as error:
        raise OSError(str(error)) from error


def recall(output: Path) -> Base | None:
    """What is known of the last run that wrote to `output`."""
    try:
        folder = _folder(output)
        digests = json.loads((folder / "digests.json").read_bytes())
    except (OSError, ValueError):
        return None
    return Base(digests, folder) if isinstance(digests, dict) else None


def remember(output: Path, pieces: Mapping[str, Piece]) -> bool:
    """Keep what a run generated for `output`, before any merge; False where the cache cannot be written."""
    try:
        folder = _folder(output)
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent))
    except OSError:
        return False
    try:
        _fill(temporary, pieces)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except OSError:
        return False
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return True


def _fill(folder: Path, pieces: Mapping[str, Piece]) -> None:
    (folder / "files").mkdir()
    for piece in pieces.values():
        if piece.size <= KEPT:
            (folder / "files" / piece.digest).write_bytes(piece.read())
    (folder / "digests.json").write_text(json.dumps({path: piece.digest for path, piece in pieces.items()}))


def _folder(output: Path) -> Path:
    return cache_folder() / "outputs" / digest(os.fsencode(output.absolute()))
