"""Other Python clients, and curl: answered by the gateway alone."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import Any

import pytest

from .conftest import Running

#: Clients that read no HTTPS_PROXY, or have their own way to look names up: each as an expression for the answer to {"value": 1}.
OTHER_CLIENTS = {
    "urllib": """
        import urllib.request
        request = urllib.request.Request(URL, BODY, HEADERS)
        return json.load(urllib.request.urlopen(request))""",
    "http.client": """
        import http.client
        connection = http.client.HTTPSConnection("fal.run")
        connection.request("POST", "/local/demo", BODY, HEADERS)
        return json.load(connection.getresponse())""",
    "requests": """
        import requests
        return requests.post(URL, BODY, headers=HEADERS).json()""",
    "httpx, without the environment": """
        import httpx
        async with httpx.AsyncClient(trust_env=False, verify=ssl.create_default_context()) as client:
            return (await client.post(URL, content=BODY, headers=HEADERS)).json()""",
    "aiohttp": """
        import aiohttp
        async with aiohttp.ClientSession() as session, session.post(URL, data=BODY, headers=HEADERS) as response:
            return await response.json()""",
    "asyncio": """
        import asyncio
        reader, writer = await asyncio.open_connection("fal.run", 443, ssl=True)
        head = "".join(f"{name}: {value}\\r\\n" for name, value in HEADERS.items())
        writer.write(f"POST /local/demo HTTP/1.0\\r\\nHost: fal.run\\r\\n{head}Content-Length: {len(BODY)}\\r\\n\\r\\n".encode() + BODY)
        answer = await reader.read()
        writer.close()
        return json.loads(answer.partition(b"\\r\\n\\r\\n")[2])""",
    "a socket": """
        import socket
        with socket.socket() as plain:
            plain.connect(("fal.run", 443))
            with ssl.create_default_context().wrap_socket(plain, server_hostname="fal.run") as secured:
                head = "".join(f"{name}: {value}\\r\\n" for name, value in HEADERS.items())
                secured.sendall(f"POST /local/demo HTTP/1.0\\r\\nHost: fal.run\\r\\n{head}Content-Length: {len(BODY)}\\r\\n\\r\\n".encode() + BODY)
                return json.loads(b"".join(iter(lambda: secured.recv(4096), b"")).partition(b"\\r\\n\\r\\n")[2])""",
}
PRELUDE = """
    import json, os, ssl
    URL, BODY = "https://fal.run/local/demo", b'{"value": 1}'
    HEADERS = {"Authorization": "Key " + os.environ["FAL_KEY"], "Content-Type": "application/json"}
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.whole
def test_other_python_clients(fal: Running, loop: str) -> None:
    pytest.importorskip(loop)
    functions = "\n".join(f"async def client{number}():{code}" for number, code in enumerate(_bodies()))
    calls = ", ".join(f"{loop}.run(client{number}())" for number in range(len(OTHER_CLIENTS)))
    program = f"import {loop}\n{textwrap.dedent(PRELUDE)}\n{functions}\nprint(json.dumps([{calls}]))"
    assert dict(zip(OTHER_CLIENTS, fal.python(program), strict=True)) == {name: {"value": 2} for name in OTHER_CLIENTS}


def _bodies() -> list[str]:
    return [textwrap.indent(textwrap.dedent(code), "    ") for code in OTHER_CLIENTS.values()]


@pytest.fixture(scope="module")
def answers_in_an_app(running: Running) -> dict[str, Any]:
    """What each client is answered inside an app; nothing reached the outside meanwhile."""
    before = len(running.world.seen())
    functions = "\n".join(f"async def client{number}():{code}" for number, code in enumerate(_bodies()))
    calls = ", ".join(f"await client{number}()" for number in range(len(OTHER_CLIENTS)))
    answers = running.in_app(f"{textwrap.dedent(PRELUDE)}\n{functions}\nreturn [{calls}]")
    assert running.world.seen()[before:] == []
    return dict(zip(OTHER_CLIENTS, answers, strict=True))


@pytest.mark.parametrize("client", OTHER_CLIENTS)
def test_other_python_clients_in_an_app(answers_in_an_app: dict[str, Any], client: str) -> None:
    assert answers_in_an_app[client] == {"value": 2}


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.whole
def test_curl(fal: Running) -> None:
    call = """curl -sS -H "Authorization: Key $FAL_KEY" -H 'Content-Type: application/json' -d '{"value": 1}'"""
    for address in ("https://fal.run/local/demo", "http://fal.run/local/demo", "https://falrun.com/local/demo"):
        assert json.loads(fal.execute("sh", "-c", f"{call} {address}")) == {"value": 2}
    submitted = json.loads(fal.execute("sh", "-c", f"{call} https://queue.fal.run/local/demo"))
    status = fal.execute("sh", "-c", f"""curl -sS -H "Authorization: Key $FAL_KEY" {submitted["status_url"]}""")
    assert json.loads(status)["request_id"] == submitted["request_id"]


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("host", ["api.fal.ai", "auth.fal.ai", "fal.ai", "unheard-of.fal.media"])
def test_services_without_a_counterpart_are_a_404(fal: Running, host: str) -> None:
    answer = json.loads(fal.execute("curl", "-sS", f"https://{host}/v1/models"))
    assert answer == {"detail": f"{host} is not served locally, and nothing is passed on to fal. Use it without `migrate exec`."}
