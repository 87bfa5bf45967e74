"""A caller answers the same before and after: on a small RunPod by its own client, and on the converted app by fal_client.

The programs are the fixtures, unmodified; only addresses are redirected, since neither platform is reached from here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import fal_runtime
from converters.callers.convert import convert_callers
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output.place import write
from fal_runtime.testing import Local
from tests import fixtures
from tests.callers import fake_runpod

pytestmark = pytest.mark.usefixtures("warm_zygotes")
CALLERS = fixtures.ROOT / "callers"
ENDPOINTS = {"tx7hw2": "text-tools", "st0ry9": "story-stream"}
REDIRECT = """
import os
import httpx, requests

HOST = "https://api.runpod.ai/v2"
for session, name in ((requests.Session, "request"), (httpx.AsyncClient, "request")):
    def redirected(self, method, url, *args, before=getattr(session, name), **kwargs):
        return before(self, method, str(url).replace(HOST, os.environ["RUNPOD_ENDPOINT_BASE_URL"]), *args, **kwargs)
    setattr(session, name, redirected)
"""


def output_of(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Apps:
    """Converted workers, each served once for all tests of this file."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._locals: dict[Path, Local] = {}

    def of(self, worker: Path) -> Local:
        if worker not in self._locals:
            outcome = convert(worker, Options())
            assert isinstance(outcome, Converted)
            self._locals[worker] = self._stack.enter_context(fal_runtime.serve(write(outcome, self._folder / worker.name).path))
        return self._locals[worker]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    with ExitStack() as stack:
        yield Apps(tmp_path_factory.mktemp("apps"), stack)


def rewritten(caller: Path, folder: Path) -> Path:
    """The converted caller on disk."""
    return write(fixtures.converted(caller), folder / "caller").path


PROGRAMS = [
    ("text-sdk", "client.py", "tx7hw2"),
    ("text-sdk", "parallel.py", "tx7hw2"),
    ("text-sdk", "story.py", "st0ry9"),
    ("text-http", "client.py", "tx7hw2"),
    ("text-http", "later.py", "tx7hw2"),
]


@pytest.mark.parametrize(
    ("caller", "program", "endpoint"),
    [
        pytest.param(*found, id="/".join(found[:2]), marks=pytest.mark.whole if found[1] in ("parallel.py", "later.py") else ())
        for found in PROGRAMS
    ],
)
@pytest.mark.whole
def test_a_caller_of_runpod_gets_the_same_from_fal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apps: Apps, caller: str, program: str, endpoint: str
) -> None:
    worker = fixtures.ROOT / "runpod" / ENDPOINTS[endpoint]
    (tmp_path / "sitecustomize.py").write_text(REDIRECT)
    plain = {"PATH": os.environ["PATH"]}
    with fake_runpod.serve({endpoint: fake_runpod.load(worker, monkeypatch)}) as runpod:
        environment = {
            **plain,
            "RUNPOD_API_KEY": "rp-key",
            "RUNPOD_AI_API_KEY": "rp-key",
            "RUNPOD_ENDPOINT_BASE_URL": runpod.url,
            "PYTHONPATH": str(tmp_path),
            "TEXT_TOOLS": endpoint,
        }
        if program == "story.py":
            environment["HOME"] = str(_home_with_key(tmp_path))
        before = output_of([sys.executable, str(CALLERS / caller / program)], environment, tmp_path)
    environment = {**apps.of(worker).environment(plain), "TEXT_TOOLS": f"local/{ENDPOINTS[endpoint]}"}
    after = output_of([sys.executable, str(rewritten(CALLERS / caller, tmp_path) / program)], environment, tmp_path)
    assert json.loads(after) == json.loads(before)
    assert json.loads(before)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_a_script_gets_the_same_from_fal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apps: Apps) -> None:
    worker = fixtures.ROOT / "runpod" / "text-tools"
    plain = {"PATH": os.environ["PATH"]}
    scripts = ("slug.sh", "words.sh")

    def run(folder: Path, hosts: dict[str, str], environment: dict[str, str]) -> list[str]:
        answers = []
        for name in scripts:
            text = (folder / name).read_text()
            for host, address in hosts.items():
                text = text.replace(host, address)
            (tmp_path / name).write_text(text)
            answers.append(output_of(["sh", name, "Some text"], environment, tmp_path))
        return answers

    with fake_runpod.serve({"tx7hw2": fake_runpod.load(worker, monkeypatch)}) as runpod:
        hosts = {"https://api.runpod.ai/v2": runpod.url}
        before = run(CALLERS / "text-http", hosts, {**plain, "RUNPOD_API_KEY": "rp-key"})
    after = run(rewritten(CALLERS / "text-http", tmp_path), {}, apps.of(worker).environment(plain))
    assert [json.loads(text) if text[0] in "{[" else text for text in after] == [
        json.loads(text) if text[0] in "{[" else text for text in before
    ]
    assert before[0] == "some-text\n"


@pytest.mark.whole
def test_a_caller_of_replicate_gets_what_the_model_says(tmp_path: Path, apps: Apps) -> None:
    program = rewritten(CALLERS / "tokens", tmp_path) / "story.py"
    environment = apps.of(fixtures.ROOT / "replicate" / "tokens").environment({"PATH": os.environ["PATH"]})
    answer = json.loads(output_of([sys.executable, str(program)], environment, tmp_path))
    words = ["Well,", " once", " upon", " a"]
    assert answer == ["".join(words), words, words, "failed", 4]


def _home_with_key(folder: Path) -> Path:
    """A home in which RunPod's client finds a key that the program does not give."""
    home = folder / "home"
    (home / ".runpod").mkdir(parents=True)
    (home / ".runpod" / "config.toml").write_text('[default]\napi_key = "rp-key"\n')
    return home


SERVER_CLIENT = """
import json
import requests

BASE = "http://notes.internal:8798"
session = requests.Session()
added = session.post(f"{BASE}/notes", json={"text": "buy milk", "stars": 2}, timeout=60)
gone = requests.delete(BASE + "/notes/7", headers={"Accept": "*/*"}, timeout=60)
print(json.dumps([added.status_code, added.json(), gone.status_code, requests.post(f"{BASE}/count", data=b"12345", timeout=60).text]))
"""


@pytest.mark.whole
def test_a_caller_of_a_server_gets_the_same_from_its_app(tmp_path: Path, apps: Apps) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "client.py").write_text(SERVER_CLIENT)
    outcome = convert_callers(tmp_path / "before", {"http://notes.internal:8798": "local/notes"}, every_app_used=True)
    assert isinstance(outcome, Converted)
    program = write(outcome, tmp_path / "after").path / "client.py"
    environment = apps.of(fixtures.ROOT / "docker" / "notes").environment({"PATH": os.environ["PATH"]})
    answer = json.loads(output_of([sys.executable, str(program)], environment, tmp_path))
    assert answer == [201, {"text": "buy milk", "stars": 2}, 204, "5"]


DRAWING = """
import runpod


def handler(job):
    with open("/tmp/drawing.svg", "w") as file:
        file.write(f"<svg>{job['input']['text']}</svg>")
    return {"image_path": "/tmp/drawing.svg", "letters": len(job["input"]["text"])}


runpod.serverless.start({"handler": handler})
"""
DRAWING_CLIENT = """
import json
from urllib.request import urlopen
import runpod

answer = runpod.Endpoint("dr4w1ng").run_sync({"input": {"text": "a cat"}})
print(json.dumps([urlopen(answer["image_path"]).read().decode(), answer["letters"]]))
"""


@pytest.mark.parametrize("idiomatic", [False, True], ids=["under its own name", "under fal's name"])
@pytest.mark.whole
def test_a_caller_finds_the_file_where_the_contract_says(tmp_path: Path, idiomatic: bool) -> None:
    worker, caller = tmp_path / "drawing", tmp_path / "caller"
    worker.mkdir()
    caller.mkdir()
    (worker / "handler.py").write_text(DRAWING)
    (caller / "client.py").write_text(DRAWING_CLIENT)
    outcome = convert(worker, Options(idiomatic=idiomatic))
    assert isinstance(outcome, Converted)
    app = write(outcome, tmp_path / "app").path
    made = convert_callers(caller, {"dr4w1ng": f"local/drawing:{app}"}, every_app_used=True)
    assert isinstance(made, Converted)
    program = write(made, tmp_path / "after").path / "client.py"
    assert f'answer["{"image" if idiomatic else "image_path"}"]["url"]' in program.read_text()
    with fal_runtime.serve(app) as local:
        environment = local.environment({"PATH": os.environ["PATH"]})
        assert json.loads(output_of([sys.executable, str(program)], environment, tmp_path)) == ["<svg>a cat</svg>", 5]
