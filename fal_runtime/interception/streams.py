"""Two byte streams joined to each other."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NamedTuple

#: Bytes that are read at a time, and kept where the other end is slower.
BUFFER = 1 << 20


class Stream(NamedTuple):
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def splice(one: Stream, other: Stream) -> None:
    """Pass bytes both ways until both ends are done, or one of them breaks; both are closed then."""
    pumps = [asyncio.ensure_future(_pump(one.reader, other.writer)), asyncio.ensure_future(_pump(other.reader, one.writer))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        one.writer.close()
        other.writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(BUFFER):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()  # TLS has no half that could be closed


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection whatever its state."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
