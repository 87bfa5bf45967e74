"""What the app's side is given and what is read of its answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from converters.verify import target
from converters.verify.observe import Observation
from converters.verify.outcome import File
from converters.verify.target import Place, Target, of_start, traceback_in
from fal_runtime.server import Runtime
from fal_runtime.testing import Local

HOME = "http://127.0.0.1:8123"


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def app(tmp_path: Path, asked: list[str]) -> Iterator[Target]:
    """A side whose platform keeps one file; every address that is fetched is told."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=b"picture") if request.url.path == "/files/1/a.png" else httpx.Response(404)

    local = Local(Runtime(SimpleNamespace(), port=8123, data=tmp_path), [])  # type: ignore[arg-type]
    local._client = httpx.Client(transport=httpx.MockTransport(answer))
    with contextlib.closing(local):
        yield Target(local, SimpleNamespace(), Observation(tmp_path / "side", frozenset(), {}, []), 1, Place("app"))  # type: ignore[arg-type]


def test_files_that_the_app_uploaded_are_their_contents(app: Target) -> None:
    answer = {"images": [{"url": f"{HOME}/files/1/a.png", "content_type": "image/png"}, {"url": f"{HOME}/files/1/a.png"}]}
    assert app.files(answer) == {"images": [File(b"picture", "image/png"), {"url": f"{HOME}/files/1/a.png"}]}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/a.png", "http://127.0.0.1:81234/files/1/a.png", f"{HOME}@example.com/files/a.png", "a.png", "", "http://[", 5],
)
def test_an_address_elsewhere_is_never_asked(app: Target, asked: list[str], url: Any) -> None:
    answer = {"url": url, "content_type": "image/png"}
    assert app.files(answer) == answer
    assert not asked


@pytest.mark.parametrize("name", ["9/none.png", "\x00"])
def test_an_address_of_no_file_stays_as_it_is(app: Target, name: str) -> None:
    answer = {"url": f"{HOME}/files/{name}", "content_type": "image/png"}
    assert app.files(answer) == answer


def test_secrets_do_not_take_the_place_of_our_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    observation = Observation(tmp_path / "side", frozenset(), {}, [])
    wanted = {"API_TOKEN": "double", "FAL_MIGRATE_CHILD": "/app/none", "HOME": "/app", "PATH": "/app"}
    found: list[Mapping[str, str]] = []

    @contextlib.contextmanager
    def serve(project: Path, *, secrets: Mapping[str, str], variables: Mapping[str, str], **options: Any) -> Iterator[Local]:
        found.extend([variables, secrets])
        yield Local(SimpleNamespace(), [])  # type: ignore[arg-type]

    monkeypatch.setattr(target.fal_runtime, "serve", serve)
    with target.serve(tmp_path, SimpleNamespace(name="app"), observation, wanted, seconds=1):  # type: ignore[arg-type]
        pass
    environment, secrets = found
    assert environment == observation.environment({"API_TOKEN": "double"})
    assert secrets == {name: environment[name] for name in wanted}


PRINTED = [
    "[other] Traceback (most recent call last):",
    "[app] ERROR:    Exception in ASGI application",
    "[app]   + Exception Group Traceback (most recent call last):",
    '[app]   |   File "a.py", line 1',
    "[app]   +-+---------------- 1 ----------------",
    "[app]     | Traceback (most recent call last):",
    '[app]     |   File "app.py", line 9, in run',
    "[app]     | KeyError: 'grouped'",
    "[app] Traceback (most recent call last):",
    '[app]   File "app.py", line 9, in run',
    "[app]     return missing",
    "[app]            ^^^^^^^",
    '[app]   File "/x/converters/verify/child/data.py", line 3, in opened',
    "[app]     return original(path)",
    "[app] NameError: name 'missing' is not defined",
    "[app] INFO: 500",
]


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        pytest.param(PRINTED, "NameError: name 'missing' is not defined", id="the last one"),
        pytest.param(PRINTED[:10], '  File "app.py", line 9, in run', id="one that is not printed whole"),
        pytest.param(PRINTED[:1], None, id="another app's"),
        pytest.param(["[app] fine"], None, id="none"),
    ],
)
def test_the_last_traceback_of_the_app_is_found_in_what_it_printed(lines: list[str], last: str | None) -> None:
    found = traceback_in(lines, "[app] ")
    assert (found[-1] if found else None) == last
    assert not found or found[0] == "Traceback (most recent call last):"
    assert not [line for line in found if "child" in line or "original" in line or "^" in line]


def test_of_an_app_that_does_not_start_its_own_traceback_is_told() -> None:
    """What ends its server has tracebacks too, before and after it."""
    text = """
ERROR:    Traceback (most recent call last):
  File "/srv/app.py", line 7, in setup
    self.model = load()
  File "/opt/site-packages/x/load.py", line 1, in load
    open(path)
  File "/srv/lib.py", line 3, in load
    return {}["weights"]
KeyError: 'weights'

ERROR:    Application startup failed. Exiting.
ERROR:    Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/runners.py", line 190, in run
    return runner.run(main)
  File "/tmp/package/fal_runtime/_serving.py", line 28, in startup
    await original(self)
SystemExit: 3
"""
    lines = [f"[app] {line}" for line in text.strip().splitlines()]
    found = of_start(lines, "[app] ")
    assert found[1::2] == ('  File "/srv/app.py", line 7, in setup', '  File "/srv/lib.py", line 3, in load', "KeyError: 'weights'")
    assert of_start(lines[9:], "[app] ") == ()
    assert of_start([], "[app] ") == ()
