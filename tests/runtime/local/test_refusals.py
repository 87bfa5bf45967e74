"""What cannot be led to the gateway is refused; what is not fal's goes where it would have gone."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap

import pytest

from .conftest import Running

REFUSED = "belongs to fal and is not served locally"
REFUSALS = {
    "python": (sys.executable, "-c", "import socket; socket.create_connection(('fal.run', 8443), 5)"),
    "python, through the proxy": (sys.executable, "-c", "import httpx; httpx.get('https://fal.run:8443/')"),
    "node": ("node", "-e", "fetch('https://fal.run:8443/').catch((error) => { console.error(error.cause.message); process.exit(1); })"),
}


@pytest.mark.parametrize("client", REFUSALS)
def test_what_cannot_be_redirected_is_refused_with_one_line(fal: Running, client: str) -> None:
    command = REFUSALS[client]
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    lines = fal.execute(*command, status=1).splitlines()
    assert [line for line in lines if f"fal.run:8443 {REFUSED}" in line], lines


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_native_code_that_asks_no_proxy_finds_nobody_from_within_an_app(fal: Running) -> None:
    code = """
        import subprocess
        command = ["curl", "-sS", "--noproxy", "*", "https://fal.run/"]
        return subprocess.run(command, capture_output=True, text=True).stderr
        """
    assert re.search(r"Failed to connect to fal\.run port 443 .*(refused|connect to server)", fal.in_app(code))


def test_deploying_is_refused_with_one_line(fal: Running) -> None:
    command = [sys.executable, "-m", "fal", "apps", "list"]
    assert (
        fal.execute(*command, status=1)
        .strip()
        .splitlines()[-1]
        .endswith("api.alpha.fal.ai is fal's control plane, which a local run does not reach; use the command outside of it")
    )


def test_grpc_without_the_import_hook_reaches_nobody(fal: Running) -> None:
    code = """
        import grpc, sys
        channel = grpc.secure_channel("api.alpha.fal.ai:443", grpc.ssl_channel_credentials())
        try:
            grpc.channel_ready_future(channel).result(timeout=3)
        except grpc.FutureTimeoutError:
            print("nobody")
        """
    assert fal.execute(sys.executable, "-I", "-c", textwrap.dedent(code)) == "nobody\n"


def test_other_hosts_are_reached_through_the_user_s_own_proxy(running: Running) -> None:
    before = len(running.world.seen())
    code = """
        import httpx
        print(httpx.get("http://example.com/a?b=c", headers={"x-own": "1"}).text)
        try:
            httpx.get("https://example.com/")
        except httpx.TransportError:
            pass
        """
    assert json.loads(running.execute(sys.executable, "-c", textwrap.dedent(code))) == {"outside": True}
    first, second, *_ = running.world.seen()[before:]
    assert first.startswith("proxy: GET http://example.com/a?b=c HTTP/1.1\r\n")
    assert "x-own: 1\r\n" in first
    assert second.startswith("proxy: CONNECT example.com:443 HTTP/1.1\r\n")


def test_what_the_user_excepts_from_the_proxy_is_excepted(running: Running) -> None:
    before = len(running.world.seen())
    code = "import httpx, os; print(os.environ['NO_PROXY']); httpx.get('http://intranet.example/', timeout=5)"
    assert "127.0.0.1" in running.execute(sys.executable, "-c", code, status=1)
    assert running.world.seen()[before:] == []
