"""Options of a runtime that cannot work are refused, and the addresses that it hands out can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fal_runtime.errors import UnusableOption
from fal_runtime.project import Project
from fal_runtime.server import Runtime


def runtime(**options: Any) -> Runtime:
    return Runtime(Project(Path("/nowhere"), ("demo",)), data=Path("/nowhere"), **{"port": 0, **options})


@pytest.mark.parametrize("owner", ["", "queue", "rest", "workflows", "fal", "a/b", "a b", "ä", "-a", "a\n"])
def test_an_owner_is_a_part_of_addresses(owner: str) -> None:
    with pytest.raises(UnusableOption, match="--owner"):
        runtime(owner=owner)


@pytest.mark.parametrize("host", ["256.1.1.1", "203.0.113.7", "a b", "x" * 70, "2001:db8::1"])
def test_a_host_is_an_address_of_this_machine(host: str) -> None:
    with pytest.raises(UnusableOption, match="no address of this machine"):
        runtime(host=host)._listen()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_is_one(port: int) -> None:
    with pytest.raises(UnusableOption, match="up to 65535"):
        runtime(port=port)._listen()


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("localhost", "localhost")],
)
def test_an_address_can_be_used(host: str, address: str) -> None:
    assert runtime(host=host, port=81).url == f"http://{address}:81"
