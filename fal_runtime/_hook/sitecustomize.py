"""What Python processes below the runtime, or below ``migrate exec``, do at start-up, because this directory is on PYTHONPATH.

With FAL_RUNTIME_URL the platform is a runtime on this machine. Clients that read HTTPS_PROXY need nothing of this file. For
the others, names of the platform's hosts (FAL_RUNTIME_DOMAINS) resolve to an address of this machine that nobody else uses, and
connections to it are led to the runtime; gRPC, which fal's control plane speaks, is refused. The official ``fal_client`` is given
plain addresses: it keeps the platform's URLs in five module globals (fal_client 1.0.3, ``client.py``).

With FAL_RUNTIME_BIND ("8000:43111") a server that binds the first port binds 127.0.0.1 and the second, so that several servers
fit one machine. Nothing else is touched, and a ``sitecustomize`` that the environment has of its own runs as before.
"""

from __future__ import annotations

import errno
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

#: Where names of the platform's hosts seem to be: loopback, but not the address that servers here listen on.
STAND_IN = "127.70.65.76"

Address = tuple[str, int]


class Platform:
    """Where the platform's hosts lead: ``url`` is the gateway's, ``tls`` where it answers under their names."""

    def __init__(self, url: str, tls: Address, domains: Sequence[str]) -> None:
        self._url = url
        self._tls = tls
        self._domains = tuple(domains)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Platform | None:
        """As an environment says; None where it names no runtime."""
        url, tls, domains = (environment.get(f"FAL_RUNTIME_{name}", "") for name in ("URL", "TLS", "DOMAINS"))
        if not url or not tls or not domains:
            return None
        host, _, port = tls.rpartition(":")
        return cls(url.rstrip("/"), (host, int(port)), domains.split(","))

    def has(self, host: object) -> bool:
        """True for a host of the platform."""
        if isinstance(host, (bytes, bytearray)):
            host = host.decode("latin-1")
        if not isinstance(host, str):
            return False
        name = host.rstrip(".").lower()
        return any(name == domain or name.endswith(f".{domain}") for domain in self._domains)

    def destination(self, host: object, port: object) -> Address:
        """Where a connection to one of its hosts is led. Raises ConnectionRefusedError for a port that is not served."""
        if port == 443:
            return self._tls
        if port == 80:
            host, _, number = self._url.partition("://")[2].rpartition(":")
            return host.strip("[]"), int(number)
        name = host if host != STAND_IN else "the host"
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"{name}:{port} belongs to fal and is not served locally")

    def install(self) -> None:
        """Lead this process to the runtime."""
        _redirect_names(self)
        _redirect_connections(self)
        _after_import(
            {
                "fal_client.client": self._redirect_client,
                "grpc": self._refuse_channels,
                "grpc.aio": self._refuse_channels,
                "uvloop": self._redirect_loop,
                "aiohttp.resolver": _resolve_in_python,
            }
        )

    def _redirect_client(self, module: ModuleType) -> None:
        url = self._url
        vars(module).update(
            RUN_URL_FORMAT=f"{url}/",
            QUEUE_URL_FORMAT=f"{url}/queue/",
            REALTIME_URL_FORMAT=f"ws{url.removeprefix('http')}/",
            REST_URL=f"{url}/rest",
            CDN_URL=f"{url}/cdn",
        )

    def _refuse_channels(self, module: ModuleType) -> None:
        """gRPC resolves names and trusts certificates in its own way."""

        def refusing(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def channel(target: str, *args: Any, **kwargs: Any) -> Any:
                host = re.sub(r"^[a-z]+:(?://[^/]*/)?", "", target).rpartition(":")[0] or target
                if self.has(host):
                    raise ConnectionRefusedError(
                        f"{host} is fal's control plane, which a local run does not reach; use the command outside of it"
                    )
                return original(target, *args, **kwargs)

            return channel

        for name in ("secure_channel", "insecure_channel"):
            setattr(module, name, refusing(getattr(module, name)))

    def _redirect_loop(self, module: ModuleType) -> None:
        """uvloop resolves and connects outside of Python."""
        platform, original = self, module.Loop

        class Loop(original):  # type: ignore[valid-type, misc]
            async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
                if platform.has(host):
                    return await self.run_in_executor(None, functools.partial(socket.getaddrinfo, host, port, **options))
                return await super().getaddrinfo(host, port, **options)

            async def create_connection(self, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
                if platform.has(host) or host == STAND_IN:
                    if options.get("ssl") and options.get("server_hostname") is None:
                        options["server_hostname"] = host
                    host, port = platform.destination(host, port)
                return await super().create_connection(factory, host, port, **options)

            async def sock_connect(self, sock: socket.socket, address: Any) -> None:
                if isinstance(address, tuple) and address[0] == STAND_IN:
                    address = platform.destination(*address[:2])
                await super().sock_connect(sock, address)

        module.Loop = Loop  # type: ignore[attr-defined]


def _resolve_in_python(module: ModuleType) -> None:
    """aiohttp asks c-ares where that is installed, which reads neither this file nor HTTPS_PROXY."""
    for user in (module, sys.modules.get("aiohttp.connector")):
        if user is not None:
            user.DefaultResolver = module.ThreadedResolver  # type: ignore[attr-defined]


def _redirect_names(platform: Platform) -> None:
    look_up, by_name, by_name_ex = socket.getaddrinfo, socket.gethostbyname, socket.gethostbyname_ex

    def getaddrinfo(host: Any, port: Any, family: int = 0, *args: Any, **options: Any) -> Any:
        if not platform.has(host):
            return look_up(host, port, family, *args, **options)
        if isinstance(port, int) and port:
            platform.destination(host, port)
        return look_up(STAND_IN, port, family, *args, **options)

    socket.getaddrinfo = getaddrinfo
    socket.gethostbyname = lambda host: STAND_IN if platform.has(host) else by_name(host)
    socket.gethostbyname_ex = lambda host: (host, [], [STAND_IN]) if platform.has(host) else by_name_ex(host)


def _redirect_connections(platform: Platform) -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def led(address: Any) -> Any:
        if isinstance(address, tuple) and len(address) >= 2 and (address[0] == STAND_IN or platform.has(address[0])):
            return platform.destination(*address[:2])
        return address

    def connecting(self: socket.socket, address: Any) -> None:
        connect(self, led(address))

    def connecting_ex(self: socket.socket, address: Any) -> int:
        try:
            return connect_ex(self, led(address))
        except ConnectionRefusedError as error:
            return error.errno or errno.ECONNREFUSED

    socket.socket.connect = connecting  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = connecting_ex  # type: ignore[method-assign, assignment]


def _after_import(actions: dict[str, Callable[[ModuleType], None]]) -> None:
    """Call each of these with its module: now where it is imported, else once it is."""
    for name in [name for name in actions if name in sys.modules]:
        actions.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder(actions))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, actions: dict[str, Callable[[ModuleType], None]]) -> None:
        self._actions = actions

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        action = self._actions.pop(name, None)
        if action is None:
            return None
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, action)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, action: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._action(module)


def redirect_bind(port: int, to: int) -> None:
    """Make this process's Python code that binds ``port`` bind 127.0.0.1:``to``."""
    original = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == port and self.family in (socket.AF_INET, socket.AF_INET6):
            address = ("127.0.0.1" if self.family == socket.AF_INET else "::1", to, *address[2:])
        original(self, address)

    socket.socket.bind = bind  # type: ignore[method-assign, assignment]


def _run_the_environment_s_own() -> None:
    here = Path(__file__).resolve().parent
    places = [Path(entry or ".").resolve() for entry in sys.path]
    others = sys.path[places.index(here) + 1 if here in places else 0 :]  # what comes after: another such directory does the same
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    if ":" in os.environ.get("FAL_RUNTIME_BIND", ""):
        redirect_bind(*map(int, os.environ["FAL_RUNTIME_BIND"].split(":")))
    platform = Platform.of(os.environ)
    if platform is not None:
        platform.install()
    _run_the_environment_s_own()
