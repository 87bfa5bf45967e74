"""Files in answers are compared by what they hold."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from converters.verify.compare import differences
from converters.verify.outcome import File, Outcome


def packed(names: dict[str, bytes], year: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in names.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data)
    return target.getvalue()


def taped(names: dict[str, bytes], time: int) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, data in names.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), time
            archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


CASES = {
    "the same bytes": (b"abc", b"abc", True),
    "other bytes": (b"abc", b"abd", False),
    "ZIP files of two years": (packed({"a.txt": b"a"}, 2001), packed({"a.txt": b"a"}, 2002), True),
    "ZIP files with another content": (packed({"a.txt": b"a"}, 2001), packed({"a.txt": b"b"}, 2001), False),
    "ZIP files with another name": (packed({"a.txt": b"a"}, 2001), packed({"b.txt": b"a"}, 2001), False),
    "tar files of two times": (taped({"a.txt": b"a"}, 1), taped({"a.txt": b"a"}, 2), True),
    "tar files with another content": (taped({"a.txt": b"a"}, 1), taped({"a.txt": b"b"}, 1), False),
    "ZIP files whose texts name temporary files": (
        packed({"tmpabcdefghclip.txt": b"of tmpabcdefghclip.mp4"}, 2001),
        packed({"tmp12345678clip.txt": b"of tmp12345678clip.mp4"}, 2001),
        True,
    ),
    "ZIP files with other bytes that are no text": (packed({"a": b"\xff\x00"}, 2001), packed({"a": b"\xff\x01"}, 2001), False),
    "a broken ZIP file": (packed({"a.txt": b"a"}, 2001), b"PK\x03\x04broken", False),
    "two broken ZIP files": (b"PK\x03\x04broken", b"PK\x03\x04broke", False),
}


@pytest.mark.parametrize("case", CASES)
def test_files_are_the_same_if_they_hold_the_same(case: str) -> None:
    source, target, same = CASES[case]
    found = differences(Outcome("result", File(source)), Outcome("result", File(target)), [], [])
    assert (not found) is same
