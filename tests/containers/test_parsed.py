"""A Dockerfile is parsed once per conversion, however many parts of it ask."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from converters.containers import dockerfile
from converters.containers.parsed import parsed
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.project import open_project
from tests.fixtures import ROOT

WORKER = "import runpod\ndef handler(job):\n    return job['input']\nrunpod.serverless.start({'handler': handler})\n"
SERVER = "FROM python:3.11\nARG PORT=8000\nRUN pip install flask\nCOPY app.py /\nEXPOSE $PORT\nCMD python /app.py\n"
COMPOSE = "services:\n  web:\n    build:\n      context: .\n      args: {PORT: '9000'}\n    ports: ['9000:9000']\n"
PROJECTS = {
    "a worker in an image": {
        "handler.py": WORKER,
        "Dockerfile": "FROM nvidia/cuda:12.1.0-base-ubuntu22.04\nRUN make\nCOPY handler.py /\nCMD python handler.py\n",
    },
    "two Dockerfiles of a worker": {
        "handler.py": WORKER,
        "Dockerfile": "FROM python:3.11\nCOPY handler.py /\nCMD python /handler.py\n",
        "gpu.Dockerfile": "FROM python:3.12\n",
    },
    "a server with arguments of compose": {
        "app.py": "import flask\napp = flask.Flask('a')\napp.run(port=9000)\n",
        "Dockerfile": SERVER,
        "compose.yaml": COMPOSE,
    },
}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[bytes]:
    """How often the instructions of which text were listed."""
    counts: Counter[bytes] = Counter()
    original = dockerfile.listed

    def listed(data: bytes) -> dockerfile.Listing:
        counts[data] += 1
        return original(data)

    monkeypatch.setattr(dockerfile, "listed", listed)
    return counts


@pytest.mark.parametrize("name", PROJECTS)
def test_a_conversion_parses_each_dockerfile_once(name: str, counted: Counter[bytes], tmp_path: Path) -> None:
    for path, text in PROJECTS[name].items():
        (tmp_path / path).write_text(text)
    assert isinstance(convert(tmp_path, Options()), Converted)
    own = {text.encode() for path, text in PROJECTS[name].items() if "Dockerfile" in path}
    assert {data: counted[data] for data in own} == dict.fromkeys(own, 1)


@pytest.mark.parametrize(
    "path", sorted(path for kind in ("runpod", "docker") for path in ROOT.glob(f"{kind}/*/Dockerfile")), ids=lambda path: path.parent.name
)
def test_a_sample_s_dockerfile_is_parsed_once(path: Path, counted: Counter[bytes]) -> None:
    convert(path.parent, Options())
    assert counted[path.read_bytes()] == 1


def test_other_build_arguments_are_another_build_of_the_same_listing(counted: Counter[bytes], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(SERVER)
    project = open_project(tmp_path)
    data = project.files["Dockerfile"].data
    ports = [parsed(project, data, arguments).stages[0].expose[0].port for arguments in ({}, {"PORT": "9000"}, {})]
    assert ports == [8000, 9000, 8000]
    assert counted.total() == 1


def test_two_projects_share_nothing(tmp_path: Path) -> None:
    for name, text in (("a", "FROM python:3.10\n"), ("b", "FROM python:3.12\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    projects = [open_project(tmp_path / name) for name in ("a", "b")]
    assert [parsed(one, one.files["Dockerfile"].data).stages[0].base for one in projects] == ["python:3.10", "python:3.12"]
