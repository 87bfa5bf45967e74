"""A port that is stated in an unusual form is read; where it cannot be, no default of a framework takes its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ir import Disposition
from converters.ledger import Ledger
from converters.options import Options
from converters.sources.docker.reading import analyze
from tests.sources.docker.projects import app, project

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
RUNS = 'FROM python:3.11\nCOPY . /\nCMD ["python", "serve.py"]\n'
SHELL = "FROM python:3.11\nCOPY . /\nENTRYPOINT {}\n"

READ = {
    "a settings object with a method": {
        "Dockerfile": RUNS,
        "serve_py": 'import uvicorn\nfrom conf import S\nuvicorn.run("main:app", host="0.0.0.0", port=int(S.get("port")))\n',
        "conf_py": "import os\nclass Own:\n    def __init__(self):\n        self.values = {'port': os.getenv('P', '7117'), 'x': object()}\n"
        "    def get(self, name):\n        return self.values[name]\nS = Own()\n",
    },
    "a settings object with an attribute that its constructor computes": {
        "Dockerfile": RUNS,
        "serve_py": 'import uvicorn\nfrom conf import Own\nconf = Own(7000)\nuvicorn.run("main:app", host="0.0.0.0", port=conf.port)\n',
        "conf_py": "class Own:\n    def __init__(self, base):\n        self.port = base + 117\n",
    },
    "a function that decides by a variable": {
        "Dockerfile": RUNS.replace("COPY", "ENV STAGE=prod\nCOPY"),
        "serve_py": "import os, uvicorn\ndef port():\n    if os.environ.get('STAGE') == 'prod':\n        return 7117\n    return 1\n"
        'uvicorn.run("main:app", host="0.0.0.0", port=port())\n',
    },
    "a YAML file": {
        "Dockerfile": RUNS,
        "serve_py": 'import uvicorn, yaml\nwith open("conf.yaml") as f:\n    conf = yaml.safe_load(f)\n'
        'uvicorn.run("main:app", host="0.0.0.0", port=conf["server"]["port"])\n',
        "conf_yaml": "server:\n  port: 7117\n",
    },
    "a table that is passed with two stars": {
        "Dockerfile": RUNS,
        "serve_py": 'import uvicorn\noptions = {"host": "0.0.0.0", "port": 7117}\nuvicorn.run("main:app", **options)\n',
    },
    "hypercorn's configuration object": {
        "Dockerfile": RUNS,
        "serve_py": "import asyncio\nfrom hypercorn.asyncio import serve\nfrom hypercorn.config import Config\nfrom main import app\n"
        'config = Config()\nconfig.bind = ["0.0.0.0:7117"]\nasyncio.run(serve(app, config))\n',
    },
    "uvicorn's configuration object": {
        "Dockerfile": RUNS,
        "serve_py": 'import uvicorn\nconfig = uvicorn.Config("main:app", port=1)\nconfig.host, config.log = 1, 2\nconfig.host = "0.0.0.0"\n'
        "config.port = 7117\nuvicorn.Server(config).run()\n",
    },
    "gunicorn as an application of one's own": {
        "Dockerfile": RUNS,
        "serve_py": "from gunicorn.app.base import BaseApplication\nfrom main import app\nclass Own(BaseApplication):\n    pass\n"
        'Own(app, {"bind": "%s:%s" % ("0.0.0.0", 7117)}).run()\n',
    },
    "gunicorn's configuration file with a list": {
        "Dockerfile": 'FROM python:3.11\nENV SERVICE=7117\nCOPY . /\nCMD ["gunicorn", "-c", "conf.py", "main:app"]\n',
        "conf_py": "import os\ndef at(host, port):\n    return ':'.join((host, port))\nbind = [at('0.0.0.0', os.environ['SERVICE'])]\n",
    },
    "hypercorn's configuration file": {
        "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["hypercorn", "-c", "h.toml", "main:app"]\n',
        "h_toml": 'bind = ["0.0.0.0:7117"]\n',
    },
    "uWSGI's configuration file": {
        "Dockerfile": 'FROM python:3.11\nCOPY . /\nCMD ["uwsgi", "--ini", "u.ini"]\n',
        "u.ini": "[uwsgi]\nmodule = main:app\nhttp = 0.0.0.0:7117\n",
    },
    "an array of the shell": {
        "Dockerfile": SHELL.format('["bash", "/run.sh", "main:app"]'),
        "run_sh": '#!/bin/bash\nARGS=(--host "${HOST:-0.0.0.0}")\nARGS+=(--port "${PORT:-7117}")\nexec uvicorn "$1" "${ARGS[@]}"\n',
    },
    "the arguments that a script sets": {
        "Dockerfile": SHELL.format('["sh", "/run.sh"]'),
        "run_sh": '#!/bin/sh\nset -- main:app --host 0.0.0.0 --port 7117\nexec uvicorn "$@"\n',
    },
    "arguments after a shift": {
        "Dockerfile": SHELL.format('["sh", "/run.sh", "uvicorn", "--port", "7117"]'),
        "run_sh": '#!/bin/sh\nprogram=$1\nshift\nexec "$program" main:app --host 0.0.0.0 "$@"\n',
    },
    "eval": {
        "Dockerfile": SHELL.format('["sh", "/run.sh"]'),
        "run_sh": '#!/bin/sh\nOPTS="--port 7117"\nOPTS+=" --host 0.0.0.0"\neval "uvicorn main:app $OPTS"\n',
    },
}


@pytest.mark.parametrize("files", READ.values(), ids=READ.keys())
def test_a_port_in_another_form_is_read(files: dict[str, str], tmp_path: Path) -> None:
    ledger = Ledger()
    made = analyze(project(tmp_path, main_py=FASTAPI, **files), Options(), ledger).apps[0].server
    assert made is not None and made.port == 7117
    assert not [item.message for item in ledger.items() if item.rule in ("DK021", "DK024") and item.disposition is Disposition.MANUAL]


UNREAD = {
    "code": {"serve_py": 'import uvicorn\nfrom other import port\nuvicorn.run("main:app", host="0.0.0.0", port=port())\n'},
    "options": {"serve_py": 'import uvicorn\nfrom other import options\nuvicorn.run("main:app", **options)\n'},
    "a loop": {
        "serve_py": "import socket, uvicorn\ndef free():\n    for port in range(8000, 9000):\n        if socket.socket().connect_ex(port):\n"
        '            return port\n    return 8000\nuvicorn.run("main:app", host="0.0.0.0", port=free())\n'
    },
    "the output of a command": {"Dockerfile": SHELL.format("uvicorn main:app --host 0.0.0.0 $(./options.sh)")},
    "a configuration that is not there": {"Dockerfile": SHELL.format('["gunicorn", "-c", "/etc/elsewhere.py", "main:app"]')},
}


@pytest.mark.parametrize("files", UNREAD.values(), ids=UNREAD.keys())
def test_a_port_that_cannot_be_read_is_asked_for(files: dict[str, str], tmp_path: Path) -> None:
    ledger = Ledger()
    made = analyze(project(tmp_path, main_py=FASTAPI, **{"Dockerfile": RUNS, **files}), Options(), ledger).apps[0].server
    assert made is not None and made.port is None
    asked = [item for item in ledger.items() if item.rule == "DK021" and item.disposition is Disposition.MANUAL]
    assert len(asked) == 1 and "--set exposed_port" in asked[0].message


@pytest.mark.parametrize("files", UNREAD.values(), ids=UNREAD.keys())
def test_what_is_declared_stands_in_for_it(files: dict[str, str], tmp_path: Path) -> None:
    files = {"Dockerfile": RUNS, **files}
    files["Dockerfile"] = files["Dockerfile"].replace("COPY", "EXPOSE 7117\nCOPY")
    ledger = Ledger()
    made = analyze(project(tmp_path, main_py=FASTAPI, **files), Options(), ledger).apps[0].server
    assert made is not None and made.port == 7117
    told = [item for item in ledger.items() if item.rule == "DK021" and "EXPOSE" in item.message and "cannot be read" in item.message]
    assert [item.disposition for item in told] == [Disposition.CONVERTED]


@pytest.mark.parametrize("files", UNREAD.values(), ids=UNREAD.keys())
def test_declarations_that_disagree_are_a_question(files: dict[str, str], tmp_path: Path) -> None:
    files = {"Dockerfile": RUNS, **files}
    files["Dockerfile"] = files["Dockerfile"].replace("COPY", "EXPOSE 7117\nENV PORT=7200\nCOPY")
    ledger = Ledger()
    analyze(project(tmp_path, main_py=FASTAPI, **files), Options(), ledger)
    asked = [item for item in ledger.items() if item.rule == "DK021" and item.disposition is Disposition.MANUAL]
    assert len(asked) == 1 and "7117" in asked[0].message and "7200" in asked[0].message


NO_SERVER = {
    "subprocess": 'subprocess.run(["ffmpeg"])',
    "a session of ONNX": "session.run(None, {})",
    "asyncio": "asyncio.run(main())",
}


@pytest.mark.parametrize("line", NO_SERVER.values(), ids=NO_SERVER.keys())
def test_the_run_of_something_else_is_no_server(line: str, tmp_path: Path) -> None:
    web = (
        "import asyncio, subprocess\nfrom flask import Flask\nfrom onnxruntime import InferenceSession\napp = Flask(__name__)\n"
        f'session = InferenceSession("m")\n{line}\napp.run(host="0.0.0.0", port=5500)\n'
    )
    made = app(tmp_path, Dockerfile=RUNS.replace("serve", "web"), web_py=web).server
    assert made is not None and made.port == 5500 and not [one for one in made.findings if one.subject == "bind"]


PLAIN = {
    "an unset option of the script": (8000, SHELL.format("uvicorn main:app --host 0.0.0.0 $UVICORN_OPTIONS")),
    "a host that is known": (7200, SHELL.format("uvicorn main:app --host 0.0.0.0 --port 7200 $(./options.sh)")),
    "a port of the database": (8000, SHELL.format("uvicorn main:app --host 0.0.0.0").replace("COPY", "ENV DB_PORT=5432\nCOPY")),
}


@pytest.mark.parametrize(("port", "dockerfile"), PLAIN.values(), ids=PLAIN.keys())
def test_what_says_nothing_about_the_port_leaves_it(port: int, dockerfile: str, tmp_path: Path) -> None:
    ledger = Ledger()
    made = analyze(project(tmp_path, main_py=FASTAPI, Dockerfile=dockerfile), Options(), ledger).apps[0].server
    assert made is not None and made.port == port
    assert not [item for item in ledger.items() if item.rule == "DK021" and item.disposition is Disposition.MANUAL]
