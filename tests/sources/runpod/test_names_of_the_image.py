"""Modules are known by the names that the image gives them, and a handler stays where the build uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.rules.samples import WORKER
from tests.sources.runpod.worker import app_of, text_of

USING = "import runpod\nfrom engine import answer\n\ndef handler(job):\n    return answer(job['input'])\n\nrunpod.serverless.start({'handler': handler})\n"
FAST = "def answer(given):\n    return {'text': given['prompt']}\n"
SYSTEM = "RUN apt-get update && apt-get install -y ffmpeg\n"


def made(folder: Path, files: dict[str, str], dockerfile: str, style: Literal["auto", "keep"] = "auto") -> Converted:
    for name, text in {**files, "Dockerfile": f"FROM python:3.11-slim\nRUN pip install runpod\n{dockerfile}"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    outcome = convert(folder, Options(style=style))
    assert isinstance(outcome, Converted), outcome
    return outcome


ENTRIES = [
    pytest.param({"tts.py": WORKER}, f"{SYSTEM}COPY tts.py /handler.py\nCMD python handler.py", "import handler  #", id="a file by another name"),
    pytest.param({"tts.py": WORKER}, f"{SYSTEM}COPY tts.py /\nCMD python tts.py", "import tts  #", id="a file in a folder"),
    pytest.param({"tts.py": WORKER}, "COPY tts.py /handler.py\nCMD python handler.py", "import tts  #", id="a list of files keeps the project's name"),
    pytest.param({"src/main.py": WORKER, "src/__init__.py": ""}, f"{SYSTEM}WORKDIR /app\nCOPY src worker\nCMD python -m worker.main", "from worker import main  #", id="a package by another name"),
    pytest.param({"src/main.py": WORKER, "src/__init__.py": ""}, "WORKDIR /app\nCOPY src worker\nCMD python -m worker.main", "from worker import main  #", id="a package that only the image has"),
    pytest.param({"src/main.py": WORKER}, f"{SYSTEM}COPY src /app\nWORKDIR /app\nCMD python main.py", "import main  #", id="a folder's contents"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "dockerfile", "expected"), ENTRIES)
def test_the_worker_is_imported_by_the_name_that_it_has_where_it_runs(
    tmp_path: Path, files: dict[str, str], dockerfile: str, expected: str
) -> None:
    text = text_of_app(made(tmp_path, files, dockerfile, "keep"))
    assert expected in text


def text_of_app(outcome: Converted) -> str:
    return text_of(outcome, app_of(outcome).app_file)


MODULES = [
    pytest.param("COPY handler.py /\nCOPY variants/fast.py /engine.py\nCMD python handler.py", "image", True, id="under the imported name"),
    pytest.param("COPY handler.py engine.py /\nCMD python handler.py", "requirements", False, id="as it is called"),
    pytest.param("COPY handler.py engine.py /\nCOPY variants/fast.py /other.py\nCMD python handler.py", "requirements", False, id="under a name that nobody imports"),
]  # fmt: skip


@pytest.mark.parametrize(("dockerfile", "kind", "renamed"), MODULES)
def test_modules_that_the_image_renames_stay_in_an_image(tmp_path: Path, dockerfile: str, kind: str, renamed: bool) -> None:
    files = {"handler.py": USING, "variants/fast.py": FAST, **({} if renamed else {"engine.py": FAST})}
    outcome = made(tmp_path, files, dockerfile)
    app = app_of(outcome)
    assert app.environment.kind == kind
    assert [field.name for field in app.endpoints[0].input.fields] == ["prompt"]
    assert ("copies variants/fast.py as engine.py" in app.environment.why) == renamed


STEPS = [
    pytest.param("RUN python -m py_compile handler.py", "keep", id="a check of the file"),
    pytest.param("RUN python -c 'import handler'", "keep", id="an import of it"),
    pytest.param("RUN chmod +x *.py", "keep", id="all files"),
    pytest.param("RUN python -m compileall .", "keep", id="a tool that takes what is there"),
    pytest.param("RUN mkdir -p /models", "native", id="a folder"),
    pytest.param("RUN pip install handlers==1.0", "native", id="a package of another name"),
]


@pytest.mark.parametrize(("step", "style"), STEPS)
def test_a_handler_that_the_build_uses_stays_in_the_image(tmp_path: Path, step: str, style: str) -> None:
    dockerfile = f"{SYSTEM}WORKDIR /app\nCOPY handler.py .\n{step}\nCMD python handler.py\n"
    outcome = made(tmp_path, {"handler.py": WORKER}, dockerfile)
    copied = "COPY handler.py" in text_of(outcome, app_of(outcome).environment.dockerfile or "")
    assert (app_of(outcome).style, copied) == (style, style == "keep")


def test_the_worker_is_the_program_of_the_command_that_starts_it(tmp_path: Path) -> None:
    files = {"handler.py": WORKER, "metrics.py": "print('up')\n", "prepare.py": "print('ready')\n"}
    dockerfile = 'COPY . .\nCMD ["sh", "-c", "python prepare.py && python handler.py & python metrics.py"]'
    app = app_of(made(tmp_path, files, dockerfile))
    assert app.entry == "handler.py"
    assert app.start_command == ["bash", "-c", "python prepare.py\n(python metrics.py) &"]
