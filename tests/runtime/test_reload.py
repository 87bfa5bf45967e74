"""An app whose files are edited is served anew, and its queue goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fal_runtime import reload

from .conftest import Served
from .stand_in import StandIn, completed, job, queue, served, spec
from .test_stopping import Held


def test_files_that_programs_write_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("app.py", "sub/a.txt", ".git/index", "__pycache__/a.pyc", "env/pyvenv.cfg", "env/lib.py", "data/out.png", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert set(reload.files(tmp_path, [tmp_path / "data"])) == {tmp_path / "app.py", tmp_path / "sub" / "a.txt"}


def test_an_edit_is_told_when_nothing_is_written_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "PERIOD", 0)
    app, looks = tmp_path / "app.py", 0
    app.write_text("")

    def files(root: Path, without: object) -> reload.Files:
        nonlocal looks
        looks += 1
        return {app: (min(looks, 4), 0)}  # written three times, one after the other

    monkeypatch.setattr(reload, "files", files)

    async def run() -> tuple[set[Path], int]:
        told: asyncio.Future[tuple[set[Path], int]] = asyncio.get_running_loop().create_future()

        async def changed(edited: set[Path]) -> None:
            told.set_result((edited, looks))

        watching = asyncio.ensure_future(reload.watch(tmp_path, changed))
        found = await told
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return found

    assert asyncio.run(run()) == ({app}, 5)


def test_a_renewed_app_finishes_what_runs_and_goes_on_with_what_waits(tmp_path: Path) -> None:
    async def run() -> None:
        before, after = Held(), Held()
        after.go.set()
        fresh = StandIn(after)
        async with queue(tmp_path) as made, served(before, by=made) as app:
            jobs = [job(made, body) for body in (b"one", b"two")]
            for one in jobs:
                await made.submit(one)
            await before.began.wait()
            about = spec()
            app.renew(about, about.scaling, lambda: fresh.runner(about))
            before.go.set()
            for one in jobs:
                await completed(one)
            assert (before.runs, after.runs) == ([b"one"], [b"two"])
            await app.drain()
        for server in fresh.started:
            await server.close()

    asyncio.run(run())


APP = """
    import fal

    class Demo(fal.App, name="demo"):
        @fal.endpoint("/")
        def run(self) -> dict:
            return {"text": "TEXT"}
"""


@pytest.mark.whole
def test_an_edit_is_served_and_a_broken_one_is_not(project: Callable[..., Path], serve: Callable[..., Served]) -> None:
    root = project(pyproject_toml='[tool.fal.apps.demo]\nref = "app.py::Demo"\n', app_py=APP)
    text = (root / "app.py").read_text()
    served = serve(root, "--reload")
    assert served.post("demo", {}).json() == {"text": "TEXT"}

    def edited(new: str) -> None:
        (root / "app.py").write_text(new)

    edited("syntax error")
    served.line("^error: demo: app.py:1: SyntaxError")
    assert served.post("demo", {}).json() == {"text": "TEXT"}
    edited(text.replace("TEXT", "edited"))
    while served.post("demo", {}).json() != {"text": "edited"}:
        assert served.process.poll() is None
    url = served.url("demo").replace("/local/", "/queue/local/")
    status = httpx.post(url, json={}).json()["status_url"]
    while httpx.get(status).status_code == 202:
        pass
    assert httpx.get(status.removesuffix("/status")).json() == {"text": "edited"}
