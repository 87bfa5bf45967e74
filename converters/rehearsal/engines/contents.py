"""What a build context holds, as digests."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Contents:
    """The files of a context, read when they are asked for, and once."""

    def __init__(self, context: Path) -> None:
        self._context = context
        self._digests: dict[str, str] = {}

    def digest(self, path: str) -> str:
        """Of a file or directory with everything below it; of what is not there, that it is not there."""
        if path not in self._digests:
            self._digests[path] = self._read(self._context / path.lstrip("/"))
        return self._digests[path]

    def _read(self, path: Path) -> str:
        digest = hashlib.sha256()
        for file in _below(path):
            name = str(file.relative_to(path))
            if file.is_symlink():
                content = os.fsencode(file.readlink())
            else:
                content = file.read_bytes() if file.is_file() else b""
            mode = file.lstat().st_mode if file != path else 0
            digest.update(f"{name}\0{mode}\0{len(content)}\0".encode(errors="surrogateescape") + content)
        return digest.hexdigest()


def _below(path: Path) -> list[Path]:
    if path.is_dir() and not path.is_symlink():
        return sorted(path.rglob("*"))
    return [path] if path.exists() or path.is_symlink() else []
