"""What the code around a place asks for, read from its bytecode."""

from __future__ import annotations

import builtins
import dis
from types import CodeType, FrameType

_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_UNPACK_EX = dis.opmap["UNPACK_EX"]
_ASSERTION = dis.opmap["LOAD_ASSERTION_ERROR"] if "LOAD_ASSERTION_ERROR" in dis.opmap else dis.opmap["LOAD_COMMON_CONSTANT"]
_NEAR = 14
"""Bytes of code between a comparison and what its ``assert`` raises: the comparison with its caches, and the jump."""


def is_asserted(frame: FrameType) -> bool:
    """Whether the question stands in an ``assert``: what a model's own values are held to, a double meets."""
    at = frame.f_lasti
    return _ASSERTION in frame.f_code.co_code[at : at + _NEAR : 2]


def unpacked(frame: FrameType | None) -> int | None:
    """How many items the code at this place unpacks; None where it takes what there is."""
    if frame is None:
        return None
    code, at = frame.f_code.co_code, frame.f_lasti
    if 0 <= at < len(code) and code[at] == _UNPACK:
        return code[at + 1]
    if 0 <= at < len(code) and code[at] == _UNPACK_EX:
        return code[at + 1] + 1
    return None


def is_held_against_none(frame: FrameType) -> bool:
    """Whether what the code asks for at this place is compared with None at once: ``if message["node"] is None``."""
    code, at = frame.f_code.co_code, frame.f_lasti + 2
    while at < len(code) and code[at] == 0:  # caches
        at += 2
    if at >= len(code):
        return False
    step = dis.opname[code[at]]
    if step == "LOAD_CONST" and dis.opname[code[at + 2]] == "IS_OP":
        return frame.f_code.co_consts[code[at + 1]] is None
    return step.startswith("POP_JUMP") and step.endswith("NONE")


def unbound(frame: FrameType | None) -> list[str]:
    """The names that a module with ``from x import *`` uses and gets from nowhere else."""
    if frame is None:
        return []
    used, stored = _names(frame.f_code)
    return sorted(name for name in used - stored - frame.f_globals.keys() - vars(builtins).keys() if not name.startswith("_"))


def _names(code: CodeType) -> tuple[set[str], set[str]]:
    used, stored = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            used.add(step.argval)
        elif step.opname in ("STORE_NAME", "STORE_GLOBAL"):
            stored.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _names(constant)[0]
            used |= inner
    return used, stored
