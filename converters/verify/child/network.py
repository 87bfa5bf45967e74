"""The world outside, which is not reached: requests are answered with small files of the kind that the address names.

Addresses of this machine are real. Where nothing listens there (a server that the image would start), the answer is made up as well.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import io
import ipaddress
import json
import os
import socket
import sys
import types
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from typing import Any, NamedTuple

from . import files, record
from .describe import described
from .expression import Double

_KINDS = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif", ".mp4": "video/mp4",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".json": "application/json", ".zip": "application/zip", ".txt": "text/plain",
}  # fmt: skip


_USUAL = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"})
"""Headers that the libraries set by themselves."""

_companions = True
"""Whether servers of this machine that do not listen are made up: those that an image would start."""


def install(*, companions: bool = True) -> None:
    """Close this process to other machines, and answer in their place; ``companions``: also in that of servers here that do not listen."""
    global _companions
    _companions = companions
    _close_sockets()
    urllib.request.urlopen = _urlopen
    urllib.request.urlretrieve = _urlretrieve  # type: ignore[assignment]
    patches: dict[str, Callable[[Any], None]] = {
        "urllib3.connectionpool": _patch_urllib3,
        "requests.models": _patch_requests,
        "httpx": _patch_httpx,
        "aiohttp.client": _patch_aiohttp,
        "starlette.responses": _record_stops,
        "runpod.serverless.modules.rp_scale": _quicken_polling,
    }
    for name in [name for name in patches if name in sys.modules]:
        patches.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _After(patches))


def is_local(host: str | None) -> bool:
    """Whether a host is this machine."""
    if not host or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listens(host: str, port: int | None) -> bool:
    """Whether something answers at a port of this machine."""
    try:
        socket.create_connection((host.strip("[]"), port or 80), timeout=5).close()
    except OSError:
        return False
    return True


def address_of(url: Any) -> Any:
    """An address that the network can be asked for: a double is none by itself."""
    return f"https://files.example/{urllib.parse.quote(url.text, safe='')}" if isinstance(url, Double) else url


class Answered(NamedTuple):
    """What another machine answers."""

    data: bytes
    media_type: str
    status: int = 200


def answer(
    method: str, url: str, body: Any = None, *, headers: Mapping[str, Any] | None = None, timeout: Any = None, again: bool = False
) -> Answered:
    """What another machine would answer: nothing but a failure where this call is to fail. What is asked ``again`` is not recorded.

    ``timeout``: as the project's code gave it, in seconds or one of the library's own objects.
    """
    text = f"{method} {url}" + (f" {described(_text(body))}" if body else "")
    options = [f"{name}: {_text(value)}" for name, value in (headers or {}).items() if _text(name).lower() not in _USUAL]
    options += [f"timeout {timeout}"] if timeout is not None else []
    told = f"{text} ({', '.join(options)})" if options else text
    if not again and record.question("network", told):
        return Answered(json.dumps({"error": "out of order"}).encode(), "application/json", 500)
    suffix = os.path.splitext(urllib.parse.urlsplit(url).path)[1].lower()
    if suffix in files.MEDIA:
        return Answered(files.content(text, suffix), _KINDS.get(suffix, "application/octet-stream"))
    if method in ("POST", "PUT", "PATCH", "DELETE"):
        return Answered(json.dumps({files.STAND_IN: text}).encode(), "application/json")
    return Answered(files.content(text, ".png"), "image/png")


def _text(body: Any) -> Any:
    """The text of a body that is one: ids in it can then be told."""
    try:
        return body.decode() if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        return body


def _close_sockets() -> None:
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refused(address: Any) -> bool:
        return isinstance(address, tuple) and not is_local(str(address[0]))

    def connecting(self: socket.socket, address: Any) -> None:
        if refused(address):
            raise ConnectionRefusedError(111, "there is no network here")
        connect(self, address)

    def connecting_ex(self: socket.socket, address: Any) -> int:
        return 111 if refused(address) else connect_ex(self, address)

    def looking_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not is_local(name) and name not in ("0.0.0.0", "::", socket.gethostname()):
            raise socket.gaierror(socket.EAI_NONAME, "there is no network here")
        return look_up(host, *args, **kwargs)

    socket.socket.connect = connecting  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = connecting_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = looking_up


class _Answer(io.BytesIO):
    """A response of urllib."""

    status = code = 200
    reason = msg = "OK"

    def __init__(self, answered: Answered, url: str) -> None:
        super().__init__(answered.data)
        self.headers = Message()
        self.headers["Content-Type"], self.headers["Content-Length"] = answered.media_type, str(len(answered.data))
        self.url = url

    def getcode(self) -> int:
        return self.status

    def geturl(self) -> str:
        return self.url

    def info(self) -> Message:
        return self.headers


_FAILURE = "Internal Server Error"
_real_urlopen = urllib.request.urlopen


def _urlopen(url: Any, data: Any = None, timeout: Any = None, **kwargs: Any) -> Any:
    url = address_of(url)
    address = url if isinstance(url, str) else url.full_url
    parts = urllib.parse.urlsplit(address)
    options = kwargs if timeout is None else {**kwargs, "timeout": timeout}
    if parts.scheme in ("data", "file"):
        return _real_urlopen(url, data, **options)
    if is_local(parts.hostname):
        try:
            return _real_urlopen(url, data, **options)
        except urllib.error.URLError as error:
            if not (_companions and isinstance(getattr(error, "reason", None), ConnectionRefusedError)):
                raise
    body = data if data is not None else getattr(url, "data", None)
    method = ("POST" if body is not None else "GET") if isinstance(url, str) else url.get_method()
    headers = None if isinstance(url, str) else dict(url.header_items())
    found = answer(method, address, body, headers=headers, timeout=timeout)
    made = _Answer(found, address)
    if found.status != 200:
        raise urllib.error.HTTPError(address, found.status, _FAILURE, made.headers, made)
    return made


def _urlretrieve(url: str, filename: Any = None, *args: Any, **kwargs: Any) -> tuple[str, Message]:
    import tempfile

    response = _urlopen(url)
    url = address_of(url)
    if filename is None:
        handle, filename = tempfile.mkstemp(suffix=os.path.splitext(urllib.parse.urlsplit(url).path)[1])
        os.close(handle)
    with open(filename, "wb") as target:
        target.write(response.read())
    return str(filename), response.info()


class _After(importlib.abc.MetaPathFinder):
    """Changes modules once they have been imported."""

    def __init__(self, patches: dict[str, Callable[[Any], None]]) -> None:
        self._patches = patches

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._patches:
            return None
        patch = self._patches.pop(name)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def loading(module: types.ModuleType) -> None:
                load(module)
                patch(module)

            spec.loader.exec_module = loading  # type: ignore[method-assign]
        return spec


def _patch_urllib3(module: Any) -> None:
    original = module.HTTPConnectionPool.urlopen

    def urlopen(self: Any, method: str, url: str, body: Any = None, *args: Any, **kwargs: Any) -> Any:
        from urllib3 import HTTPResponse

        if is_local(self.host) and (not _companions or _listens(self.host, self.port)):
            return original(self, method, url, body, *args, **kwargs)
        address = url if "://" in url else f"{self.scheme}://{self.host}{url}"
        waits = kwargs.get("timeout")
        seconds = getattr(waits, "_read", waits) if isinstance(waits, module.Timeout) or type(waits) in (int, float) else None
        data, kind, status = answer(method, address, body, headers=kwargs.get("headers"), timeout=seconds)
        headers = {"Content-Type": kind, "Content-Length": str(len(data)), "ETag": '"double"'}
        options = {"preload_content": kwargs.get("preload_content", True), "request_method": method, "request_url": address}
        return HTTPResponse(io.BytesIO(data), headers, status, reason="OK" if status == 200 else _FAILURE, **options)

    module.HTTPConnectionPool.urlopen = urlopen


def _patch_requests(module: Any) -> None:
    prepare = module.PreparedRequest.prepare_url
    module.PreparedRequest.prepare_url = lambda self, url, params: prepare(self, address_of(url), params)
    original = module.Response.json

    def decoded(self: Any, **kwargs: Any) -> Any:
        if not is_local(urllib.parse.urlsplit(self.url).hostname) or self.headers.get("ETag") == '"double"':
            return Double(f"{self.request.method} {self.url}.json()")
        return original(self, **kwargs)

    module.Response.json = decoded


def _patch_httpx(module: Any) -> None:
    def response(request: Any) -> Any:
        body = request.content if hasattr(request, "_content") else None
        seconds = request.extensions.get("timeout", {}).get("read")
        data, kind, status = answer(request.method, str(request.url), body, headers=dict(request.headers), timeout=seconds)
        return module.Response(status, headers={"Content-Type": kind, "ETag": '"double"'}, content=data, request=request)

    original, original_async = module.HTTPTransport.handle_request, module.AsyncHTTPTransport.handle_async_request

    def handle(self: Any, request: Any) -> Any:
        if is_local(request.url.host):
            try:
                return original(self, request)
            except module.ConnectError:
                if not _companions:
                    raise
        return response(request)

    async def handle_async(self: Any, request: Any) -> Any:
        if is_local(request.url.host):
            try:
                return await original_async(self, request)
            except module.ConnectError:
                if not _companions:
                    raise
        made = response(request)
        return module.Response(made.status_code, headers=made.headers, stream=module.ByteStream(made.content), request=request)

    build = module.Client.build_request
    module.Client.build_request = lambda self, method, url, **options: build(self, method, address_of(url), **options)
    build_async = module.AsyncClient.build_request
    module.AsyncClient.build_request = lambda self, method, url, **options: build_async(self, method, address_of(url), **options)
    decode = module.Response.json

    def decoded(self: Any, **kwargs: Any) -> Any:
        if self.headers.get("ETag") == '"double"':
            return Double(f"{self.request.method} {self.request.url}.json()")
        return decode(self, **kwargs)

    module.HTTPTransport.handle_request = handle
    module.AsyncHTTPTransport.handle_async_request = handle_async
    module.Response.json = decoded


def _patch_aiohttp(module: Any) -> None:
    original = module.ClientSession._request

    async def request(self: Any, method: str, str_or_url: Any, **kwargs: Any) -> Any:
        str_or_url = address_of(str_or_url)
        address = str(str_or_url)
        if is_local(urllib.parse.urlsplit(address).hostname):
            try:
                return await original(self, method, str_or_url, **kwargs)
            except module.ClientConnectorError:
                if not _companions:
                    raise
        waits, headers = kwargs.get("timeout", self._timeout), {**(self._default_headers or {}), **(kwargs.get("headers") or {})}
        body = kwargs.get("json") or kwargs.get("data")
        found = answer(method, address, body, headers=headers, timeout=getattr(waits, "total", waits))
        return _Response(method, address, found, module.ClientResponseError)

    module.ClientSession._request = request


def _record_stops(module: Any) -> None:
    """The platform takes ``x-fal-stop-runner`` out of an answer, so what an app says with it is noted here."""
    original = module.Response.init_headers

    def init_headers(self: Any, headers: Any = None) -> None:
        original(self, headers)
        if headers and str(dict(headers).get("x-fal-stop-runner", "")).lower() in ("1", "true"):
            record.write("stop", "x-fal-stop-runner")

    module.Response.init_headers = init_headers


def _quicken_polling(module: Any) -> None:
    """RunPod's worker looks for its next job and for results once a second: here, a hundred times."""
    quick = types.ModuleType("asyncio")
    vars(quick).update(vars(module.asyncio))
    sleep = module.asyncio.sleep
    quick.sleep = lambda delay, result=None: sleep(min(delay, 0.01), result)  # type: ignore[attr-defined]
    module.asyncio = quick


class _Content:
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, size: int = -1) -> bytes:
        found, self._data = (self._data, b"") if size < 0 else (self._data[:size], self._data[size:])
        return found

    async def iter_chunked(self, size: int) -> Any:
        while chunk := await self.read(size):
            yield chunk

    async def iter_any(self) -> Any:
        yield await self.read()

    async def __aiter__(self) -> Any:
        for line in (await self.read()).splitlines(keepends=True):
            yield line


class _Response:
    """A response of aiohttp."""

    def __init__(self, method: str, url: str, answered: Answered, error: type[Exception]) -> None:
        self._data, self.content_type, self.status = answered
        self.method, self.url, self._error = method, url, error
        self.ok = self.status == 200
        self.reason = "OK" if self.ok else _FAILURE
        self.headers = {"Content-Type": self.content_type, "Content-Length": str(len(self._data))}
        self.content = _Content(self._data)

    def raise_for_status(self) -> None:
        if not self.ok:
            asked = types.SimpleNamespace(real_url=self.url, url=self.url, method=self.method, headers={})
            raise self._error(asked, (), status=self.status, message=self.reason, headers=self.headers)  # type: ignore[call-arg]

    async def read(self) -> bytes:
        return self._data

    async def text(self, **_: Any) -> str:
        return f"{self.method} {self.url}.text"

    async def json(self, **_: Any) -> Any:
        return Double(f"{self.method} {self.url}.json()")

    def release(self) -> None:
        return None

    close = release

    async def __aenter__(self) -> _Response:
        return self

    async def __aexit__(self, *_: Any) -> None:
        return None
