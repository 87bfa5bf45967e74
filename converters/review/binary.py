"""Git's binary patches: what `git diff --binary` writes and `git apply` reads (gitformat: `GIT binary patch`, `literal`)."""

from __future__ import annotations

import base64
import hashlib
import zlib

NULL_ID = "0" * 40
_LINE = 52
"""Bytes of compressed data on one line."""


def is_binary(data: bytes) -> bool:
    """Whether a file has no lines worth showing. Git looks at the first 8000 bytes; a NUL byte anywhere is enough here."""
    return b"\0" in data


def blob_id(data: bytes | None) -> str:
    """The object name git gives to these bytes (SHA-1); zeros for a file that does not exist."""
    if data is None:
        return NULL_ID
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def binary_patch(before: bytes | None, after: bytes) -> bytes:
    """The body of a binary patch, forward and backward, so that `git apply -R` works too."""
    return b"GIT binary patch\n" + _literal(after) + _literal(before or b"")


def _literal(data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    lines = [_encoded(packed[start : start + _LINE]) for start in range(0, len(packed), _LINE)]
    return b"literal %d\n" % len(data) + b"".join(lines) + b"\n"


def _encoded(chunk: bytes) -> bytes:
    size = len(chunk)
    length = ord("A") + size - 1 if size <= 26 else ord("a") + size - 27
    return bytes([length]) + base64.b85encode(chunk, pad=True) + b"\n"
