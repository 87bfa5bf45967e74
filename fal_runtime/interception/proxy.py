"""An HTTP proxy that lands the platform's hosts on the gateway and passes other hosts through untouched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from . import upstream
from .hosts import is_platform
from .streams import Stream, closed, splice
from .upstream import Unreachable, Upstream

Address = tuple[str, int]


@dataclass(frozen=True)
class Proxy:
    """Handles the connections of one listener.

    ``plain`` is where the gateway speaks HTTP, ``tls`` where it speaks TLS under the platform's names; ``others`` reaches
    every other host.
    """

    plain: Address
    tls: Address
    others: Upstream

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: a tunnel, or one request."""
        client = Stream(reader, writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
            if method == "CONNECT":
                await self._tunnel(client, target)
            else:
                await self._forward(client, head, urlsplit(target))
        except Unreachable as refusal:
            _refuse(writer, refusal.status, str(refusal))
        except ValueError:
            _refuse(writer, 400, "not a request to a proxy")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or spoke no HTTP
        finally:
            await closed(writer)

    async def _tunnel(self, client: Stream, target: str) -> None:
        """``CONNECT host:port``."""
        where = urlsplit(f"//{target}")
        host, port = where.hostname, where.port
        if not host or not port:
            raise ValueError(target)
        server = await self._platform(host, port) if is_platform(host) else await self.others.connect(host, port)
        client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await splice(client, server)

    async def _platform(self, host: str, port: int) -> Stream:
        if port not in (80, 443):
            raise Unreachable(f"{host}:{port} belongs to fal and is not served locally", 403)
        return Stream(*await asyncio.open_connection(*(self.tls if port == 443 else self.plain)))

    async def _forward(self, client: Stream, head: bytes, url: SplitResult) -> None:
        """``GET http://host/path``: plain HTTP, and HTTPS by clients that leave TLS to their proxy."""
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(url.scheme)
        host, port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
        if is_platform(host):
            await self._send(client, Stream(*await asyncio.open_connection(*self.plain)), _in_origin_form(head, url))
            return
        proxy = self.others.proxy(url.scheme, host, port) if url.scheme == "http" else None
        if proxy is not None and not proxy.scheme.startswith("socks"):
            request, _, rest = head.partition(b"\r\n")
            authorized = request + b"\r\n" + upstream.authorization(proxy) + _one_request(rest)
            await self._send(client, await upstream.reach(proxy), authorized)
        elif url.scheme == "https":
            await self._send(client, await upstream.open_tls(host, port), _in_origin_form(head, url))
        else:
            await self._send(client, await self.others.connect(host, port), _in_origin_form(head, url))

    async def _send(self, client: Stream, server: Stream, head: bytes) -> None:
        server.writer.write(head)
        await splice(client, server)


def _in_origin_form(head: bytes, url: SplitResult) -> bytes:
    """The head as the server itself expects it."""
    request, _, rest = head.partition(b"\r\n")
    method, _, version = request.decode("latin-1").split(" ", 2)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return f"{method} {path} {version}\r\n".encode("latin-1") + _one_request(rest)


def _one_request(headers: bytes) -> bytes:
    """Header lines that end the connection after this request, since the next one may be for another host."""
    lines = headers.split(b"\r\n")[:-2]
    names = [line.partition(b":")[0].strip().lower() for line in lines]
    kept = [line for line, name in zip(lines, names, strict=True) if not name.startswith(b"proxy-")]
    if b"upgrade" not in names:
        kept = [line for line in kept if not line.lower().startswith((b"connection:", b"keep-alive:"))] + [b"Connection: close"]
    return b"\r\n".join([*kept, b"", b""])


def _refuse(writer: asyncio.StreamWriter, status: int, detail: str) -> None:
    body = f"{detail}\n".encode()
    head = f"HTTP/1.1 {status} {' '.join(detail.split())}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
