"""The libraries with which projects ask other machines: each gets the answers of ``network`` in its own form."""

from __future__ import annotations

import functools
import io
import json
import types
import urllib.parse
from typing import Any

from . import network
from .expression import Double


def _patch_urllib3(module: Any) -> None:
    original = module.HTTPConnectionPool.urlopen

    def urlopen(self: Any, method: str, url: str, body: Any = None, *args: Any, **kwargs: Any) -> Any:
        from urllib3 import HTTPResponse

        if network.is_local(self.host) and (not network.stands_in() or network.listens(self.host, self.port)):
            return original(self, method, url, body, *args, **kwargs)
        address = url if "://" in url else f"{self.scheme}://{self.host}{_port(self)}{url}"
        waits = kwargs.get("timeout")
        seconds = getattr(waits, "_read", waits) if isinstance(waits, module.Timeout) or type(waits) in (int, float) else None
        ask = functools.partial(network.answer, method, address, body, headers=kwargs.get("headers"), timeout=seconds)
        data, kind, status = ask()
        retries = kwargs.get("retries")
        if status != 200 and isinstance(retries, module.Retry) and retries.is_retry(method, status):
            data, kind, status = ask()
        headers = {"Content-Type": kind, "Content-Length": str(len(data)), "ETag": '"double"'}
        options = {"preload_content": kwargs.get("preload_content", True), "request_method": method, "request_url": address}
        return HTTPResponse(io.BytesIO(data), headers, status, reason="OK" if status == 200 else network.FAILURE, **options)

    module.HTTPConnectionPool.urlopen = urlopen


def _port(pool: Any) -> str:
    """The port of an address, where it is not the usual one."""
    return "" if pool.port in (None, {"http": 80, "https": 443}.get(pool.scheme)) else f":{pool.port}"


def _patch_requests(module: Any) -> None:
    prepare = module.PreparedRequest.prepare_url
    module.PreparedRequest.prepare_url = lambda self, url, params: prepare(self, network.address_of(url), params)
    original = module.Response.json

    def decoded(self: Any, **kwargs: Any) -> Any:
        is_double = not network.is_local(urllib.parse.urlsplit(self.url).hostname) or self.headers.get("ETag") == '"double"'
        if is_double and self.ok:
            return Double(f"{self.request.method} {self.url}.json()")
        return original(self, **kwargs)

    module.Response.json = decoded


def _patch_httpx(module: Any) -> None:
    def response(request: Any) -> Any:
        body = request.content if hasattr(request, "_content") else None
        seconds = request.extensions.get("timeout", {}).get("read")
        data, kind, status = network.answer(request.method, str(request.url), body, headers=dict(request.headers), timeout=seconds)
        return module.Response(status, headers={"Content-Type": kind, "ETag": '"double"'}, content=data, request=request)

    original, original_async = module.HTTPTransport.handle_request, module.AsyncHTTPTransport.handle_async_request

    def handle(self: Any, request: Any) -> Any:
        if network.is_local(request.url.host):
            try:
                return original(self, request)
            except module.ConnectError:
                if not network.stands_in():
                    raise
        return response(request)

    async def handle_async(self: Any, request: Any) -> Any:
        if network.is_local(request.url.host):
            try:
                return await original_async(self, request)
            except module.ConnectError:
                if not network.stands_in():
                    raise
        made = response(request)
        return module.Response(made.status_code, headers=made.headers, stream=module.ByteStream(made.content), request=request)

    build = module.Client.build_request
    module.Client.build_request = lambda self, method, url, **options: build(self, method, network.address_of(url), **options)
    build_async = module.AsyncClient.build_request
    module.AsyncClient.build_request = lambda self, method, url, **options: build_async(self, method, network.address_of(url), **options)
    decode = module.Response.json

    def decoded(self: Any, **kwargs: Any) -> Any:
        if self.headers.get("ETag") == '"double"' and self.is_success:
            return Double(f"{self.request.method} {self.request.url}.json()")
        return decode(self, **kwargs)

    module.HTTPTransport.handle_request = handle
    module.AsyncHTTPTransport.handle_async_request = handle_async
    module.Response.json = decoded


def _patch_aiohttp(module: Any) -> None:
    original = module.ClientSession._request

    async def request(self: Any, method: str, str_or_url: Any, **kwargs: Any) -> Any:
        str_or_url = network.address_of(str_or_url)
        address = str(str_or_url)
        if network.is_local(urllib.parse.urlsplit(address).hostname):
            try:
                return await original(self, method, str_or_url, **kwargs)
            except module.ClientConnectorError:
                if not network.stands_in():
                    raise
        if kwargs.get("params"):
            address = str(module.URL(address).update_query(kwargs["params"]))
        waits, headers = kwargs.get("timeout", self._timeout), self._prepare_headers(kwargs.get("headers"))
        body = kwargs.get("json") or kwargs.get("data")
        found = network.answer(method, address, body, headers=headers, timeout=getattr(waits, "total", waits))
        return _Response(method, address, found, module.ClientResponseError)

    module.ClientSession._request = request


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

    def __init__(self, method: str, url: str, answered: network.Answered, error: type[Exception]) -> None:
        self._data, self.content_type, self.status = answered
        self.method, self.url, self._error = method, url, error
        self.ok = self.status == 200
        self.reason = "OK" if self.ok else network.FAILURE
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
        if not self.ok:
            return json.loads(self._data)
        return Double(f"{self.method} {self.url}.json()")

    def release(self) -> None:
        return None

    close = release

    async def __aenter__(self) -> _Response:
        return self

    async def __aexit__(self, *_: Any) -> None:
        return None


PATCHES = {
    "urllib3.connectionpool": _patch_urllib3,
    "requests.models": _patch_requests,
    "httpx": _patch_httpx,
    "aiohttp.client": _patch_aiohttp,
}
"""By the module that each changes."""
