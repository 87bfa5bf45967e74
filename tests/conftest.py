"""What all tests share."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.warm import OBSERVED, Starting, Warm

# The same examples in every run; `HYPOTHESIS_EXAMPLES=10000` draws that many anew.
settings.register_profile("project", derandomize="HYPOTHESIS_EXAMPLES" not in os.environ)
settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """A shell's background jobs ignore SIGINT, and hand that down: tests of Ctrl-C need it as a terminal has it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("FAL_MIGRATE_SOURCE_SDK", "own")  # tests ask no package index


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of `--dist loadscope`, one that knows these tests."""
    if config.getoption("dist") != "loadscope":
        return None
    from tests.scheduling import Scheduling

    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: it is not looked through again whenever garbage is collected."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """A process with the runtime and the SDK imported."""
    warm = Warm()
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def warm_zygotes(warm: Warm) -> Iterator[None]:
    """Runtimes in this process have their zygotes forked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fal_runtime.zygote.subprocess", Starting(warm.zygote))
        yield


@pytest.fixture(scope="session")
def warm_sides() -> Iterator[Warm]:
    """A process with the SDK imported, as Python starts in the sides that `migrate verify` observes."""
    warm = Warm(OBSERVED)
    yield warm
    warm.close()
