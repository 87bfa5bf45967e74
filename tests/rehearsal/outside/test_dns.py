"""What the name server answers."""

from __future__ import annotations

import struct

import pytest

from converters.rehearsal.outside.dns import answer

NO_SUCH_NAME = 3


def _query(name: str, kind: int = 1, *, flags: int = 0x0100, questions: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", 7, flags, questions, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


@pytest.mark.parametrize("name", ["pypi.org", "a.b.c.example.com", "PyPI.org", "xn--bcher-kva.example"])
def test_every_public_name_has_the_one_address(name: str) -> None:
    found = answer(_query(name), "11.11.11.11")
    assert found is not None
    assert found[:2] == b"\0\7"
    assert found.endswith(bytes([11, 11, 11, 11]))


@pytest.mark.parametrize("name", ["redis", "localhost", "db.internal", "printer.local"])
def test_a_name_that_no_public_server_knows_is_unknown(name: str) -> None:
    found = answer(_query(name), "11.11.11.11")
    assert found is not None
    assert found[3] & 15 == NO_SUCH_NAME
    assert found[6:8] == b"\0\0"


@pytest.mark.parametrize("kind", [28, 16, 65], ids=["AAAA", "TXT", "HTTPS"])
def test_other_records_of_a_known_name_are_empty(kind: int) -> None:
    found = answer(_query("pypi.org", kind), "11.11.11.11")
    assert found is not None
    assert found[3] & 15 == 0
    assert found[6:8] == b"\0\0"


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"short",
        _query("pypi.org", flags=0x8180),
        _query("pypi.org", questions=2),
        _query("pypi.org")[:-1],
        _query("pypi.org")[:12] + b"\xc0\x0c\0\1\0\1",
    ],
    ids=["nothing", "a part of a header", "a response", "two questions", "cut off", "a compressed name"],
)
def test_what_is_no_question_gets_no_answer(query: bytes) -> None:
    assert answer(query, "11.11.11.11") is None
