"""Files that apps and clients upload, kept on this machine and served back over HTTP."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import ASGIApp

#: Bytes that all files may have, that they leave free on the disk (of a small one: a sixteenth), and that an empty one counts.
_MOST_BYTES, _LEFT_FREE, _LEAST = 1 << 36, 1 << 30, 1 << 12
#: Bytes of a document about an upload: ten thousand parts have less.
_MOST_JSON = 1 << 22
#: Parts of one file (the limit of S3).
MOST_PARTS = 10_000
#: Uploads at a time that are not completed.
_MOST_OPEN = 10_000
#: Seconds for which a file is kept whose upload names no lifetime.
_LIFETIME = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Upload:
    """A file that is being received or complete; ``lifetime`` is in seconds, from its completion."""

    id: str
    name: str
    content_type: str
    lifetime: float = _LIFETIME


class Malformed(Exception):
    """What was sent is not what is expected, in words for the client."""


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object that is a request's body. Raises Malformed."""
    text = b""
    async for chunk in request.stream():
        text += chunk
        if len(text) > _MOST_JSON:
            raise Malformed(f"the body is larger than {_MOST_JSON} bytes")
    try:
        document = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    if not isinstance(document, dict):
        raise Malformed("the body is not a JSON object")
    return document


class MissingPart(Exception):
    """An upload is to be completed of which a part never came."""


class Store:
    """A directory per file, under a random name: ``body`` is the content, ``about.json`` what is known of it.

    ``base_url`` is where the files are served, e.g. ``http://127.0.0.1:8080/files``. Together they have at most ``most`` bytes.
    """

    def __init__(self, directory: Path, base_url: str, most: int = _MOST_BYTES) -> None:
        self._directory = directory
        self._base_url = base_url
        directory.mkdir(parents=True, exist_ok=True)
        self._most = most
        self._held = _bytes_below(directory)
        self._open: set[str] = set()

    def begin(self, headers: Mapping[str, str], name: str = "", content_type: str = "") -> Upload:
        """Reserve a place, and with it the URL, for a file.

        ``headers`` are those of the upload: they name its lifetime, and the file where ``name`` and ``content_type`` do not.
        Raises OSError when the disk is full, or too many are begun.
        """
        if len(self._open) >= _MOST_OPEN:
            raise OSError(errno.EDQUOT, f"{_MOST_OPEN} uploads are not completed")
        self._take(_LEAST)
        name = (name or headers.get("x-fal-file-name", "")).rpartition("/")[2] or "file"
        content_type = content_type or headers.get("content-type", "") or "application/octet-stream"
        upload = Upload(secrets.token_hex(12), name, content_type, _lifetime(headers))
        (self._directory / upload.id).mkdir()
        self._open.add(upload.id)
        return upload

    def _take(self, size: int) -> None:
        """Count bytes before they are written. Raises OSError where there is no room for them."""
        if self._held + size > self._most:
            raise OSError(errno.EDQUOT, f"the files of this runtime have {self._most} bytes")
        disk = shutil.disk_usage(self._directory)
        if disk.free < min(_LEFT_FREE, disk.total // 16) + size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._held += size

    def url(self, upload: Upload) -> str:
        """Where the file is, or will be, served."""
        return f"{self._base_url}/{upload.id}/{quote(upload.name)}"

    async def receive(self, upload: Upload, chunks: AsyncIterator[bytes], part: int | None = None) -> int:
        """Write the body, or one part of it; returns its size in bytes.

        Raises OSError when the disk is full, ClientDisconnect when the client goes away, and then nothing of it is kept, or Malformed.
        """
        if part is not None and part > MOST_PARTS:
            raise Malformed(f"a file has at most {MOST_PARTS} parts")
        size = 0
        file = self._directory / upload.id / f"part-{part or 0:05}"
        try:
            with file.open("wb") as body:
                async for chunk in chunks:
                    self._take(len(chunk))
                    body.write(chunk)
                    size += len(chunk)
        except (OSError, ClientDisconnect):
            file.unlink(missing_ok=True)
            self._held -= size
            raise
        return size

    def finish(self, upload: Upload, parts: Collection[int] = ()) -> None:
        """Put the parts together and make the file visible, all at once.

        They must be all from the first one on, or those of ``parts`` where these are named. Raises MissingPart.
        """
        place = self._directory / upload.id
        received = {int(part.name.removeprefix("part-")): part for part in place.glob("part-*")}
        wanted = set(parts) or set(received) | set(range(1, max(received, default=1) + 1))
        for number in sorted(wanted):
            if number not in received:
                raise MissingPart(f"part {number} was not received")
        self._open.discard(upload.id)
        for number in received.keys() - wanted:
            received[number].unlink()
        first, *others = [received[number] for number in sorted(wanted)]
        with first.open("ab") as body:
            for other in others:
                with other.open("rb") as part:
                    shutil.copyfileobj(part, body, 1 << 20)
                other.unlink()
        about = {"name": upload.name, "content_type": upload.content_type, "expires": time.time() + upload.lifetime}
        (place / "about.json").write_text(json.dumps(about))
        first.rename(place / "body")

    def discard(self, upload: Upload) -> None:
        """Forget a file that was not completed."""
        self._open.discard(upload.id)
        self._held -= _bytes_below(self._directory / upload.id)
        shutil.rmtree(self._directory / upload.id, ignore_errors=True)

    def expire(self) -> None:
        """Delete files whose time is over, and uploads that nobody completed."""
        now = time.time()
        for place in self._directory.iterdir():
            try:
                expires = float(json.loads((place / "about.json").read_text())["expires"])
            except (FileNotFoundError, ValueError, TypeError, KeyError):  # not completed, also where a crash cut the record off
                expires = place.stat().st_mtime + _LIFETIME
            if expires < now:
                shutil.rmtree(place, ignore_errors=True)
                self._open.discard(place.name)
        self._held = _bytes_below(self._directory)

    def response(self, id: str, name: str) -> ASGIApp:
        """The ASGI response for a GET of the file: type, length and ranges; 404 for what is not there any more."""
        place = self._directory / id
        missing = JSONResponse({"detail": "File not found"}, 404)
        if not id.isalnum() or not (place / "body").is_file():
            return missing
        try:
            about = json.loads((place / "about.json").read_text())
        except (OSError, ValueError):
            return missing
        if about["name"] != name or about["expires"] < time.time():
            return missing
        return FileResponse(place / "body", media_type=about["content_type"], headers={"access-control-allow-origin": "*"})


def _bytes_below(directory: Path) -> int:
    """Bytes of all files below a directory, each of which counts at least a little."""
    return sum(max(file.stat().st_size, _LEAST) for file in directory.rglob("*") if file.is_file())


def _lifetime(headers: Mapping[str, str]) -> float:
    """Seconds for which an upload is to be kept, by the header that fal_client 1.0.3 and fal 1.83 send."""
    text = headers.get("x-fal-object-lifecycle-preference") or headers.get("x-fal-object-lifecycle")
    try:
        seconds = float(json.loads(text or "{}").get("expiration_duration_seconds") or 0)
    except (ValueError, TypeError, AttributeError):
        seconds = 0
    return seconds if seconds > 0 else _LIFETIME


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"state": "failed", "detail": f"Upload failed: {error or type(error).__name__}"}, 507)


async def _malformed(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error), "error_type": "bad_request"}, 400)


#: How Starlette applications answer uploads that the disk refuses, that are cut off, or that are malformed.
REFUSALS: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    OSError: _refused,
    ClientDisconnect: _refused,
    MissingPart: _malformed,
    Malformed: _malformed,
}
