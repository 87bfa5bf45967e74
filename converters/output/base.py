"""What the last run wrote to an output folder, kept in the user's cache: the base of the 3-way merge of the next run."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converters.output.digests import digest

if TYPE_CHECKING:
    from converters.output.tree import Piece

KEPT = 1024 * 1024
"""Bytes up to which a file's content is kept; of larger ones only the digest."""
DIGESTS = "digests.json"
RECORD = "record.json"
PENDING = "pending.json"
"""What the run generated that is writing now, with the identity of the folder that will be the output."""


@dataclass(frozen=True)
class Base:
    """The digests of the files as they were written, by path; `content` where it was kept."""

    digests: Mapping[str, str]
    folder: Path
    record: Mapping[str, Any] = field(default_factory=dict)
    """What the run was made from (`output/record.py`); empty where it kept nothing of that."""

    def content(self, path: str) -> bytes | None:
        """The bytes of a file, None where they were not kept or were damaged since."""
        try:
            data = (self.folder / "files" / self.digests[path]).read_bytes()
        except (KeyError, OSError):
            return None
        return data if digest(data) == self.digests[path] else None


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/fal-migrate`, else the system's usual place. Not created. Raises `OSError` without a home folder."""
    stated = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(stated) if stated else Path.home() / ".cache") / "fal-migrate"
    except RuntimeError as error:
        raise OSError(str(error)) from error


def recall(output: Path) -> Base | None:
    """What is known of the last run that wrote to `output`, also of one that was killed as soon as the output was there."""
    try:
        folder = _folder(output)
        if _is_of(_read(folder / PENDING), output):
            commit(output)
        (folder / PENDING).unlink(missing_ok=True)
        digests, record = _read(folder / DIGESTS), _read(folder / RECORD)
    except OSError:
        return None
    return Base(digests, folder, record) if digests else None


def prepare(output: Path, pieces: Mapping[str, Piece], new: Path, record: Mapping[str, Any] | None = None) -> bool:
    """Keep what a run generated for `output`, before any merge: it counts once the folder `new` is the output, or by `commit`.
    `record`: what it was made from.

    False where the cache cannot be written.
    """
    try:
        folder = _folder(output)
        (folder / "files").mkdir(parents=True, exist_ok=True, mode=0o700)
        for piece in pieces.values():
            if piece.size <= KEPT and not (folder / "files" / piece.digest).exists():
                _replace(folder / "files" / piece.digest, piece.read())
        digests = {path: piece.digest for path, piece in pieces.items()}
        _replace(folder / PENDING, json.dumps({"folder": _identity(new), "digests": digests, "record": record or {}}).encode())
    except OSError:
        return False
    return True


def commit(output: Path) -> bool:
    """Let what was prepared count; False where the cache cannot be written."""
    try:
        folder = _folder(output)
        pending = _read(folder / PENDING)
        digests = pending["digests"]
        _replace(folder / RECORD, json.dumps(pending.get("record", {})).encode())
        _replace(folder / DIGESTS, json.dumps(digests).encode())
        (folder / PENDING).unlink()
        wanted = set(digests.values())
        for file in (folder / "files").iterdir():
            if file.name not in wanted:
                file.unlink()
    except (OSError, KeyError):
        return False
    return True


def _read(file: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none or it was damaged."""
    try:
        found = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _replace(file: Path, data: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    handle, part = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(part).replace(file)


def _identity(folder: Path) -> list[int]:
    """What stays the same of a folder when it is renamed."""
    status = folder.stat()
    return [status.st_dev, status.st_ino]


def _is_of(pending: Mapping[str, Any], output: Path) -> bool:
    return bool(pending) and output.is_dir() and pending.get("folder") == _identity(output)


def _folder(output: Path) -> Path:
    return cache_folder() / "outputs" / digest(os.fsencode(output.absolute()))
