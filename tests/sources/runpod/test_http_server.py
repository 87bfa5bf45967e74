"""Images that RunPod only balances: HTTP servers by the hub's listing, by what their image starts, or by an exported endpoint alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted

WORKER = "import runpod\nrunpod.serverless.start({'handler': lambda job: job})\n"
SERVER = (
    "import os, uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get('/ping')\ndef ping():\n    return 1\n\n\n"
    "if __name__ == '__main__':\n    uvicorn.run(app, host='0.0.0.0', port=int(os.environ.get('PORT', 80)))\n"
)
IMAGE = 'FROM python:3.11-slim\nRUN pip install fastapi uvicorn\nWORKDIR /app\nCOPY . .\nCMD ["python", "serve.py"]\n'
LISTING: dict[str, Any] = {"type": "serverless", "config": {"endpointType": "LB", "runsOn": "GPU"}}
FILES = {"handler.py": WORKER, "serve.py": SERVER, "Dockerfile": IMAGE, ".runpod/hub.json": json.dumps(LISTING)}


def converted(folder: Path, files: dict[str, str], endpoint: dict[str, Any] | None = None) -> Converted:
    project, exported = folder / "project", folder / "endpoint.json"
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project.mkdir(exist_ok=True)
    exported.write_text(json.dumps(endpoint))
    outcome = convert(project, Options(endpoint_config=exported if endpoint is not None else None))
    assert isinstance(outcome, Converted), outcome
    return outcome


def listing(**config: Any) -> str:
    return json.dumps({"type": "serverless", "config": {**LISTING["config"], **config}})


BALANCED = {
    "endpointType among the settings": FILES,
    "endpointType in small letters": {**FILES, ".runpod/hub.json": listing(endpointType="lb")},
    "an older listing": {**FILES, ".runpod/hub.json": '{"type": "http"}'},
    "an image without the handler, which starts a server": {
        **FILES,
        "Dockerfile": IMAGE.replace("COPY . .", "COPY serve.py .").replace('"python", "serve.py"', '"uvicorn", "serve:app"'),
        ".runpod/hub.json": "{}",
    },
}


@pytest.mark.parametrize("files", BALANCED.values(), ids=BALANCED.keys())
def test_the_image_is_the_server(files: dict[str, str], tmp_path: Path) -> None:
    assert converted(tmp_path, files).application.platform == "docker"


QUEUED = {
    "a listing without a kind": {**FILES, ".runpod/hub.json": listing(endpointType="QB"), "Dockerfile": IMAGE.replace("serve.py", "handler.py")},
    "an image that starts the handler, whatever its listing says": {**FILES, "Dockerfile": IMAGE.replace("serve.py", "handler.py")},
    "an image that holds the handler beside a server": {**FILES, ".runpod/hub.json": "{}"},
    "no image": {"handler.py": WORKER},
    "an image with no command": {**FILES, "Dockerfile": IMAGE.partition("CMD")[0]},
    "an image of something else": {"handler.py": WORKER, "Dockerfile": 'FROM nginx\nCMD ["nginx"]\n'},
}  # fmt: skip


@pytest.mark.parametrize("files", QUEUED.values(), ids=QUEUED.keys())
def test_a_worker_stays_one(files: dict[str, str], tmp_path: Path) -> None:
    assert converted(tmp_path, files).application.platform == "runpod"


def test_the_listing_gives_variables_before_the_port_is_read(tmp_path: Path) -> None:
    env = [{"key": "PORT", "value": "5000"}, {"key": "HF_TOKEN", "input": {"type": "secret"}}]
    (app,) = converted(tmp_path, {**FILES, ".runpod/hub.json": listing(env=env, gpuIds="ADA_24")}).application.apps
    assert app.server is not None and app.server.port == 5000
    assert [(one.name, one.value) for one in app.environment.variables] == [("PORT", "5000")]
    assert [one.name for one in app.secrets] == ["HF_TOKEN"]
    assert (machine := app.setting("machine_type")) is not None and not machine.note.startswith("assumed")


def test_a_listing_that_names_no_gpu_still_says_that_one_is_needed(tmp_path: Path) -> None:
    (app,) = converted(tmp_path, FILES).application.apps
    assert (machine := app.setting("machine_type")) is not None and str(machine.value).startswith("GPU") and "assumed" in machine.note


TEMPLATE = {"imageName": "acme/service:1.2", "ports": ["22/tcp", "5000/http"], "env": {"MODE": "fast", "API_KEY": "abc"}}


def test_an_endpoint_s_image_alone_is_enough(tmp_path: Path) -> None:
    endpoint = {"workersMax": 3, "workersMin": 1, "idleTimeout": 30, "gpuTypeIds": ["NVIDIA L4"], "template": TEMPLATE}
    found = converted(tmp_path, {}, endpoint)
    (app,) = found.application.apps
    assert app.server is not None and (app.server.port, app.server.command) == (5000, [])
    settings = {one.name: one.value for one in app.settings}
    assert (settings["max_concurrency"], settings["min_concurrency"], settings["keep_alive"]) == (3, 1, 30)
    assert str(settings["machine_type"]).startswith("GPU")
    (image,) = [change.data for change in found.files if change.path == "Dockerfile.fal"]
    assert image == b"FROM acme/service:1.2\nENV MODE=fast\n"
    assert [one.name for one in app.secrets] == ["API_KEY"]


def test_an_endpoint_s_command_takes_the_place_of_the_image_s(tmp_path: Path) -> None:
    endpoint = {"template": {**TEMPLATE, "dockerStartCmd": ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "7000"]}}
    (app,) = converted(tmp_path, {}, endpoint).application.apps
    assert app.server is not None and app.server.port == 7000
    assert app.server.entrypoint == ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "7000"]


def test_an_endpoint_s_settings_reach_a_server_of_the_project(tmp_path: Path) -> None:
    files = {"serve.py": SERVER, "Dockerfile": IMAGE}
    (app,) = converted(tmp_path, files, {"workersMax": 4, "template": {"imageName": "acme/x", "env": {"PORT": "6000"}}}).application.apps
    assert app.server is not None and (app.server.port, app.server.image) == (6000, "")
    assert (most := app.setting("max_concurrency")) is not None and most.value == 4
