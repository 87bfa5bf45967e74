"""Whatever a folder holds, the answer is an exit code and a message that names the file: never a traceback, never a hang."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from converters.cli import answer

WORKER = (
    b"import runpod\n\n\ndef handler(job):\n    prompt = job['input']['prompt']\n    return {'text': prompt}\n\n\n"
    b"runpod.serverless.start({'handler': handler})\n"
)
NEWER = "x = t'{1}'\n" if sys.version_info < (3, 14) else "x = from the future\n"
COG = b"build:\n  python_version: '3.11'\npredict: predict.py:Predictor\n"
BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 9)) for letter in range(ord("b"), ord("k"))
)
IMAGE = b"FROM python:3.11-slim\nRUN apt-get install -y ffmpeg\nCOPY handler.py /handler.py\nCMD python -u /handler.py\n"
Make = Callable[[Path], None]


def handler(data: bytes) -> Make:
    return lambda root: (root / "handler.py").write_bytes(data) and None


def beside(path: str, data: bytes) -> Make:
    def write(root: Path) -> None:
        (root / "handler.py").write_bytes(WORKER)
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(data)

    return write


def cog(data: bytes) -> Make:
    def write(root: Path) -> None:
        (root / "predict.py").write_bytes(
            b"from cog import BasePredictor\n\n\nclass Predictor(BasePredictor):\n    def predict(self) -> str:\n        return 'x'\n"
        )
        (root / "cog.yaml").write_bytes(data)

    return write


def link(name: str, target: str) -> Make:
    def write(root: Path) -> None:
        (root / "handler.py").write_bytes(WORKER)
        (root / name).symlink_to(target)

    return write


def missing(root: Path) -> None:
    root.rmdir()


def forbidden(root: Path) -> None:
    handler(WORKER)(root)
    (root / "handler.py").chmod(0)


def forbidden_folder(root: Path) -> None:
    handler(WORKER)(root)
    (root / "closed").mkdir(mode=0)


def named(name: bytes) -> Make:
    def write(root: Path) -> None:
        handler(WORKER)(root)
        (root / os.fsdecode(name)).write_bytes(b"x")

    return write


def server(comment: bytes) -> Make:
    def write(root: Path) -> None:
        (root / "Dockerfile").write_bytes(b"FROM python:3.11\nCOPY main.py .\n" + comment + SERVED)
        (root / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")

    return write


SERVED = b'EXPOSE 8000\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
CASES = [
    pytest.param(server(b"# gr\xf6\xdfer\n"), (5,), "Dockerfile:3: is not valid UTF-8", id="a server's Dockerfile in Latin-1"),
    pytest.param(handler(WORKER), (0,), "", id="a plain worker"),
    pytest.param(handler(WORKER + b"\ndef broken(:\n"), (5,), "handler.py:11: ", id="a syntax error"),
    pytest.param(handler(WORKER + NEWER.encode()), (5,), "handler.py:10: ", id="a newer Python than ours"),
    pytest.param(handler(b"# -*- coding: latin-1 -*-\n" + WORKER + b"# caf\xe9\n"), (0,), "", id="latin-1 with a cookie"),
    pytest.param(handler(WORKER + b"# caf\xe9\n"), (5,), "handler.py:10: ", id="latin-1 without a cookie"),
    pytest.param(handler(b"# coding: klingon\n" + WORKER), (5,), "handler.py:1: ", id="a cookie nobody knows"),
    pytest.param(handler(b"\xef\xbb\xbf" + WORKER), (0,), "", id="a byte-order mark"),
    pytest.param(handler(WORKER.replace(b"\n", b"\r\n")), (0,), "", id="CRLF"),
    pytest.param(handler(WORKER.rstrip()), (0,), "", id="no final newline"),
    pytest.param(handler(WORKER.decode().encode("utf-16")), (4, 5), "", id="UTF-16"),
    pytest.param(handler(WORKER + b"x = '\0'\n"), (5,), "handler.py:", id="NUL bytes"),
    pytest.param(handler(WORKER + b"x = " + b"(" * 5000 + b")" * 5000 + b"\n"), (5,), "handler.py", id="deep brackets"),
    pytest.param(handler(WORKER + b"x = " + b"-" * 100_000 + b"1\n"), (0, 5), "", id="deep operators"),
    pytest.param(handler(WORKER + b"x = " + b"+".join([b"1"] * 20_000) + b"\n"), (0, 5), "", id="a deep sum"),
    pytest.param(handler(b""), (4,), "", id="an empty handler"),
    pytest.param(handler(WORKER + b"# " + b"x" * 3_000_000 + b"\n"), (4, 5), "", id="a huge handler"),
    pytest.param(beside("weights.bin", b"\0" * 5_000_000), (0,), "", id="a huge file beside"),
    pytest.param(beside("unused.py", b"def ("), (0,), "", id="a syntax error in a file that nobody imports"),
    pytest.param(beside(".runpod/hub.json", b'{"config": '), (0, 5), "", id="broken JSON"),
    pytest.param(beside(".runpod/hub.json", b"[" * 100_000), (0, 5), "", id="deep JSON"),
    pytest.param(beside("pyproject.toml", b"[tool\n"), (5,), "pyproject.toml:1: ", id="broken TOML"),
    pytest.param(beside("pyproject.toml", b"x = '\xe9'\n"), (5,), "pyproject.toml", id="TOML that is no UTF-8"),
    pytest.param(beside("requirements.txt", b"\xff\xfe\0r"), (0, 3, 5), "", id="requirements that are no text"),
    pytest.param(beside("Dockerfile", b"FROM\n\xff"), (0, 3, 5), "", id="a Dockerfile that is no text"),
    pytest.param(beside("Dockerfile", IMAGE + b"# gr\xf6\xdfer\n"), (5,), "Dockerfile:5: is not valid UTF-8", id="a Dockerfile in Latin-1"),
    pytest.param(beside("Dockerfile", IMAGE + "# größer\n".encode()), (0,), "", id="a Dockerfile in UTF-8"),
    pytest.param(
        beside("Dockerfile", IMAGE.replace(b"apt-get install -y ffmpeg", b"true") + b"# gr\xf6\xdfer\n"),
        (0,),
        "",
        id="a Dockerfile in Latin-1 that a list of requirements replaces",
    ),
    pytest.param(missing, (5,), "does not exist", id="a missing folder"),
    pytest.param(lambda root: None, (4,), "", id="an empty folder"),
    pytest.param(link("again", "."), (0,), "", id="a directory loop"),
    pytest.param(link("self", "self"), (0,), "", id="a link to itself"),
    pytest.param(link("gone", "nowhere"), (0,), "", id="a link to nothing"),
    pytest.param(link("outside.py", "/etc/hostname"), (0,), "", id="a link that leaves the project"),
    pytest.param(
        forbidden,
        (5,),
        "handler.py",
        id="a file we may not read",
        marks=pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything"),
    ),
    pytest.param(
        forbidden_folder,
        (3,),
        "",
        id="a folder we may not enter",
        marks=pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything"),
    ),
    pytest.param(beside(".dockerignore", b"*.md\n\\\n[z-a]\n!\n"), (0,), "", id="ignore patterns that are none"),
    pytest.param(beside("pyproject.toml", b"tool = 1\n"), (5,), "pyproject.toml:1: ", id="a pyproject.toml that takes no table"),
    pytest.param(beside("pyproject.toml", b"[[tool.fal.apps]]\n"), (5,), "pyproject.toml:1: ", id="a pyproject.toml with a list of apps"),
    pytest.param(beside("pyproject.toml", b"tool.fal = {a = 1}\n"), (5,), "pyproject.toml:1: ", id="a table that cannot be extended"),
    pytest.param(
        beside("pyproject.toml", b"[project]\nname = 'caf\xe9'\n"), (5,), "pyproject.toml", id="a pyproject.toml that is not UTF-8"
    ),
    pytest.param(beside("pyproject.toml", b"\n\n[project\n"), (5,), "pyproject.toml:3: ", id="a pyproject.toml that is no TOML"),
    pytest.param(named(b"caf\xe9.txt"), (3,), "", id="a name that is not UTF-8"),
    pytest.param(named(b"a\\b.txt"), (0,), "", id="a backslash in a name"),
    pytest.param(named("日本 \u2028.py".encode()), (0,), "", id="a name that is UTF-8"),
    pytest.param(cog(COG + b"  : : [\n"), (5,), "cog.yaml:", id="broken YAML"),
    pytest.param(cog(COG + BOMB), (0, 3, 5), "", id="a YAML bomb"),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize(("make", "codes", "place"), CASES)
def test_every_input_has_an_exit_code_and_a_message(
    tmp_path: Path, make: Make, codes: tuple[int, ...], place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    make(root)
    code = answer([str(root), "--format", "json"])
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert code in codes, shown.err
    assert document["exit_code"] == code
    assert shown.err.count("\n") <= 2
    assert "Traceback" not in shown.err
    assert place in shown.err
    if code in (4, 5):
        assert document["message"]
        assert document["hint"] or "." in document["message"]
        assert sorted(path.name for path in tmp_path.iterdir()) == (["project"] if make is not missing else [])
