"""`--cache DIR`: results by what they depend on. The same bytes of a project, version and options are not converted twice.

One file per result, which appears whole or not at all. Any of them, or the folder, may be deleted at any time.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import platform
import tempfile
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from converters import __version__
from converters.batch.contents import BoundHere, digest_of_project
from converters.batch.outputs import Made, files_of
from converters.batch.plan import Job
from converters.errors import UsageError
from converters.output.digests import digest
from converters.reports.json import Document

LARGEST = 64 * 2**20
"""Bytes of an output that is kept."""
_KEPT = ("converted", "partial", "unsupported")
_FORMAT = 1


@dataclass(frozen=True)
class Cache:
    """Results in a folder; without one it knows and keeps nothing. `options`: those of the batch."""

    folder: Path | None
    options: dict[str, Any]

    @classmethod
    def open(cls, folder: Path | None, options: dict[str, Any]) -> Cache:
        """The cache in a folder, which is made. Raises `UsageError` where it cannot be."""
        if folder is None:
            return cls(None, {})
        if any(options.get(name) for name in ("rehearse", "verify", "resolve")):
            raise UsageError("--cache keeps what depends on the project alone.", hint="Give it without --verify, --rehearse and --resolve.")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}.", file=str(folder), hint="Choose another --cache.") from error
        return cls(folder, {name: value for name, value in options.items() if name not in ("force", "output")})

    def key(self, job: Job) -> str:
        """What a job's result depends on; '' where that is more than the bytes of its project."""
        if self.folder is None or job.problem is not None:
            return ""
        try:
            project = digest_of_project(job.root)
            endpoint = digest(job.endpoint.read_bytes()) if job.endpoint else ""
        except (BoundHere, OSError):
            return ""
        stated = [_FORMAT, fingerprint(), self.options, project, job.root.resolve().name, job.entry, endpoint]
        return hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode()).hexdigest()

    def take(self, job: Job, key: str) -> Document | None:
        """The result of a job that is known, its output put where it goes, or found there; None where there is work to do."""
        made = self._read(key)
        if made is None:
            return None
        if made.document["output"] is None or not os.path.lexists(job.output):
            return made.put(job)
        try:
            return made.placed(job, job.output.resolve()) if not job.output.is_symlink() and made.is_at(job.output) else None
        except OSError:
            return None

    def add(self, job: Job, key: str, document: Document) -> None:
        """Keep a result whose output was not there before; nothing is kept where the project changed meanwhile or the disk is full."""
        if self.folder is None or not key or document["status"] not in _KEPT or self.key(job) != key:
            return
        try:
            files = files_of(job.output) if document["output"] else {}
            if sum(len(data) for _, data in files.values()) <= LARGEST:
                self._write(key, Made(document, files))
        except OSError:
            return

    def _place(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json.gz"

    def _read(self, key: str) -> Made | None:
        """What stands in an entry; a damaged one is none."""
        if not key:
            return None
        try:
            head, _, text = gzip.decompress(self._place(key).read_bytes()).partition(b"\n")
            if digest(text).encode() != head:
                return None
            stored = json.loads(text)
        except (OSError, EOFError, ValueError, zlib.error):
            return None
        return Made(stored["document"], {path: (mode, base64.b64decode(data)) for path, mode, data in stored["files"]})

    def _write(self, key: str, made: Made) -> None:
        place = self._place(key)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        files = [[path, mode, base64.b64encode(data).decode()] for path, (mode, data) in made.files.items()]
        text = json.dumps({"document": made.document, "files": files}).encode()
        handle, part = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(gzip.compress(digest(text).encode() + b"\n" + text, compresslevel=1, mtime=0))
        Path(part).replace(place)


@cache
def code_version() -> str:
    """What is converted with: our own code, and the Python that reads."""
    from converters.targets import templating

    state = hashlib.sha256(f"{__version__} {platform.python_version()}".encode())
    for folder in (Path(__file__).parents[1], templating.folder()):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".j2", ".json"):
                state.update(path.relative_to(folder).as_posix().encode() + b"\0" + digest(path.read_bytes()).encode())
    return state.hexdigest()


@cache
def fingerprint() -> str:
    """What makes results differ beside the project: the code, and the packages that it uses."""
    found = sorted({distribution.metadata["Name"] for distribution in metadata.distributions()})
    return digest("\n".join([code_version(), *(f"{name} {metadata.version(name)}" for name in found)]).encode())
