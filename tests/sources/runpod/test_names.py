"""What the apps of several units of one project are called: shortly, and never alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ledger import Ledger
from converters.project import open_project
from converters.sources.runpod.names import unit_name
from converters.sources.runpod.units import survey

WORKER = "import runpod\n\n\ndef handler(job):\n    return {}\n\n\nrunpod.serverless.start({'handler': handler})\n"
NAMES = [
    pytest.param({"handler.py": "speech"}, id="one"),
    pytest.param({"whisper/handler.py": "whisper", "llama/src/handler.py": "llama"}, id="folders"),
    pytest.param({"speech/tts_handler.py": "speech-tts", "speech/stt_handler.py": "speech-stt"}, id="one folder"),
    pytest.param({"handler.py": "speech", "worker/handler.py": "worker"}, id="the top and a folder"),
    pytest.param({"a/tts/handler.py": "a-tts", "b/tts/handler.py": "b-tts", "c/handler.py": "c"}, id="folders alike"),
    pytest.param({"tts.py": "speech-tts", "stt.py": "speech-stt"}, id="files"),
]


@pytest.mark.parametrize("expected", NAMES)
@pytest.mark.parametrize("alone", [False, True])
def test_names(tmp_path: Path, expected: dict[str, str], alone: bool) -> None:
    """The same whether one unit is converted or all."""
    root = tmp_path / "speech"
    for path in expected:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(WORKER.replace("{}", repr({"made by": path})))
    project = open_project(root)
    surveys = [survey(project, Ledger(), only) for only in (expected if alone else [""])]
    assert {unit.entry: unit_name(project, unit, found) for found in surveys for unit in found.units} == expected
