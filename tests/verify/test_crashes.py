"""A predictor whose process ends while it answers: Cog's server never answers again, and a fresh one takes its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import needs
from tests.verify.made import studied

needs("cog")

CRASHES = """
import os
from cog import BasePredictor
class Predictor(BasePredictor):
    def predict(self, words: str) -> str:
        if words == "end":
            os._exit(3)
        return words.upper()
"""


@pytest.mark.whole
def test_what_follows_a_crash_is_compared(tmp_path: Path, scratch: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "cog.yaml").write_text('build:\n  python_version: "3.11"\npredict: "predict.py:Predictor"\n')
    (project / "predict.py").write_text(CRASHES)
    found = studied(project, tmp_path).certificate
    assert found.verdict == "equivalent", found.why
    crash = next(at for at, trial in enumerate(found.trials) if trial.body == {"words": "end"})
    assert (found.trials[crash].source.kind, found.trials[crash].target.kind) == ("silence", "silence")
    assert any(trial.reached for trial in found.trials[crash + 1 :])
