"""Servers of Docker projects: each is equivalent to what it becomes, and each kind of seeded bug is found."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from converters.project import open_project
from converters.sources.docker.runner import ImageRunner
from converters.verify.certificate import Certificate, Trial
from tests.verify.made import FIXTURES, Studied, digests, studied
from tests.verify.test_study import processes_of

Run = Callable[[str], Studied]
FURTHER = ("thumbs", "guarded", "notes", "factory")
"""Servers whose routes read what only a proxy must know: uploads and cookies of Flask, tokens, raw bodies, dependencies."""
FLASK = ("sentiment", "thumbs", "thumbs:function", "thumbs:app")
ALL = [
    "captions", "captions:function", "captions:app", "entry", "entry:app", "prompts", "prompts:app", "stages", "uploads", "uploads:app",
    "sentiment", "thumbs", "thumbs:function", "thumbs:app", "guarded", "guarded:function", "guarded:app", "notes", "notes:function", "notes:app",
    "factory", "factory:function", "factory:app",
]  # fmt: skip
WHOLE = pytest.mark.whole
"""What another case shows too, of another kind or in another project."""
MARKS = {
    "captions": pytest.mark.versions,
    **{f"{name}:{form}".removesuffix(":image"): WHOLE for name in FURTHER for form in ("image", "function")},
    **dict.fromkeys(("guarded:app", "factory:app", "notes:app", "uploads:app"), WHOLE),
    **dict.fromkeys(
        ("captions:function", "captions:app", "entry:app", "prompts", "prompts:app", "stages", "uploads", "entry", "sentiment"), WHOLE
    ),
}

DOCKERFILE = """
FROM python:3.11
WORKDIR /srv
ENV STYLE=plain
COPY . .
EXPOSE 8797
HEALTHCHECK CMD curl -f http://localhost:8797/ready
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8797"]
"""
SERVER = '''
import os
import time

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from transformers import pipeline

app = FastAPI()
write = pipeline("text-generation", device="cuda")
TOLD = []


class Wanted(BaseModel):
    """What to write."""

    text: str
    length: int = 20


@app.get("/ready")
def ready() -> dict:
    return {"ready": True, "style": os.environ.get("STYLE")}


@app.post("/write")
def written(wanted: Wanted, response: Response) -> dict:
    if wanted.length < 1:
        raise HTTPException(416, "too short")
    response.set_cookie("last", "seen", httponly=True)
    response.headers["cache-control"] = "no-store"
    try:
        return {"text": write(wanted.text, max_length=wanted.length)[0]["generated_text"]}
    except RuntimeError as error:
        return JSONResponse({"sorry": str(error)}, 507)


@app.post("/lines")
def lines(wanted: Wanted) -> StreamingResponse:
    def parts():
        for number in range(2):
            time.sleep(0.5)
            yield "data: " + write(wanted.text, number=number)[0]["generated_text"] + "\\n\\n"

    return StreamingResponse(parts(), media_type="text/event-stream")


@app.post("/told")
def told(text: str) -> dict:
    TOLD.append(text)
    if text == "busy":
        raise HTTPException(503, "busy")
    if text == "end":
        os._exit(3)
    return {"told": len(TOLD)}
'''


@pytest.fixture(scope="module")
def run(scratch: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The study of a fixture, ``NAME`` or ``NAME:TARGET``, run when it is first asked for."""

    def study(name: str) -> Studied:
        fixture, _, target = name.partition(":")
        return studied(FIXTURES / "docker" / fixture, tmp_path_factory.mktemp("study"), seconds=120, target=target or "auto")  # type: ignore[arg-type]

    return functools.cache(study)


@pytest.fixture(scope="module")
def writer(scratch: Path, tmp_path_factory: pytest.TempPathFactory) -> Studied:
    """The study of a server whose model is not there."""
    source = tmp_path_factory.mktemp("source") / "writer"
    source.mkdir()
    (source / "Dockerfile").write_text(DOCKERFILE)
    (source / "main.py").write_text(SERVER)
    return studied(source, tmp_path_factory.mktemp("study"), seconds=40)


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in ALL])
@pytest.mark.whole
def test_fixtures_are_equivalent(run: Run, name: str) -> None:
    if name in FLASK:
        pytest.importorskip("flask")
        pytest.importorskip("gunicorn")
    found = run(name).certificate
    assert found.verdict == "equivalent", found.why
    assert found.proven > 0
    assert (found.platform, found.doubles) == ("docker", [])


@pytest.mark.parametrize("name", ["captions", "uploads:app"])
@pytest.mark.whole
def test_nothing_is_written_or_left(run: Run, name: str, scratch: Path) -> None:
    found = run(name)
    assert (digests(found.source), digests(found.written)) == found.before
    assert not list(scratch.glob("verify-*"))
    assert not processes_of(scratch)


def test_every_operation_is_asked_at_its_place(run: Run) -> None:
    asked = {(str(trial.operation), trial.source.status) for trial in run("captions").certificate.trials}
    assert {
        ("POST /caption", 200), ("POST /caption", 422), ("POST /stream", 200), ("GET /dot", 200), ("GET /old", 307), ("GET /history/", 200),
        ("GET /history/{name}", 404), ("GET /healthz", 200), ("GET /openapi.json", 200),
    } <= asked  # fmt: skip


def test_headers_streams_and_files_are_in_the_certificate(run: Run) -> None:
    first = {str(trial.operation): trial.source for trial in reversed(run("captions").certificate.trials) if trial.source.status < 400}
    assert first["GET /old"].headers["location"] == "/healthz"
    assert first["GET /dot"].headers["x-shade"].isdigit() and first["GET /dot"].value["media_type"] == "image/png"
    assert [chunk["word"] for chunk in first["POST /stream"].chunks or []][1:] == ["and", "more"]


@pytest.mark.parametrize("name", [pytest.param("uploads", marks=WHOLE), "uploads:app"])
def test_uploads_are_sent_as_forms_and_to_a_proxy_as_files(run: Run, name: str) -> None:
    trials = [trial for trial in run(name).certificate.trials if str(trial.operation) == "POST /measure" and trial.source.status == 200]
    assert trials[0].source.value == trials[0].target.value
    assert trials[0].source.value["name"] == "file.png" and trials[0].source.value["size"] > 0


@WHOLE
def test_what_a_proxy_has_no_endpoint_for_is_said(run: Run) -> None:
    assert "GET /system_stats: the proxy has no endpoint for it" in run("prompts:app").certificate.not_proven


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "path"),
    [
        pytest.param("captions", "app/main.py", "HTTPException(418", "HTTPException(419", "status", id="a changed status"),
        pytest.param("captions", "app/main.py", '"x-shade": str(shade)', "", "headers.x-shade", id="a dropped header", marks=WHOLE),
        pytest.param("captions", "app/main.py", '"/old"', '"/older"', "outcome", id="a wrong path", marks=WHOLE),
        pytest.param("captions", "app/main.py", 'RedirectResponse("/healthz"', 'RedirectResponse("/dot"', "headers.location", id="a wrong redirect", marks=WHOLE),
        pytest.param("captions", "app/routers/history.py", 'raise HTTPException(404, detail=f"no', 'return dict(a=f"no', "outcome", id="a lost error", marks=WHOLE),
        pytest.param("captions", "app/main.py", '(request.subject, "and", "more")', '("and", request.subject, "more")', "chunks", id="a reordered stream"),
        pytest.param("captions", "app/main.py", "request.seed or 0", "request.words", "$.seed", id="a swapped field", marks=WHOLE),
        pytest.param("captions", "Dockerfile", "CAPTION_STYLE=plain", "CAPTION_STYLE=other", "$.text", id="another variable", marks=WHOLE),
        pytest.param("captions:app", "app.py", "Response(body, answer.status_code)", "Response(body, 200)", "outcome", id="a proxy that answers 200", marks=WHOLE),
        pytest.param("captions:app", "app.py", 'params = {key: body.pop(key) for key in ("shade",) if key in body}', "params = {}", "", id="a proxy that drops the query", marks=WHOLE),
        pytest.param("uploads:app", "app.py", "or mimetypes.guess_type(address or file.url)[0] ", "", "$.name", id="an upload without its type", marks=WHOLE),
    ],
)  # fmt: skip
@pytest.mark.whole
def test_a_seeded_bug_is_found(run: Run, tmp_path: Path, name: str, file: str, old: str, new: str, path: str) -> None:
    found = run(name)
    differing = found.study.first_difference(found.with_bug(file, old, new, tmp_path))
    assert isinstance(differing, Trial), differing
    assert any(difference.path.startswith(path) for difference in differing.differences), differing.differences


def test_models_of_a_server_are_doubled_and_their_calls_compared(writer: Studied) -> None:
    found = writer.certificate
    assert (found.verdict, found.doubles) == ("equivalent", ["transformers"]), found.why
    reached = [trial for trial in found.trials if trial.reached]
    assert reached and all(trial.source.calls == trial.target.calls > 0 for trial in reached)
    assert {str(trial.operation) for trial in reached} == {"POST /write", "POST /lines"}
    assert writer.study.loaded == ["transformers.pipeline('text-generation', device='cuda')"]


def test_a_model_that_fails_is_an_answer_of_the_server(writer: Studied) -> None:
    failed = [trial for trial in writer.certificate.trials if trial.kind == "fault" and str(trial.operation) == "POST /write"]
    assert failed and {trial.source.status for trial in failed} == {trial.target.status for trial in failed} == {507}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        pytest.param("        return {", "        write('warm')\n        return {", "calls[0]", id="an extra call"),
        pytest.param("max_length=wanted.length", "", "calls[0]", id="a dropped argument"),
        pytest.param("httponly=True", "", "headers.set-cookie.last", id="another cookie"),
        pytest.param('response.headers["cache-control"] = "no-store"', "pass", "headers.cache-control", id="a dropped header"),
        pytest.param("time.sleep(0.5)", "pass", "pauses", id="a missing pause"),
        pytest.param(', device="cuda"', "", "", id="another model"),
    ],
)
def test_a_seeded_bug_in_a_server_with_a_model_is_found(writer: Studied, tmp_path: Path, old: str, new: str, path: str) -> None:
    differing = writer.study.first_difference(writer.with_bug("main.py", old, new, tmp_path))
    if path:
        assert isinstance(differing, Trial), differing
        assert any(difference.path.startswith(path) for difference in differing.differences), differing.differences
    else:
        assert isinstance(differing, str) and differing.startswith("loading[0]: ")


@pytest.mark.parametrize(("text", "status"), [("busy", 503), ("end", 0)])
def test_after_what_ends_a_runner_both_sides_start_afresh(writer: Studied, text: str, status: int) -> None:
    told = [trial for trial in writer.certificate.trials if str(trial.operation) == "POST /told"]
    at = next(at for at, trial in enumerate(told) if trial.body == {"text": text})
    assert (told[at].source.kind, told[at].source.status, told[at].same) == ("error" if status else "silence", status, True)
    after = next(trial for trial in told[at + 1 :] if trial.source.status == 200)
    assert after.source.value == after.target.value == {"told": 1}
    assert any("503, or one that breaks off" in said for said in writer.certificate.not_proven)


@WHOLE
def test_a_certificate_can_be_replayed(run: Run, tmp_path: Path) -> None:
    found = run("uploads:app")
    kept = Certificate.model_validate_json(found.certificate.model_dump_json())
    settings = replace(found.study.settings, replay=kept)
    again = replace(found.study, settings=settings, trials=[], asked=[]).run()
    assert again.verdict == "equivalent", again.why
    assert [(trial.operation, trial.body, trial.source) for trial in again.trials] == [
        (trial.operation, trial.body, trial.source) for trial in kept.trials
    ]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({"Dockerfile": 'FROM node:20\nEXPOSE 3000\nCMD ["deno", "run", "server.ts"]\n'}, "deno is not installed here", id="language"),
        pytest.param(
            {"Dockerfile": 'FROM python:3.11\nCOPY a.py .\nEXPOSE 3000\nCMD ["python", "a.py"]\n', "a.py": "import cherrypy\ncherrypy.quickstart()\n"},
            "No module named 'cherrypy'",
            id="a server package",
        ),
        pytest.param({"docker-compose.yml": "services:\n  api:\n    image: acme/api:1\n    ports: ['3000:3000']\n"}, "acme/api:1 is not here", id="image"),
        pytest.param(
            {
                "Dockerfile": 'FROM python:3.11\nCOPY a.py .\nEXPOSE 8798\nCMD ["python", "-I", "a.py"]\n',
                "a.py": "from http.server import *\nThreadingHTTPServer(('', 8798), SimpleHTTPRequestHandler).serve_forever()\n",
            },
            "it holds port 8798 itself",
            id="a port that cannot be moved",
        ),
        pytest.param(
            {
                "Dockerfile": 'FROM python:3.11\nCOPY a.py .\nEXPOSE 8798\nCMD ["python", "a.py"]\n',
                "a.py": "import time\ntime.sleep(1)\nwhile True:\n    pass\n",
            },
            "it does not listen within",
            id="no server",
        ),
    ],
)  # fmt: skip
@pytest.mark.whole
def test_what_cannot_run_here_is_not_proven(
    files: dict[str, str], why: str, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("converters.verify.servers.source.START_SECONDS", 5)
    monkeypatch.setattr("converters.verify.target.START_SECONDS", 5)
    source = tmp_path / "api"
    source.mkdir()
    for name, text in files.items():
        (source / name).write_text(text)
    found = studied(source, tmp_path, seconds=5).certificate
    assert (found.verdict, found.trials) == ("not proven", [])
    assert found.why.startswith("the source does not start: ") and why in found.why, found.why


def test_files_of_two_runs_are_of_another_age(tmp_path: Path, run: Run) -> None:
    project, app = open_project(FIXTURES / "docker/uploads"), run("uploads:app").study.app
    times = set()
    for name in ("source-root", "again-root"):
        ImageRunner().image(project, app).staged(tmp_path / name)
        times.add((tmp_path / name / "uploads/main.py").stat().st_mtime)
    assert len(times) == 2
