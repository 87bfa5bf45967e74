"""The gateway is open before its apps are there, and each of them starts by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from fal_runtime.application import Application
from fal_runtime.directory import Directory
from fal_runtime.errors import PlatformError

from .conftest import Served
from .stand_in import served


def test_a_name_that_is_not_known_yet_waits_for_what_is_loaded() -> None:
    async def run() -> None:
        applications: dict[str, Application] = {}
        directory = Directory("local", applications, expected=["first", "second"])
        scope: dict[str, Any] = {"headers": [], "query_string": b""}
        finding = asyncio.ensure_future(directory.find(scope, b"/local/second/path"))
        missing = asyncio.ensure_future(directory.find(scope, b"/local/none"))
        await asyncio.sleep(0)
        with pytest.raises(PlatformError, match="not found"):
            await directory.find(scope, b"/other/second")
        directory.arrived("first", "app.py:3: it is broken")
        await asyncio.sleep(0)
        assert not finding.done() and not missing.done()
        made = applications["second"] = cast(Application, type("Made", (), {})())
        directory.arrived("second")
        assert await finding == (made, b"/path")
        with pytest.raises(PlatformError, match="only local apps"):
            await missing
        with pytest.raises(PlatformError, match="it is broken"):
            await directory.find(scope, b"/local/first")

    asyncio.run(run())


def test_an_app_that_cannot_be_prepared_refuses_who_waits() -> None:
    async def answer(path: str, body: bytes) -> int:
        return 200

    async def run() -> None:
        async with served(answer, prepared=False) as app:
            waiting = asyncio.ensure_future(app.acquire("direct"))
            await asyncio.sleep(0)
            assert app.runners == [], "none starts before it is prepared"
            app.give_up("its requirements cannot be installed")
            with pytest.raises(PlatformError, match="cannot be installed"):
                await waiting
            await app.started()

    asyncio.run(run())


APPS = """
    import time
    from pathlib import Path
    import fal

    class Slow(fal.App, name="slow"):
        def setup(self):
            while not Path("/data/go").exists():
                time.sleep(0.02)

        @fal.endpoint("/")
        def run(self) -> dict:
            return {"app": "slow"}

    class Quick(fal.App, name="quick"):
        @fal.endpoint("/")
        def run(self) -> dict:
            return {"app": "quick"}

    class Failing(fal.App, name="failing"):
        def setup(self):
            raise RuntimeError("no weights")

        @fal.endpoint("/")
        def run(self) -> dict:
            return {}
"""
TABLES = "".join(f'[tool.fal.apps.{name.lower()}]\nref = "app.py::{name}"\n' for name in ("Slow", "Quick", "Failing"))


@pytest.mark.whole
def test_a_slow_app_and_a_failing_one_hold_no_other(project: Callable[..., Path], serve: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    runtime = serve(project(pyproject_toml=TABLES, app_py=APPS))
    base = runtime.line("the gateway is open at").split()[-1]
    submitted = httpx.post(f"{base}/queue/local/slow", json={}, timeout=30).json()
    assert runtime.post("quick", {}).json() == {"app": "quick"}
    assert "no weights" in runtime.line("^failing: http://")
    assert runtime.line("^slow: waits until its first runner is ready")
    assert not any(re.match("slow: http://", line) for line in runtime.lines)
    assert httpx.get(submitted["status_url"]).json()["status"] == "IN_QUEUE"
    (tmp_path / "data" / "go").touch()
    runtime.line("^slow: http://")
    assert httpx.post(f"{base}/local/slow", json={}, timeout=30).json() == {"app": "slow"}
