"""Files that apps and clients upload, kept on this machine and served back over HTTP.

Runners reach it through the SDK's node-local uploader: plain HTTP over a unix socket (fal 1.83,
``fal/toolkit/file/_local_uploader.py``), so an unmodified app needs neither credentials nor TLS.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp


@dataclass(frozen=True)
class Upload:
    """A file that is being received or complete."""

    id: str
    name: str
    content_type: str


class Store:
    """A directory per file, under a random name: ``body`` is the content, ``about.json`` what is known of it.

    ``base_url`` is where the files are served, e.g. ``http://127.0.0.1:8080/files``.
    """

    def __init__(self, directory: Path, base_url: str) -> None:
        self._directory = directory
        self._base_url = base_url
        directory.mkdir(parents=True, exist_ok=True)

    def begin(self, name: str, content_type: str) -> Upload:
        """Reserve a place, and with it the URL, for a file."""
        upload = Upload(secrets.token_hex(12), name.rpartition("/")[2] or "file", content_type or "application/octet-stream")
        (self._directory / upload.id).mkdir()
        return upload

    def url(self, upload: Upload) -> str:
        """Where the file is, or will be, served."""
        return f"{self._base_url}/{upload.id}/{quote(upload.name)}"

    async def receive(self, upload: Upload, chunks: AsyncIterator[bytes], part: int | None = None) -> int:
        """Write the body, or one part of it; returns its size in bytes. Raises OSError when the disk is full."""
        size = 0
        with (self._directory / upload.id / f"part-{part or 0:05}").open("wb") as body:
            async for chunk in chunks:
                body.write(chunk)
                size += len(chunk)
        return size

    def finish(self, upload: Upload) -> None:
        """Put the parts together and make the file visible, all at once."""
        place = self._directory / upload.id
        first, *others = sorted(place.glob("part-*")) or [place / "part-00000"]
        with first.open("ab") as body:
            for other in others:
                with other.open("rb") as part:
                    shutil.copyfileobj(part, body, 1 << 20)
                other.unlink()
        (place / "about.json").write_text(json.dumps({"name": upload.name, "content_type": upload.content_type}))
        first.rename(place / "body")

    def discard(self, upload: Upload) -> None:
        """Forget a file that was not completed."""
        shutil.rmtree(self._directory / upload.id, ignore_errors=True)

    def expire(self, ttl: float) -> None:
        """Delete files that are older than ``ttl`` seconds."""
        before = time.time() - ttl
        for place in self._directory.iterdir():
            if place.stat().st_mtime < before:
                shutil.rmtree(place, ignore_errors=True)

    def response(self, id: str, name: str) -> ASGIApp:
        """The ASGI response for a GET of the file: type, length and ranges; 404 for what is not there."""
        place = self._directory / id
        if not id.isalnum() or not (place / "body").is_file():
            return JSONResponse({"detail": "File not found"}, 404)
        about = json.loads((place / "about.json").read_text())
        if about["name"] != name:
            return JSONResponse({"detail": "File not found"}, 404)
        return FileResponse(place / "body", media_type=about["content_type"], headers={"access-control-allow-origin": "*"})


class Uploader:
    """The node-local uploader's HTTP interface, as an ASGI application."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions: dict[str, Upload] = {}
        self._sizes: dict[str, int] = {}
        self.asgi = Starlette(
            routes=[
                Route("/v1/uploads", self.upload, methods=["POST"]),
                Route("/v1/uploads/{id}", self.state, methods=["GET"]),
                Route("/v1/upload-sessions", self.open, methods=["POST"]),
                Route("/v1/upload-sessions/{id}/body", self.body, methods=["PUT"]),
                Route("/v1/upload-sessions/{id}/finish", self.finish, methods=["POST"]),
                Route("/v1/upload-sessions/{id}", self.abort, methods=["DELETE"]),
            ]
        )

    async def upload(self, request: Request) -> Response:
        """A whole file in one request."""
        upload = self._begin(request)
        if not await self._receive(upload, request):
            return JSONResponse({"state": "failed"}, 507)
        self._store.finish(upload)
        return self._receipt(upload, "accepted_local", 202)

    async def state(self, request: Request) -> Response:
        """Every accepted file is complete here."""
        return JSONResponse({"state": "completed"})

    async def open(self, request: Request) -> Response:
        """Start a file of unknown size; its URL is known from now on."""
        upload = self._begin(request)
        self._sessions[upload.id] = upload
        return self._receipt(upload, "receiving", 201)

    async def body(self, request: Request) -> Response:
        """Receive a session's bytes."""
        upload = self._sessions.get(request.path_params["id"])
        if upload is None:
            return JSONResponse({"state": "unknown"}, 404)
        if not await self._receive(upload, request):
            return JSONResponse({"state": "failed"}, 507)
        return Response(status_code=204)

    async def finish(self, request: Request) -> Response:
        """Complete a session; the size must be the one that was received."""
        upload = self._sessions.get(request.path_params["id"])
        if upload is None:
            return JSONResponse({"state": "unknown"}, 404)
        if (await request.json()).get("size_bytes") != self._sizes.get(upload.id):
            return JSONResponse({"state": "failed", "failure": "size differs"}, 422)
        self._store.finish(self._sessions.pop(upload.id))
        return self._receipt(upload, "accepted_local", 202)

    async def abort(self, request: Request) -> Response:
        """Drop a session."""
        upload = self._sessions.pop(request.path_params["id"], None)
        if upload is not None:
            self._store.discard(upload)
        return JSONResponse({"state": "aborted"}, 202)

    def _begin(self, request: Request) -> Upload:
        return self._store.begin(request.headers.get("x-fal-file-name", "file"), request.headers.get("content-type", ""))

    async def _receive(self, upload: Upload, request: Request) -> bool:
        try:
            self._sizes[upload.id] = await self._store.receive(upload, request.stream())
        except (OSError, ClientDisconnect):
            self._store.discard(upload)
            self._sessions.pop(upload.id, None)
            return False
        return True

    def _receipt(self, upload: Upload, state: str, status: int) -> Response:
        return JSONResponse({"state": state, "upload_id": upload.id, "file_url": self._store.url(upload)}, status)
