"""How often one place of the project asks the same question before it gets the other answer, so that waiting loops end."""

from __future__ import annotations

from types import CodeType, FrameType

from . import frames, record
from .bytecode import is_asserted, is_held_against_none

PATIENCE = 25
_FOR_FAILURES = 4 * PATIENCE
"""Of a question about a failure: a loop that waits for an end or a failure ends."""
_asked: dict[tuple[int, CodeType, int], int] = {}


def answer(usual: bool, frame: FrameType | None, *, is_failure: bool = False) -> bool:
    """``usual``, until the place at which a frame stands has asked too often while one request was answered.

    What the project asserts is true. ``is_failure``: whether the other answer would be a failure, as of ``status == "failed"``.
    """
    if frame is None or not frames.is_project_code(frame):
        return usual
    if is_asserted(frame):
        return True
    return usual if _times(frame) <= (_FOR_FAILURES if is_failure else PATIENCE) else not usual


def is_none_at_last(frame: FrameType | None) -> bool:
    """Whether an item is None now, of which a place has asked often enough whether it is: ``while message["node"] is not None``."""
    if frame is None or not frames.is_project_code(frame) or not is_held_against_none(frame):
        return False
    return _times(frame) > PATIENCE


def _times(frame: FrameType) -> int:
    key = (record.request(), frame.f_code, frame.f_lasti)
    _asked[key] = _asked.get(key, 0) + 1
    return _asked[key]
