"""`--set setup_function=module:function`: a function of the project that runs before its server starts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import fal_runtime
from converters.convert import convert
from converters.errors import UsageError
from converters.options import Options
from converters.output import write
from tests.docker.conftest import outcome_of
from tests.sources.docker.projects import project

IMAGE = 'FROM python:3.11\nWORKDIR /srv\nCOPY main.py .\nCMD ["python", "main.py"]\n'
SERVER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["PREPARED"].encode())


HTTPServer(("0.0.0.0", 8799), Handler).serve_forever()
"""
HELPERS = "import os\n\n\ndef prepare() -> None:\n    os.environ['PREPARED'] = 'by the function'\n"
FILES = {"Dockerfile": IMAGE, "main_py": SERVER, "helpers_py": HELPERS}


def test_it_runs_before_the_server_and_asks_for_a_function(tmp_path: Path) -> None:
    project(tmp_path / "p", **FILES)
    made = outcome_of(tmp_path / "p", Options(settings={"setup_function": "helpers:prepare"}))
    app = made.application.apps[0]
    assert app.target == "function" and "setup_function" in app.why
    output = Path(write(made, tmp_path / "output").path)
    with fal_runtime.serve(output) as fal:
        assert httpx.get(fal.app_url(app.name, "/"), timeout=30).text == "by the function"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("prepare", "a string such as helpers:prepare"),
        ("helpers:a b", "a string such as helpers:prepare"),
        ("nowhere:prepare", "is not in the project"),
    ],
)
def test_what_cannot_be_called_is_refused(value: str, message: str, tmp_path: Path) -> None:
    project(tmp_path, **FILES)
    with pytest.raises(UsageError) as refusal:
        convert(tmp_path, Options(settings={"setup_function": value}))
    assert message in str(refusal.value)


def test_without_it_the_image_is_enough(tmp_path: Path) -> None:
    project(tmp_path, **FILES)
    assert outcome_of(tmp_path, Options(settings={"keep_alive": 5})).application.apps[0].target == "pyproject"
