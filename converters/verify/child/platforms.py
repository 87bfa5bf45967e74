"""The servers of both platforms, where they would hide what an app does or only take time."""

from __future__ import annotations

import io
import ipaddress
import types
from typing import Any

from . import network, programs, record
from .expression import Double


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


def _resolve_without_network(module: Any) -> None:
    """Since 1.12 RunPod's downloads look up a host before they ask it, and go through no proxy: here names stand for their addresses."""
    original = module.resolve_and_validate

    def resolve_and_validate(host: str, port: int) -> list[str]:
        if network.is_local(host):
            return list(original(host, port))
        if _is_address(host) and not module.is_safe_address(host):
            raise module.SSRFError(f"host {host!r} resolves to non-public address {host}")
        return [host]

    module.resolve_and_validate = resolve_and_validate
    module._refuse_if_proxied = lambda url: None


def _answer_downloads(module: Any) -> None:
    """fal's toolkit looks up a host before it asks it, and connects to the address: here names stand for addresses, and we answer."""
    resolve, connect = module.resolve_and_validate_host, module._open_connection

    def resolve_and_validate_host(hostname: str, port: int | None) -> list[str]:
        known = network.is_local(hostname) or _is_address(hostname)
        return list(resolve(hostname, port)) if known else [hostname]

    def open_connection(parsed: Any, target_ip: str | None, *, timeout: float) -> Any:
        return connect(parsed, target_ip, timeout=timeout) if network.is_local(parsed.hostname) else _Connection(parsed)

    module.resolve_and_validate_host = resolve_and_validate_host
    module._open_connection = open_connection


class _Connection:
    """A connection of ``http.client`` to another machine."""

    def __init__(self, parsed: Any) -> None:
        self._url = parsed.geturl()

    def request(self, method: str, path: str, headers: Any) -> None:
        self._answered = network.answer(method, self._url)

    def getresponse(self) -> _Response:
        return _Response(self._answered)

    def close(self) -> None:
        return None


class _Response(io.BytesIO):
    def __init__(self, answered: network.Answered) -> None:
        super().__init__(answered.data)
        self.status, self._kind = answered.status, answered.media_type

    def getheaders(self) -> list[tuple[str, str]]:
        return [("Content-Type", self._kind), ("Content-Length", str(len(self.getbuffer())))]


def _take_doubles(module: Any) -> None:
    """What an encoder gave is uploaded as its bytes."""
    original = module.FileData.__init__

    def init(self: Any, data: Any, *args: Any, **options: Any) -> None:
        original(self, bytes(data) if isinstance(data, Double) else data, *args, **options)

    module.FileData.__init__ = init


def _spare_system_folders(module: Any) -> None:
    """Model files are not linked into a folder that is the system's here, where pget leaves none either."""
    original = module.link

    def link(source: Any, dest: Any) -> None:
        try:
            original(source, dest)
        except OSError as error:
            if error.errno not in programs.READ_ONLY:
                raise

    module.link = link


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


PATCHES = {
    "starlette.responses": _record_stops,
    "runpod.serverless.modules.rp_scale": _quicken_polling,
    "runpod.serverless.utils.rp_ssrf": _resolve_without_network,
    "fal.toolkit.utils.ssrf": _answer_downloads,
    "fal.toolkit.file.types": _take_doubles,
    "fal_weights": _spare_system_folders,
}
"""By the module that each changes."""
