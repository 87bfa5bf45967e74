"""Which port a server listens on, by the evidence of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.errors import Unsupported
from converters.ledger import Ledger
from converters.options import Options
from converters.sources.docker.reading import analyze
from tests.sources.docker.projects import app, project, server

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"

PORTS = {
    "a flag of uvicorn": (8001, {"Dockerfile": 'FROM python:3.11\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8001"]\n'}),
    "a flag with an equals sign": (
        8002,
        {"Dockerfile": 'FROM python:3.11\nCMD ["uvicorn", "main:app", "--host=0.0.0.0", "--port=8002"]\n'},
    ),
    "uvicorn's default where EXPOSE says another": (
        8000,
        {"Dockerfile": 'FROM python:3.11\nEXPOSE 80\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'},
    ),
    "uvicorn's variable": (8003, {"Dockerfile": 'FROM python:3.11\nENV UVICORN_PORT=8003\nCMD ["uvicorn", "main:app"]\n'}),
    "a variable of an earlier stage": (
        81,
        {"Dockerfile": "FROM python:3.11 AS base\nENV PORT=81\nFROM base\nCMD gunicorn --bind 0.0.0.0:$PORT main:app\n"},
    ),
    "gunicorn's default": (8000, {"Dockerfile": 'FROM python:3.11\nCMD ["gunicorn", "-b", "0.0.0.0", "main:app"]\n'}),
    "gunicorn's PORT": (5005, {"Dockerfile": 'FROM python:3.11\nENV PORT=5005\nCMD ["gunicorn", "main:app"]\n'}),
    "the default of a script": (
        9001,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["./run.sh"]\n',
            "run_sh": '#!/bin/sh\nexec uvicorn main:app --host 0.0.0.0 --port "${PORT:-9001}"\n',
        },
    ),
    "what the script is given": (
        9002,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nENV PORT=9002\nENTRYPOINT ["sh", "run.sh"]\n',
            "run_sh": "export PORT=${PORT:-9001}\nuvicorn main:app --host 0.0.0.0 --port $PORT\n",
        },
    ),
    'exec "$@" in an entry script': (
        9003,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nENTRYPOINT ["/entry.sh"]\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "9003"]\n',
            "entry_sh": '#!/bin/bash\nset -e\nexec "$@"\n',
        },
    ),
    "argparse in the program": (
        7001,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["python", "serve.py"]\n',
            "serve_py": 'import argparse, uvicorn\np = argparse.ArgumentParser()\np.add_argument("--port", type=int, default=7001)\na = p.parse_args()\nuvicorn.run("main:app", host="0.0.0.0", port=a.port)\n',
        },
    ),
    "argparse with a flag": (
        7002,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["python", "serve.py", "--port", "7002"]\n',
            "serve_py": 'import argparse, uvicorn\np = argparse.ArgumentParser()\np.add_argument("--port", type=int, default=7001)\na = p.parse_args()\nuvicorn.run("main:app", host="0.0.0.0", port=a.port)\n',
        },
    ),
    "os.environ with a default": (
        7003,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["python", "serve.py"]\n',
            "serve_py": 'import os, uvicorn\nPORT = int(os.environ.get("MY_PORT", "7003"))\nuvicorn.run("main:app", host="0.0.0.0", port=PORT)\n',
        },
    ),
    "a settings class": (
        7004,
        {
            "Dockerfile": 'FROM python:3.11\nENV SRV_PORT=7004\nCOPY . /\nCMD ["python", "serve.py"]\n',
            "serve_py": 'import uvicorn\nfrom conf import settings\nuvicorn.run("main:app", host="0.0.0.0", port=settings.port)\n',
            "conf_py": 'from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    class Config:\n        env_prefix = "SRV_"\n    port: int = 1\nsettings = Settings()\n',
        },
    ),
    "click": (
        7005,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["python", "-m", "serve"]\n',
            "serve_py": 'import click, uvicorn\n@click.command()\n@click.option("-p", "--port", default=7005)\ndef main(port):\n    uvicorn.run("main:app", host="0.0.0.0", port=port)\nmain()\n',
        },
    ),
    "a console script": (
        7006,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["my-serve"]\n',
            "pyproject_toml": '[project.scripts]\nmy-serve = "pkg.cli:main"\n',
            "pkg____init___py": "",
            "pkg__cli_py": 'import uvicorn\ndef main(port: int = 7006):\n    uvicorn.run("main:app", host="0.0.0.0", port=port)\n',
        },
    ),
    "gradio's variable": (
        7860,
        {
            "Dockerfile": 'FROM python:3.11\nENV GRADIO_SERVER_NAME=0.0.0.0\nCOPY . /\nCMD ["python", "ui.py"]\n',
            "ui_py": "import gradio as gr\ndemo = gr.Blocks()\ndemo.launch()\n",
        },
    ),
    "flask in the code": (
        5001,
        {
            "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["python", "web.py"]\n',
            "web_py": 'from flask import Flask\napp = Flask(__name__)\nif __name__ == "__main__":\n    app.run("0.0.0.0", 5001)\n',
        },
    ),
    "a compose variable with a default": (
        8010,
        {
            "Dockerfile": 'FROM scratch\nCMD ["/bin/server"]\n',
            "compose_yml": 'services:\n  web:\n    build: .\n    ports: ["${HOST_PORT:-80}:${PORT:-8010}"]\n',
        },
    ),
    "compose's environment over the image's": (
        5009,
        {
            "Dockerfile": "FROM python:3.11\nENV PORT=3000\nEXPOSE ${PORT}\nCMD gunicorn -b 0.0.0.0:$PORT main:app\n",
            "compose_yml": 'services:\n  web:\n    build: .\n    environment: {PORT: 5009}\n    ports: ["80:5009"]\n',
        },
    ),
    "nginx in front": (
        8081,
        {
            "Dockerfile": 'FROM debian\nCOPY site.conf /etc/nginx/conf.d/site.conf\nCOPY run.sh /run.sh\nCMD ["sh", "/run.sh"]\n',
            "site_conf": "server {\n  listen 8081;\n  location / { proxy_pass http://127.0.0.1:50032; }\n}\n",
            "run_sh": "service nginx start\n./engine\n",
        },
    ),
    "EXPOSE alone": (6000, {"Dockerfile": 'FROM scratch\nEXPOSE 6000\nCMD ["/bin/server"]\n'}),
    "EXPOSE without the ssh port": (6001, {"Dockerfile": 'FROM scratch\nEXPOSE 22 6001\nCMD ["/bin/server"]\n'}),
    "the base image": (80, {"Dockerfile": "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY . /app\n"}),
    "vLLM": (8000, {"Dockerfile": 'FROM vllm/vllm-openai:latest\nCMD ["--model", "m"]\n'}),
    "a port that nobody sets": (8080, {"Dockerfile": "FROM python:3.11\nCMD exec gunicorn --bind :$PORT main:app\n"}),
    "node's default in the code, where EXPOSE says another": (
        3000,
        {
            "Dockerfile": 'FROM node:20\nWORKDIR /app\nCOPY . .\nEXPOSE 4000\nCMD ["node", "index.js"]\n',
            "index_js": "require('express')().listen(process.env.PORT || 3000);\n",
        },
    ),
    "a declared port of a program whose code is not there": (
        81,
        {"Dockerfile": 'FROM node:20\nWORKDIR /app\nENV PORT 81\nCMD ["npm", "start"]\n'},
    ),
    "node": (
        3001,
        {
            "Dockerfile": 'FROM node:20\nWORKDIR /app\nCOPY . .\nCMD ["npm", "start"]\n',
            "package_json": '{"scripts": {"start": "node index.js"}}',
            "index_js": "const port = process.env.PORT || 3001;\napp.listen(port);\n",
        },
    ),
}


@pytest.mark.parametrize(("port", "files"), PORTS.values(), ids=PORTS.keys())
def test_the_port_is_found(port: int, files: dict[str, str], tmp_path: Path) -> None:
    made = app(tmp_path, main_py=FASTAPI, **files).server
    assert made is not None and made.port == port
    decided = [one for one in made.findings if one.subject == "port" and one.decided]
    assert len(decided) == 1 and decided[0].origin is not None


REFUSED = {
    "a command that is no server": {"Dockerfile": 'FROM python:3.11\nCMD ["python", "train.py"]\n', "train_py": "print(1)\n"},
    "nothing to start": {"Dockerfile": "FROM python:3.11\nRUN pip install torch\n"},
    "a shell": {"Dockerfile": 'FROM python:3.11\nCMD ["bash"]\n'},
    "a database": {"compose_yml": "services:\n  db:\n    image: postgres:16\n    ports: ['5432:5432']\n"},
    "redis": {"Dockerfile": 'FROM redis:7\nCMD ["redis-server", "--port", "6380"]\n'},
    "help": {"Dockerfile": 'FROM python:3.11\nENTRYPOINT ["tool"]\nCMD ["--help"]\n'},
}


@pytest.mark.parametrize("files", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_server_is_refused_with_the_reason(files: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Unsupported) as refusal:
        app(tmp_path, **files)
    assert refusal.value.message and refusal.value.hint


@pytest.mark.parametrize("path", ['/a"b', "/a'b", "/it's", '"', "/a b", "/\\", "/\x05"])
def test_a_route_may_have_any_name(path: str, tmp_path: Path) -> None:
    made = app(
        tmp_path, Dockerfile="FROM python:3.11\nCOPY . .\nCMD uvicorn main:app\n", main_py=f"{FASTAPI}\n@app.get({path!r})\ndef f(): ...\n"
    )
    assert made.server


def test_a_stated_port_is_taken_where_nothing_says_one(tmp_path: Path) -> None:
    opened = project(tmp_path, Dockerfile='FROM python:3.11\nCMD ["/bin/own-server"]\n')
    made = analyze(opened, Options(settings={"exposed_port": 7000}), Ledger()).apps[0]
    assert made.server is not None and made.server.command == ["/bin/own-server"]


GRPC = {
    "Jina": {"Dockerfile": 'FROM python:3.11\nCMD ["jina", "executor", "--uses", "c.yml"]\n'},
    "grpc in the code": {
        "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["python", "rpc.py"]\n',
        "rpc_py": "import grpc\nserver = grpc.server(None)\nserver.add_insecure_port('[::]:50051')\nserver.start()\n",
    },
}


@pytest.mark.parametrize("files", GRPC.values(), ids=GRPC.keys())
def test_a_server_of_grpc_alone_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="gRPC"):
        app(tmp_path, **files)


def test_a_server_that_binds_loopback_is_opened_by_a_flag(tmp_path: Path) -> None:
    made = app(tmp_path, main_py=FASTAPI, Dockerfile='FROM python:3.11\nCMD ["uvicorn", "main:app", "--port", "8000"]\n').server
    assert made is not None
    assert made.command == ["uvicorn", "main:app", "--port", "8000", "--host", "0.0.0.0"]
    assert made.entrypoint == made.command and made.cmd == []


def test_a_loopback_host_is_replaced_in_its_place(tmp_path: Path) -> None:
    _, command, _, _ = server(
        tmp_path, main_py=FASTAPI, Dockerfile='FROM python:3.11\nCMD ["uvicorn", "main:app", "--host", "localhost", "--port", "8000"]\n'
    )
    assert command == ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]


def test_a_server_that_listens_everywhere_keeps_its_command(tmp_path: Path) -> None:
    made = app(tmp_path, main_py=FASTAPI, Dockerfile='FROM python:3.11\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n').server
    assert made is not None and made.entrypoint is None and made.cmd is None


def test_a_loopback_server_behind_nginx_is_left_alone(tmp_path: Path) -> None:
    _, files = PORTS["nginx in front"]
    made = app(tmp_path, **files).server
    assert made is not None and made.entrypoint is None


def test_two_ports_that_disagree_are_shown(tmp_path: Path) -> None:
    ledger = Ledger()
    analyze(
        project(
            tmp_path,
            main_py=FASTAPI,
            Dockerfile='FROM python:3.11\nEXPOSE 80\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n',
        ),
        Options(),
        ledger,
    )
    messages = [item.message for item in ledger.items() if item.rule == "DK021" and item.line == 2]
    assert any("EXPOSE says 80" in message and "8000" in message for message in messages)
