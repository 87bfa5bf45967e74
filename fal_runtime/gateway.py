"""The one HTTP entry: every request is given a runner, and the runner's answer goes back byte for byte."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import unquote, urlsplit

from .application import Application
from .asgi import Receive, Scope, Send, answer, fail, header
from .calls import Exchange, Request, acquire, from_client, to_client
from .directory import NAMESPACES, Directory
from .errors import PlatformError, too_large, unknown_service
from .interception import is_platform
from .runner import Runner
from .upstream import Broken, Response

#: A part of the gateway below a prefix of the path, or at a host name: it gets the undecoded rest and its own root URL.
Part = Callable[[Scope, Receive, Send, bytes, str], Awaitable[None]]

#: The first label of the platform's host names, and the part that it stands for; "" are direct calls.
_SERVICES = {"queue": "queue", "rest": "rest", "ws": "ws", "kv": "kv", "v3": "cdn", "v3b": "cdn", "fal": "", "falrun": "", "gateway": ""}

#: First segments of paths that are no owner's.
RESERVED = frozenset(
    ["health", "files", "cdn", "rest", "queue", "kv", "ws", "ws-direct", "runners", "metrics", "fal"]  # the parts
    + [name.decode() for name in NAMESPACES]
)

#: Seconds after which the gateway starts to look whether the client is still there.
_PATIENCE = 0.05
#: Bytes of a body that are waited for before a runner is taken, and seconds in which something of a longer one must come.
_PREFIX, _STALLED = 1 << 22, 60.0


class Gateway:
    """ASGI application: direct calls at ``/<owner>/<app>[/path]``, the parts at ``/<prefix>/...``.

    A part is also found by the host name of the platform's service, e.g. ``queue.fal.run``, so that clients that are
    redirected by a proxy or by name resolution need no prefix. ``max_body`` is the longest body of a direct call in bytes,
    ``notice`` gets what a person should read.
    """

    def __init__(self, directory: Directory, parts: Mapping[str, Part], max_body: int, notice: Callable[[str, str], None]) -> None:
        self._directory = directory
        self._max_body = max_body
        self._notice = notice
        self._parts = {**parts, "fal": self._proxy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        if scope["type"] == "websocket":
            await receive()  # "websocket.connect": the parts accept or refuse
        try:
            part, rest, prefix = self._part(scope, path)
            if part is not None:
                return await part(scope, receive, send, rest, self._base(scope) + prefix)
            if scope["type"] == "websocket":
                return await self._parts["ws-direct"](scope, receive, send, path, "")
            await self.run(scope, receive, send, path)
        except PlatformError as error:
            await fail(scope, send, error)
        except Exception as error:
            self._notice("", f"{scope.get('method', 'websocket')} {scope['path']} failed here: {type(error).__name__}: {error}")
            await fail(scope, send, PlatformError(500, "internal_error", f"Internal error: {error}"))

    def _part(self, scope: Scope, path: bytes) -> tuple[Part | None, bytes, str]:
        """Whose the request is (None: an app's), with its path there, and the prefix that it had here."""
        host = _host(scope)
        if is_platform(host):
            return self._parts.get(_service(host)), path, ""
        first, _, rest = path[1:].partition(b"/")
        prefix = first.decode("latin-1")
        return self._parts.get(prefix), b"/" + rest, f"/{prefix}"

    def _base(self, scope: Scope) -> str:
        scheme = "https" if scope["scheme"] in ("https", "wss") or is_platform(_host(scope)) else "http"
        return f"{scheme}://{header(scope, b'host') or 'localhost'}"

    async def run(self, scope: Scope, receive: Receive, send: Send, path: bytes) -> None:
        """A direct call: no queue, no retry."""
        application, inside = await self._directory.find(scope, path)
        call = DirectCall(self._directory.owner, application, scope, receive, send, inside, self._max_body)
        await call.run()

    async def _proxy(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """``/fal/proxy`` for the JavaScript client's ``proxyUrl``: the URL that is meant stands in a header (@fal-ai/client 1.10.1)."""
        target = header(scope, b"x-fal-target-url")
        if target is None:
            raise PlatformError(400, None, "Missing the x-fal-target-url header")
        url = urlsplit(target)
        if not is_platform(url.hostname or ""):
            raise PlatformError(412, None, f"Invalid target URL {target}")
        headers = [pair for pair in scope["headers"] if pair[0] not in (b"host", b"x-fal-target-url")]
        named = (url.hostname or "").encode()
        inner = {"path": unquote(url.path), "raw_path": url.path.encode(), "query_string": url.query.encode()}
        await self({**scope, **inner, "headers": [(b"host", named), *headers]}, receive, send)


class DirectCall:
    """One request that its client waits for."""

    def __init__(self, owner: str, application: Application, scope: Scope, receive: Receive, send: Send, path: bytes, most: int) -> None:
        self._most = most
        self._application = application
        self._receive = receive
        self._send = send
        self._scope = scope
        self._request = Request(str(uuid.uuid4()), owner, application.spec.name, scope["method"], path, scope["query_string"], [], b"")
        self._exchange: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._answering = False
        self._gone = False

    async def run(self) -> None:
        """From the body to the last byte of the answer."""
        request, application = self._request, self._application
        self._task = asyncio.current_task()
        try:
            request.body = await self._body(self._most)
            request.headers = from_client(self._scope["headers"], sized=not isinstance(request.body, bytes))
            runner = await acquire(application, self._scope, request.id)
            try:
                await self._exchange_with(runner)
            finally:
                application.release(runner, request.id)
        except PlatformError as error:
            if self._answering:  # uvicorn closes the connection, so that the client sees that the answer is not whole
                application.notice(f"{request.method} {request.path.decode('latin-1')}: {error.detail}")
                return
            headers = [*error.all_headers(), (b"x-fal-request-id", request.id.encode())]
            await answer(self._send, error.status, headers, error.body())
        except asyncio.CancelledError:
            if not self._gone:
                raise
        finally:
            if self._patience is not None:
                self._patience.cancel()

    async def _exchange_with(self, runner: Runner) -> None:
        exchange = self._exchange = Exchange(self._application, runner, self._request)
        try:
            response = await exchange.open()
            if self._gone:
                async for _ in response:
                    pass  # nobody wants it, and nobody holds it
                return
            await self._respond(runner, response)
        except Broken as error:
            raise exchange.explain(error) from None
        finally:
            exchange.close()

    async def _respond(self, runner: Runner, response: Response) -> None:
        headers = to_client(response.headers)
        headers += [(b"x-fal-request-id", self._request.id.encode()), (b"x-fal-served-from", runner.id.encode())]
        self._answering = True
        if response.complete:
            await answer(self._send, response.status, headers, response.buffered())
        else:
            await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
            async for data in response:
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})

    async def _body(self, most: int) -> bytes | AsyncIterator[bytes]:
        """The whole body, before a runner is taken; of a long one what has come, and the rest as it comes. Raises PlatformError."""
        chunks: list[bytes] = []
        size, more = 0, True
        while more and size <= _PREFIX:
            chunk, more = await self._chunk(most - size)
            chunks.append(chunk)
            size += len(chunk)
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return self._rest(body, most) if more else body

    async def _rest(self, first: bytes, most: int) -> AsyncIterator[bytes]:
        yield first
        size, more = len(first), True
        while more:
            try:
                chunk, more = await asyncio.wait_for(self._chunk(most - size), _STALLED)
            except asyncio.TimeoutError:
                raise PlatformError(408, "bad_request", f"Nothing of the request body came for {_STALLED:g} seconds") from None
            size += len(chunk)
            yield chunk

    async def _chunk(self, most: int) -> tuple[bytes, bool]:
        """What comes next of the body, and whether there is more. Raises PlatformError."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise PlatformError(499, "client_disconnected", "Client disconnected")
        chunk: bytes = message.get("body", b"")
        if len(chunk) > most:
            raise too_large(self._most)
        if not (more := message.get("more_body", False)):
            self._patience = asyncio.get_running_loop().call_later(_PATIENCE, self._watch)
        return chunk, more

    def _watch(self) -> None:
        self._watcher = asyncio.ensure_future(self._until_gone())

    async def _until_gone(self) -> None:
        """A client that leaves ends its wait for a runner and the stream that it was sent; a run is told with ``/cancel``."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is None or self._task.done():
            return
        self._gone = True
        if self._exchange is not None:
            await self._exchange.cancel()
        if (self._exchange is None or self._answering) and not self._task.done():
            self._task.cancel()


def _host(scope: Scope) -> str:
    """The name that the client calls this gateway by, without a port."""
    return (header(scope, b"host") or "").partition(":")[0].lower()


def _service(host: str) -> str:
    """The part that a host name of the platform stands for: ``queue.fal.run`` -> ``queue``. Raises PlatformError."""
    service = _SERVICES.get(host.partition(".")[0])
    if service is None or (not service and host.endswith((".ai", ".media"))):
        raise unknown_service(host)
    return service
