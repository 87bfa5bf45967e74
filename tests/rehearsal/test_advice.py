"""What the output of a step that failed means to a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.rehearsal.advice import advice
from converters.rehearsal.engines import Place, Step


def step(instruction: str) -> Step:
    return Step(1, 1, instruction, Place("Dockerfile", 3), "failed")


@pytest.mark.parametrize(
    ("output", "means", "todo"),
    [
        ("error: externally-managed-environment\n× This environment", "PEP 668", "virtual environment"),
        ("/opt/venv/bin/python: No module named pip", "no pip", "ensurepip"),
        (
            "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
            "requirements.txt is not in the image",
            "COPY",
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement nosuch (from versions: none)\nERROR: No matching distribution found for nosuch",
            "no release of nosuch",
            "name",
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement numpy==1.11.0 (from versions: 2.1, 2.2)",
            "no such release of numpy==1.11.0",
            "the output lists",
        ),
        (
            "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible: for help",
            "contradict one another: a==1 and b==2",
            "pins",
        ),
        ("  × No solution found when resolving dependencies:\n  ╰─▶ Because a", "contradict", "pins"),
        ("Because no versions match, version solving failed.", "contradict", "pins"),
        ("/bin/sh: 1: git: not found", "no program git", "apt-get install git"),
        ("bash: line 1: nvcc: command not found", "compiles for CUDA", "Not rehearsed"),
        ("bash: line 1: nvidia-smi: command not found", "no program nvidia-smi", "Not rehearsed"),
        ("/bin/sh: 1: mytool: not found", "no program mytool", "PATH"),
        ("E: Unable to locate package ffmpeg", "no lists of apt's packages", "apt-get update"),
        (
            "Get:1 http://deb.debian.org trixie InRelease\nE: Unable to locate package libgl1-mesa-glx",
            "no package libgl1-mesa-glx",
            "libgl1;",
        ),
        ("Fetched 9 MB\nE: Package 'netcat' has no installation candidate", "no package netcat", "netcat-openbsd"),
        ("Hit:1 http://x\nE: Unable to locate package nosuch", "no package nosuch", "Check its name"),
        ("E: The repository 'http://x trixie Release' does not have a Release file.", "http://x trixie Release", "signed-by"),
        ("E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)", "needs root", "USER root"),
        ("error: command 'gcc' failed: No such file or directory", "no compiler", "build-essential"),
        ("foo.c:1:10: fatal error: Python.h: No such file or directory", "headers of Python", "python3-dev"),
        ("foo.c:1:10: fatal error: portaudio.h: No such file or directory", "header portaudio.h", "-dev package"),
        ("python: can't open file '/app/build.py': [Errno 2] No such file or directory", "/app/build.py is not in the image", "COPY"),
        ("ModuleNotFoundError: No module named 'torch'", "cannot import torch", "--no-build-isolation"),
        ("OSError: CUDA_HOME environment variable is not set.", "compiles for CUDA", "Not rehearsed"),
        ("chmod: cannot access '/start.sh': No such file or directory", "/start.sh is not in the image", "COPY"),
        ("/bin/sh: 1: cd: can't cd to /srv/app", "/srv/app is not in the image", "WORKDIR"),
        ("cat: notes.txt: No such file or directory", "notes.txt is not in the image", "WORKDIR"),
        ("su: user runner does not exist", "no user runner", "useradd"),
        ('looking up user "runner": user: unknown user error looking up user "runner"', "no user runner", "useradd"),
        ("unable to find user runner: no matching entries in passwd file", "no user runner", "useradd"),
        ("npm ERR! code E404", "npm failed with E404", "version"),
        ("ERROR: x-1-cp39-cp39-win_amd64.whl is not a supported wheel on this platform.", "another Python or system", "Linux x86-64"),
        ("dd: error writing '/big': No space left on device", "disk is full", "--clean"),
    ],
)
def test_a_failure_of_a_command_is_explained(output: str, means: str, todo: str) -> None:
    found = advice(step("RUN x"), output.splitlines())
    assert means in found[0] and todo in found[1]


@pytest.mark.parametrize(
    "output",
    [
        "",
        "Traceback (most recent call last):\nValueError: 3",
        "make: *** [all] Error 2",
        "FAILED tests/test_a.py",
        "assertion failed: x == y",
    ],
)
def test_what_the_table_does_not_know_is_left_to_the_output(output: str) -> None:
    assert advice(step("RUN x"), output.splitlines()) == ("", "")


def test_a_source_that_is_not_in_the_context_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "handler.py").touch()
    said = ['checking on sources under "/context": copier: stat: "/handler.py": no such file or directory']
    assert "src/handler.py" in advice(step("COPY handler.py /app/"), said, tmp_path)[1]
    other = ['checking on sources under "/context": copier: stat: "/model.bin": no such file or directory']
    means, todo = advice(step("COPY model.bin /app/"), other, tmp_path)
    assert means.startswith("model.bin is not in the build context") and ".dockerignore" in todo


def test_a_source_of_a_stage_is_the_stage_s() -> None:
    said = ['copier: stat: "/out/app": no such file or directory']
    assert "stage or image" in advice(step("COPY --from=build /out/app /app"), said)[0]
