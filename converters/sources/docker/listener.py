"""What a process serves: the port and host with what says so, the application behind it and the code that it runs."""

from __future__ import annotations

from typing import Any


def is_port(value: Any) -> bool:
    return str(value).isdecimal() and 0 < int(str(value)) < 65536
