"""Web pages: those of this machine's servers and of allowed origins may call the gateway, and others do nothing by it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fal_runtime.asgi import Receive, Scope, Send, answer
from fal_runtime.browsers import Access, Browsers
from fal_runtime.errors import UnusableOption
from fal_runtime.webhooks import may_be_asked_for

LOCAL = {"host": "127.0.0.1:8080"}


class Called:
    """A gateway that was called, or not."""

    def __init__(self, headers: Any = ()) -> None:
        self.calls = 0
        self._headers = list(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await answer(send, 200, list(self._headers), b"ok")


def call(
    gateway: Called,
    headers: dict[str, str],
    access: Access | None = None,
    *,
    kind: str = "http",
    method: str = "POST",
    path: str = "/local/demo",
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of the answer."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "method": method, "path": path, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    asyncio.run(Browsers(gateway, access or Access())(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("127.0.0.1:8080", True),
        ("localhost:8080", True),
        ("demo.localhost", True),
        ("[::1]:8080", True),
        ("192.168.1.7:8080", True),
        ("queue.fal.run", True),
        ("host.docker.internal:8080", True),
        ("studio:8080", True),
        ("", True),
        ("rebind.evil", False),
        ("rebind.evil:8080", False),
        ("localhost.evil", False),
        ("127.0.0.1.evil:8080", False),
        ("evilfal.run", False),
        ("[::1].evil:80", False),
    ],
)
def test_a_name_that_others_can_lead_here_is_none_of_the_gateway_s(host: str, taken: bool) -> None:
    gateway = Called()
    status, _, body = call(gateway, {"host": host}, Access(hosts=frozenset(["studio"])))
    assert (status, gateway.calls) == ((200, 1) if taken else (403, 0))
    assert taken or "--allow-host" in body


@pytest.mark.parametrize(
    ("origin", "allowed", "taken"),
    [
        ("http://localhost:3000", (), True),
        ("http://127.0.0.1:5173", (), True),
        ("https://[::1]:3000", (), True),
        ("http://127.0.0.1:8080", (), True),
        ("https://evil.example", (), False),
        ("http://192.168.1.9", (), False),
        ("http://localhost.evil", (), False),
        ("http://localhost@evil.example", (), False),
        ("null", (), False),
        ("null", ("null",), True),
        ("file://", (), False),
        ("https://studio.example", ("https://Studio.example/",), True),
        ("https://other.example", ("https://studio.example",), False),
        ("https://other.example", ("*",), True),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_pages_of_other_sites_may_not_call(origin: str, allowed: tuple[str, ...], taken: bool, kind: str) -> None:
    gateway = Called()
    status, headers, body = call(gateway, {**LOCAL, "origin": origin}, Access.of(allowed), kind=kind)
    assert (status, gateway.calls) == ((200, 1) if taken else (403, 0))
    assert taken or "--allow-origin" in body
    assert (headers.get("access-control-allow-origin") == origin) is (taken and kind == "http")


def test_a_preflight_is_answered_here() -> None:
    gateway = Called()
    asked = {"access-control-request-method": "PUT", "access-control-request-headers": "authorization, x-fal-store-io"}
    status, headers, _ = call(gateway, {**LOCAL, "origin": "http://localhost:3000", **asked}, method="OPTIONS")
    assert (status, gateway.calls) == (204, 0)
    assert headers["access-control-allow-origin"] == "http://localhost:3000"
    assert headers["access-control-allow-methods"] == "PUT"
    assert headers["access-control-allow-headers"] == "authorization, x-fal-store-io"
    assert call(gateway, {**LOCAL, "origin": "http://evil.example", **asked}, method="OPTIONS")[0] == 403


def test_an_app_that_speaks_for_itself_is_heard() -> None:
    own = Called([(b"access-control-allow-origin", b"*")])
    assert call(own, {**LOCAL, "origin": "http://localhost:3000"})[1] == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize(
    ("site", "mode", "path", "taken"),
    [
        ("cross-site", "no-cors", "/local/demo/delete", False),
        ("cross-site", "no-cors", "/files/abc/cat.png", True),
        ("cross-site", "navigate", "/local/demo", True),
        ("same-site", "no-cors", "/local/demo", True),
        ("none", "navigate", "/local/demo", True),
    ],
)
def test_pictures_of_other_sites_call_nothing(site: str, mode: str, path: str, taken: bool) -> None:
    headers = {**LOCAL, "sec-fetch-site": site, "sec-fetch-mode": mode}
    assert (call(Called(), headers, method="GET", path=path)[0] == 200) is taken


@pytest.mark.parametrize("origin", ["studio.example", "http://studio.example/app", "", "http://"])
def test_an_origin_is_a_scheme_and_a_host(origin: str) -> None:
    with pytest.raises(UnusableOption, match="--allow-origin"):
        Access.of([origin])


@pytest.mark.parametrize(
    ("url", "client", "may"),
    [
        ("http://127.0.0.1:9000/hook", "127.0.0.1", True),
        ("http://127.0.0.1:9000/hook", "", True),
        ("http://127.0.0.1:9000/hook", "192.168.1.9", False),
        ("http://localhost:9000/hook", "192.168.1.9", False),
        ("http://[::1]/hook", "192.168.1.9", False),
        ("http://0.0.0.0/hook", "192.168.1.9", False),
        ("http://169.254.169.254/latest", "192.168.1.9", False),
        ("http://192.168.1.7/hook", "192.168.1.9", True),
        ("http://192.168.1.7/hook", "::1", True),
    ],
)
def test_only_this_machine_s_programs_have_its_services_called(url: str, client: str, may: bool) -> None:
    assert asyncio.run(may_be_asked_for(url, client)) is may
