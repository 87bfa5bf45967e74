"""Four servers: the same requests to the server itself and to each of its three targets give the same answers.

A proxy's endpoints take POST only; what stands in the query, the path or a form is a field of the input, and media come back as files.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import fal_runtime
from tests.docker.conftest import itself, output_of

MATTER = ("content-type", "x-shade", "x-words", "location")


@dataclass
class Call:
    """One request, and how it is made to the proxy: `proxy` is (path, input), None where no endpoint stands for it."""

    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    proxy: tuple[str, dict[str, Any]] | None = None
    media: str = ""
    refused: bool = False
    """The proxy's own input model refuses it with 422."""


@dataclass
class Sample:
    name: str
    command: list[str]
    port: int
    ready: str
    calls: list[Call]
    env: dict[str, str] = field(default_factory=dict)


def json(value: Any) -> dict[str, Any]:
    return {"json": value}


SAMPLES = [
    Sample(
        "captions",
        ["python", "-m", "uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8791"],
        8791,
        "/healthz",
        [
            Call(
                "POST",
                "/caption",
                json({"subject": "a cat", "tone": "cheerful", "seed": 4}),
                ("/caption", {"subject": "a cat", "tone": "cheerful", "seed": 4}),
            ),
            Call("POST", "/caption", json({"subject": "nothing"}), ("/caption", {"subject": "nothing"})),
            Call("POST", "/caption", json({"subject": "x", "words": 99}), ("/caption", {"subject": "x", "words": 99}), refused=True),
            Call("POST", "/stream", json({"subject": "a dog"}), ("/stream", {"subject": "a dog"})),
            Call("GET", "/dot?shade=7", {}, ("/dot", {"shade": 7}), media="image"),
            Call("GET", "/old", {}, ("/old", {})),
            Call("GET", "/history/?limit=1&order=down", {}, ("/history", {"limit": 1, "order": "down"})),
            Call("GET", "/history/b", {}, ("/history/name", {"name": "b"})),
            Call("GET", "/history/none", {}, ("/history/name", {"name": "none"})),
            Call("GET", "/nowhere"),
        ],
        {"CAPTION_STYLE": "plain"},
    ),
    Sample(
        "prompts",
        ["python", "server.py", "--listen", "0.0.0.0"],
        8794,
        "/system_stats",
        [
            Call(
                "POST",
                "/prompt",
                json({"prompt": {"3": "cat"}, "client_id": "k1"}),
                ("/prompt", {"prompt": {"3": "cat"}, "client_id": "k1"}),
            ),
            Call("GET", "/history/k1", {}, ("/history/prompt_id", {"prompt_id": "k1"})),
            Call("GET", "/view?filename=k1.png", {}, ("/view", {"filename": "k1.png"}), media="image"),
            Call("GET", "/view?filename=no.png", {}, ("/view", {"filename": "no.png"})),
            Call("GET", "/system_stats"),
        ],
        {"PROMPT_PREFIX": "a picture of"},
    ),
    Sample(
        "entry",
        ["./start.sh", "--loud"],
        8793,
        "/",
        [
            Call("GET", "/"),
            Call("GET", "/some/where?x=1"),
            Call("POST", "/echo", {"content": b"hello"}),
            Call("PUT", "/echo", {"content": b"hello"}),
            Call("POST", "/echo", json({"a": 1}), ("/echo", {"a": 1})),
        ],
        {"STAGE": "prod"},
    ),
    Sample(
        "uploads",
        ["python", "-u", "main.py"],
        8795,
        "/ready",
        [
            Call(
                "POST",
                "/measure",
                {"files": {"file": ("a.txt", b"some text", "text/plain")}, "data": {"label": "x", "times": "2"}},
                ("/measure", {"file": "FILE:a.txt:some text", "label": "x", "times": 2}),
            ),
            Call("PUT", "/items/7", json({"b": 1, "a": 2}), ("/items/item_id", {"item_id": 7, "body": {"b": 1, "a": 2}})),
            Call("GET", "/source", {}, ("/source", {})),
            Call("GET", "/ready", {}, ("/ready", {})),
        ],
    ),
]


def seen(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    return answer.status_code, {name: answer.headers[name] for name in MATTER if name in answer.headers}, answer.content


Expected = Callable[[Sample], list[tuple[int, dict[str, str], bytes]]]


@pytest.fixture(scope="module")
def expected_of(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """What a server answers by itself, asked once."""

    def asked(sample: Sample) -> list[tuple[int, dict[str, str], bytes]]:
        if sample.name not in known:
            folder = tmp_path_factory.mktemp("itself")
            with itself(sample.name, sample.command, sample.env, sample.port, sample.ready, folder) as client:
                known[sample.name] = [seen(client.request(call.method, call.path, **call.body)) for call in sample.calls]
        return known[sample.name]

    known: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
    return asked


FORMS = [
    pytest.param(
        sample, target, id=f"{target}-{sample.name}", marks=() if (sample.name in ("prompts", "captions")) == image else pytest.mark.whole
    )
    for target, image in (("pyproject", True), ("function", False))
    for sample in SAMPLES
]
"""Each server in one form here, and in both in `scripts/whole`."""


@pytest.mark.parametrize(("sample", "target"), FORMS)
@pytest.mark.whole
def test_the_server_answers_through_fal_as_by_itself(sample: Sample, target: str, expected_of: Expected, tmp_path: Path) -> None:
    wanted = expected_of(sample)
    project, made = output_of(sample.name, target, tmp_path)
    with fal_runtime.serve(project) as fal:
        base = fal.app_url(made.application.apps[0].name)
        for call, expected in zip(sample.calls, wanted, strict=True):
            answer = httpx.request(call.method, base + call.path, timeout=30, **call.body)
            assert seen(answer) == expected, (call.method, call.path)


@pytest.mark.parametrize(
    "sample",
    [pytest.param(sample, id=sample.name, marks=pytest.mark.whole if sample.name in ("prompts", "entry") else ()) for sample in SAMPLES],
)
@pytest.mark.whole
def test_the_proxy_answers_as_the_server(sample: Sample, expected_of: Expected, tmp_path: Path) -> None:
    wanted = expected_of(sample)
    project, made = output_of(sample.name, "app", tmp_path)
    with fal_runtime.serve(project) as fal:
        base = fal.app_url(made.application.apps[0].name)
        for call, expected in zip(sample.calls, wanted, strict=True):
            if call.proxy is None:
                continue
            path, body = call.proxy
            answer = httpx.post(base + path, json=_input(body), timeout=30)
            check(call, answer, expected)


def check(call: Call, answer: httpx.Response, expected: tuple[int, dict[str, str], bytes]) -> None:
    status, headers, body = expected
    if call.refused:
        assert answer.status_code == status == 422
    elif call.media and status == 200:
        assert answer.status_code == 200
        file = answer.json()[call.media]
        assert file["content_type"] == headers["content-type"]
        assert httpx.get(file["url"]).content == body
    elif status == 307:
        assert (answer.status_code, answer.json()) == (200, {"ready": True})  # the proxy goes where its server sends callers
    elif call.path == "/measure":
        assert answer.json() == {**httpx.Response(200, content=body).json(), "name": "file.txt"}
    else:
        assert seen(answer) == expected, (call.method, call.path)


def _input(body: dict[str, Any]) -> dict[str, Any]:
    """`FILE:name:text` is a file that the caller gives by URL."""
    made = dict(body)
    for key, value in body.items():
        if isinstance(value, str) and value.startswith("FILE:"):
            made[key] = "data:text/plain;base64," + base64.b64encode(value.split(":", 2)[2].encode()).decode()
    return made


def test_a_proxy_without_a_document_is_a_skeleton_that_says_so(tmp_path: Path) -> None:
    project, made = output_of("node-api", "app", tmp_path)
    assert "Fill in the endpoints" in (project / "app.py").read_text()
    assert any(item.rule == "DK023" for item in made.ledger.items())


def test_a_path_in_the_container_comes_back_as_a_file(tmp_path: Path) -> None:
    project, made = output_of("entry", "app", tmp_path)
    with fal_runtime.serve(project) as fal:
        answer = httpx.post(fal.app_url(made.application.apps[0].name, "/file"), json={"text": "x"}, timeout=30).json()
        assert httpx.get(answer["path"]["url"]).content == b'RIFF{"text":"x"}'
        assert answer["path"]["content_type"] in ("audio/wav", "audio/x-wav")
        assert answer["size"] == 12


def test_a_stopped_proxy_leaves_no_server(tmp_path: Path) -> None:
    project, made = output_of("captions", "app", tmp_path)
    with fal_runtime.serve(project) as fal:
        assert httpx.post(fal.app_url(made.application.apps[0].name, "/caption"), json={"subject": "a"}, timeout=30).status_code == 200
    running = [
        pid
        for pid in (path.name for path in Path("/proc").iterdir())
        if pid.isdecimal() and _command(pid).endswith("--port\08791\0--limit-concurrency\08\0")
    ]
    assert running == []


def _command(pid: str) -> str:
    try:
        return (Path("/proc") / pid / "cmdline").read_text()
    except OSError:
        return ""
