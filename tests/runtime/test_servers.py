"""Apps that bring their own server: functions with an exposed port, and images alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import fal_runtime
from fal_runtime import ports
from fal_runtime.errors import RuntimeFailure


def _free_port() -> int:
    with socket.create_server(("", 0)) as listening:
        return int(listening.getsockname()[1])


PORT = _free_port()
"""The port that the servers here name; in the texts below it is the word PORT."""
SERVER = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/redirect":
            self.send_response(307); self.send_header("location", "/elsewhere"); self.send_header("content-length", "0"); self.end_headers()
            return
        started = time.time() - os.stat("/proc/self").st_ctime
        status = 503 if self.path == "/ready" and started < 0.5 else 200
        body = json.dumps({"path": self.path, "method": self.command, "cwd": os.getcwd(), "mode": os.environ.get("MODE"),
                           "argv": sys.argv[1:], "runner": os.environ["FAL_JOB_ID"], "id": self.headers.get("x-fal-request-id")}).encode()
        self.send_response(status); self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
    do_PUT = do_DELETE = do_GET
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
"""

DOCKERFILE = """
FROM python:3.11
WORKDIR /srv/app
ENV MODE=prod
COPY server.py ./
RUN pip install torch
EXPOSE PORT
ENTRYPOINT ["python"]
CMD ["server.py", "--from", "dockerfile"]
"""

PYPROJECT = """
[tool.fal.apps.plain]
exposed_port = PORT
max_concurrency = 2
max_multiplexing = 2
[tool.fal.apps.plain.image]
dockerfile = "Dockerfile"
[tool.fal.apps.plain.health_check]
path = "/ready"

[tool.fal.apps.other]
exposed_port = PORT
[tool.fal.apps.other.image]
dockerfile = "Dockerfile"
cmd = ["server.py", "--mine"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    def write(**files: str) -> Path:
        for name, text in {"pyproject.toml": PYPROJECT, "Dockerfile": DOCKERFILE, "server.py": SERVER, **files}.items():
            (tmp_path / name.replace("_", ".")).write_text(text.replace("PORT", str(PORT)))
        return tmp_path

    return write


def test_images_run_their_command_where_the_dockerfile_says(project: Callable[..., Path]) -> None:
    with fal_runtime.serve(project()) as fal:
        answer = httpx.get(fal.app_url("plain", "/v1/models?x=1"))
        assert answer.json() == {
            **answer.json(),
            "path": "/v1/models?x=1",
            "method": "GET",
            "cwd": "/srv/app",
            "mode": "prod",
            "argv": ["--from", "dockerfile"],
            "id": answer.headers["x-fal-request-id"],
        }
        assert httpx.get(fal.app_url("other", "/")).json()["argv"] == ["--mine"]
        assert httpx.put(fal.app_url("plain", "/x"), content=b"").json()["method"] == "PUT"
        assert httpx.get(fal.app_url("plain", "/redirect")).status_code == 307
        assert json.loads(fal.submit("plain", {}, "/queued").get())["path"] == "/queued"


def test_an_image_without_a_command_says_what_to_do(project: Callable[..., Path]) -> None:
    root = project(Dockerfile="FROM vllm/vllm-openai:latest\n")
    with pytest.raises(RuntimeFailure, match=r"plain: the Dockerfile names no command here; set image\.cmd"), fal_runtime.serve(root):
        pass


def test_a_command_that_does_not_exist_is_one_clear_line(project: Callable[..., Path]) -> None:
    root = project(Dockerfile='FROM x\nCMD ["no-such-server"]\n', pyproject_toml=PYPROJECT.split("[tool.fal.apps.other]")[0])
    with pytest.raises(RuntimeFailure, match="plain: no-such-server: No such file"), fal_runtime.serve(root):
        pass


FUNCTION = """
import fal

@fal.function(exposed_port=PORT, max_concurrency=2, keep_alive=1, app_files=["server.py"])
def serve():
    import runpy
    runpy.run_path("server.py")

@fal.function(exposed_port=PORT, app_files=["server.py"])
def child():
    import subprocess, sys
    subprocess.run([sys.executable, "server.py"], check=True)
"""


def test_functions_run_their_own_server(project: Callable[..., Path]) -> None:
    pyproject = "".join(f'[tool.fal.apps.{name}]\nref = "app.py::{name}"\n' for name in ("serve", "child"))
    with fal_runtime.serve(project(pyproject_toml=pyproject, app_py=FUNCTION)) as fal:
        for app in ("serve", "child"):
            assert httpx.get(fal.app_url(app, "/hello")).json()["path"] == "/hello"
            assert httpx.get(fal.app_url(app, "/")).json()["cwd"] == "/app"


def test_two_runners_of_one_server_fit_one_machine(project: Callable[..., Path]) -> None:
    app = """
    import fal

    @fal.function(exposed_port=PORT, min_concurrency=2, max_concurrency=2)
    def serve():
        import asyncio, os, uvicorn
        async def app(scope, receive, send):
            if scope["type"] == "http":
                await asyncio.sleep(0.3)
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": os.environ["FAL_JOB_ID"].encode()})
        uvicorn.run(app, host="0.0.0.0", port=PORT, lifespan="off")
    """
    from textwrap import dedent

    root = project(pyproject_toml='[tool.fal.apps.serve]\nref = "app.py::serve"\n', app_py=dedent(app))
    with fal_runtime.serve(root) as fal:
        deadline = time.monotonic() + 20
        while 'state="running",machine_type="XS"} 2' not in httpx.get(f"{fal.url}/metrics").text:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with ThreadPoolExecutor(4) as pool:
            runners = {response.text for response in pool.map(lambda _: httpx.get(fal.app_url("serve", "/"), timeout=20), range(4))}
    assert len(runners) == 2


def unmovable(app: str, **settings: int) -> str:
    """The table of an app whose server does not hear of redirected ports, as those in other languages do not."""
    lines = [f"[tool.fal.apps.{app}]", "exposed_port = PORT", *(f"{name} = {value}" for name, value in settings.items())]
    return "\n".join([*lines, f"[tool.fal.apps.{app}.image]", 'dockerfile = "Dockerfile"', 'cmd = ["-I", "server.py"]', ""])


def listener(port: int) -> int:
    """The process of this machine that holds a port."""
    return next(int(entry.name) for entry in Path("/proc").glob("[0-9]*") if ports.is_held(port, [int(entry.name)]))


@pytest.mark.whole
def test_a_server_that_cannot_be_moved_has_one_runner(project: Callable[..., Path]) -> None:
    root = project(pyproject_toml=unmovable("fixed", min_concurrency=2, max_concurrency=3))
    with fal_runtime.serve(root) as fal:
        with ThreadPoolExecutor(8) as pool:
            runners = {answer.json()["runner"] for answer in pool.map(lambda _: httpx.get(fal.app_url("fixed", "/")), range(16))}
        assert len(runners) == 1
        assert f"fixed: its server holds port {PORT} itself: here it has one runner, not up to 3" in fal.lines
        assert not any("next attempt" in line for line in fal.lines)
        os.kill(listener(PORT), signal.SIGKILL)
        again = httpx.get(fal.app_url("fixed", "/"), timeout=20)
        assert again.status_code == 503 or {again.json()["runner"]} != runners
        assert {httpx.get(fal.app_url("fixed", "/"), timeout=20).json()["runner"]} != runners  # the port was given back


def test_two_servers_that_cannot_be_moved_do_not_fit(project: Callable[..., Path]) -> None:
    root = project(pyproject_toml=unmovable("one") + unmovable("two"))
    said = rf"(one|two): the runner ended with exit code 1 before it was ready \(port {PORT} is taken here, and only servers in Python"
    with pytest.raises(RuntimeFailure, match=said), fal_runtime.serve(root):
        pass


def test_a_server_of_a_stranger_is_not_taken_for_the_app_s(project: Callable[..., Path]) -> None:
    root = project(pyproject_toml=unmovable("one").replace("exposed_port = PORT", "exposed_port = PORT\nstartup_timeout = 2"))
    (root / "server.py").write_text("import time; time.sleep(60)")  # it never listens
    with socket.create_server(("127.0.0.1", PORT)), pytest.raises(RuntimeFailure, match="did not start"), fal_runtime.serve(root):
        pass


def test_a_server_that_became_a_daemon_is_found(project: Callable[..., Path]) -> None:
    root = project(pyproject_toml=unmovable("one"))
    server = (root / "server.py").read_text()
    daemon = "import os, time\nif os.fork():\n    time.sleep(600)\nos.setsid()\nif os.fork():\n    os._exit(0)\n"
    (root / "server.py").write_text(daemon + server)
    with fal_runtime.serve(root) as fal:
        assert httpx.get(fal.app_url("one", "/x")).json()["path"] == "/x"
