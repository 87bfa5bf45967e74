"""Output files that Cog's server reads later than the predictor hands them over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import needs
from tests.verify.made import studied

needs("cog")

RETURNED = """
from cog import BasePredictor, Path
class Predictor(BasePredictor):
    def predict(self, photo: Path, copies: int = 1) -> list[Path]:
        assert photo.read_bytes()
        return [photo] * copies
"""
REWRITTEN = """
import tempfile
from typing import Iterator
from cog import BasePredictor, Path
class Predictor(BasePredictor):
    def predict(self, words: str, copies: int = 1) -> Iterator[Path]:
        out = Path(tempfile.mkdtemp()) / "out.txt"
        for number in range(10):
            out.write_text(f"{words} {number}")
            yield out
"""

MISSING = """
import tempfile
from cog import BasePredictor, Path
class Predictor(BasePredictor):
    def predict(self, words: str, copies: int = 1) -> Path:
        out = Path(tempfile.mkdtemp()) / "out.txt"
        if copies == 1:
            out.write_text(words)
        return out
"""


@pytest.mark.parametrize("code", [RETURNED, REWRITTEN, MISSING])
@pytest.mark.whole
def test_a_file_counts_as_it_was_handed_over(tmp_path: Path, scratch: Path, code: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "cog.yaml").write_text('build:\n  python_version: "3.11"\npredict: "predict.py:Predictor"\n')
    (project / "predict.py").write_text(code)
    found = studied(project, tmp_path, drawn=0).certificate
    assert found.verdict == "equivalent", found.why
    assert not [text for text in found.not_proven if "$" in text]
