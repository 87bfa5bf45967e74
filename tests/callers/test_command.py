"""`migrate callers` keeps the contract of the command line."""

from __future__ import annotations

import ast
import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from converters.callers.apps import Apps, parse_map
from converters.cli import answer
from converters.errors import UsageError
from converters.reports.json import published_schema

CALLER = 'import runpod\n\nprint(runpod.Endpoint("abc123").run_sync({"input": {"n": 1}}))\n'
MAP = ["--map", "abc123=acme/upscaler"]


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "caller"
    root.mkdir()
    (root / "client.py").write_text(CALLER)
    (root / "notes.bin").write_bytes(b"\0\xff\r\n")
    return root


def test_a_caller_is_written_beside_its_source(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["callers", str(caller), *MAP]) == 0
    output = caller.with_name("caller-fal")
    assert 'fal_client.subscribe("acme/upscaler", arguments={"n": 1})' in (output / "client.py").read_text()
    assert (output / "notes.bin").read_bytes() == b"\0\xff\r\n"
    assert (caller / "client.py").read_text() == CALLER
    assert "caller calls RunPod" in capsys.readouterr().out


def test_the_diff_is_what_is_written(caller: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert answer(["callers", str(caller), *MAP, "--diff"]) == 1
    diff = capfdbinary.readouterr().out
    assert answer(["callers", str(caller), *MAP, "--quiet"]) == 0
    subprocess.run(["git", "init", "-q"], cwd=caller, check=True)
    subprocess.run(["git", "apply"], cwd=caller, input=diff, check=True)
    assert (caller / "client.py").read_bytes() == (caller.with_name("caller-fal") / "client.py").read_bytes()


def test_an_endpoint_without_an_app_is_left_to_a_person(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["callers", str(caller), "--check"]) == 3
    assert "--map abc123=owner/app" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("endpoint", "code", "said"),
    [
        ("abc123", 0, ""),
        ("abc124", 2, "Did you mean abc123?"),
        ("acme/painter", 2, "The calls name abc123."),
    ],
)
def test_an_app_for_an_endpoint_that_nothing_calls_is_refused(
    endpoint: str, code: int, said: str, caller: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["callers", str(caller), *MAP, "--map", f"{endpoint}=acme/upscaler", "--format", "json"]
    assert answer(arguments) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert json.loads(shown.out)["exit_code"] == code
    assert caller.with_name("caller-fal").exists() == (code == 0)


def test_an_endpoint_that_only_the_text_of_a_caller_names_is_known(caller: Path) -> None:
    (caller / "web.js").write_text('fetch("https://api.runpod.ai/v2/other9/run")\n')
    assert answer(["callers", str(caller), *MAP, "--map", "other9=acme/other", "--check"]) != 2


def test_the_document_keeps_the_published_schema(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["callers", str(caller), *MAP, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, published_schema())
    assert document["apps"] == [] and document["source"]["platform"] == "runpod"
    assert {"path": "client.py", "action": "modified"} in document["files"]


def test_a_second_run_finds_nothing(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["callers", str(caller), *MAP]) == 0
    assert answer(["callers", str(caller.with_name("caller-fal")), *MAP]) == 0
    assert "is a caller of fal already" in capsys.readouterr().err


@pytest.mark.parametrize(("path", "code"), [("nowhere", 5), ("caller/empty", 4)])
def test_what_holds_no_caller_says_so(caller: Path, path: str, code: int) -> None:
    (caller / "empty").mkdir()
    assert answer(["callers", str(caller.parent / path)]) == code


@pytest.mark.parametrize(
    "text",
    [
        "abc123",
        "abc123=",
        "=acme/up",
        "abc123=up",
        "abc123=acme/",
        "abc123=a/b c",
        "abc123=/up",
        "abc123=a/$(id)",
        "abc123=a/b\nc",
        "abc123=../up",
    ],
)
def test_a_map_of_another_form_is_refused(caller: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["callers", str(caller), "--map", text]) == 2
    assert "ENDPOINT=owner/app" in capsys.readouterr().err


@pytest.mark.parametrize("app", ["acme/up", "acme/up/v2", "acme/up--staging", "workflows/acme/up", "a.b/c_d"])
def test_the_id_of_an_app_is_taken(app: str) -> None:
    assert parse_map([f"abc123={app}"]) == {"abc123": app}


def test_two_apps_for_one_endpoint_are_refused() -> None:
    with pytest.raises(UsageError, match="two apps"):
        parse_map(["a=x/y", "a=x/z"])


def test_a_model_is_found_with_and_without_its_version() -> None:
    apps = Apps({"acme/story": "acme/one", "0123": "acme/two"})
    assert apps.find("acme/story:4567") == "acme/one"
    assert apps.find("other/name:0123") == "acme/two"
    assert apps.find("other/name") == ""


def test_the_app_that_the_project_becomes_stands_for_its_endpoint(caller: Path) -> None:
    (caller / "handler.py").write_text(
        "import runpod\n\n\ndef handler(job):\n    return {'n': job['input']['n']}\n\n\nrunpod.serverless.start({'handler': handler})\n"
    )
    assert answer(["callers", str(caller), "--quiet"]) == 3
    assert '"your-team/caller"' in (caller.with_name("caller-fal") / "client.py").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--expire", "60"], {"expiration_duration_seconds": 60}),
        (["--private"], {"initial_acl": {"default": "forbid"}}),
        (["--private", "--expire", "60"], {"expiration_duration_seconds": 60, "initial_acl": {"default": "forbid"}}),
        ([], None),
    ],
)
def test_requests_say_how_their_files_are_kept(options: list[str], said: dict[str, Any] | None, tmp_path: Path) -> None:
    root = tmp_path / "p"
    root.mkdir()
    (root / "client.py").write_text('import runpod\n\nprint(runpod.Endpoint("abc123").run_sync({"n": 1}))\n')
    (root / "ask.sh").write_text('#!/bin/sh\ncurl https://api.runpod.ai/v2/abc123/run -d \'{"input": {"n": 1}}\'\n')
    assert answer(["callers", str(root), "--map", "abc123=acme/up", *options]) == 0
    call = ast.parse((tmp_path / "p-fal" / "client.py").read_text())
    headers = [
        keyword.value for node in ast.walk(call) if isinstance(node, ast.Call) for keyword in node.keywords if keyword.arg == "headers"
    ]
    sent = [json.loads(ast.literal_eval(value)["X-Fal-Object-Lifecycle-Preference"]) for value in headers]
    words = shlex.split((tmp_path / "p-fal" / "ask.sh").read_text().splitlines()[1])
    sent += [json.loads(word.partition(": ")[2]) for word in words if word.startswith("X-Fal-Object")]
    assert sent == ([said, said] if said else [])


def test_files_cannot_be_kept_for_no_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "client.py").write_text('import runpod\n\nprint(runpod.Endpoint("abc123").run_sync({"n": 1}))\n')
    assert answer(["callers", str(tmp_path), "--expire", "0"]) == 2
    assert "--expire 0" in capsys.readouterr().err
