"""Bad input of every kind: fal's own error for the client, one clear line for the person."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.warm import Warm

from .conftest import Served, written

Write = Callable[..., Path]
Serve = Callable[..., Served]

PYPROJECT = """
    [tool.fal.apps.demo]
    ref = "app.py::Demo"
"""

APP = """
    import os, signal, time
    import fal
    from fal.toolkit import FAL_PERSISTENT_DIR, download_file
    from fastapi.responses import StreamingResponse
    from pydantic import BaseModel

    class Input(BaseModel):
        value: int = 0

    class Demo(fal.App, name="demo", SETTINGS):
        def setup(self):
            SETUP

        def provide_hints(self):
            return ["warm"]

        @fal.endpoint("/")
        def run(self, input: Input) -> dict:
            return {"value": input.value}

        @fal.endpoint("/break")
        def cut(self, input: Input) -> StreamingResponse:
            def chunks():
                yield b"half"
                time.sleep(0.3)
                os._exit(1)
            return StreamingResponse(chunks(), headers={"content-length": "1000"})

        @fal.endpoint("/slow")
        def slow(self, input: Input) -> dict:
            time.sleep(30)
            return {}

        @fal.endpoint("/kill")
        def kill(self, input: Input) -> dict:
            for pid in (os.getppid(), 1):
                os.kill(pid, signal.SIGKILL)
            return {"processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit())}

        @fal.endpoint("/large")
        def large(self, input: Input) -> StreamingResponse:
            return StreamingResponse((b"x" * 65536 for _ in range(input.value)), media_type="application/octet-stream")

        @fal.endpoint("/paths")
        def paths(self, input: Input) -> dict:
            return {"cwd": os.getcwd(), "data": str(FAL_PERSISTENT_DIR), "hf": os.environ["HF_HOME"], "files": sorted(os.listdir())}
"""


def app(setup: str = "pass", settings: str = "max_concurrency=1") -> str:
    return APP.replace("SETUP", setup).replace("SETTINGS", settings)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Iterator[Served]:
    """The app, served once for tests that only ask it."""
    folder = tmp_path_factory.mktemp("demo")
    served = Served(written(folder / "project", pyproject_toml=PYPROJECT, app_py=app()), folder / "data", warm=warm)
    yield served
    served.close()


def test_setup_that_exits_is_one_line(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app("os._exit(5)")))
    served.line(r"^demo: the runner ended with exit code 5 before it was ready; next attempt in 30 s")
    assert served.post("demo", {}).status_code == 503
    [backoff] = httpx.get(served.url("demo").replace("/local/demo", "/runners")).json()["demo"]
    assert backoff["state"] == "CRASH_BACKOFF"
    assert 20 < backoff["seconds"] <= 30
    metrics = httpx.get(served.url("demo").replace("/local/demo", "/metrics")).text
    assert 'fal_app_runners{application="local/demo",state="dead",machine_type="S"} 1' in metrics


def test_setup_that_hangs_meets_the_startup_timeout(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app("time.sleep(60)", "startup_timeout=2")))
    served.line(r"^demo: the runner was not ready within startup_timeout = 2 s")
    answer = served.post("demo", {})
    assert (answer.status_code, answer.json()["error_type"]) == (504, "startup_timeout")


def test_a_body_that_is_not_json_is_the_app_s_422(demo: Served) -> None:
    answer = httpx.post(demo.url("demo"), content=b"{not json", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, "json_invalid")
    queued = httpx.post(demo.url("demo").replace("/local", "/queue/local"), content=b"{not json").json()
    while httpx.get(queued["status_url"]).status_code == 202:
        time.sleep(0.02)
    assert httpx.get(queued["response_url"]).status_code == 422


def test_an_answer_that_is_cut_off_is_seen_as_such(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app()))
    with pytest.raises(httpx.RemoteProtocolError):
        served.post("demo", {}, "/break")
    assert served.post("demo", {}).status_code == 200
    url = served.url("demo").replace("/local", "/queue/local") + "/break"
    queued = httpx.post(url, json={}, headers={"x-fal-no-retry": "1"}).json()
    while httpx.get(queued["status_url"]).status_code == 202:
        time.sleep(0.02)
    result = httpx.get(queued["response_url"])
    assert (result.status_code, result.json()["error_type"]) == (502, "runner_incomplete_response")
    served.line(r"^demo: POST /break: Runner sent an incomplete response")
    assert not any("Traceback" in line for line in served.lines)


def test_an_app_sees_no_process_but_its_own_and_ends_none(demo: Served) -> None:
    assert len(demo.post("demo", {}, "/kill").json()["processes"]) == 2  # its own, and the one that reaps
    assert demo.post("demo", {"value": 3}).json() == {"value": 3}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_process_that_forks_runners_is_replaced(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app()))
    served.url("demo")
    with ThreadPoolExecutor(1) as pool:
        cut_off = pool.submit(served.post, "demo", {}, "/slow")
        time.sleep(1)
        (forks,) = children(served.process.pid)
        os.kill(forks, signal.SIGKILL)  # as a machine without memory may
        assert cut_off.result().json()["error_type"] == "runner_disconnected"
    for _ in range(2):
        assert served.post("demo", {"value": 3}).json() == {"value": 3}
    served.line(r"^demo: the runner ended by itself with exit code -9; a new one starts")
    assert not any("Traceback" in line for line in served.lines)


def test_a_large_answer_passes_and_its_reader_sets_the_pace(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app()))
    size = 0
    with httpx.stream("POST", served.url("demo") + "/large", json={"value": 1600}) as response:
        for chunk in response.iter_raw():
            if not size:
                time.sleep(0.5)
                status = Path(f"/proc/{served.process.pid}/status").read_text()
                assert int(status.split("VmRSS:")[1].split()[0]) < 200_000  # kB: the 100 MB are not in the gateway
            size += len(chunk)
    assert size == 1600 * 65536


def test_a_large_body_passes_in_chunks(demo: Served) -> None:
    chunks = (b" " * 65536 for _ in range(200))
    answer = httpx.post(demo.url("demo"), content=chunks, headers={"content-type": "application/json"}, timeout=30)
    assert answer.status_code == 422
    padded = b'{"value": 7' + b" " * 5_000_000 + b"}"
    assert httpx.post(demo.url("demo"), content=padded, headers={"content-type": "application/json"}).json() == {"value": 7}


def test_hints_of_the_app_reach_the_client(demo: Served) -> None:
    assert demo.post("demo", {}).headers["x-fal-runner-hints"] == "warm"


def test_without_keep_warm_runners_come_and_go(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app(settings="keep_alive=1")), "--scale-to-zero")
    page = served.url("demo").replace("/local/demo", "/runners")
    assert httpx.get(page).json() == {"demo": []}
    assert served.post("demo", {"value": 3}).json() == {"value": 3}
    assert [runner["state"] for runner in httpx.get(page).json()["demo"]] == ["IDLE"]
    deadline = time.monotonic() + 15
    while httpx.get(page).json()["demo"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert served.post("demo", {"value": 4}).json() == {"value": 4}


def test_without_a_private_file_system_the_sdk_s_paths_still_work(project: Write, serve: Serve) -> None:
    text = app("import helper; self.helper = helper.VALUE", "app_files=['helper.py']")
    served = serve(project(pyproject_toml=PYPROJECT, app_py=text, helper_py="VALUE = 1"), "--unconfined")
    served.line(r"^no private file system \(switched off\)")
    answer = served.post("demo", {}, "/paths").json()
    assert answer["cwd"].endswith("/app")
    assert answer["files"] == ["helper.py"] or answer["files"] == ["__pycache__", "helper.py"]
    assert answer["data"] == str(served.data)
    assert answer["hf"] == f"{served.data}/.cache/huggingface"


def test_an_entry_point_is_imported_on_the_runner(project: Write, serve: Serve) -> None:
    pyproject = """
        [tool.fal.apps.demo]
        python_entry_point = "package.app:Demo"
        app_files = ["package"]
    """
    text = "from __future__ import annotations\n" + "\n".join(line[4:] for line in app().splitlines())
    served = serve(project(pyproject_toml=pyproject, package__app_py=text, package____init___py=""))
    assert served.post("demo", {"value": 3}).json() == {"value": 3}


def test_another_python_version_is_a_notice(project: Write, serve: Serve) -> None:
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app(settings="python_version='3.9'")))
    served.line(r"^demo: python_version is 3\.9; runs here on 3\.\d+")
    assert served.post("demo", {}).status_code == 200


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--state", None, r"^error: \S+/place cannot be made: File exists; name another directory with --state"),
        ("--data", None, r"^error: \S+/place cannot be made: File exists; name another directory with --data"),
        ("--state", b"x" * 5000, r"^error: \S+/queue\.db cannot be opened: file is not a database; name another directory with --state"),
    ],
)
def test_a_directory_that_cannot_be_used_is_one_line(
    project: Write, serve: Serve, tmp_path: Path, option: str, content: bytes | None, message: str
) -> None:
    place = tmp_path / "place"
    if content is None:
        place.touch()
    else:
        place.mkdir()
        (place / "queue.db").write_bytes(content)
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app()), option, str(place))
    served.line(message)
    assert served.process.wait(30) == 1
    assert not any("Traceback" in line for line in served.lines)


def test_one_app_that_fails_does_not_take_the_others_with_it(project: Write, serve: Serve) -> None:
    pyproject = PYPROJECT + '\n    [tool.fal.apps.bad]\n    ref = "bad.py::Bad"\n'
    served = serve(project(pyproject_toml=pyproject, app_py=app(), bad_py="raise SystemExit('no')\n"))
    served.line(r"^error: bad: bad\.py:1: SystemExit: no")
    assert served.post("demo", {"value": 1}).json() == {"value": 1}
