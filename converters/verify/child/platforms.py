"""The servers of both platforms, where they would hide what an app does or only take time."""

from __future__ import annotations

import types
from typing import Any

from . import record


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


PATCHES = {"starlette.responses": _record_stops, "runpod.serverless.modules.rp_scale": _quicken_polling}
"""By the module that each changes."""
