"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# The same examples in every run; `HYPOTHESIS_EXAMPLES=10000` draws that many anew.
settings.register_profile("project", derandomize="HYPOTHESIS_EXAMPLES" not in os.environ)
settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """A shell's background jobs ignore SIGINT, and hand that down: tests of Ctrl-C need it as a terminal has it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("FAL_MIGRATE_SOURCE_SDK", "own")  # tests ask no package index
