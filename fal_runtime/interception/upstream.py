"""How other hosts are reached: directly, or through the proxy that the user's own environment names."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from .streams import BUFFER, Stream, closed

#: Seconds to reach another host.
_TIMEOUT = 30.0
_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_SOCKS_FAILURES = {1: "general failure", 2: "not allowed", 3: "network unreachable", 4: "host unreachable", 5: "connection refused"}


class Unreachable(Exception):
    """A host cannot be reached; the text is one line, ``status`` that of the answer."""

    def __init__(self, detail: str, status: int = 502) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class Upstream:
    """The proxies of an environment: ``proxies`` maps schemes, "all" and "no" as ``urllib.request`` does."""

    proxies: Mapping[str, str]

    @classmethod
    def of_this_process(cls) -> Upstream:
        """As the environment of this process says now."""
        return cls(urllib.request.getproxies_environment())

    def proxy(self, scheme: str, host: str, port: int) -> SplitResult | None:
        """The proxy for a host, None for a direct connection."""
        if urllib.request.proxy_bypass_environment(f"{host}:{port}", self.proxies):  # type: ignore[attr-defined]
            return None
        address = self.proxies.get(scheme) or self.proxies.get("all")
        return urlsplit(address if "://" in address else f"http://{address}") if address else None

    async def connect(self, host: str, port: int) -> Stream:
        """A connection whose bytes reach ``host``:``port``. Raises Unreachable."""
        proxy = self.proxy("https", host, port)
        if proxy is None:
            return await _opened(host, port)
        stream = await reach(proxy)
        try:
            if proxy.scheme.startswith("socks5"):
                await asyncio.wait_for(_ask_socks(stream, proxy, host, port), _TIMEOUT)
            else:
                await asyncio.wait_for(_ask_http(stream, proxy, host, port), _TIMEOUT)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError) as error:
            await closed(stream.writer)
            raise Unreachable(f"the proxy {proxy.hostname} did not connect to {host}:{port}: {error or type(error).__name__}") from None
        except BaseException:
            stream.writer.close()
            raise
        return stream


async def reach(proxy: SplitResult) -> Stream:
    """A connection to a proxy. Raises Unreachable."""
    if proxy.scheme not in _DEFAULT_PORTS or not proxy.hostname:
        raise Unreachable(f"a proxy with the scheme {proxy.scheme}:// is not supported; name one with http, https or socks5")
    port = proxy.port or _DEFAULT_PORTS[proxy.scheme]
    return await _opened(proxy.hostname, port, ssl.create_default_context() if proxy.scheme == "https" else None)


async def open_tls(host: str, port: int) -> Stream:
    """A TLS connection to a host. Raises Unreachable."""
    return await _opened(host, port, ssl.create_default_context())


def authorization(proxy: SplitResult) -> bytes:
    """The header line with a proxy's credentials, empty where its address names none."""
    if proxy.username is None:
        return b""
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return b"Proxy-Authorization: Basic " + base64.b64encode(pair.encode()) + b"\r\n"


async def _opened(host: str, port: int, context: ssl.SSLContext | None = None) -> Stream:
    try:
        return Stream(*await asyncio.wait_for(asyncio.open_connection(host, port, ssl=context, limit=BUFFER), _TIMEOUT))
    except asyncio.TimeoutError:
        raise Unreachable(f"{host}:{port} did not answer within {_TIMEOUT:g} s", 504) from None
    except (OSError, UnicodeError) as error:
        reason = os.strerror(error.errno) if isinstance(error, ConnectionError) and error.errno else str(error)
        raise Unreachable(f"{host}:{port} cannot be reached: {reason}") from None


async def _ask_http(stream: Stream, proxy: SplitResult, host: str, port: int) -> None:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    stream.writer.write(f"CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n".encode() + authorization(proxy) + b"\r\n")
    head = await stream.reader.readuntil(b"\r\n\r\n")
    status_line = head.partition(b"\r\n")[0].decode("latin-1")
    words = status_line.split(" ", 2)
    if len(words) < 2 or not words[1].startswith("2"):
        await closed(stream.writer)
        raise Unreachable(f"the proxy {proxy.hostname} did not connect to {host}:{port}: {status_line}")


async def _ask_socks(stream: Stream, proxy: SplitResult, host: str, port: int) -> None:
    """RFC 1928, with a name that the proxy resolves, and RFC 1929 for its user."""
    reader, writer = stream
    user, password = unquote(proxy.username or "").encode(), unquote(proxy.password or "").encode()
    writer.write(b"\x05\x01\x02" if user else b"\x05\x01\x00")
    method = (await reader.readexactly(2))[1]
    if method == 2 and user:
        writer.write(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if (await reader.readexactly(2))[1] != 0:
            raise ConnectionError("it refused the user name and password")
    elif method != 0:
        raise ConnectionError("it wants an authentication that is not supported")
    name = host.encode("idna")
    writer.write(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    _, reply, _, kind = await reader.readexactly(4)
    if reply != 0:
        raise ConnectionError(_SOCKS_FAILURES.get(reply, f"failure {reply}"))
    rest = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
    await reader.readexactly(rest + 2)
