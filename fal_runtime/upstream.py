"""A small HTTP/1.1 client for the hop from the gateway to a runner.

One hop, one kind of server, no redirects, no cookies, nothing decoded: bytes go through as they came. It is measured at
two to three times the throughput of a general client, which is what lets the gateway cost less than a bare proxy.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from socket import socket
from typing import Any, cast

import httptools

Headers = list[tuple[bytes, bytes]]

_PAUSE_ABOVE = 1 << 18
#: Seconds after which an idle connection is not used again: below the 5 s after which common servers close it.
_FRESH = 4.0


class Broken(Exception):
    """The connection failed; ``answered`` tells whether the head of the response had arrived, ``refused`` whether it never stood."""

    def __init__(self, detail: str, *, answered: bool = False, refused: bool = False) -> None:
        super().__init__(detail)
        self.answered = answered
        self.refused = refused


class Response:
    """An answer whose body may still be arriving."""

    def __init__(self, connection: _Connection, status: int, headers: Headers) -> None:
        self._connection = connection
        self.status = status
        self.headers = headers

    @property
    def complete(self) -> bool:
        """True when the whole body has arrived."""
        return self._connection.complete

    def buffered(self) -> bytes:
        """What has arrived and was not read yet."""
        return self._connection.take()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        connection = self._connection
        while True:
            data = connection.take()
            if data:
                yield data
            elif connection.complete:
                return
            else:
                await connection.more()

    async def read(self) -> bytes:
        """The whole body."""
        if self.complete:
            return self.buffered()
        return b"".join([data async for data in self])

    def close(self) -> None:
        """Give the connection back; one whose body was not read to its end is closed."""
        self._connection.release()


class Upstream:
    """A pool of connections to one runner. ``connect`` makes them where its port is not one of this machine; it raises OSError."""

    def __init__(self, host: str, port: int, connect: Callable[[], Awaitable[socket]] | None = None) -> None:
        self.host = host
        self.port = port
        self._connect = connect
        self._authority = f"{host}:{port}".encode()
        self._idle: deque[_Connection] = deque()
        self._all: set[_Connection] = set()

    async def send(self, method: str, target: bytes, headers: Headers, body: bytes | AsyncIterator[bytes]) -> Response:
        """Send a request and wait for the head of the answer.

        ``headers`` are without hop-by-hop headers, ``host`` included; a body given as an iterator needs either a
        content-length among them or is sent in chunks. Raises Broken.
        """
        connection = await self._connection()
        head = [b"%s %s HTTP/1.1\r\n" % (method.encode(), target)]
        head += [b"%s: %s\r\n" % pair for pair in headers]
        try:
            if isinstance(body, bytes):
                if body or method not in ("GET", "HEAD", "DELETE", "OPTIONS"):
                    head.append(b"content-length: %d\r\n" % len(body))
                return await connection.exchange(method, b"".join(head) + b"\r\n" + body)
            sized = any(name == b"content-length" for name, _ in headers)
            if not sized:
                head.append(b"transfer-encoding: chunked\r\n")
            answer = connection.exchange(method, b"".join(head) + b"\r\n")
            await connection.upload(body, sized, answer)
            return await answer
        except BaseException:
            connection.abort()
            raise

    async def _connection(self) -> _Connection:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.alive and now - connection.idle_since < _FRESH:
                return connection
            connection.abort()
        try:
            where = await self.where()
            _, made = await asyncio.get_running_loop().create_connection(lambda: _Connection(self), **where)
        except OSError as error:
            raise Broken(str(error), refused=True) from None
        self._all.add(made)
        return made

    async def where(self) -> dict[str, Any]:
        """What an event loop's ``create_connection`` is told: a host and a port, or a connected socket. Raises OSError."""
        return {"host": self.host, "port": self.port} if self._connect is None else {"sock": await self._connect()}

    async def accepts(self) -> bool:
        """True if it takes connections."""
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, **await self.where())
        except OSError:
            return False
        transport.close()
        return True

    def keep(self, connection: _Connection) -> None:
        """Take back a connection that can be used again."""
        self._idle.append(connection)

    def forget(self, connection: _Connection) -> None:
        """Drop a connection that is closed."""
        self._all.discard(connection)

    def close(self) -> None:
        """Close every connection, those in use included."""
        for connection in list(self._all):
            connection.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, pool: Upstream) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._more: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self.alive = False
        self.idle_since = 0.0
        self._reset("GET")

    def _reset(self, method: str) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._method = method
        self._headers: Headers = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._paused = False
        self._error: Broken | None = None
        self._informational = False
        self.complete = False
        self._released = False
        self._reusable = False

    # what the pool and the response call

    def exchange(self, method: str, data: bytes) -> asyncio.Future[Response]:
        self._reset(method)
        assert self._transport is not None
        self._answer = self._loop.create_future()
        self._transport.write(data)
        return self._answer

    async def upload(self, body: AsyncIterator[bytes], sized: bool, answer: asyncio.Future[Response]) -> None:
        """Send the body, but stop when the answer comes first."""
        assert self._transport is not None
        async for data in body:
            if answer.done():
                return
            if data:
                self._transport.write(data if sized else b"%x\r\n%s\r\n" % (len(data), data))
            if self._writable is not None:
                first: set[asyncio.Future[Any]] = {self._writable, answer}
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if not sized:
            self._transport.write(b"0\r\n\r\n")

    def take(self) -> bytes:
        if not self._chunks:
            if self._error is not None and not self.complete:
                raise self._error
            return b""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def more(self) -> None:
        self._more = self._loop.create_future()
        try:
            await self._more
        finally:
            self._more = None

    def release(self) -> None:
        if self._released:
            return
        self._released = True
        if self.complete and self._reusable and self.alive:
            self.idle_since = self._loop.time()
            self._pool.keep(self)
        else:
            self.abort()

    def abort(self) -> None:
        self.alive = False
        self._pool.forget(self)
        if self._transport is not None:
            self._transport.abort()

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.alive = True

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(Broken(f"invalid HTTP: {error}", answered=self._answer is None or self._answer.done()))
            self.abort()
        except httptools.HttpParserUpgrade:
            self.abort()

    def eof_received(self) -> None:
        self._end("the runner closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "the runner closed the connection")

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def _end(self, detail: str) -> None:
        self.alive = False
        self._pool.forget(self)
        self.resume_writing()
        if self.complete or self._answer is None:
            return
        answered = self._answer.done()
        if answered and not self._framed():
            self.complete = True  # a body that ends with its connection
            self._wake()
        else:
            self._fail(Broken(detail, answered=answered))

    def _framed(self) -> bool:
        names = {name for name, _ in self._headers}
        return b"content-length" in names or b"transfer-encoding" in names

    def _fail(self, error: Broken) -> None:
        self._error = error
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    # what the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._informational = True
            self._headers = []
            return
        self._reusable = self._parser.should_keep_alive() and status < 500  # servers close it some time after they failed
        if self._method == "HEAD":
            self.complete, self._reusable = True, False
        assert self._answer is not None
        if not self._answer.done():
            self._answer.set_result(Response(self, status, self._headers))

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._size += len(body)
        if self._size > _PAUSE_ABOVE and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if self._informational:
            self._informational = False
            return
        self.complete = True
        self._wake()
