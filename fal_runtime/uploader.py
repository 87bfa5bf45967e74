"""The SDK's node-local uploader: how apps upload files from their runners.

Plain HTTP over a unix socket (fal 1.83, ``fal/toolkit/file/_local_uploader.py``), so that an unmodified app needs neither
credentials nor TLS.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .cdn import REFUSALS, Store, Upload, read_json


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
            ],
            exception_handlers=REFUSALS,
        )

    async def upload(self, request: Request) -> Response:
        """A whole file in one request."""
        upload = self._store.begin(request.headers)
        await self._store.receive(upload, request.stream())
        self._store.finish(upload)
        return self._receipt(upload, "accepted_local", 202)

    async def state(self, request: Request) -> Response:
        """Every accepted file is complete here."""
        return JSONResponse({"state": "completed"})

    async def open(self, request: Request) -> Response:
        """Start a file of unknown size; its URL is known from now on."""
        upload = self._store.begin(request.headers)
        self._sessions[upload.id] = upload
        return self._receipt(upload, "receiving", 201)

    async def body(self, request: Request) -> Response:
        """Receive a session's bytes."""
        upload = self._sessions.get(request.path_params["id"])
        if upload is None:
            return JSONResponse({"state": "unknown"}, 404)
        self._sizes[upload.id] = await self._store.receive(upload, request.stream())
        return Response(status_code=204)

    async def finish(self, request: Request) -> Response:
        """Complete a session; the size must be the one that was received."""
        upload = self._sessions.get(request.path_params["id"])
        if upload is None:
            return JSONResponse({"state": "unknown"}, 404)
        if (await read_json(request)).get("size_bytes") != self._sizes.pop(upload.id, None):
            return JSONResponse({"state": "failed", "failure": "size differs"}, 422)
        self._store.finish(self._sessions.pop(upload.id))
        return self._receipt(upload, "accepted_local", 202)

    async def abort(self, request: Request) -> Response:
        """Drop a session."""
        upload = self._sessions.pop(request.path_params["id"], None)
        if upload is not None:
            self._store.discard(upload)
        return JSONResponse({"state": "aborted"}, 202)

    def _receipt(self, upload: Upload, state: str, status: int) -> Response:
        return JSONResponse({"state": state, "upload_id": upload.id, "file_url": self._store.url(upload)}, status)
