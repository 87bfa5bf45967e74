"""The source side under an interpreter of its own: what it has, what it must be, and that both sides get the same packages."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

from converters.cli import answer
from converters.errors import UsageError
from converters.sources.replicate import runner
from converters.sources.replicate.runner import upload
from converters.verify.interpreter import Interpreter, imported, inspected, numbers, uneven
from tests.needs import needs
from tests.verify.made import FIXTURES

needs("runpod", "cog")

BLUR = FIXTURES / "replicate/blur"
CARTOON = FIXTURES / "replicate/cartoon-2021"

PREDICTOR = """
import importlib
import yaml
class Predictor: pass
Path = __import__("pathlib").Path
def input(name, type, **options):
    def decorate(method):
        method._inputs = [(name, type, options), *getattr(method, "_inputs", [])]
        return method
    return decorate
def load_predictor():
    file, _, name = open("cog.yaml").read().split('predict: "')[1].split('"')[0].partition(":")
    return getattr(importlib.import_module(file.removesuffix(".py")), name)()
"""
"""What Cog 0.0.20 offers, as far as the harness relies on it."""
SERVER = """
import http.server, pathlib, tempfile
class HTTPServer:
    def __init__(self, predictor): self.predictor = predictor
    def make_app(self):
        self.predictor.setup()
        return App(self.predictor)
class App:
    def __init__(self, predictor): self.predictor = predictor
    def register_error_handler(self, kind, told): self.told = told
    def run(self, host, port, threaded, processes):
        app = self
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self): self.answer(200, "text/plain", b"PONG")
            def do_POST(self):
                import json
                raw = form(self.headers["Content-Type"] or "application/x-www-form-urlencoded",
                           self.rfile.read(int(self.headers["Content-Length"] or 0)))
                try:
                    given = converted(app.predictor.predict._inputs, raw)
                except (KeyError, ValueError) as error:
                    return self.answer(400, "application/json", json.dumps({"message": str(error)}).encode())
                try:
                    made = app.predictor.predict(**given)
                except Exception as error:
                    document, status = app.told(error)
                    return self.answer(status, "application/json", json.dumps(document).encode())
                self.answer(200, "image/png", made.read_bytes(), ETag="1")
            def answer(self, status, kind, data, **headers):
                self.send_response(status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
        http.server.HTTPServer((host, port), Handler).serve_forever()
def converted(inputs, raw):
    given = {name: kind(raw.pop(name)) if name in raw else options["default"] for name, kind, options in inputs}
    for name, kind, options in inputs:
        value = given[name]
        if value not in options.get("options", [value]) or (kind is float and not options["min"] <= value <= options["max"]):
            raise ValueError(name)
    if raw or not given["photo"].is_file():
        raise ValueError("photo")
    return given
def form(kind, data):
    import email, urllib.parse
    if kind == "application/x-www-form-urlencoded":
        return dict(urllib.parse.parse_qsl(data.decode()))
    given = {}
    for part in email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\\r\\n\\r\\n" + data).get_payload():
        name, filename = part.get_param("name", header="content-disposition"), part.get_filename()
        if filename:
            path = pathlib.Path(tempfile.mkdtemp()) / filename
            path.write_bytes(part.get_payload(decode=True))
        given[name] = path if filename else part.get_payload()
    return given
"""


def environment(folder: Path, *packages: Path, **modules: str) -> Path:
    """An environment without pip that sees our packages, or those given; returns its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    seen = packages or (Path(sysconfig.get_paths()["purelib"]),)
    (site / "ours.pth").write_text("".join(f"{package}\n" for package in seen))
    for name, text in modules.items():
        file = site / (name.replace(".", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "bin" / "python"


def distribution(python: Path, name: str, version: str, *modules: str) -> None:
    """Say that an environment has a distribution."""
    folder = next(python.parents[1].glob("lib/python*/site-packages")) / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "top_level.txt").write_text("\n".join(modules) + "\n")


def certificate(*arguments: object, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    answer(["verify", *map(str, arguments), "--format", "json", "--seconds", "5"])
    (found,) = json.loads(capsys.readouterr().out)["certificates"]
    return dict(found)


def test_our_own_has_both_sdks() -> None:
    found = inspected()
    assert {"runpod", "cog"} <= found.releases.keys()
    assert found.python == ".".join(map(str, sys.version_info[:3]))
    assert {"httpx", "fal"} <= found.packages and "os" not in found.packages


@pytest.mark.parametrize(
    ("version", "expected"), [("0.10.0a18", (0, 10, 0)), ("0.9.26", (0, 9, 26)), ("1.7", (1, 7)), ("", ()), ("0.0.1+local.4", (0, 0, 1))]
)
def test_versions_are_compared_as_numbers(version: str, expected: tuple[int, ...]) -> None:
    assert numbers(version) == expected


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "is no file"),
        ("#!/bin/sh\necho 3.8\n", "is no Python interpreter that runs here"),
        ("#!/bin/sh\nexit 1\n", "is no Python interpreter that runs here"),
        ('#!/bin/sh\necho \'{"python": "3.8.20", "releases": {}, "packages": [], "folders": []}\'\n', "is Python 3.8.20"),
    ],
)
def test_what_cannot_run_the_source_is_refused(tmp_path: Path, script: str | None, words: str) -> None:
    python = tmp_path / "python"
    if script is not None:
        python.write_text(script)
        python.chmod(0o755)
    with pytest.raises(UsageError, match=words):
        inspected(python)


def test_an_interpreter_is_told_by_a_path_without_detours(tmp_path: Path) -> None:
    python = environment(tmp_path / "environment")
    (tmp_path / "link").symlink_to(python.parent)
    (tmp_path / "elsewhere").mkdir()
    for detour in (f"{tmp_path}/elsewhere/../environment/bin/python", f"{tmp_path}/link/python"):
        found = inspected(Path(detour))
        assert found.executable == python, "the interpreter itself stays a link, which makes it the environment's"
        assert str(tmp_path / "environment") in found.folders and not any(".." in folder for folder in found.folders)


def test_an_interpreter_without_the_sdk_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    python = environment(tmp_path / "env", tmp_path / "empty")
    assert answer(["verify", str(BLUR), "--source-python", str(python)]) == 2
    assert f"{python}: has no cog. Install it there: {python} -m pip install cog" in capsys.readouterr().err


def test_what_a_project_imports_and_one_side_lacks_is_uneven() -> None:
    one = Interpreter(Path("a"), "3.11.7", packages=frozenset({"numpy", "yaml", "pydantic", "unused"}))
    other = Interpreter(Path("b"), "3.11.7", packages=frozenset({"yaml", "PIL"}))
    files = [
        b"import numpy.linalg\nimport yaml\nimport pydantic\n",
        b"def f():\n    from PIL import Image\n",
        b"not python(",
        b"+".join([b"1"] * 20_000),
        b"-" * 20_000 + b"1",
        b"from . import unused\n",
    ]
    assert uneven(one, other, files, ["runpod", "cog"]) == {"numpy", "PIL"}
    assert imported([b"import a.b as c, d\nfrom e.f import g\nfrom .h import i\n"]) == {"a", "d", "e"}


@pytest.mark.whole
def test_the_source_runs_under_it_and_the_certificate_says_so(scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = environment(tmp_path / "env")
    found = certificate(FIXTURES / "replicate/tokens", "--source-python", python, capsys=capsys)
    assert found["verdict"] == "equivalent", found["why"]
    assert found["versions"]["source cog"] == found["versions"]["cog"] == inspected().releases["cog"]
    assert found["versions"]["source python"] == found["versions"]["python"]


@pytest.mark.whole
def test_a_package_that_only_the_source_has_is_doubled_on_both_sides(
    scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "cog.yaml").write_text('predict: "predict.py:Predictor"\n')
    (project / "predict.py").write_text(
        "import oddity\nfrom cog import BasePredictor\n\n\nclass Predictor(BasePredictor):\n"
        "    def predict(self, prompt: str) -> str:\n        return str(oddity.said(prompt))\n"
    )
    python = environment(tmp_path / "env", oddity="def said(prompt):\n    return 'really ' + prompt\n")
    distribution(python, "oddity", "1.0", "oddity")
    found = certificate(project, "--source-python", python, capsys=capsys)
    assert found["verdict"] == "equivalent", found["why"]
    assert found["doubles"] == ["oddity"]


@pytest.mark.whole
def test_a_project_of_2021_runs_under_its_own_server(scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    python = environment(
        tmp_path / "env", tmp_path / "empty", **{"cog.__init__": PREDICTOR, "cog.predictor": "from cog import *\n", "cog.server.http": SERVER, "yaml": ""}
    )  # fmt: skip
    distribution(python, "cog", "0.0.20", "cog")
    found = certificate(CARTOON, "--source-python", python, capsys=capsys)
    assert found["versions"]["source cog"] == "0.0.20"
    assert found["verdict"] == "equivalent", found["why"]
    assert any(trial["reached"] and "file" in trial["source"]["value"] for trial in found["trials"])


@pytest.mark.whole
def test_a_release_whose_server_is_not_known_is_said(scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    python = environment(tmp_path / "env", tmp_path / "empty")
    distribution(python, "cog", "0.4.3", "cog")
    found = certificate(BLUR, "--source-python", python, capsys=capsys)
    assert found["verdict"] == "not proven"
    assert "cog 0.4.3 cannot be run here" in found["why"]


def test_files_are_uploaded_under_the_name_that_cog_gives_them() -> None:
    assert upload("data:image/png;base64,YQ==") == ("file.png", b"a", "image/png")


@pytest.mark.parametrize(
    ("release", "begins", "tells_host"),
    [((0, 23, 1), "-m", True), ((0, 17, 0), "-m", True), ((0, 16, 12), "-c", True), ((0, 10, 0), "-c", False), ((0, 9, 9), "-c", False)],
)
def test_a_release_before_coglet_runs_without_it(release: tuple[int, ...], begins: str, tells_host: bool) -> None:
    command = runner.server(release, trains=False)
    assert (command[0], "--host" in command, "--x-mode" in command) == (begins, tells_host, False)
    if begins == "-c":
        program = command[1].replace("cog.server.http", "coglet")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert "coglet" in done.stderr.splitlines()[-1]
    assert runner.server(release, trains=True)[-2:] == ["--x-mode", "train"]
