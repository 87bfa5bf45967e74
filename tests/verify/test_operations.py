"""A server's operations: what its document says they take, and where each field goes in a request."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from converters.verify import observe
from converters.verify.outcome import File
from converters.verify.servers.exchange import outcome, without_origins
from converters.verify.servers.operations import Call, Operation, described
from fal_runtime import own_server

DOCUMENT = {
    "openapi": "3.1.0",
    "components": {
        "schemas": {
            "Wanted": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}, "n": {"type": "integer"}}},
            "Upload": {"type": "object", "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}}},
            "List": {"type": "array", "items": {"type": "string"}},
        },
        "parameters": {"Trace": {"name": "x-trace", "in": "header", "schema": {"type": "string"}}},
    },
    "paths": {
        "/a/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "parameters": [{"name": "many", "in": "query", "schema": {"type": "array"}}, {"$ref": "#/components/parameters/Trace"}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Wanted"}, "example": {"id": "7", "text": "shown"}}
                    }
                },
            },
        },
        "/b": {"put": {"requestBody": {"content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Upload"}}}}}},
        "/c": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/List"}}}}}},
        "/d/{forgotten}": {"get": {}, "x-more": 1},
        "not a path": {"get": {}},
        "/broken": None,
    },
}
IMAGE = "data:image/png;base64,iVBORw0KGgo="


def sent(operation: Operation, body: Any) -> httpx.Request:
    options = Call(operation, body).options()
    return httpx.Client(base_url="http://server").build_request(**options)


def test_a_document_s_operations() -> None:
    found = {str(one.operation): one for one in described(DOCUMENT)}
    assert list(found) == ["POST /a/{id}", "PUT /b", "POST /c", "GET /d/{forgotten}"]
    first = found["POST /a/{id}"]
    assert first.operation == Operation(
        method="POST", path="/a/{id}", in_path=("id",), in_query=("many",), in_header=("x-trace",), media="json"
    )
    assert (list(first.schema["properties"]), first.schema["required"]) == (["id", "many", "x-trace", "text", "n"], ["id", "text"])
    assert first.examples == ({"id": "7", "text": "shown"},)
    assert found["PUT /b"].operation.files == ("file",)
    assert found["POST /c"].operation.whole == "body"
    assert found["GET /d/{forgotten}"].operation.in_path == ("forgotten",)


def test_fields_go_where_they_belong() -> None:
    operation = described(DOCUMENT)[0].operation
    request = sent(operation, {"id": "a/b ü", "many": ["x", 2], "x-trace": "t", "text": "t", "n": None})
    assert str(request.url) == "http://server/a/a%2Fb%20%C3%BC?many=x&many=2"
    assert request.headers["x-trace"] == "t"
    assert request.content == b'{"text":"t","n":null}'


def test_a_field_that_a_path_names_twice_goes_to_both_places() -> None:
    operation = Operation(method="POST", path="/{x}/{x}", in_path=("x",), media="json")
    request = sent(operation, {"x": "a", "n": 1})
    assert (str(request.url), request.content) == ("http://server/a/a", b'{"n":1}')


def test_fields_that_hold_themselves_are_no_uploads() -> None:
    nested = {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Nested"}}, {"type": "string"}]}
    body = {"type": "object", "properties": {"nested": nested, "file": {"type": "array", "items": {"format": "binary"}}}}
    document = {
        "components": {"schemas": {"Nested": nested}},
        "paths": {"/a": {"post": {"requestBody": {"content": {"multipart/form-data": {"schema": body}}}}}},
    }
    assert described(document)[0].operation.files == ("file",)


def test_other_bodies() -> None:
    _, upload, listed, _ = (one.operation for one in described(DOCUMENT))
    form = sent(upload, {"file": IMAGE, "note": True})
    assert b'name="file"; filename="file.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG' in form.read()
    assert b'name="note"\r\n\r\ntrue\r\n' in form.read()
    assert sent(listed, {"body": ["a", 1]}).content == b'["a",1]'
    plain = sent(Operation(method="POST", path="/f", media="form"), {"a": True, "b": None, "c": 1.5})
    assert plain.content == b"a=true&c=1.5"


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"id": "1"}, True),
        ({"id": 1.5, "many": [], "x-trace": ""}, True),
        ({}, False),
        ({"id": ""}, False),
        ({"id": ".."}, False),
        ({"id": None}, False),
        ({"id": ["a"]}, False),
        ({"id": "1", "many": [None]}, False),
        ({"id": "1", "many": {"a": 1}}, False),
        ({"id": "1", "x-trace": "ü"}, False),
        ({"id": "1", "text": {"a": None}}, True),
        ("no object", False),
    ],
)
def test_what_can_be_sent(body: Any, fits: bool) -> None:
    assert Call(described(DOCUMENT)[0].operation, body).fits is fits


def test_an_upload_is_data() -> None:
    operation = described(DOCUMENT)[1].operation
    assert Call(operation, {"file": IMAGE}).fits and Call(operation, {}).fits
    assert not Call(operation, {"file": "http://files.example/a.png"}).fits


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (200, "application/json", b'{"a": [1]}', ("result", {"a": [1]}, None)),
        (404, "application/problem+json; charset=utf-8", b'{"a": 1}', ("error", {"a": 1}, None)),
        (200, "application/json", b"no json", ("result", "no json", None)),
        (200, "text/plain", "grün".encode(), ("result", "grün", None)),
        (200, "image/png", b"\x89PNG", ("result", File(b"\x89PNG", "image/png"), None)),
        (307, "", b"", ("result", "", None)),
        (200, "application/x-ndjson", b'{"a": 1}\n\n{"a": 2}\n', ("result", None, ({"a": 1}, {"a": 2}))),
        (
            200,
            "text/event-stream",
            b'data: {"a": 1}\n\n: comment\n\nevent: end\ndata: one\ndata: two\n\n',
            ("result", None, ({"a": 1}, {"event": "end", "data": "one\ntwo"})),
        ),
    ],
)
def test_what_an_answer_says(status: int, kind: str, body: bytes, expected: tuple[Any, ...]) -> None:
    found = outcome(status, httpx.Headers({"content-type": kind} if kind else {}), body)
    assert (found.kind, found.value, found.chunks, found.status) == (*expected, status)


def test_headers_are_the_application_s() -> None:
    headers = httpx.Headers(
        [
            ("Date", "today"), ("Server", "uvicorn"), ("Content-Length", "3"), ("X-Fal-Request-Id", "1"), ("X-Shade", "7"),
            ("Location", "http://127.0.0.1:43111/next"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly"),
        ]
    )  # fmt: skip
    found = without_origins(outcome(302, headers, b"see http://127.0.0.1:43111/ not http://127.0.0.1:431110/"), ["127.0.0.1:43111"])
    assert found.headers == {"x-shade": "7", "location": "<origin>/next", "set-cookie": {"a": "a=1; Path=/", "b": "b=2; HttpOnly"}}


def test_hooks_hand_over_to_each_other_and_to_the_image_s_own(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('its own')")
    for order in ([observe.HOOK, own_server.HOOK], [own_server.HOOK, observe.HOOK]):
        path = os.pathsep.join(map(str, [*order, tmp_path]))
        said = subprocess.run([sys.executable, "-c", ""], env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=30)
        assert (said.stdout, said.stderr) == ("its own\n", "")
