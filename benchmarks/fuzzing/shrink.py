"""Makes a failing input smaller while it fails alike: whole files first, then lines, then characters (delta debugging)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.fuzzing.model import Input

Fails = Callable[[Input], bool]


def shrink(given: Input, fails: Fails, seconds: float = 20.0) -> Input:
    """The smallest input found within the time for which `fails` still holds."""
    until = time.monotonic() + seconds
    for path in sorted(given.files):
        fewer = {key: data for key, data in given.files.items() if key != path}
        if fewer and time.monotonic() < until and fails(replace(given, files=fewer)):
            given = replace(given, files=fewer)
    if given.options and fails(replace(given, options={})):
        given = replace(given, options={})
    for path in sorted(given.files, key=lambda path: path not in given.mutated):
        given = _file(given, path, fails, until)
    for name in sorted(given.outside):
        given = _outside(given, name, fails, until)
    return given


def _outside(given: Input, name: str, fails: Fails, until: float) -> Input:
    def with_data(data: bytes) -> Input:
        return replace(given, outside={**given.outside, name: data})

    return with_data(_pieces(given.outside[name], lambda data: fails(with_data(data)), until))


def _file(given: Input, path: bytes, fails: Fails, until: float) -> Input:
    def with_data(data: bytes) -> Input:
        return replace(given, files={**given.files, path: data})

    return with_data(_pieces(given.files[path], lambda data: fails(with_data(data)), until))


def _pieces(data: bytes, fails: Callable[[bytes], bool], until: float) -> bytes:
    if data and fails(b""):
        return b""
    lines = ddmin(data.splitlines(keepends=True), lambda part: fails(b"".join(part)), until)
    short = b"".join(lines)
    if len(short) > 400:
        return short
    return b"".join(ddmin([bytes([one]) for one in short], lambda part: fails(b"".join(part)), until))


def ddmin(items: list[Any], fails: Callable[[list[Any]], bool], until: float) -> list[Any]:
    """Remove ever smaller runs of items while `fails` holds for the rest (Zeller and Hildebrandt, 2002)."""
    size = max(len(items) // 2, 1)
    while items and time.monotonic() < until:
        start, removed = 0, False
        while start < len(items) and time.monotonic() < until:
            rest = items[:start] + items[start + size :]
            if rest and fails(rest):
                items, removed = rest, True
            else:
                start += size
        if size == 1 and not removed:
            break
        size = max(size // 2, 1)
    return items
