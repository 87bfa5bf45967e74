"""Apps whose runners are processes in their images, behind the same gateway as those that are processes of this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import fal_runtime
from converters.rehearsal.bases import Bases
from converters.rehearsal.engines.buildah import Buildah
from converters.rehearsal.outside import Outside
from converters.rehearsal.rehearse import Settings
from converters.rehearsal.serving import Images
from fal_runtime.errors import LoadFailure
from fal_runtime.testing import AppError, Local
from tests.rehearsal.made import project

pytestmark = pytest.mark.rehearse

FIXTURES = Path(__file__).parents[2] / "fixtures"
MIGRATE = Path(sys.executable).with_name("migrate")
APP = '''
import os
import sys
import time
from pathlib import Path

import fal
from fal.container import ContainerImage
from fal.toolkit import File, download_file
from pydantic import BaseModel


class Input(BaseModel):
    text: str = ""
    url: str = ""


class Output(BaseModel):
    file: File
    release: str
    token: str
    starts: int


class Reverse(fal.App, name="reverse", python_version="3.11"):
    machine_type = "M"
    secrets = ["TOKEN"]
    image = ContainerImage.from_dockerfile_str(
        """
        FROM python:3.11-slim-bookworm
        RUN echo made-by-a-step > /etc/made
        RUN pip install --no-cache-dir fal
        """
    )

    def setup(self):
        print("setting up", file=sys.stderr)
        self.made = Path("/etc/made").read_text().strip()
        with open("/data/starts", "a") as file:
            file.write("x")

    @fal.endpoint("/")
    def run(self, input: Input) -> Output:
        print("reversing")
        time.sleep(1)  # the line takes another way than the answer
        text = download_file(input.url, "/tmp/given").read_bytes() if input.url else input.text.encode()
        turned = text[::-1]
        starts = len(Path("/data/starts").read_text())
        return Output(file=File.from_bytes(turned, file_name="turned.txt"), release=self.made, token=os.environ["TOKEN"], starts=starts)

    @fal.endpoint("/end")
    def end(self) -> dict:
        os._exit(3)
'''


@pytest.fixture
def images(engine: Buildah, outside: Outside, folder: Path) -> Iterator[Images]:
    """On an engine of its own, which is stopped, with the layers of the others."""
    own = Buildah(folder / "engine", outside, Bases(folder / "suites"))
    yield Images(own, outside, Settings())
    own.stop()


def answered(fal: Local) -> list[tuple[int, Any]]:
    """Requests of a server and what it answers: with and without a body, refused, unknown, and as bytes."""
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/healthz", None),
        ("POST", "/notes", {"text": "a lamp", "stars": 2}),
        ("POST", "/notes", {"stars": "many"}),
        ("DELETE", "/notes/3", None),
        ("POST", "/count", {"some": "body"}),
        ("GET", "/nothing", None),
    ]
    with httpx.Client(timeout=60, trust_env=False) as client:
        answers = [client.request(method, fal.app_url("notes", path), json=body) for method, path, body in asked]
    return [(answer.status_code, answer.content) for answer in answers]


def test_a_server_answers_alike_as_a_process_and_in_its_image(images: Images, tmp_path: Path) -> None:
    out = tmp_path / "notes"
    subprocess.run([str(MIGRATE), str(FIXTURES / "docker" / "notes"), "--output", str(out), "-q"], check=True, timeout=600)
    with fal_runtime.serve(out) as fal:
        expected = answered(fal)
    with fal_runtime.serve(out, engine=images) as fal:
        assert answered(fal) == expected
        assert "notes: python:3.11-slim is stood in for by" in "\n".join(fal.lines)
    assert [status for status, _ in expected] == [204, 201, 422, 204, 200, 404]


def test_an_app_in_its_image_has_files_data_secrets_logs_and_a_queue(images: Images, tmp_path: Path) -> None:
    path = project(tmp_path / "reverse", {"app.py": APP, "pyproject.toml": '[tool.fal.apps.reverse]\nref = "app.py::Reverse"\n'})
    data = tmp_path / "data"
    data.mkdir()
    with fal_runtime.serve(path, engine=images, data=data, secrets={"TOKEN": "mine"}) as fal:
        first = fal.run("reverse", {"text": "lamp"})
        assert fal.fetch(first["file"]["url"]) == b"pmal" and fal.keeps(first["file"]["url"])
        assert (first["release"], first["token"], first["starts"]) == ("made-by-a-step", "mine", 1)
        queued = fal.submit("reverse", {"url": first["file"]["url"]})  # which it reads from this gateway
        assert fal.fetch(queued.get()["file"]["url"]) == b"lamp"
        assert "reversing" in [line["message"] for line in queued.status(logs=True)["logs"]]
        with pytest.raises(AppError):
            fal.run("reverse", {}, "/end")
        assert fal.run("reverse", {"text": "a"})["starts"] == 2
        assert "[reverse] setting up" in fal.lines
    assert (data / "starts").read_text() == "xx"


def test_a_step_that_fails_keeps_the_app_from_being_served(images: Images, tmp_path: Path) -> None:
    failing = APP.replace("RUN echo made-by-a-step > /etc/made", "RUN nosuchprogram")
    path = project(tmp_path / "reverse", {"app.py": failing, "pyproject.toml": '[tool.fal.apps.reverse]\nref = "app.py::Reverse"\n'})
    with (
        pytest.raises(LoadFailure, match=r"app\.py:\d+: RUN nosuchprogram: there is no program nosuchprogram"),
        fal_runtime.serve(path, engine=images),
    ):
        pass
