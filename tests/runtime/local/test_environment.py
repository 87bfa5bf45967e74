"""What the environment of a child says: no credential of the user's, nothing that leads past the gateway, all that was trusted."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fal_runtime.interception import Interceptor, in_thread, is_platform, without_credentials
from fal_runtime.interception.certificates import Authority

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("fal.run", True),
        ("queue.fal.run", True),
        ("FAL.RUN.", True),
        ("rest.alpha.fal.ai", True),
        ("v3b.fal.media", True),
        ("queue.falrun.com", True),
        ("fal.run.example.com", False),
        ("notfal.run", False),
        ("fal", False),
        ("localhost", False),
        ("127.0.0.1", False),
        ("huggingface.co", False),
    ],
)
def test_hosts_of_the_platform(host: str, expected: bool) -> None:
    assert is_platform(host) is expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("FAL_KEY", "user-id:user-secret", "local:local"),
        ("FAL_KEY_ID", "user-id", "local"),
        ("FAL_KEY_SECRET", "user-secret", "local"),
        ("FAL_TOKEN", "user-token", "local:local"),
        ("NEXT_PUBLIC_FAL_KEY", "user-id:user-secret", "local:local"),
        ("FAL_AI_API_KEY", "user-id:user-secret", "local:local"),
        ("FAL_PROFILE", "mine", None),
        ("FAL_HOME_DIR", "/home/me/.fal", None),
        ("FAL_CONFIG_PATH", "/home/me/config.toml", None),
        ("FAL_FORCE_AUTH_BY_USER", "1", None),
        ("FAL_RUN_HOST", "fal.example", None),
        ("FAL_HOST", "api.alpha.fal.ai", None),
        ("AUTHORIZATION", "Key user-id:user-secret", "Key local:local"),
        ("SECRET_HALF", "user-secret", "local"),
        # What is not a credential for fal stays as it is.
        ("HF_TOKEN", "hf_mine", "hf_mine"),
        ("FAL_MODEL", "flux", "flux"),
        ("FAL_KEYWORD", "cat", "cat"),
        ("FALLBACK_KEY", "mine", "mine"),
        ("INFERNAL_KEY", "mine", "mine"),
        ("OWNER", "user-id", "user-id"),
    ],
)
def test_credentials(name: str, value: str, expected: str | None) -> None:
    assert without_credentials({"FAL_KEY": "user-id:user-secret", name: value}).get(name) == expected


def test_a_short_key_is_no_reason_to_change_other_values() -> None:
    assert without_credentials({"FAL_KEY": "a:b", "OTHER": "a:b, a", "PATH": "b"}) == {
        "FAL_KEY": "local:local",
        "OTHER": "a:b, a",
        "PATH": "b",
    }


def test_a_child_has_a_key_where_the_user_has_none() -> None:
    assert without_credentials({}) == {"FAL_KEY": "local:local"}


def environment(directory: Path, base: Mapping[str, str]) -> dict[str, str]:
    with in_thread(Interceptor(URL, directory / "intercept")) as interceptor:
        return interceptor.environment(base)


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        ("intranet.example,10.0.0.0/8", ["intranet.example", "10.0.0.0/8"]),
        (".corp.example, db", [".corp.example", "db"]),
        ("*", []),
        ("*.fal.run,fal.run,queue.fal.run", []),
        ("ai,.run", []),
        ("", []),
    ],
)
def test_exceptions_from_the_proxy_hold_but_for_fal(tmp_path: Path, entries: str, kept: list[str]) -> None:
    variables = environment(tmp_path, {"NO_PROXY": entries})
    assert variables["NO_PROXY"] == variables["no_proxy"] == ",".join(["localhost", "127.0.0.1", "::1", *kept])


def test_no_other_proxy_is_left(tmp_path: Path) -> None:
    base = dict.fromkeys(["ALL_PROXY", "wss_proxy", "SOCKS_PROXY", "grpc_proxy", "Https_Proxy"], "socks5://elsewhere:1")
    variables = environment(tmp_path, {**base, "MY_PROXY": "stays"})
    proxies = {name: value for name, value in variables.items() if name.lower().endswith("_proxy")}
    assert set(proxies) == {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "MY_PROXY"}
    assert "elsewhere" not in str(proxies)


def test_options_and_paths_of_the_user_s_own_stay(tmp_path: Path) -> None:
    variables = environment(tmp_path / "a b", {"NODE_OPTIONS": "--max-old-space-size=100", "PYTHONPATH": "/mine"})
    directory = tmp_path / "a b" / "intercept"
    assert variables["NODE_OPTIONS"] == f'--require="{directory}/intercept.cjs" --max-old-space-size=100'
    assert variables["PYTHONPATH"].split(os.pathsep) == [str(directory), "/mine"]


def test_what_was_trusted_is_trusted_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Authority().pem
    (tmp_path / "mine.pem").write_text(mine)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "mine.pem"))
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(tmp_path / "mine.pem"))
    with in_thread(Interceptor(URL, tmp_path / "intercept")) as interceptor:
        variables = interceptor.environment({})
        bundle, extra = (Path(variables[name]).read_text() for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"))
    assert mine.strip() in bundle
    assert bundle.count("BEGIN CERTIFICATE") > 50
    assert mine.strip() in extra
    assert extra.count("BEGIN CERTIFICATE") == 2


def test_the_directory_holds_no_key(tmp_path: Path) -> None:
    with in_thread(Interceptor(URL, tmp_path / "intercept")) as interceptor:
        files = [path for path in interceptor.directory.rglob("*") if path.is_file()]
        assert {path.name for path in files} == {"ca-bundle.pem", "extra-ca.pem", "intercept.cjs", "sitecustomize.py"}
        assert not any("PRIVATE KEY" in path.read_text() for path in files)


@pytest.mark.parametrize(("name", "accepted"), [("queue.fal.run", True), ("rest.alpha.fal.ai", True), ("example.com", False)])
def test_the_authority_may_speak_for_fal_alone(name: str, accepted: bool) -> None:
    authority = Authority()
    server = authority._context((name,))

    async def shake_hands() -> None:
        listener = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=server)
        port = listener.sockets[0].getsockname()[1]
        client = ssl.create_default_context(cadata=authority.pem)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
            writer.close()
        finally:
            listener.close()

    if accepted:
        asyncio.run(shake_hands())
    else:
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
            asyncio.run(shake_hands())


def test_a_python_without_the_runtime_s_packages_starts(tmp_path: Path) -> None:
    """The files that are loaded into other interpreters need the standard library alone."""
    with in_thread(Interceptor(URL, tmp_path / "intercept")) as interceptor:
        variables = interceptor.environment({})
        code = "import socket; print(socket.getaddrinfo('fal.run', 443)[0][4])"
        done = subprocess.run([sys.executable, "-S", "-c", f"import sitecustomize; {code}"], env=variables, capture_output=True, text=True)
    assert done.stdout == "('127.70.65.76', 443)\n", done.stderr
