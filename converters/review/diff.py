"""The unified diff of what a conversion changes and adds: `git apply` on a copy of the source gives, byte for byte, what is written.

Bytes in, bytes out. Files that are copied unchanged or left out of the output do not stand in it. Why a file changed is told in
`#` lines above its header, where `git apply` skips text, and by the rule codes after the second `@@` of a hunk.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from converters.escape import one_line, visible
from converters.lines import Opcode, edits, groups, lines_of
from converters.outcome import Converted, FileChange, Hunk
from converters.review.binary import binary_patch, blob_id, is_binary

CONTEXT = 3
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_COLOURS = ((b"diff --git ", b"\x1b[1m"), (b"--- ", b"\x1b[1m"), (b"+++ ", b"\x1b[1m"), (b"@@ ", b"\x1b[36m"))


def project_diff(converted: Converted) -> bytes:
    """The diff between a source tree and its conversion, files in the order of their paths."""
    changes = sorted(converted.files, key=lambda change: os.fsencode(change.path))
    return b"".join(file_diff(change, was_executable(converted.root, change)) for change in changes)


def was_executable(root: Path, change: FileChange) -> bool:
    """Whether the source file carries the executable bit; a file that is not there counts as unchanged."""
    try:
        return bool((root / change.path).stat().st_mode & stat.S_IXUSR)
    except OSError:
        return change.executable


def file_diff(change: FileChange, was_executable: bool = False) -> bytes:
    """The part of one file; empty for one that is copied, removed or modified to the same bytes."""
    if change.action not in ("added", "modified") or change.data is None:
        return b""
    before = change.before if change.action == "modified" else None
    new = before is None
    if before == change.data and was_executable == change.executable:
        return b""
    lines = [*(_reason(change.path, hunk) for hunk in change.hunks), *_header(change, new, was_executable)]
    head = b"".join(line + b"\n" for line in lines)
    return head + _body(change, before, b"" if before is None else before, change.data)


def quoted(path: str, prefix: str = "") -> bytes:
    """A path as git prints it: bare where it is plain, in C quotes with octal escapes where it is not."""
    raw = os.fsencode(prefix + path)
    if all(32 <= byte < 127 and byte not in (34, 92) for byte in raw):
        return raw
    escaped = "".join(_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in raw)
    return f'"{escaped}"'.encode()


def coloured(diff: bytes) -> bytes:
    """The diff with terminal colours, for reading and no longer for applying: what a terminal would obey in the files is shown."""
    text = re.sub(rb"\r(?!\n)", rb"\\r", diff).decode("utf-8", "backslashreplace")
    return b"".join(_painted(line) for line in lines_of(visible(text, "\t\r\n").encode()))


def _painted(line: bytes) -> bytes:
    colour = next((colour for start, colour in _COLOURS if line.startswith(start)), b"")
    if not colour:
        colour = {b"+": b"\x1b[32m", b"-": b"\x1b[31m", b"#": b"\x1b[2m"}.get(line[:1], b"")
    text = line.rstrip(b"\r\n")
    return colour + text + b"\x1b[0m" + line[len(text) :] if colour else line


def _reason(path: str, hunk: Hunk) -> bytes:
    return one_line(f"# {hunk.rule} {hunk.source or f'{path}:{hunk.line}'} {' '.join(hunk.reason.split())}").encode()


def _header(change: FileChange, new: bool, was_executable: bool) -> Iterator[bytes]:
    yield b"diff --git " + quoted(change.path, "a/") + b" " + quoted(change.path, "b/")
    mode = b"100755" if change.executable else b"100644"
    if new:
        yield b"new file mode " + mode
    elif was_executable != change.executable:
        yield b"old mode " + (b"100755" if was_executable else b"100644")
        yield b"new mode " + mode


def _body(change: FileChange, before: bytes | None, old: bytes, new: bytes) -> bytes:
    if before == new:
        return b""
    ids = blob_id(before), blob_id(new)
    if is_binary(old) or is_binary(new):
        return f"index {ids[0]}..{ids[1]}\n".encode() + binary_patch(before, new)
    index = f"index {ids[0][:7]}..{ids[1][:7]}\n".encode()
    if not old and not new:
        return index
    tab = b"\t" if " " in change.path else b""
    here = b"+++ " + quoted(change.path, "b/") + tab + b"\n"
    there = b"--- " + (b"/dev/null" if before is None else quoted(change.path, "a/") + tab) + b"\n"
    return index + there + here + b"".join(_hunks(lines_of(old), lines_of(new), change.hunks))


def _hunks(old: list[bytes], new: list[bytes], reasons: Sequence[Hunk]) -> Iterator[bytes]:
    for group in groups(edits(old, new), CONTEXT):
        (_, first, _, new_first, _), (_, _, last, _, new_last) = group[0], group[-1]
        before, after = min(CONTEXT, first), min(CONTEXT, len(old) - last)
        ranges = _range(first - before, last + after), _range(new_first - before, new_last + after)
        codes = _codes(group, reasons)
        yield f"@@ -{ranges[0]} +{ranges[1]} @@{' ' if codes else ''}{codes}\n".encode()
        position = first - before
        for _, i1, i2, j1, j2 in group:
            yield from (_marked(b" ", line) for line in old[position:i1])
            yield from (_marked(b"-", line) for line in old[i1:i2])
            yield from (_marked(b"+", line) for line in new[j1:j2])
            position = i2
        yield from (_marked(b" ", line) for line in old[position : position + after])


def _marked(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"


def _range(start: int, stop: int) -> str:
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _codes(group: Sequence[Opcode], reasons: Sequence[Hunk]) -> str:
    """The rules that speak for the changed lines of a hunk, each once."""
    ranges = [(i1, i2) if tag == "delete" else (j1, j2) for tag, i1, i2, j1, j2 in group]
    rules = [reason.rule for reason in reasons if any(reason.line <= stop and start < reason.end_line for start, stop in ranges)]
    return " ".join(dict.fromkeys(rules))
