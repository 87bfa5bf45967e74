"""What is tried, and what may be found wrong with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Input:
    """One project to convert. Paths are bytes, since not every file name is text."""

    reader: str
    number: int
    files: Mapping[bytes, bytes]
    modes: Mapping[bytes, int] = field(default_factory=dict)
    """Permissions to set after everything is written; then the conversion runs as a user who is not root."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `converters.options.Options`; the values of `FILES` name files of the project's neighbourhood."""
    outside: Mapping[str, bytes] = field(default_factory=dict)
    """Files that options name: `endpoint_config`, `image_config`, `openapi`."""
    command: str = "convert"
    mutated: tuple[bytes, ...] = ()
    """The files in which this input differs from a project that converts."""
    planted: tuple[str, ...] = ()
    """String values that the output may hold unchanged or not at all."""


@dataclass(frozen=True)
class Finding:
    """A fault: `kind` is what went wrong, `key` names its class (equal for inputs that fail alike)."""

    kind: str
    key: str
    detail: str = ""


def save(given: Input, finding: Finding, folder: Path) -> None:
    """Store an input with its finding; `load` reads it back."""
    document = {
        "reader": given.reader,
        "number": given.number,
        "finding": {"kind": finding.kind, "key": finding.key},
        "command": given.command,
        "options": dict(given.options),
        "files": [[_text(path), _text(data)] for path, data in sorted(given.files.items())],
        "modes": [[_text(path), mode] for path, mode in sorted(given.modes.items())],
        "outside": [[name, _text(data)] for name, data in sorted(given.outside.items())],
        "mutated": [_text(path) for path in given.mutated],
        "planted": list(given.planted),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input.json").write_text(json.dumps(document, indent=1))
    (folder / "finding.txt").write_text(f"{finding.kind}: {finding.key}\n\n{finding.detail}", errors="backslashreplace")


def load(file: Path) -> Input:
    """The input that `save` stored."""
    document = json.loads(file.read_text())
    return Input(
        reader=document["reader"],
        number=document["number"],
        files={_bytes(path): _bytes(data) for path, data in document["files"]},
        modes={_bytes(path): mode for path, mode in document["modes"]},
        options=document["options"],
        outside={name: _bytes(data) for name, data in document["outside"]},
        command=document["command"],
        mutated=tuple(_bytes(path) for path in document["mutated"]),
        planted=tuple(document["planted"]),
    )


def _text(data: bytes) -> str | dict[str, str]:
    """Readable where the bytes are UTF-8, else base64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(stored: str | dict[str, str]) -> bytes:
    return stored.encode() if isinstance(stored, str) else base64.b64decode(stored["base64"])
