"""The proxy passes other hosts through, directly or by the user's own proxy, and says in one line what it cannot reach."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest

from fal_runtime.interception.proxy import Proxy
from fal_runtime.interception.upstream import Upstream

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NOBODY = ("127.0.0.1", 9)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


@contextlib.asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says what it got, in capitals, once nothing more comes."""
    writer.write((await reader.read()).upper())


async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one request with its head."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + head)


async def ask(proxy: Proxy, data: bytes, after: bytes = b"") -> bytes:
    """What comes back for ``data`` and, in a tunnel, for what is sent ``after`` it opened."""
    async with listening(proxy.handle) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        opened = await reader.readuntil(b"\r\n\r\n") if after else b""
        if after:
            writer.write(after)
            writer.write_eof()
        answer = opened + await reader.read()
        writer.close()
        return answer


def through(**proxies: str) -> Proxy:
    return Proxy(NOBODY, NOBODY, Upstream(proxies))


def test_a_tunnel_is_closed_half_by_half() -> None:
    async def test() -> None:
        async with listening(echo) as port:
            answer = await ask(through(), f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode(), b"abc")
            assert answer == b"HTTP/1.1 200 Connection established\r\n\r\nABC"

    run(test())


def test_a_request_reaches_its_server_as_if_there_were_no_proxy() -> None:
    async def test() -> None:
        async with listening(origin) as port:
            head = f"GET http://127.0.0.1:{port}/a%20b?c=d HTTP/1.1\r\nHost: x\r\nProxy-Authorization: y\r\nConnection: keep-alive\r\n\r\n"
            answer = await ask(through(), head.encode())
            assert answer == b"HTTP/1.1 200 OK\r\n\r\nGET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    run(test())


def test_an_upgrade_stays_one() -> None:
    async def test() -> None:
        async with listening(origin) as port:
            head = f"GET http://127.0.0.1:{port} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            answer = await ask(through(), head.encode())
            assert answer.endswith(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")

    run(test())


def test_a_platform_host_lands_on_the_gateway_with_its_name() -> None:
    async def test() -> None:
        async with listening(origin) as plain, listening(echo) as tls:
            proxy = Proxy(("127.0.0.1", plain), ("127.0.0.1", tls), Upstream({"https": "http://127.0.0.1:9", "http": "http://127.0.0.1:9"}))
            for scheme in ("http", "https"):
                answer = await ask(proxy, f"GET {scheme}://queue.fal.run/x HTTP/1.1\r\nHost: queue.fal.run\r\n\r\n".encode())
                assert answer.endswith(b"GET /x HTTP/1.1\r\nHost: queue.fal.run\r\nConnection: close\r\n\r\n")
            assert (await ask(proxy, b"CONNECT fal.run:443 HTTP/1.1\r\n\r\n", b"hello")).endswith(b"\r\n\r\nHELLO")

    run(test())


def test_other_hosts_chain_through_an_http_proxy_with_its_credentials() -> None:
    seen: list[bytes] = []

    async def company(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await echo(reader, writer)

    async def test() -> None:
        async with listening(company) as port:
            proxy = through(https=f"http://me:p%40ss@127.0.0.1:{port}", no="direct.example")
            assert (await ask(proxy, b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", b"abc")).endswith(b"ABC")
            assert b"cannot be reached" in await ask(proxy, b"CONNECT direct.example:443 HTTP/1.1\r\n\r\n")
        credentials = base64.b64encode(b"me:p@ss")
        assert seen == [
            b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic " + credentials + b"\r\n\r\n"
        ]

    run(test())


@pytest.mark.parametrize("user", ["", "me:secret@"])
def test_other_hosts_chain_through_a_socks_proxy(user: str) -> None:
    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(3) == (b"\x05\x01\x02" if user else b"\x05\x01\x00")
        writer.write(b"\x05\x02" if user else b"\x05\x00")
        if user:
            assert await reader.readexactly(11) == b"\x01\x02me\x06secret"
            writer.write(b"\x01\x00")
        assert await reader.readexactly(18) == b"\x05\x01\x00\x03\x0bexample.com\x01\xbb"
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await echo(reader, writer)

    async def test() -> None:
        async with listening(socks) as port:
            proxy = through(all=f"socks5h://{user}127.0.0.1:{port}")
            assert (await ask(proxy, b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", b"abc")).endswith(b"ABC")

    run(test())


async def _denies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 407 Who are you\r\n\r\n")


async def _denies_socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(3)
    writer.write(b"\x05\xff")


@pytest.mark.parametrize(
    ("scheme", "company", "detail"),
    [
        ("http", _denies, "502 the proxy 127.0.0.1 did not connect to example.com:443: HTTP/1.1 407 Who are you"),
        ("socks5", _denies_socks, "502 the proxy 127.0.0.1 did not connect to example.com:443: it wants an authentication"),
        ("socks4", echo, "502 a proxy with the scheme socks4:// is not supported; name one with http, https or socks5"),
    ],
)
def test_a_proxy_that_refuses_is_told_in_one_line(scheme: str, company: Handler, detail: str) -> None:
    async def test() -> None:
        async with listening(company) as port:
            answer = await ask(through(all=f"{scheme}://127.0.0.1:{port}"), b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
            assert answer.decode().splitlines()[0].startswith(f"HTTP/1.1 {detail}")

    run(test())


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("CONNECT fal.run:8443", 403),
        ("CONNECT fal.run", 400),
        ("CONNECT 127.0.0.1:9", 502),
        ("GET /origin-form", 400),
        ("GET ftp://example.com/x", 400),
        ("GET", 400),
    ],
)
def test_what_it_does_not_do_has_a_status(request_line: str, status: int) -> None:
    async def test() -> None:
        answer = await ask(through(), f"{request_line} HTTP/1.1\r\n\r\n".encode() if " " in request_line else b"GET\r\n\r\n")
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())

    run(test())


def test_a_client_that_speaks_no_http_is_left_alone() -> None:
    async def test() -> None:
        async with listening(through().handle) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\x16\x03\x01")
            writer.close()

    run(test())
