"""A cache of the tests' own, so that what a study leaves behind is seen."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.verify.interpreter import inspected
from converters.verify.settings import Settings
from tests.warm import Starting, Warm

#: Projects whose studies take longest: `.ci/run whole`, where all of them run, too.
WHOLE = {"runpod/upscaler", "runpod/poster-server", "runpod/embeddings", "replicate/chat", "replicate/tokens"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.callspec.params.get("name") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
        if name in WHOLE or "writer" in getattr(item, "fixturenames", ()):
            item.add_marker("whole")


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache folder, in which studies have their scratch folders."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("CANARY_OF_OURS", "canary-7f3a")
        inspected()  # once for all studies, also for those in processes that are forked from this one
        yield folder / "fal-migrate"


@pytest.fixture(autouse=True)
def few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """`migrate verify` draws fewer requests than for a person: each costs three processes their time."""
    monkeypatch.setattr("converters.verify.settings.Settings", functools.partial(Settings, drawn=2))


@pytest.fixture(autouse=True)
def forked_zygotes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, warm_sides: Warm) -> None:
    """The runtime's processes are forked from one that has imported the SDK, except where they are to start as a person's do."""
    as_a_person = any(request.node.get_closest_marker(name) is not None for name in ("versions", "whole", "cold"))
    monkeypatch.setattr("fal_runtime.zygote.subprocess", subprocess if as_a_person else Starting(warm_sides.zygote))
