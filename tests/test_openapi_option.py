"""`--openapi FILE|URL`: the document is read once, checked, and takes the place of the derived one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from converters.cli import answer
from converters.commands.openapi import load
from converters.convert import convert
from converters.errors import Unreadable, UsageError
from converters.options import OpenApi, Options
from converters.outcome import Converted
from tests.sources.docker.projects import project

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "speech", "version": "1"},
    "paths": {"/say": {"post": {"summary": "Say", "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Say"}}}}}}},
    "components": {"schemas": {"Say": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}}},
}  # fmt: skip
FIXTURES = Path(__file__).parents[1] / "fixtures"
YAML = "openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths:\n  /say: {}\n"
SERVE = 'FROM python:3.11\nCOPY main.py .\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'
MAIN = "from fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get('/derived')\ndef derived():\n    return 1\n"


class Answers(BaseHTTPRequestHandler):
    body: ClassVar[bytes] = json.dumps(DOCUMENT).encode()

    def do_GET(self) -> None:
        self.send_response(200 if self.path.startswith("/openapi.json") else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{made.server_port}"
        made.shutdown()


def texts(folder: Path, target: str, stated: str) -> dict[str, str]:
    project(folder / "p", Dockerfile=SERVE, main_py=MAIN)
    outcome = convert(folder / "p", Options(target=target, openapi=load(stated)))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted), outcome
    return {one.path: one.data.decode() for one in outcome.files if one.data}


def test_a_file_takes_the_place_of_the_derived_document(tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_text(json.dumps(DOCUMENT))
    proxy = texts(tmp_path, "app", str(path))["app.py"]
    assert '@fal.endpoint("/say")' in proxy and "class Say" in proxy and "derived" not in proxy
    function = texts(tmp_path, "function", str(path))
    assert json.loads(function["openapi.json"]) == DOCUMENT


def test_a_url_is_asked_and_its_secrets_are_not_kept(server: str) -> None:
    given = load(f"http://{server}/openapi.json?key=secret")
    assert given.document == DOCUMENT and given.source == f"http://{server}/openapi.json"


def test_yaml_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(YAML)
    assert list(load(str(tmp_path / "openapi.yaml")).document["paths"]) == ["/say"]


BAD = {
    "Swagger 2": ('{"swagger": "2.0", "paths": {}}', "is a Swagger 2.0 document"),
    "no paths": ('{"openapi": "3.0.0"}', "needs `openapi: 3.x` and `paths`"),
    "a list": ("[]", "is no OpenAPI document"),
    "broken JSON": ('{"openapi": "3.0.0",\n"paths": }', "is not valid JSON"),
    "broken YAML": ("openapi: [3", "is no valid YAML"),
    "a page": ("<html></html>", "is no OpenAPI document"),
    "depth": ('{"a":' * 100_000, "is nested too deeply"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_what_is_no_document_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(Unreadable) as refusal:
        load(str(path))
    assert message in str(refusal.value) and str(path) in str(refusal.value)
    assert refusal.value.line == (2 if "\n" in text else refusal.value.line)


def test_a_url_that_refuses_is_named(server: str) -> None:
    with pytest.raises(UsageError, match=r"does not answer: Not Found\."):
        load(f"http://{server}/nowhere")


def test_a_project_may_name_a_file_of_its_own_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(tmp_path, Dockerfile=SERVE, main_py=MAIN, pyproject_toml='[tool.fal-migrate]\nopenapi = "http://127.0.0.1:1/x"\n')
    assert answer([str(tmp_path), "--diff"]) == 2
    assert "is no file" in capsys.readouterr().err
    (tmp_path / "pyproject.toml").write_text('[tool.fal-migrate]\nopenapi = "api.json"\ntarget = "app"\n')
    (tmp_path / "api.json").write_text(json.dumps(DOCUMENT))
    assert answer([str(tmp_path), "--diff"]) == 1
    assert '@fal.endpoint("/say")' in capsys.readouterr().out


@pytest.mark.parametrize("option", ["openapi", "image_config"])
def test_options_of_servers_are_refused_for_a_worker(option: str, tmp_path: Path) -> None:
    given = {"openapi": OpenApi("x.json", DOCUMENT), "image_config": tmp_path / "image.json"}[option]
    with pytest.raises(UsageError, match=f"--{option.replace('_', '-')} describes a server, and this is a runpod project"):
        convert(FIXTURES / "runpod" / "sdxl", replace(Options(), **{option: given}))


def test_an_upload_keeps_its_key_where_that_is_no_name(tmp_path: Path) -> None:
    upload = {
        "type": "object",
        "required": ["audio-file"],
        "properties": {"audio-file": {"type": "string", "format": "binary"}, "class": {"type": "string"}},
    }
    body = {"content": {"multipart/form-data": {"schema": upload}}}
    path = tmp_path / "given.json"
    path.write_text(json.dumps({**DOCUMENT, "paths": {"/hear": {"post": {"summary": "Hear", "requestBody": body}}}}))
    proxy = texts(tmp_path, "app", str(path))["app.py"]
    compile(proxy, "app.py", "exec")
    assert 'audio_file: File = Field(alias="audio-file")' in proxy
    assert 'exclude={"audio_file"}' in proxy and '(("audio-file", "audio_file"),)' in proxy
