"""How the callable of an app is served in its runner: by the SDK that it carries, whose server is uvicorn.

Other interpreters than ours load it, which need not have the ``fal`` distribution.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from uvicorn.lifespan.on import LifespanOn


def listen_on(bound: Mapping[int, socket.socket], ready: Callable[[], None]) -> None:
    """Make the SDK's servers accept on the sockets ``bound`` to these ports rather than on every interface.

    ``ready`` is called when the server of the first port accepts, which is after ``setup()``.
    """
    original = uvicorn.Server.startup
    main = next(iter(bound))

    async def startup(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        ours = bound.get(self.config.port)
        await original(self, sockets=sockets if ours is None else [ours])
        if self.started and self.config.port == main:
            ready()

    uvicorn.Server.startup = startup  # type: ignore[method-assign]


def report_setup_failure(report: Callable[[str], None]) -> None:
    """Call ``report`` with the traceback when ``setup()`` raises (the SDK only logs it and exits with code 3)."""
    original = LifespanOn.send

    async def send(self: LifespanOn, message: Any) -> None:
        if message["type"] == "lifespan.startup.failed":
            report(message.get("message", ""))
        await original(self, message)

    LifespanOn.send = send  # type: ignore[method-assign]


def serve(function: Callable[..., Any], ports: tuple[int, int] | None) -> None:
    """Call the app's callable on the main thread and stay in it until the server ends.

    ``ports`` are the exposed and the metrics port of an app that the SDK serves, None for a function with its own server.
    """
    result = function(exposed_port=ports[0], exposed_metrics_port=ports[1]) if ports else function()
    if inspect.isawaitable(result):
        asyncio.run(_wait(result))


async def _wait(result: Awaitable[Any]) -> None:
    await result
