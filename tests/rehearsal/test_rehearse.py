"""An app goes from its files to its answers, and what fails first is told with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from converters.rehearsal.outside.asked import Asked
from converters.rehearsal.recipe import dummy
from converters.rehearsal.result import Rehearsal
from tests.rehearsal.engine import LocalEngine
from tests.rehearsal.made import app, project, rehearsed

SERVER = """
[tool.fal.apps.pages]
exposed_port = {port}

[tool.fal.apps.pages.image]
dockerfile = "Dockerfile"
cmd = ["python", "-u", "server.py"]

[tool.fal.apps.pages.health_check]
path = "{health}"
"""
DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /srv\nCOPY server.py ./\nRUN true\n"
PAGES = """
import http.server

class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path in ("/", "/ready")
        self.send_response(200 if known else 404)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

http.server.ThreadingHTTPServer(("{host}", {port}), Pages).serve_forever()
"""


@pytest.fixture
def engine(tmp_path: Path) -> LocalEngine:
    (tmp_path / "engine").mkdir()
    return LocalEngine(tmp_path / "engine")


@pytest.fixture(autouse=True)
def own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here there is no room with an address of its own: 127.0.0.2 is the one that a server on 127.0.0.1 does not have."""
    monkeypatch.setattr("converters.rehearsal.start.OUTWARD", "127.0.0.2")


def place(found: Rehearsal) -> str:
    assert found.failure is not None
    return str(found.failure.place)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rehearsal, LocalEngine]:
    """The rehearsal of an app without a fault, and what its engine was asked."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "engine").mkdir()
    engine = LocalEngine(folder / "engine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("converters.rehearsal.start.OUTWARD", "127.0.0.2")
        return rehearsed(app(folder / "out"), folder, engine), engine


def test_an_app_is_built_started_and_answers(whole: tuple[Rehearsal, LocalEngine]) -> None:
    found, _ = whole
    assert (found.app, found.kind, found.reached, found.failure, found.verdict) == ("upper", "requirements", "answered", None, "answered")
    assert [(asked.what, asked.status) for asked in found.requests] == [("POST /", 200)]
    assert found.stood_in[0].what == "python:3.11"


def test_its_environment_holds_its_requirements_and_fal_lies_beside_them(whole: tuple[Rehearsal, LocalEngine]) -> None:
    _, engine = whole
    text = engine.builds[0].dockerfile
    (line,) = [line for line in text.splitlines() if "six==1.16.0" in line]
    assert "uv pip install --python /opt/fal/environment/bin/python" in line and "fastapi==" in line
    assert "fal==" not in line and "--target /opt/fal/agent fal==" in text


def test_its_process_has_the_memory_and_variables_of_its_machine(whole: tuple[Rehearsal, LocalEngine]) -> None:
    _, engine = whole
    process = engine.processes[-1]
    assert process.memory == 10**9
    assert process.environment["HF_HOME"] == "/data/.cache/huggingface"
    assert [mount.target for mount in process.mounts if mount.writable] == ["/.rehearsal/told", "/data"]


def test_setup_that_fails_is_told_with_its_line(tmp_path: Path, engine: LocalEngine) -> None:
    found = rehearsed(app(tmp_path / "out", setup="open('/nowhere/weights.bin')"), tmp_path, engine)
    assert (found.verdict, found.reached, place(found)) == ("failed", "built", "app.py:19")
    assert found.failure is not None and found.failure.stage == "start" and "weights.bin" in found.failure.why
    assert any("FileNotFoundError" in line for line in found.failure.output)


@pytest.mark.parametrize(
    ("module", "sent", "where", "todo"),
    [
        ("helper", '["other.py"]', "app.py:16", "helper.py is in the project and is not sent: add it to app_files."),
        pytest.param(
            "pack.inner",
            '["other.py"]',
            "app.py:16",
            "pack/__init__.py is in the project and is not sent: add it to app_files.",
            marks=pytest.mark.whole,
        ),
        pytest.param("helper", '["other.py", "helper.py"]', "app.py:20", "", marks=pytest.mark.whole),
        ("nowhere", '["other.py"]', "app.py:20", ""),
    ],
)
def test_a_module_that_is_not_sent_is_named_by_the_setting(
    module: str, sent: str, where: str, todo: str, tmp_path: Path, engine: LocalEngine
) -> None:
    """The engine for tests has nothing at /app, so that none is found."""
    root = app(tmp_path / "out", setup=f"import {module}")
    text = (root / "app.py").read_text().replace('    machine_type = "S"', f'    app_files = {sent}\n    machine_type = "S"')
    files = {"other.py": "", "helper.py": "", "pack/__init__.py": "", "pack/inner.py": "", "app.py": text}
    found = rehearsed(project(root, files), tmp_path, engine)
    assert found.failure is not None and (place(found), found.failure.todo) == (where, todo)


def test_a_top_level_import_that_only_the_deployer_has_fails_where_it_is_unpickled(tmp_path: Path, engine: LocalEngine) -> None:
    root = app(tmp_path / "out", body="return Output(text=helper.shout(input.text))")
    (root / "app.py").write_text(f"import helper\n{(root / 'app.py').read_text()}")
    project(root, {"helper.py": "def shout(text):\n    return text.upper()\n"})
    found = rehearsed(root, tmp_path, engine)
    assert found.failure is not None
    assert (found.failure.stage, found.failure.why) == ("fal", "ModuleNotFoundError: No module named 'helper'")


def test_an_app_that_does_not_load_is_told_before_anything_is_built(tmp_path: Path, engine: LocalEngine) -> None:
    root = app(tmp_path / "out")
    (root / "app.py").write_text((root / "app.py").read_text() + "\nraise RuntimeError('no')\n")
    found = rehearsed(root, tmp_path, engine)
    assert (found.reached, place(found), engine.builds) == ("nothing", "app.py:25", [])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("open('/nowhere/vocabulary.txt')", "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/vocabulary.txt'"),
        ("import os; os.environ['UPPER_MODE']", "the variable UPPER_MODE is not set"),
        ("import os; os._exit(9)", "the app ended with exit code 9"),
    ],
)
@pytest.mark.whole
def test_a_request_that_shows_what_is_missing_fails(tmp_path: Path, engine: LocalEngine, body: str, why: str) -> None:
    found = rehearsed(app(tmp_path / "out", body=body), tmp_path, engine)
    assert found.failure is not None
    assert (found.failure.stage, found.failure.why, found.reached) == ("request", why, "started")
    assert place(found) == ("app.py:14" if "_exit" in body else "app.py:23")


def test_a_traceback_that_arrives_after_the_answer_is_read(tmp_path: Path, engine: LocalEngine) -> None:
    engine.late = 0.2
    found = rehearsed(app(tmp_path / "out", body="import no_such_module"), tmp_path, engine)
    assert found.failure is not None and place(found) == "app.py:23"


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('the picture is too small')",
        pytest.param("raise KeyError('Width')", marks=pytest.mark.whole),
        "open(input.text)",
        pytest.param("import time; time.sleep(0); raise RuntimeError('not today')", marks=pytest.mark.whole),
    ],
)
def test_an_error_that_the_made_up_request_may_have_caused_is_no_failure(tmp_path: Path, engine: LocalEngine, body: str) -> None:
    found = rehearsed(app(tmp_path / "out", body=body), tmp_path, engine)
    assert (found.failure, found.verdict) == (None, "started")
    assert found.not_rehearsed[0].startswith("no made-up request was answered: POST /: 500")


@pytest.mark.parametrize(("path", "reached"), [("/cancel", "started"), ("/other", "answered")])
def test_an_app_that_only_lets_itself_be_stopped_has_answered_nothing(tmp_path: Path, engine: LocalEngine, path: str, reached: str) -> None:
    root = app(tmp_path / "out", body="raise ValueError(input.text)")
    more = f"\n    @fal.endpoint('{path}')\n    def other(self) -> Output:\n        return Output(text='done')\n"
    (root / "app.py").write_text((root / "app.py").read_text() + more)
    found = rehearsed(root, tmp_path, engine)
    assert [(asked.what, asked.status) for asked in found.requests][-1] == (f"POST {path}", 200)
    assert (found.failure, found.reached) == (None, reached)


def test_a_step_that_fails_is_told_with_the_line_of_what_it_names(tmp_path: Path, engine: LocalEngine) -> None:
    engine.fails["six==1.16.0"] = ["Resolving", "error: no version of six==1.16.0"]
    found = rehearsed(app(tmp_path / "out"), tmp_path, engine)
    assert (found.reached, place(found)) == ("loaded", "app.py:15")
    assert found.failure is not None and found.failure.stage == "build"


def test_a_step_that_takes_too_long_says_nothing_about_the_app(
    tmp_path: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.fails["six==1.16.0"] = ["Collecting six"]
    monkeypatch.setattr("tests.rehearsal.engine.SECONDS", 1e6)
    found = rehearsed(app(tmp_path / "out"), tmp_path, engine)
    assert (found.failure, found.verdict) == (None, "not rehearsed") and "took longer than" in found.skipped


def test_what_only_the_rehearsal_needs_and_fails_says_nothing_about_the_app(tmp_path: Path, engine: LocalEngine) -> None:
    engine.fails["--target /opt/fal/agent"] = ["no such version"]
    found = rehearsed(app(tmp_path / "out"), tmp_path, engine)
    assert (found.failure, found.verdict) == (None, "not rehearsed") and "no such version" in found.skipped


@pytest.mark.parametrize(
    "line",
    [
        "error: Hash mismatch for `cpython-3.10.19`",
        "E: Temporary failure resolving 'deb.debian.org'",
        "error: Cannot add PPA: 'ppa:~deadsnakes/ubuntu/ppa'.",
    ],
)
def test_neither_does_what_the_double_of_the_internet_cannot_answer(tmp_path: Path, engine: LocalEngine, line: str) -> None:
    engine.fails["six==1.16.0"] = ["Resolving", line, "error"]
    found = rehearsed(app(tmp_path / "out"), tmp_path, engine)
    assert found.failure is None and line.partition(" ")[2][:20] in found.skipped


@pytest.mark.parametrize(("why", "skipped"), [("left the disk less than 2.0 GiB", True), ("wrote more than 64.0 GiB", False)])
def test_a_disk_that_anybody_filled_says_nothing_about_the_app(
    tmp_path: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, why: str, skipped: bool
) -> None:
    engine.fails["six==1.16.0"] = ["Collecting six"]
    monkeypatch.setattr("tests.rehearsal.engine.advice", lambda step, output: (why, ""))
    found = rehearsed(app(tmp_path / "out"), tmp_path, engine)
    assert (found.failure is None, why in found.skipped) == (skipped, skipped)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BUCKET_ENDPOINT_URL", "https://rehearsal-dummy.example"),
        ("AHDS_ENDPOINT", "https://rehearsal-dummy.example"),
        ("SLACK_WEBHOOK", "https://rehearsal-dummy.example"),
        ("REDIS_PORT", "1"),
        ("HF_TOKEN", "rehearsal-dummy"),
        ("RUNPOD_ENDPOINT_ID", "rehearsal-dummy"),
        ("IMPORT", "rehearsal-dummy"),
    ],
)
def test_a_dummy_is_of_the_kind_that_the_name_of_its_secret_tells(name: str, value: str) -> None:
    assert dummy(name) == value


class Fetching:
    """A double of the internet that every step asks for one address."""

    def __init__(self, address: str) -> None:
        self.address, self.steps = address, 0

    def expect(self, *texts: str) -> None:
        """Nothing is looked for."""

    def locked(self, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        return {}

    def record(self) -> list[Asked]:
        self.steps += 1
        return [Asked("far.example", self.address, "doubled")] * self.steps


@pytest.mark.parametrize(
    ("address", "said", "told"),
    [
        ("https://far.example/tools.tar.zst", "cat: /srv/tools/run: No such file or directory", False),
        ("https://far.example/tools.zip?download=1", "cat: tools/run: No such file or directory", False),
        ("https://far.example/tools.git/info/refs?service=git-upload-pack", "ModuleNotFoundError: No module named 'launch.all'", False),
        ("https://far.example/tools.git/info/refs?service=git-upload-pack", "ModuleNotFoundError: No module named 'tools.all'", True),
        ("https://far.example/tools.git/info/refs?service=git-upload-pack", "    tools 3.8.6 depends on six>=2", False),
        ("https://far.example/tools.git/info/refs?service=git-upload-pack", "    other-tools 3.8.6 depends on six>=2", True),
        ("https://far.example/tools.zip", "cat: /app/tools.py: No such file or directory", True),
        ("https://far.example/tools.zip", "error: no version of six==1.16.0", True),
        ("https://far.example/tools.bin", "cat: /srv/tools/run: No such file or directory", True),
    ],
)
def test_what_an_archive_or_a_repository_may_hold_says_nothing_about_the_app(
    tmp_path: Path, engine: LocalEngine, address: str, said: str, told: bool
) -> None:
    """A file of the context does, and one for which nothing was fetched."""
    engine.fails["six==1.16.0"] = [said]
    project(tmp_path / "out", {"files/tools.py": ""})
    root = app(tmp_path / "out")
    (root / "app.py").write_text(
        (root / "app.py").read_text().replace('machine_type = "S"', 'machine_type = "S"\n    app_files = ["files"]')
    )
    found = rehearsed(root, tmp_path, engine, internet=Fetching(address))
    assert (found.failure is not None) == told
    assert ("is not known" in found.skipped) == (not told)


def test_an_image_that_fal_does_not_get_into_fails(tmp_path: Path, engine: LocalEngine) -> None:
    root = app(tmp_path / "out")
    text = (root / "app.py").read_text().replace('requirements = ["six==1.16.0"]', 'image = ContainerImage.from_dockerfile("Dockerfile")')
    files = {"app.py": f"from fal.container import ContainerImage\n{text}", "Dockerfile": "FROM python:3.11-slim\nRUN true\n"}
    engine.fails["python -m pip --version"] = ["/bin/sh: 1: python: not found"]
    found = rehearsed(project(root, files), tmp_path, engine)
    assert found.failure is not None
    assert (found.failure.stage, found.failure.why, found.kind) == ("fal", "there is no program python in the image at this step", "image")
    assert place(found) == "Dockerfile"


@pytest.mark.parametrize(("added", "skipped"), [("add-apt-repository ppa:deadsnakes/ppa", True), ("true ppa", False)])
def test_a_package_that_a_ppa_may_have_says_nothing_about_the_app(tmp_path: Path, engine: LocalEngine, added: str, skipped: bool) -> None:
    root = server(tmp_path / "out", listens=8123, exposed=8123)
    (root / "Dockerfile").write_text(f"FROM python:3.11-slim\nRUN {added}\nRUN apt-get install -y python3.8\n")
    engine.fails["python3.8"] = ["Fetched 9 MB", "E: Unable to locate package python3.8"]
    found = rehearsed(root, tmp_path, engine)
    assert (found.failure is None, "what a PPA holds" in found.skipped) == (skipped, skipped)


def server(folder: Path, *, listens: int, exposed: int, host: str = "0.0.0.0", health: str = "/ready") -> Path:
    texts = {"server.py": PAGES.replace("{host}", host).replace("{port}", str(listens)), "Dockerfile": DOCKERFILE}
    table = SERVER.replace("{port}", str(exposed)).replace("{health}", health)
    return project(folder, {**texts, "pyproject.toml": table})


def test_a_server_is_started_by_its_own_command_and_asked(tmp_path: Path, engine: LocalEngine) -> None:
    found = rehearsed(server(tmp_path / "out", listens=18431, exposed=18431), tmp_path, engine)
    assert (found.kind, found.verdict) == ("server", "answered")
    assert engine.builds[0].dockerfile == DOCKERFILE and engine.uploaded == ["server.py"]
    assert [str(place.line) for place in engine.builds[0].places] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("options", "stage", "line", "why"),
    [
        ({"listens": 18432, "exposed": 18433}, "start", 3, "nothing answers on port 18433 after 3 s"),
        ({"listens": 18434, "exposed": 18434, "host": "127.0.0.1"}, "start", 3, "listens on 127.0.0.1:18434 only"),
        ({"listens": 18435, "exposed": 18435, "health": "/healthz"}, "health", 9, "GET /healthz answers 404"),
    ],
)
def test_a_server_that_fal_does_not_reach_is_told_why(
    tmp_path: Path, engine: LocalEngine, options: dict[str, object], stage: str, line: int, why: str
) -> None:
    found = rehearsed(server(tmp_path / "out", **options), tmp_path, engine, start=3)  # type: ignore[arg-type]
    assert found.failure is not None
    assert found.failure.stage == stage and why in found.failure.why
    assert place(found) == f"pyproject.toml:{line}"


def test_a_server_that_ends_is_told_with_the_line_that_it_ended_at(tmp_path: Path, engine: LocalEngine) -> None:
    root = server(tmp_path / "out", listens=18437, exposed=18437)
    (root / "server.py").write_text("import os\n\nos.environ['PAGES_ROOT']\n")
    found = rehearsed(root, tmp_path, engine)
    assert found.failure is not None
    assert (str(found.failure.place), found.failure.why) == (
        "server.py:3",
        "it ended with exit code 1 before it was ready: KeyError: 'PAGES_ROOT'",
    )


def test_a_copied_file_that_is_not_there_is_not_uploaded(tmp_path: Path, engine: LocalEngine) -> None:
    root = server(tmp_path / "out", listens=18436, exposed=18436)
    (root / "Dockerfile").write_text(f"{DOCKERFILE}COPY *.txt ./\n")
    project(root, {"notes.txt": "not sent, since fal takes a pattern for a name"})
    rehearsed(root, tmp_path, engine)
    assert engine.uploaded == ["server.py"]
