"""What clients ask of ``rest.fal.ai`` and ``v3.fal.media``: tokens, uploads, the queue's size, an app's metadata.

What is answered is what these clients ask: fal_client 1.0.3, @fal-ai/client 1.10.1 and fal.toolkit 1.83.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .asgi import Receive, Scope, Send
from .cdn import REFUSALS, Malformed, Store, Upload, read_json
from .directory import Directory
from .queue import Queue

_TOKEN_LIFE = timedelta(hours=1)


class Rest:
    """Two parts of the gateway: ``rest`` and ``cdn``."""

    def __init__(self, base_url: str, store: Store, queue: Queue, directory: Directory, jwks: Callable[[], dict[str, Any]]) -> None:
        self._base_url = base_url
        self._store = store
        self._queue = queue
        self._directory = directory
        self._jwks = jwks
        self._open: dict[str, Upload] = {}
        rest = [
            Route("/storage/auth/token", self.token, methods=["POST"]),
            Route("/storage/upload/initiate", self.initiate, methods=["POST"]),
            Route("/storage/upload/initiate-multipart", self.initiate, methods=["POST"]),
            Route("/tokens/", self.realtime_token, methods=["POST"]),
            Route("/tokens/realtime", self.realtime_token, methods=["POST"]),
            Route("/.well-known/jwks.json", self.jwks, methods=["GET"]),
            Route("/applications/{owner}/{app}/queue", self.queue, methods=["GET", "DELETE"]),
            Route("/applications/{owner}/{app}/metadata", self.metadata, methods=["GET"]),
        ]
        cdn = [
            Route("/files/upload", self.upload, methods=["POST"]),
            Route("/files/upload/multipart", self.begin_parts, methods=["POST"]),
            Route("/uploads/{id}", self.put, methods=["PUT"]),
            Route("/uploads/{id}/complete", self.complete, methods=["POST"]),
            Route("/uploads/{id}/{part:int}", self.put_part, methods=["PUT", "POST"]),
        ]
        self._rest = Starlette(routes=rest, exception_handlers=REFUSALS)
        self._cdn = Starlette(routes=cdn, exception_handlers=REFUSALS)

    async def rest(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """The ``rest`` part."""
        if path != b"/.well-known/jwks.json":
            self._directory.authenticate(scope)
        await self._rest(_below(scope, path), receive, send)

    async def cdn(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """The ``cdn`` part: uploads, and what was uploaded under the platform's own address."""
        if scope.get("method") in ("GET", "HEAD") and path.startswith(b"/files/"):
            await self.files(scope, receive, send, path[len(b"/files") :], root)
        else:
            if not path.startswith(b"/uploads/"):  # an address that only its uploader knows, as a signed one of the platform's
                self._directory.authenticate(scope)
            await self._cdn(_below(scope, path), receive, send)

    async def files(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """The ``files`` part: what was uploaded, and the rest of a multipart upload, whose URLs lie below the file's own."""
        request = Request(_below(scope, path), receive)
        match request.scope["path"].strip("/").split("/"):
            case [id, _, "multipart", _, "complete"] if scope["method"] == "POST":
                await self._respond(self._finish(id, request), request, send)
            case [id, _, "multipart", _, number] if scope["method"] == "PUT" and number.isascii() and number.isdigit():
                await self._respond(self._receive(request, id, int(number)), request, send)
            case [id, name]:
                await self._store.response(id, name)(scope, receive, send)
            case _:
                await JSONResponse({"detail": "File not found"}, 404)(scope, receive, send)

    async def _respond(self, work: Awaitable[Response], request: Request, send: Send) -> None:
        try:
            response = await work
        except tuple(REFUSALS) as error:
            refusal = next(REFUSALS[kind] for kind in REFUSALS if isinstance(error, kind))
            response = await refusal(request, error)
        await response(request.scope, request.receive, send)

    async def token(self, request: Request) -> Response:
        """A token for uploads: anything will do."""
        expires = (datetime.now(timezone.utc) + _TOKEN_LIFE).isoformat()
        base = f"{self._base_url}/cdn"
        return JSONResponse({"token": self._directory.token(), "token_type": "Bearer", "base_url": base, "expires_at": expires})

    async def realtime_token(self, request: Request) -> Response:
        """A token for websockets, as a JSON string."""
        return JSONResponse(self._directory.token())

    async def jwks(self, request: Request) -> Response:
        """The public keys of webhook signatures."""
        return JSONResponse(self._jwks())

    async def queue(self, request: Request) -> Response:
        """Size of an app's queue, or cancel all that wait."""
        app = request.path_params["app"]
        if app not in self._directory:
            return JSONResponse({"detail": f'Application "{app}" not found'}, 404)
        if request.method == "DELETE":
            return JSONResponse({"size": await self._queue.flush(app)})
        size = self._queue.size(app)
        return JSONResponse({"size": size, "by_user": {self._queue.owner: size}})

    async def metadata(self, request: Request) -> Response:
        """The app's OpenAPI document."""
        application = self._directory.get(request.path_params["app"])
        if application is None:
            return JSONResponse({"detail": "Application not found"}, 404)
        return JSONResponse({"openapi": application.spec.openapi})

    async def upload(self, request: Request) -> Response:
        """A whole file in one request."""
        upload = self._store.begin(request.headers)
        self._open[upload.id] = upload
        response = await self._receive(request, upload.id, None)
        return JSONResponse({"access_url": self._store.url(upload)}) if response.status_code == 200 else response

    async def initiate(self, request: Request) -> Response:
        """Reserve a URL; the bytes follow with PUT, whole or in parts."""
        wanted = await read_json(request)
        upload = self._store.begin(request.headers, str(wanted.get("file_name") or ""), str(wanted.get("content_type") or ""))
        self._open[upload.id] = upload
        return JSONResponse({"file_url": self._store.url(upload), "upload_url": f"{self._base_url}/cdn/uploads/{upload.id}"})

    async def begin_parts(self, request: Request) -> Response:
        """Start a file that comes in parts."""
        upload = self._store.begin(request.headers)
        self._open[upload.id] = upload
        return JSONResponse({"access_url": self._store.url(upload), "uploadId": upload.id})

    async def put(self, request: Request) -> Response:
        """The bytes of an initiated file."""
        return await self._receive(request, request.path_params["id"], None)

    async def put_part(self, request: Request) -> Response:
        """One part. A POST asks where to put it (the ``gcs`` protocol)."""
        if request.method == "POST":
            url = f"{self._base_url}/cdn/uploads/{request.path_params['id']}/{request.path_params['part']}"
            return JSONResponse({"upload_url": url})
        return await self._receive(request, request.path_params["id"], request.path_params["part"])

    async def complete(self, request: Request) -> Response:
        """All parts are there."""
        return await self._finish(request.path_params["id"], request)

    async def _receive(self, request: Request, id: str, part: int | None) -> Response:
        upload = self._open.get(id)
        if upload is None:
            return JSONResponse({"detail": "Upload not found"}, 404)
        await self._store.receive(upload, request.stream(), part)
        if part is None:
            self._store.finish(self._open.pop(id))
        return Response(headers={"etag": f'"{id}-{part or 0}"'})

    async def _finish(self, id: str, request: Request) -> Response:
        upload = self._open.get(id)
        if upload is None:
            return JSONResponse({"detail": "Upload not found"}, 404)
        self._store.finish(upload, _numbers((await read_json(request)).get("parts")))
        self._open.pop(id, None)
        return JSONResponse({"access_url": self._store.url(upload)})


def _numbers(parts: Any) -> list[int]:
    """The numbers of the parts that a client says are all; clients of the ``gcs`` protocol spell it otherwise. Raises Malformed."""
    try:
        return [int(part["partNumber"] if "partNumber" in part else part["part_number"]) for part in parts or ()]
    except (TypeError, KeyError, ValueError, OverflowError):
        raise Malformed("parts is not a list of objects with a partNumber") from None


def _below(scope: Scope, path: bytes) -> Scope:
    from urllib.parse import unquote

    return {**scope, "path": unquote(path.decode("latin-1")), "raw_path": path, "root_path": ""}
