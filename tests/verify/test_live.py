"""`migrate verify --live`: the platforms' own servers against the app that `migrate run` serves, and what is refused before anything is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import fal_runtime
from converters.cli import answer
from converters.commands import live
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output.place import write
from converters.verify.certificate import Certificate
from converters.verify.live.endpoint import Api, App, Plain, Recorded
from converters.verify.live.study import LiveStudy, Names
from converters.verify.outcome import Outcome
from converters.verify.renaming import Renaming
from tests.oracle.platforms import free_port, wait_for
from tests.replicate import cog_server

WORKER = """
import random

import runpod


def handler(job):
    text = job["input"]["text"]
    if not text.strip():
        return {"error": "say something"}
    return {"loud": text.strip().upper(), "letters": len(text), "ticket": random.random()}


runpod.serverless.start({"handler": handler})
"""
PREDICTOR = """
from cog import BasePredictor, Path


class Predictor(BasePredictor):
    def predict(self, text: str) -> Path:
        with open("/tmp/drawn.svg", "w") as file:
            file.write(f"<svg>{text}</svg>")
        return Path("/tmp/drawn.svg")
"""
ASKED = [{"input": {"text": " a cat "}}, {"input": {"text": "über"}}, {"input": {"text": "  "}}]


def project(root: Path, files: dict[str, str]) -> Path:
    root.mkdir(parents=True)
    for name, text in files.items():
        (root / name).write_text(text.lstrip())
    return root


def converted(root: Path, to: Path) -> Path:
    outcome = convert(root, Options())
    assert isinstance(outcome, Converted), outcome
    return write(outcome, to).path


@contextmanager
def runpod_server(folder: Path) -> Iterator[str]:
    port = free_port()
    flags = ["--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port)]
    with (folder.parent / "runpod.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "handler.py", *flags], cwd=folder, stdout=log, stderr=log, env={**os.environ})
        try:
            with httpx.Client(trust_env=False) as client:
                wait_for(client, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def lines(folder: Path, requests: list[Any]) -> Path:
    file = folder / "requests.jsonl"
    file.write_text("".join(json.dumps(request) + "\n" for request in requests))
    return file


def compared(tmp_path: Path, old: str, app: Path, name: str, requests: list[Any]) -> tuple[int, Any]:
    with fal_runtime.serve(app) as local:
        target = f"{local.url}/local/{name}"
        out = tmp_path / "certificate.json"
        code = answer(
            ["verify", target, str(app), "--live", old, "--requests", str(lines(tmp_path, requests)), "--rate", "100", "--output", str(out)]
        )
    return code, Certificate.model_validate(json.loads(out.read_text())["certificates"][0])


@pytest.mark.usefixtures("warm_zygotes")
@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        pytest.param("", "", 0, "", id="nothing was changed"),
        pytest.param("text.strip().upper()", "text.upper()", 6, "$.loud", id="a strip is missing"),
        pytest.param("not text.strip()", "not text", 6, "outcome", id="an error is not told", marks=pytest.mark.whole),
        pytest.param("random.random()", "str(random.random())", 6, "$.ticket", id="noise of another type", marks=pytest.mark.whole),
    ],
)
@pytest.mark.whole
def test_a_worker_under_runpods_own_server_is_compared_with_its_app(
    tmp_path: Path, old: str, new: str, code: int, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = project(tmp_path / "shout", {"handler.py": WORKER})
    app = converted(source, tmp_path / "app")
    if old:
        file = next(one for one in (app / "handler.py", app / "app.py") if one.is_file() and old in one.read_text())
        file.write_text(file.read_text().replace(old, new))
    with runpod_server(source) as url:
        found, certificate = compared(tmp_path, url, app, "shout", ASKED)
    assert found == code, capsys.readouterr().out
    assert certificate.verdict == ("different" if code else "equivalent")
    differing = {one.path for trial in certificate.trials for one in trial.differences}
    assert path in differing if path else not differing
    assert certificate.trials[0].not_proven == ["$.ticket"] and len(certificate.trials) == 3


@pytest.mark.usefixtures("warm_zygotes")
@pytest.mark.parametrize(("new", "code"), [("", 0), ("!</svg>", 6)])
@pytest.mark.whole
def test_a_model_under_cogs_own_server_is_compared_by_the_files_it_makes(tmp_path: Path, new: str, code: int) -> None:
    config = "build:\n  python_version: '3.11'\npredict: predict.py:Predictor\n"
    source = project(tmp_path / "draw", {"predict.py": PREDICTOR, "cog.yaml": config})
    app = converted(source, tmp_path / "app")
    if new:
        file = next(one for one in (app / "predict.py", app / "app.py") if one.is_file() and "<svg>" in one.read_text())
        file.write_text(file.read_text().replace("</svg>", new))
    with cog_server.serve(source, "predict.py:Predictor", tmp_path) as server:
        old = str(server._client.base_url)
        found, certificate = compared(tmp_path, old, app, "draw", [{"input": {"text": "a cat"}}, {"text": "ü"}])
    assert found == code
    assert all(trial.reached for trial in certificate.trials) and certificate.trials[0].source.value["bytes"] == len("<svg>a cat</svg>")


# What is refused before anything is sent


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no request"),
        ("[1]", "is no object"),
        ("{", "is not JSON"),
        ('{"path": "x", "method": "GET"}', "names no method and path"),
        ('{"path": "/x", "method": "FETCH"}', "names no method and path"),
    ],
)
def test_a_file_that_holds_no_requests_is_refused(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.jsonl").write_text(text)
    assert answer(["verify", "acme/x", "--live", "http://127.0.0.1:9", "--requests", str(tmp_path / "r.jsonl"), "--yes"]) == 5
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "acme/x", "--live", "http://127.0.0.1:9"], "--requests"),
        (["verify", "acme", "--live", "http://127.0.0.1:9"], "owner/app"),
        (["verify", "acme/x", "--live", "abc123"], "is no address"),
        (["verify", "acme/x", "--live", "http://127.0.0.1:9"], "not known"),
        (["verify", "acme/x", "--live", "http://127.0.0.1:9", "--yes"], "FAL_KEY"),
    ],
    ids=["no requests", "no app", "no address", "requests that may change something", "no key"],
)
def test_what_cannot_be_compared_is_refused(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FAL_KEY", raising=False)
    given = [] if said == "--requests" else ["--requests", str(lines(tmp_path, [{"input": {}}]))]
    assert answer([*arguments, *given]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "requests", "refused"),
    [
        pytest.param({"handler.py": WORKER}, [{"input": {}}], False, id="a worker that changes nothing"),
        pytest.param(
            {"handler.py": WORKER.replace("import random", "import random\nimport smtplib").replace('    text = job', '    smtplib.SMTP("mail").sendmail("a", "b", "c")\n    text = job')},
            [{"input": {}}],
            True,
            id="a worker that sends mail",
        ),
        pytest.param({"handler.py": WORKER}, [{"path": "/x", "method": "GET"}], False, id="a GET"),
        pytest.param({"handler.py": WORKER}, [{"path": "/x", "body": {}}], True, id="a POST of a server"),
    ],
)  # fmt: skip
def test_requests_that_may_change_something_are_sent_only_when_asked(
    files: dict[str, str], requests: list[Any], refused: bool, tmp_path: Path
) -> None:
    app = converted(project(tmp_path / "p", files), tmp_path / "app")
    request = live.Request("http://127.0.0.1:9", "acme/p", lines(tmp_path, requests), app)
    recorded = live._recorded(request.requests)
    if refused:
        with pytest.raises(live.UsageError):
            live._must_be_repeatable(request, recorded)
    live._must_be_repeatable(live.Request("http://127.0.0.1:9", "acme/p", request.requests, app, sure=True), recorded)
    if not refused:
        live._must_be_repeatable(request, recorded)


# How both are asked


class Told:
    """An endpoint that answers what it is told, one after the other."""

    def __init__(self, *answers: Outcome, is_bare: bool = False) -> None:
        self.answers, self.is_bare, self.asked = list(answers), is_bare, 0

    def ask(self, request: Recorded) -> Outcome:
        self.asked += 1
        return self.answers[(self.asked - 1) % len(self.answers)]


def certificate() -> Certificate:
    return Certificate(
        app="a/b", platform="server", source="s", target="a/b", verdict="not proven", why="", seed=0, versions={}, doubles=[]
    )


def studied(old: Told, new: Told, count: int = 1, **more: Any) -> Certificate:
    names = more.pop("names", Names(Renaming()))
    study = LiveStudy(old, new, httpx.Client(), names, 0.0, 1.0, **more)
    return study.run([Recorded(number, {}) for number in range(1, count + 1)], certificate())


@pytest.mark.parametrize(
    ("old", "again", "new", "verdict"),
    [
        pytest.param(Outcome("result", {"a": 1}), Outcome("result", {"a": 1}), Outcome("result", {"a": 1}), "equivalent", id="the same"),
        pytest.param(Outcome("result", {"a": 1}), Outcome("result", {"a": 1}), Outcome("result", {"a": 2}), "different", id="another value"),
        pytest.param(Outcome("result", {"a": 1}), Outcome("result", {"a": 2}), Outcome("result", {"a": 3}), "not proven", id="noise alone"),
        pytest.param(Outcome("result", {"a": 1, "b": 1}), Outcome("result", {"a": 2, "b": 1}), Outcome("result", {"a": 3, "b": 1}), "equivalent", id="noise beside it"),
        pytest.param(Outcome("error", "no"), Outcome("error", "no"), Outcome("result", {"a": 1}), "different", id="an error that went"),
        pytest.param(Outcome("silence", "late"), Outcome("result", 1), Outcome("result", 2), "not proven", id="an old endpoint that is late"),
    ],
)  # fmt: skip
def test_the_old_endpoint_is_asked_twice(old: Outcome, again: Outcome, new: Outcome, verdict: str) -> None:
    first, second = Told(old, again), Told(new)
    assert studied(first, second).verdict == verdict
    assert (first.asked, second.asked) == (2, 1)


@pytest.mark.parametrize(
    ("key", "answered", "same"),
    [("image", {"image": 1}, True), (None, {"output": 1}, True), ("", {"output": 1}, False), (None, {"a": 1, "b": 2}, False)],
)
def test_a_bare_answer_stands_under_the_app_s_key(key: str | None, answered: Any, same: bool) -> None:
    found = studied(Told(Outcome("result", 1), is_bare=True), Told(Outcome("result", answered)), names=Names(Renaming(), key))
    assert found.trials[0].same == same


def test_requests_are_sent_no_faster_than_asked() -> None:
    waits: list[float] = []
    names = Names(Renaming())
    study = LiveStudy(Told(Outcome("result", 1)), Told(Outcome("result", 1)), httpx.Client(), names, 5.0, 1.0, sleep=waits.append)
    study.run([Recorded(1, {}), Recorded(2, {})], certificate())
    assert len(waits) == 6 and all(4.0 < wait <= 5.0 for wait in waits[1:])


def test_no_more_requests_are_sent_than_asked(tmp_path: Path) -> None:
    served: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        served.append(request.url.path)
        return httpx.Response(200, json={"path": request.url.path})

    api = Api(httpx.Client(transport=httpx.MockTransport(answered)), "http://a.example/x", {}, 1.0)
    assert Plain(api).ask(Recorded(1, None, "GET", "/y?a=1")).value == {"path": "/x/y"}
    assert App(api, "/z").ask(Recorded(1, {})).value == {"path": "/x/z"}
    assert served == ["/x/y", "/x/z"]
    assert len(live._recorded(lines(tmp_path, [{"input": {}}] * 30))[: live.Request("", "", tmp_path).most]) == 20


def test_no_credential_of_an_address_is_told() -> None:
    assert live._without_credentials("https://me:secret@h.example:8/x?token=secret") == "https://h.example:8/x"
