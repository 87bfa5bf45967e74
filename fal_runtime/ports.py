"""Which runner may have a port that a server names in its own code: there is one of each on a machine."""

from __future__ import annotations

import asyncio


class Ports:
    """The ports that runners have claimed."""

    def __init__(self) -> None:
        self._claimed: set[int] = set()

    async def claim(self, port: int) -> bool:
        """True if the port is free and now the caller's until :meth:`release`."""
        if port in self._claimed:
            return False
        self._claimed.add(port)
        if await accepts(port):  # somebody else's server
            self._claimed.remove(port)
            return False
        return True

    def release(self, port: int) -> None:
        """Give a claimed port back."""
        self._claimed.discard(port)


async def accepts(port: int) -> bool:
    """True if somebody listens on that port of this machine."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
