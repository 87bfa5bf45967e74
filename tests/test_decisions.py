"""Every decision says how it is known, what speaks for it, and what else was considered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from converters.convert import convert
from converters.errors import ExitCode
from converters.fal.settings import parsed
from converters.options import Options
from converters.outcome import Converted
from converters.provenance import Certainty, Decision, Origin
from converters.reports.formats import markdown
from converters.reports.json import document, published_schema
from converters.reports.text import assumed

WORKER = "import runpod\ndef handler(job):\n    return job['input']\nrunpod.serverless.start({'handler': handler})\n"
PREDICTOR = (
    "from cog import BasePredictor\nclass Predictor(BasePredictor):\n    def predict(self, text: str) -> str:\n        return text\n"
)
SERVER = "FROM python:3.11\nRUN pip install fastapi uvicorn\nCOPY main.py /\n"
MAIN = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health():\n    return {}\n"
UVICORN = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0"'
HUB = '{"title": "t", "config": {"gpuIds": "ADA_80_PRO"}}'
PROJECTS = {
    "runpod": {"handler.py": WORKER},
    "replicate": {"cog.yaml": "predict: predict.py:Predictor\n", "predict.py": PREDICTOR},
    "docker": {"Dockerfile": f'{SERVER}{UVICORN}, "--port", "8000"]\n', "main.py": MAIN},
}


def converted(folder: Path, files: dict[str, str], *settings: str) -> Converted:
    root = folder / "p"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    outcome = convert(root, Options(settings=dict(parsed(one) for one in settings)))
    assert isinstance(outcome, Converted), outcome
    return outcome


def decided(outcome: Converted, subject: Any) -> Decision:
    (app,) = outcome.application.apps
    decision = app.decision(subject)
    assert decision is not None
    return decision


KNOWN = [
    pytest.param(PROJECTS["runpod"], "machine", "L", "assumed", "", id="a worker without a machine"),
    pytest.param({**PROJECTS["runpod"], "hub.json": HUB}, "machine", "GPU-H100", "stated", "hub.json:1", id="a hub's GPU"),
    pytest.param(PROJECTS["runpod"], "python", "3.11", "assumed", "", id="a worker without a Python"),
    pytest.param({**PROJECTS["runpod"], ".python-version": "3.12\n"}, "python", "3.12", "derived", ".python-version:1", id="a demand"),
    pytest.param(PROJECTS["replicate"], "machine", "L", "assumed", "cog.yaml:1", id="a predictor without hardware"),
    pytest.param(PROJECTS["replicate"], "python", "3.11", "assumed", "", id="a predictor without a Python"),
    pytest.param(PROJECTS["docker"], "machine", "L", "assumed", "Dockerfile:1", id="a server without a GPU"),
    pytest.param(PROJECTS["docker"], "port", "8000", "stated", "Dockerfile:4", id="a port in the command"),
    pytest.param(PROJECTS["docker"], "health", "/health", "derived", "main.py:3", id="a health route in the code"),
    pytest.param(PROJECTS["docker"], "image", "Dockerfile", "stated", "Dockerfile:1", id="the only image"),
    pytest.param(PROJECTS["docker"], "python", "3.11", "derived", "", id="the tag of the base image"),
    pytest.param(
        {"Dockerfile": f"{SERVER}{UVICORN}]\n", "main.py": MAIN}, "port", "8000", "derived", "Dockerfile:4", id="a program's own port"
    ),
    pytest.param(
        {"Dockerfile": f"{SERVER}CMD uvicorn main:app --port $PORT\n", "main.py": MAIN}, "port", "8080", "assumed", "", id="a host's port"
    ),
]


@pytest.mark.parametrize(("files", "subject", "value", "certainty", "place"), KNOWN)
def test_a_decision_says_how_it_is_known_and_where(
    files: dict[str, str], subject: str, value: str, certainty: str, place: str, tmp_path: Path
) -> None:
    decision = decided(converted(tmp_path, files), subject)
    assert (decision.value, decision.certainty) == (value, Certainty(certainty))
    assert decision.evidence and decision.why
    if place:
        assert str(decision.origin) == place


def test_other_images_are_the_candidates_that_lost(tmp_path: Path) -> None:
    other = {"tests/Dockerfile": "FROM python:3.11\nCMD pytest\n"}
    decision = decided(converted(tmp_path, {**PROJECTS["docker"], **other}), "image")
    assert (decision.value, decision.certainty) == ("Dockerfile", Certainty.DERIVED)
    assert [one.value for one in decision.lost] == ["tests/Dockerfile"]
    assert any("uvicorn" in clue.text for clue in decision.evidence)


def test_evidence_for_another_port_lost_and_for_the_same_one_supports(tmp_path: Path) -> None:
    expose = f"{SERVER}EXPOSE 9000 8000\n{UVICORN}, '--port', '8000']\n".replace("'", '"')
    decision = decided(converted(tmp_path, {"Dockerfile": expose, "main.py": MAIN}), "port")
    assert [one.value for one in decision.lost] == ["9000"]
    assert "EXPOSE" in [clue.text for clue in decision.evidence]


@pytest.mark.parametrize("platform", PROJECTS)
def test_no_platform_assumes_a_machine_that_a_person_states(platform: str, tmp_path: Path) -> None:
    outcome = converted(tmp_path, PROJECTS[platform], "machine_type=GPU-H100")
    decision = decided(outcome, "machine")
    assert (decision.value, decision.certainty, decision.why) == ("GPU-H100", Certainty.STATED, "--set")
    assert [one.value for one in decision.lost] == ["L"]
    said = [item.message for item in outcome.ledger.items()]
    for change in outcome.files:
        said += (change.data or b"").decode().splitlines() if change.action == "added" else []
    assert not [line for line in said if "assumed" in line and "Python" not in line]


def test_a_machine_of_a_person_leaves_other_assumptions_alone(tmp_path: Path) -> None:
    app = document(converted(tmp_path, PROJECTS["runpod"], "machine_type=GPU-H100"), ExitCode.DONE)["apps"][0]
    assert assumed(app) == ["python 3.11 (nothing in the project names a Python version)"]


def test_an_assumption_that_a_row_tells_is_not_told_twice(tmp_path: Path) -> None:
    app = document(converted(tmp_path, PROJECTS["docker"]), ExitCode.DONE)["apps"][0]
    assert assumed(app) == []


@pytest.mark.parametrize("platform", PROJECTS)
def test_the_document_holds_the_decisions_as_its_schema_says(platform: str, tmp_path: Path) -> None:
    made = document(converted(tmp_path, PROJECTS[platform]), ExitCode.DONE)
    jsonschema.validate(made, published_schema())
    found = {one["subject"]: one for one in made["apps"][0]["decisions"]}
    assert found["machine"]["certainty"] == "assumed" and found["machine"]["rule"]
    assert found["machine"]["evidence"][0].keys() == {"text", "file", "line"}


def test_what_is_assumed_is_said_in_the_guide_and_in_the_summary(tmp_path: Path) -> None:
    outcome = converted(tmp_path, PROJECTS["runpod"])
    guide = next(change.data for change in outcome.files if change.path == "MIGRATION.md") or b""
    assert b"`python_version`, 3.11 (assumed: nothing in the project names a Python version):" in guide
    text = markdown.render(document(outcome, ExitCode.DONE))
    assert "- assumed: python 3.11 (nothing in the project names a Python version)" in text


def test_what_a_project_states_is_not_called_assumed(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.12\nCOPY handler.py /\nCMD python /handler.py\n"
    outcome = converted(tmp_path, {**PROJECTS["runpod"], "Dockerfile": dockerfile, "hub.json": HUB})
    guide = next(change.data for change in outcome.files if change.path == "MIGRATION.md") or b""
    assert b"assumed" not in guide
    assert "assumed" not in markdown.render(document(outcome, ExitCode.DONE))


def test_a_decision_never_changes() -> None:
    decision = Decision.stated("port", 8000, "EXPOSE", Origin(file="Dockerfile", line=3))
    with pytest.raises(ValidationError):
        decision.value = 9000  # type: ignore[misc]
