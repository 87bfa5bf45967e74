"""Answers of a name server to whom every host has one address."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from typing import Any

_HEADER = struct.Struct(">HHHHHH")
_IPV4, _ANY, _INTERNET = 1, 255, 1
_RESPONSE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x0100, 0x0080
_NO_SUCH_NAME, _NOT_IMPLEMENTED = 3, 4
_FIRST_NAME = 0xC00C
"""A pointer to the name in the question (RFC 1035, 4.1.4)."""
_SECONDS = 60
_LOCAL = ("local", "internal", "localdomain", "home", "lan")
"""Last parts of names that no public name server knows."""


def answer(query: bytes, address: str) -> bytes | None:
    """The response to a DNS query (RFC 1035); None for what is not one.

    ``address``: the IPv4 address of every public name. Names of a single part, such as those of a compose file's services, are unknown.
    """
    if len(query) < _HEADER.size:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(query)
    end = _question_end(query)
    if flags & _RESPONSE or questions != 1 or end is None:
        return None
    question = query[_HEADER.size : end]
    kind, network = struct.unpack(">HH", question[-4:])
    code = 0 if _is_public(question[:-4]) else _NO_SUCH_NAME
    if flags & 0x7800:  # not a standard query
        code = _NOT_IMPLEMENTED
    answers = b""
    if code == 0 and kind in (_IPV4, _ANY) and network == _INTERNET:
        packed = ipaddress.IPv4Address(address).packed
        answers = struct.pack(">HHHIH", _FIRST_NAME, _IPV4, _INTERNET, _SECONDS, len(packed)) + packed
    status = _RESPONSE | flags & (0x7800 | _RECURSION_DESIRED) | _RECURSION_AVAILABLE | code
    return _HEADER.pack(number, status, 1, 1 if answers else 0, 0, 0) + question + answers


def _question_end(query: bytes) -> int | None:
    """The place after the first question; None where it is cut off or compressed."""
    at = _HEADER.size
    while at < len(query) and query[at]:
        if query[at] > 63:
            return None
        at += query[at] + 1
    return at + 5 if at + 5 <= len(query) else None


def _is_public(name: bytes) -> bool:
    parts, at = [], 0
    while name[at]:
        parts.append(name[at + 1 : at + 1 + name[at]].decode("latin-1").lower())
        at += name[at] + 1
    return len(parts) > 1 and parts[-1] not in _LOCAL


class Names(asyncio.DatagramProtocol):
    """The name server at a UDP socket."""

    def __init__(self, address: str) -> None:
        self._address = address

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        response = answer(data, self._address)
        if response is not None:
            self._transport.sendto(response, addr)
