"""Who listens on a port of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

_LISTEN = "0A"  # the state in /proc/net/tcp


async def accepts(port: int) -> bool:
    """True if somebody listens on that port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def is_held(port: int, pids: Iterable[int]) -> bool | None:
    """True if one of these processes listens on the port; None where there is no ``/proc`` to tell."""
    sockets: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            if table == "tcp":
                return None
            continue  # a machine without IPv6
        for _, local, _, state, _, _, _, _, _, inode, *_ in map(str.split, lines):
            if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{inode}]")
    return bool(sockets) and any(not sockets.isdisjoint(_open_files(pid)) for pid in pids)


def _open_files(pid: int) -> Iterable[str]:
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            yield str(descriptor.readlink())
        except OSError:
            continue  # closed meanwhile
