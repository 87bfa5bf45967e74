"""The one HTTP entry: every request is given a runner, and the runner's answer goes back byte for byte."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

from .application import Application
from .cdn import Store
from .errors import PlatformError, request_timeout, unknown_application
from .runner import Runner
from .upstream import Broken, Headers, Response

Scope = Mapping[str, Any]

#: Headers that belong to one hop.
_HOP = frozenset(b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade expect".split())
#: Headers of the platform that reach the app; it consumes the others (fal documentation, "Platform headers").
_FORWARDED = frozenset([b"x-fal-object-lifecycle-preference", b"x-fal-object-lifecycle", b"x-fal-cdn-token"])
#: Headers by which an app speaks to the platform.
_STRIPPED = frozenset([b"x-fal-stop-runner", b"x-fal-needs-retry", b"x-fal-runner-health-check"])


class Gateway:
    """ASGI application for ``/<owner>/<app>[/path]``, ``/files`` and ``/health``."""

    def __init__(self, owner: str, applications: Mapping[str, Application], store: Store) -> None:
        self.owner = owner
        self.applications = applications
        self.store = store

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.http(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "websockets are not served"})

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        """Route one request by its path."""
        path: str = scope["path"]
        first, _, rest = path[1:].partition("/")
        if first == "files":
            id, _, name = rest.partition("/")
            await self.store.response(id, name)(scope, receive, send)
        elif path == "/health":
            await _answer(send, 200, [(b"content-type", b"application/json")], b'{"status":"ok"}')
        else:
            await self.run(scope, receive, send)

    def find(self, path: str) -> Application:
        """The app that ``/<owner>/<app>...`` names. Raises PlatformError."""
        owner, _, rest = path[1:].partition("/")
        name = rest.partition("/")[0]
        application = self.applications.get(name) if owner == self.owner else None
        if application is None:
            raise unknown_application(name or owner)
        return application

    async def run(self, scope: Any, receive: Any, send: Any) -> None:
        """A direct call: no queue, no retry."""
        call = Call(self.owner, scope, receive, send)
        try:
            application = self.find(scope["path"])
            runner = await application.acquire(call.id, call.hint)
            try:
                await call.exchange(application, runner)
            finally:
                application.release(runner, call.id)
        except PlatformError as error:
            await call.fail(error)


class Call:
    """One request on its way to a runner and back."""

    def __init__(self, owner: str, scope: Any, receive: Any, send: Any) -> None:
        self.id = str(uuid.uuid4())
        self.owner = owner
        self.scope = scope
        self._receive = receive
        self._send = send
        self._started = False
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        _, _, self.name, *rest = raw.split(b"/", 3)
        self.path = b"/" + rest[0] if rest else b"/"

    @property
    def hint(self) -> str | None:
        """``X-Fal-Runner-Hint``."""
        for name, value in self.scope["headers"]:
            if name == b"x-fal-runner-hint":
                return str(value, "latin-1")
        return None

    async def exchange(self, application: Application, runner: Runner) -> None:
        """Send the request to the runner and its answer to the client. Raises PlatformError before the answer began."""
        assert runner.upstream is not None
        target = self.path + b"?" + self.scope["query_string"] if self.scope["query_string"] else self.path
        body = await self._body()
        timer = asyncio.get_running_loop().call_later(application.spec.limits.request_timeout, runner.kill)
        began = time.monotonic()
        try:
            response = await runner.upstream.send(self.scope["method"], target, self.headers(), body)
            try:
                await self._respond(runner, response)
            finally:
                response.close()
        except Broken as error:
            if time.monotonic() - began >= application.spec.limits.request_timeout:
                raise request_timeout() from None
            raise broken(error) from None
        finally:
            timer.cancel()

    def headers(self) -> Headers:
        """The client's headers without those of the hop and of the platform, and with the platform's own."""
        kept = [pair for pair in self.scope["headers"] if pair[0] not in _HOP and (pair[0][:6] != b"x-fal-" or pair[0] in _FORWARDED)]
        kept.append((b"x-fal-request-id", self.id.encode()))
        kept.append((b"x-fal-caller-user-id", self.owner.encode()))
        kept.append((b"x-fal-endpoint", b"%s/%s%s" % (self.owner.encode(), self.name, self.path.rstrip(b"/"))))
        return kept

    async def _body(self) -> bytes | AsyncIterator[bytes]:
        message = await self._receive()
        if not message.get("more_body", False):
            self.scope["headers"][:] = [pair for pair in self.scope["headers"] if pair[0] != b"content-length"]
            body: bytes = message.get("body", b"")
            return body
        return self._stream(message["body"])

    async def _stream(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise PlatformError(499, "client_disconnected", "Client disconnected")
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return

    async def _respond(self, runner: Runner, response: Response) -> None:
        headers = [pair for pair in response.headers if pair[0] not in _HOP and pair[0] not in _STRIPPED]
        headers += [(b"x-fal-request-id", self.id.encode()), (b"x-fal-served-from", runner.id.encode())]
        self._started = True
        if response.complete:
            await _answer(self._send, response.status, headers, response.buffered())
            return
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
        async for data in response:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def fail(self, error: PlatformError) -> None:
        """Answer with a platform error; an answer that had begun is cut off, so that the client sees that it is not whole."""
        if self._started:
            raise ConnectionAbortedError(error.detail)
        await _answer(self._send, error.status, [*error.all_headers(), (b"x-fal-request-id", self.id.encode())], error.body())


def broken(error: Broken) -> PlatformError:
    """The platform's words for a hop that failed (fal documentation, "Error types")."""
    if error.refused:
        return PlatformError(503, "runner_connection_refused", "Runner refused the connection")
    if error.answered:
        return PlatformError(502, "runner_incomplete_response", "Runner sent an incomplete response")
    return PlatformError(503, "runner_disconnected", "Runner disconnected")


async def _answer(send: Any, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
