"""Which web pages may call the gateway, and under which names it is called: a browser runs the code of pages that nobody here wrote."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .asgi import Asgi, Receive, Scope, Send, answer, fail
from .errors import PlatformError, UnusableOption
from .interception import is_platform
from .upstream import Headers

#: Names by which containers reach the machine that they run on; nobody can register them.
_CONTAINERS = frozenset(["host.docker.internal", "host.containers.internal", "gateway.docker.internal"])
_METHOD, _HEADERS = b"access-control-request-method", b"access-control-request-headers"
_PRIVATE = b"access-control-request-private-network"
_READ = frozenset([b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", _METHOD, _HEADERS, _PRIVATE])
_AUTHORITY = re.compile(r"(\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\[\]:@/]+?)\.?)(:[0-9]*)?")
_SHOWN = 100
"""Characters of a name that are told."""


@dataclass(frozen=True)
class Access:
    """``origins`` are those of web pages that may call beside this machine's (``*``: all), ``hosts`` its names beside its own."""

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, origins: Iterable[str] = (), hosts: Iterable[str] = ()) -> Access:
        """As they are named on the command line. Raises UnusableOption."""
        return cls(frozenset(map(_origin, origins)), frozenset(host.lower() for host in hosts))

    def takes_host(self, host: str) -> bool:
        """Whether the gateway may be called by this name: one that nobody else can lead to this machine (DNS rebinding)."""
        name = _without_port(host)
        own = socket.gethostname().lower()
        return _is_local(name) or name in self.hosts or name in _CONTAINERS or is_platform(name) or name in (own, f"{own}.local")

    def takes_origin(self, origin: str, host: str) -> bool:
        """Whether a web page may call: one of this machine's servers, the gateway's own, or one that was allowed."""
        if "*" in self.origins or origin.lower() in self.origins:
            return True
        scheme, _, rest = origin.lower().partition("://")
        name = _without_port(rest)
        return scheme in ("http", "https") and (rest == host.lower() or (_is_local(name) and not _is_address_elsewhere(name)))


def _origin(text: str) -> str:
    text = text.strip().rstrip("/").lower()
    parts = urlsplit(text)
    if text in ("*", "null") or (parts.scheme and parts.netloc and not parts.path and not parts.query):
        return text
    raise UnusableOption(f"--allow-origin {text!r}: an origin is a scheme and a host, such as http://studio.example:3000, or * for all")


def _without_port(host: str) -> str:
    """The name; what is none stays as it is."""
    found = _AUTHORITY.fullmatch(host.lower())
    return host if found is None else found["name"] or found["address"]


def _is_local(name: str) -> bool:
    """An address, which no other name can hide behind, or a name that is always this machine."""
    return name == "localhost" or name.endswith(".localhost") or _address(name) is not None


def _is_address_elsewhere(name: str) -> bool:
    address = _address(name)
    return address is not None and not address.is_loopback


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


class Browsers:
    """The gateway as web pages see it: those that may call it are told so (CORS), others are refused."""

    def __init__(self, gateway: Asgi, access: Access) -> None:
        self._gateway = gateway
        self._access = access
        self._known: dict[str, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a call."""
        told = {name: value for name, value in scope["headers"] if name in _READ}
        origin = told.get(b"origin")
        try:
            self._check(scope["path"], told)
        except PlatformError as error:
            if scope["type"] == "websocket":
                await receive()
            await fail(scope, send, error)
            return
        if origin is None or scope["type"] == "websocket":
            await self._gateway(scope, receive, send)
        elif scope["method"] == "OPTIONS" and _METHOD in told:
            await answer(send, 204, _preflight(told, origin), b"")
        else:
            await self._gateway(scope, receive, _telling(send, origin))

    def _check(self, path: str, told: Mapping[bytes, bytes]) -> None:
        host = told.get(b"host", b"").decode("latin-1")
        self._check_host(host)
        if b"origin" in told:
            self._check_origin(told[b"origin"].decode("latin-1"), host)
        elif told.get(b"sec-fetch-site") == b"cross-site" and told.get(b"sec-fetch-mode") != b"navigate" and not path.startswith("/files/"):
            raise PlatformError(403, None, "A page of another site may not call this gateway")

    def _check_host(self, host: str) -> None:
        if not host or self._known.get(host):
            return
        if not self._access.takes_host(host):
            shown = _without_port(host)[:_SHOWN]
            raise PlatformError(403, None, f"This gateway is not called {shown}: if it is to be, start it with --allow-host {shown}")
        if len(self._known) < 1000:
            self._known[host] = True

    def _check_origin(self, origin: str, host: str) -> None:
        if not self._access.takes_origin(origin, host):
            shown = origin[:_SHOWN]
            raise PlatformError(
                403, None, f"Pages of {shown} may not call this gateway: if they are to, start it with --allow-origin {shown}"
            )


def _preflight(told: Mapping[bytes, bytes], origin: bytes) -> Headers:
    headers = [
        *_allowed(origin),
        (b"access-control-allow-methods", told[_METHOD]),
        (b"access-control-allow-headers", told.get(_HEADERS, b"*")),
        (b"access-control-max-age", b"600"),
    ]
    return [*headers, (b"access-control-allow-private-network", b"true")] if _PRIVATE in told else headers


def _allowed(origin: bytes) -> Headers:
    return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", b"*"), (b"vary", b"origin")]


def _telling(send: Send, origin: bytes) -> Send:
    """``send`` with what lets the page read the answer; an app that says that itself is left alone."""

    async def tell(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", [])
            if not any(name == b"access-control-allow-origin" for name, _ in headers):
                message["headers"] = [*headers, *_allowed(origin)]
        await send(message)

    return tell
