"""A suggestion becomes a diff that `git apply` takes, or none where it would do harm."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from converters.findings.edits import edited, unified
from converters.ir import Suggestion

APT = "RUN apt-get update && apt-get install -y \\\n    git \\\n    libgl1-mesa-glx \\\n    && true\n"
REPLACED = [
    ("a word in its line", 'machine_type = "S"\n', 1, '"S"', '"GPU-A100"', 'machine_type = "GPU-A100"\n'),
    ("a word of a command that goes on", APT, 1, "libgl1-mesa-glx", "libgl1", APT.replace("libgl1-mesa-glx", "libgl1")),
    ("a word that alone stood in its line", APT, 1, "libgl1-mesa-glx", "", APT.replace("    libgl1-mesa-glx \\\n", "")),
    ("a word among others", "RUN apt install git netcat curl\n", 1, "netcat", "", "RUN apt install git curl\n"),
    ("a whole word, not a part of one", "pip install torchvision torch\n", 1, "torch", "torch<3", "pip install torchvision torch<3\n"),
    ("an option", "RUN poetry install --no-dev\n", 1, "--no-dev", "--only main", "RUN poetry install --only main\n"),
    ("a line before another", "a\nb\n", 2, "", "x", "a\nx\nb\n"),
    ("a line where lines end with CRLF", "a\r\nb\r\n", 2, "", "x", "a\r\nx\r\nb\r\n"),
    ("a line at the end of a file without an end", "a\nb", 0, "", "x", "a\nb\nx\n"),
    ("a backslash is no reference to a group", "a 1\n", 1, "1", "\\1", "a \\1\n"),
]


@pytest.mark.parametrize(("before", "line", "old", "new", "after"), [case[1:] for case in REPLACED], ids=[case[0] for case in REPLACED])
def test_the_diff_applies(tmp_path: Path, before: str, line: int, old: str, new: str, after: str) -> None:
    (tmp_path / "my file").write_bytes(before.encode())
    diff = unified(Suggestion(file="my file", line=line, old=old, new=new), before.encode())
    assert diff is not None
    subprocess.run(["git", "apply"], cwd=tmp_path, input=diff.encode(), check=True)
    assert (tmp_path / "my file").read_bytes() == after.encode()


def test_a_file_is_made(tmp_path: Path) -> None:
    diff = unified(Suggestion(file="sub/.dockerignore", line=0, old="", new=".git\n.venv"), None)
    assert diff is not None
    subprocess.run(["git", "apply"], cwd=tmp_path, input=diff.encode(), check=True)
    assert (tmp_path / "sub/.dockerignore").read_text() == ".git\n.venv\n"


NONE = [
    ("a text that is not there", Suggestion(file="a.txt", line=1, old="x", new="y"), b"a\n"),
    ("a text that stands before the line", Suggestion(file="a.txt", line=2, old="x", new="y"), b"x\na\n"),
    ("a text far below", Suggestion(file="a.txt", line=1, old="x", new="y"), b"a\n" * 50 + b"x\n"),
    ("a line that is not there", Suggestion(file="a.txt", line=9, old="", new="y"), b"a\n"),
    ("a file that is not there", Suggestion(file="a.txt", line=1, old="x", new="y"), None),
    ("what breaks Python", Suggestion(file="a.py", line=1, old="1", new="1 +"), b"x = 1\n"),
    ("what breaks TOML", Suggestion(file="a.toml", line=2, old="", new="x = 2"), b"x = 1\n"),
    ("no change", Suggestion(file="a.txt", line=1, old="a", new="a"), b"a\n"),
    ("a file that is no text", Suggestion(file="a.txt", line=1, old="a", new="b"), b"a\n\xff\n"),
]


@pytest.mark.parametrize(("suggestion", "before"), [case[1:] for case in NONE], ids=[case[0] for case in NONE])
def test_there_is_no_diff(suggestion: Suggestion, before: bytes | None) -> None:
    assert unified(suggestion, before) is None


def test_a_diff_never_shows_a_secret() -> None:
    suggestion, before = Suggestion(file="a.txt", line=1, old="a", new="b"), b"a\nTOKEN=hunter2\n"
    assert edited(suggestion, before) == b"b\nTOKEN=hunter2\n"
    assert unified(suggestion, before, lambda path, text: text.replace("hunter2", "${TOKEN}")) is None
