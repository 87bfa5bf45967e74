"""Which programs `migrate batch` finds below a folder, and which folder it opens for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.discovery import units

WORKER = """
import runpod


def handler(job):
    return job["input"]


runpod.serverless.start({"handler": handler})
"""
PLAIN = "FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD python handler.py\n"
OUTSIDE = "FROM python:3.11\nCOPY shared /app/shared\nCOPY one/handler.py /app/\nWORKDIR /app\nCMD python handler.py\n"
SERVER = "FROM python:3.11\nCOPY . /app\nCMD python -m http.server\n"

CASES: dict[str, tuple[dict[str, str], list[tuple[str, str, str]]]] = {
    "projects side by side": (
        {"a/handler.py": WORKER, "a/Dockerfile": PLAIN, "b/handler.py": WORKER, "b/requirements.txt": ""},
        [("a", "handler.py", "runpod"), ("b", "handler.py", "runpod")],
    ),
    "a project in a project is found once, by the inner one": (
        {"handler.py": WORKER, "Dockerfile": PLAIN, "inner/handler.py": WORKER, "inner/Dockerfile": PLAIN},
        [("", "handler.py", "runpod"), ("inner", "handler.py", "runpod")],
    ),
    "a file that no folder has does not open the folder above": (
        {"a/handler.py": WORKER, "a/Dockerfile": f"{PLAIN}COPY test_input.json /\n", "b/handler.py": WORKER, "b/Dockerfile": PLAIN},
        [("a", "handler.py", "runpod"), ("b", "handler.py", "runpod")],
    ),
    "a Dockerfile that copies from the folder above opens it": (
        {"repo/one/handler.py": WORKER, "repo/one/Dockerfile": OUTSIDE, "repo/shared/tools.py": "", "repo/two/Dockerfile": SERVER},
        [("repo", "one/handler.py", "runpod")],
    ),
    "a Dockerfile in a folder beside the worker's": (
        {
            "repo/handlers/handler.py": WORKER,
            "repo/docker/Dockerfile": "FROM python:3.11\nCOPY handlers/handler.py /\nCMD python /handler.py\n",
        },
        [("repo", "handlers/handler.py", "runpod")],
    ),
    "the same where it is the folder that is searched": (
        {"handlers/handler.py": WORKER, "docker/Dockerfile": "FROM python:3.11\nCOPY ./handlers/ /\nCMD python /handler.py\n"},
        [("", "handlers/handler.py", "runpod")],
    ),
    "a worker without anything": ({"x/y/handler.py": WORKER}, [("x/y", "handler.py", "runpod")]),
    "a server beside a worker's repository": (
        {"a/src/handler.py": WORKER, "a/docs/Dockerfile": SERVER, "b/Dockerfile": SERVER},
        [("a", "src/handler.py", "runpod"), ("b", "", "docker")],
    ),
    "predictors": (
        {"a/cog.yaml": "predict: predict.py:Predictor\n", "a/b/cog.yaml": "predict: predict.py:Predictor\n"},
        [("a", "cog.yaml", "replicate"), ("a/b", "cog.yaml", "replicate")],
    ),
    "nothing": ({"notes.txt": ""}, []),
}


@pytest.mark.parametrize("name", CASES)
def test_units(tmp_path: Path, name: str) -> None:
    files, expected = CASES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = [(unit.root.relative_to(tmp_path).as_posix().removeprefix("."), unit.entry, unit.platform) for unit in units(tmp_path)]
    assert found == expected
