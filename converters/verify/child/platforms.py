"""The servers of both platforms, where they would hide what an app does or only take time."""

from __future__ import annotations

import ipaddress
import types
from typing import Any

from . import network, record


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
}
"""By the module that each changes."""
