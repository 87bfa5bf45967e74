"""What listens for the platform's hosts on this machine, and the environment that leads processes to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import certifi

from .._hook.sitecustomize import STAND_IN
from .certificates import Authority
from .credentials import LOCAL_KEY, without_credentials
from .hosts import DOMAINS, KNOWN, is_platform
from .proxy import Address, Proxy
from .streams import BUFFER, Stream, closed, splice
from .upstream import Upstream

_HOOK = Path(__file__).parent.parent / "_hook"
#: Variables that name a file with all trusted certificates, in the clients that are known here: OpenSSL and Python, requests, curl.
_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: The one that names certificates beside those that are built in.
_EXTRA = "NODE_EXTRA_CA_CERTS"
_PROXIES = re.compile(r"(?i)(?:http|https|ftp|all|ws|wss|socks|grpc|no)_proxy$")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Interceptor:
    """A TLS listener and a proxy on loopback, between :meth:`start` and :meth:`close`.

    ``url`` is the gateway's, ``key`` ("id:secret") what redirected processes have for a key. ``directory`` is made and filled
    with everything that they must be able to read: certificates, and the files that are loaded into Python and Node.
    Other hosts are reached as the environment of this process says.
    """

    def __init__(self, url: str, directory: Path, key: str = LOCAL_KEY) -> None:
        self.directory = directory
        self._url = url
        self._key = key
        self._gateway = _address(url)
        self._authority = Authority()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._tls: Address | None = None
        self._proxy: Address | None = None

    async def start(self) -> None:
        """Write the directory and listen. Raises OSError."""
        self._fill_directory()
        self._tls = await self._listen(self._to_gateway, self._authority.context())
        self._proxy = await self._listen(Proxy(self._gateway, self._tls, Upstream.of_this_process()).handle)

    async def close(self) -> None:
        """End the listeners and every connection."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def place_hosts(self, root: Path) -> None:
        """Write /etc/hosts below ``root``, for a process that sees it: native code that asks no proxy finds fal's names nowhere."""
        file = root / "etc" / "hosts"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_hosts())

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """``base`` with what leads a process, and those that it starts, here; the user's credentials are not in it."""
        assert self._tls is not None and self._proxy is not None
        kept = {name: value for name, value in without_credentials(base, self._key).items() if not _PROXIES.match(name)}
        return {**kept, **self.variables(base)}

    def variables(self, base: Mapping[str, str]) -> dict[str, str]:
        """Only what is added to ``base``, or takes the place of what it has."""
        assert self._tls is not None and self._proxy is not None
        proxy = f"http://{self._proxy[0]}:{self._proxy[1]}"
        direct = ",".join(dict.fromkeys((*_LOOPBACK, self._gateway[0], *_unproxied(base))))
        bundle = str(self.directory / "ca-bundle.pem")
        preload = str(self.directory / "intercept.cjs")
        paths = dict.fromkeys([str(self.directory), *filter(None, base.get("PYTHONPATH", "").split(os.pathsep))])
        return {
            "FAL_KEY": self._key,
            "FAL_HOME_DIR": str(self.directory / "home"),
            "FAL_CONFIG_PATH": str(self.directory / "home" / "config.toml"),
            "FAL_RUNTIME_URL": self._url,
            "FAL_RUNTIME_TLS": f"{self._tls[0]}:{self._tls[1]}",
            "FAL_RUNTIME_DOMAINS": ",".join(DOMAINS),
            **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), proxy),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), direct),
            **dict.fromkeys(_BUNDLES, bundle),
            _EXTRA: str(self.directory / "extra-ca.pem"),
            "PYTHONPATH": os.pathsep.join(paths),
            "NODE_OPTIONS": " ".join(filter(None, [f"--require={_quoted(preload)}", base.get("NODE_OPTIONS")])),
        }

    def _fill_directory(self) -> None:
        (self.directory / "home").mkdir(parents=True)
        for name in ("sitecustomize.py", "intercept.cjs"):
            shutil.copyfile(_HOOK / name, self.directory / name)
        defaults = ssl.get_default_verify_paths()
        trusted = [certifi.where(), defaults.cafile, defaults.openssl_cafile, *(os.environ.get(name) for name in _BUNDLES)]
        (self.directory / "ca-bundle.pem").write_text(self._with_ours(trusted))
        (self.directory / "extra-ca.pem").write_text(self._with_ours([os.environ.get(_EXTRA)]))

    def _with_ours(self, files: list[str | None]) -> str:
        """The certificates of these files, each once, and the authority's."""
        found: dict[str, None] = {}
        for file in dict.fromkeys(filter(None, files)):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                found.update(dict.fromkeys(_PEM.findall(Path(file).read_text(encoding="utf-8"))))
        return "\n".join([*found, self._authority.pem])

    async def _listen(
        self, handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], context: ssl.SSLContext | None = None
    ) -> Address:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await handler(reader, writer)
            except asyncio.CancelledError:
                writer.close()
            finally:
                self._tasks.discard(task)

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context, limit=BUFFER)
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def _to_gateway(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            gateway = Stream(*await asyncio.open_connection(*self._gateway))
        except OSError:
            await closed(writer)
            return
        await splice(Stream(reader, writer), gateway)


@contextlib.contextmanager
def in_thread(interceptor: Interceptor) -> Iterator[Interceptor]:
    """Run it beside the calling thread while the ``with`` block runs. Raises OSError."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fal-interceptor", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(interceptor.start(), loop).result()
        yield interceptor
    finally:
        asyncio.run_coroutine_threadsafe(interceptor.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _hosts() -> str:
    """This machine's own, where fal's names lead to an address on which nobody listens."""
    try:
        own = Path("/etc/hosts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        own = ["127.0.0.1 localhost"]
    kept = [line for line in own if not any(map(is_platform, line.partition("#")[0].split()))]
    return "\n".join([f"{STAND_IN} {' '.join(KNOWN)}", *kept, ""])


def _address(url: str) -> Address:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host.strip("[]"), int(port)


def _unproxied(base: Mapping[str, str]) -> Iterator[str]:
    """What the user's own NO_PROXY lists, but for what covers hosts of the platform."""
    for entry in (base.get("no_proxy") or base.get("NO_PROXY") or "").split(","):
        name = entry.strip().lstrip("*.").lower()
        if name and not any(domain.endswith(name) or name.endswith(domain) for domain in DOMAINS):
            yield entry.strip()


def _quoted(path: str) -> str:
    """A path as NODE_OPTIONS takes it."""
    if not re.search(r'[\s"\\]', path):
        return path
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
