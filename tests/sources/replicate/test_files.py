"""Which files of a Cog project go along: what Cog copied into /src, as far as the code may read it, and past fal's client."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.replicate.project import app, converted, text, write

LIST = 'build:\n  python_version: "3.12"\npredict: "predict.py:Predictor"\n'
IMAGE = 'build:\n  python_version: "3.12"\n  system_packages: [ffmpeg]\npredict: "predict.py:Predictor"\n'
CODE = "from pathlib import Path\nfrom cog import BasePredictor\n\n\nclass Predictor(BasePredictor):\n    def setup(self):\n        {}\n\n"
PREDICT = "    def predict(self, a: str) -> str:\n        return a\n"


def shipped(root: Path, line: str, yaml: str, **files: str) -> list[str]:
    return app(converted(write(root / "p", CODE.format(line) + PREDICT, yaml, **files))).environment.files


@pytest.mark.parametrize(
    ("line", "file", "goes"),
    [
        pytest.param("self.t = open('NOTES.md').read()", "NOTES.md", True, id="prose that the code opens"),
        pytest.param("self.t = [p.read_text() for p in Path('.').glob('*.md')]", "NOTES.md", True, id="prose that the code looks for"),
        pytest.param("self.t = Path('docs').iterdir()", "docs/a.rst", True, id="a folder of descriptions that the code reads"),
        pytest.param("self.t = open(f'tests/{self.n}.json')", "tests/a.json", True, id="a folder of tests that the code reads"),
        pytest.param("self.t = None", "prompts/system.md", True, id="prose beside code is data, however it is named"),
        pytest.param("self.t = None", "README.md", False, id="a readme that nobody reads"),
        pytest.param("self.t = None", "docs/a.rst", False, id="descriptions that nobody reads"),
        pytest.param("self.t = None", "tests/test_predict.py", False, id="tests"),
        pytest.param("self.t = 'https://example.com/a.md'", "README.md", False, id="an address is no file"),
    ],
)
def test_a_list_of_requirements_ships_what_the_code_may_read(tmp_path: Path, line: str, file: str, goes: bool) -> None:
    found = shipped(tmp_path, line, LIST, **{file.replace("/", "___").replace(".", "__"): "x"})
    assert (file in found) == goes, found


def test_what_docker_leaves_out_of_the_context_stays_out(tmp_path: Path) -> None:
    files = {"__dockerignore": "data/\n!data/keep.txt\n", "data___a__txt": "x", "data___keep__txt": "x", "lib___data___a__txt": "x"}
    found = shipped(tmp_path, "self.t = open('lib/data/a.txt')", LIST, **files)
    assert {path for path in found if path.endswith(".txt")} == {"data/keep.txt", "lib/data/a.txt"}


@pytest.mark.parametrize(
    ("ignore", "written"),
    [
        pytest.param("models/\n", True, id="a pattern that fal's client finds deeper down, too"),
        pytest.param("*.log\n", False, id="a pattern that leaves out nothing of the code"),
        pytest.param(None, False, id="none, and nothing that the client leaves out by itself"),
    ],
)
def test_an_ignore_file_that_loses_code_is_written_anew(tmp_path: Path, ignore: str | None, written: bool) -> None:
    files = {"lib___models___a__txt": "x", **({"__dockerignore": ignore} if ignore else {})}
    outcome = converted(write(tmp_path / "p", CODE.format("self.t = open('lib/models/a.txt')") + PREDICT, IMAGE, **files))
    made = {change.path: change for change in outcome.files}
    assert (".dockerignore" in made and made[".dockerignore"].data != (ignore or "").encode()) == written
    assert not written or "models" not in text(outcome, ".dockerignore")
