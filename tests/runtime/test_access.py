"""Who may call what; the key-value store; the JavaScript client's proxy."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

import fal_runtime
from fal_runtime.testing import Local

PYPROJECT = "".join(
    f'[tool.fal.apps.{name}]\nref = "app.py::{name.title()}"\nauth = "{name}"\n' for name in ("public", "private", "shared")
)

APP = """
import fal
from fal.toolkit import KVStore
from pydantic import BaseModel

class Input(BaseModel):
    key: str = "k"
    value: str | None = None

class Public(fal.App, name="public"):
    @fal.endpoint("/")
    def run(self, input: Input) -> dict:
        store = KVStore("db")
        before = store.get(input.key)
        if input.value is None:
            store.delete(input.key)
        else:
            store.set(input.key, input.value, ttl=60)
        return {"before": before, "after": store.get(input.key)}

class Private(Public, name="private"):
    pass

class Shared(Public, name="shared"):
    pass
"""

KEY = {"authorization": "Key id:secret"}


@pytest.fixture(scope="module")
def fal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "app.py").write_text(APP)
    with fal_runtime.serve(root, keys=["id:secret"], secrets={"FAL_KEY": "id:secret"}) as local:
        yield local


@pytest.mark.parametrize("root", ["", "/queue"])
@pytest.mark.parametrize(
    ("app", "headers", "status"),
    [
        ("public", {}, 200),
        ("private", {}, 401),
        ("private", KEY, 200),
        ("private", {"authorization": "Key id:wrong"}, 401),
        ("private", {"authorization": "Bearer id:secret"}, 401),
        ("shared", {}, 401),
        ("shared", KEY, 200),
    ],
)
def test_apps_that_are_not_public_want_a_key(fal: Local, root: str, app: str, headers: dict[str, str], status: int) -> None:
    assert httpx.post(f"{fal.url}{root}/local/{app}", json={}, headers=headers, timeout=30).status_code == status


def test_a_token_opens_a_websocket(fal: Local) -> None:
    url = f"{fal.url}/local/private/health".replace("http", "ws")
    with pytest.raises(Exception, match="HTTP 401"):
        connect(url, proxy=None)
    assert httpx.post(f"{fal.url}/rest/tokens/", json={}).status_code == 401
    token = httpx.post(f"{fal.url}/rest/tokens/", json={}, headers=KEY).json()
    with pytest.raises(Exception, match="HTTP 403"):  # let in: it is the app that has no such websocket
        connect(f"{url}?fal_jwt_token={token}", proxy=None)


def test_the_key_value_store_of_the_toolkit(fal: Local) -> None:
    assert fal.run("public", {"value": "ö"}) == {"before": None, "after": "ö"}
    assert fal.run("public", {"value": "2"}) == {"before": "ö", "after": "2"}
    assert fal.run("public", {}) == {"before": "2", "after": None}


def test_the_javascript_client_s_proxy(fal: Local) -> None:
    def call(method: str, target: str | None) -> httpx.Response:
        headers = {**KEY, **({"x-fal-target-url": target} if target else {})}
        return httpx.request(method, f"{fal.url}/fal/proxy", json={} if method == "POST" else None, headers=headers, timeout=30)

    assert call("POST", "https://fal.run/local/private").status_code == 200
    submitted = call("POST", "https://queue.fal.run/local/private?x=1").json()
    status = call("GET", f"https://queue.fal.run/local/private/requests/{submitted['request_id']}/status?logs=1")
    assert status.json()["request_id"] == submitted["request_id"]
    upload = call("POST", "https://rest.fal.ai/storage/upload/initiate?storage_type=fal-cdn-v3").json()
    assert upload["upload_url"].startswith(fal.url)
    assert call("GET", None).status_code == 400
    assert call("GET", "https://example.com/").status_code == 412
