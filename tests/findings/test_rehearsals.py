"""What `migrate rehearse` finds, as a program needs it: the first step that failed, its traceback, and the edit of a check that knows it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from jsonschema import Draft202012Validator

from converters.commands.actionable import of_rehearsals
from converters.findings.of_rehearsals import EXPECTED
from converters.rehearsal.report import as_json, plain
from converters.rehearsal.result import Failure, Place, Rehearsal
from converters.reports.json import Document, published_schema
from tests.findings.projects import BROKEN
from tests.rehearsal.test_report import ANSWERED, FAILED, SKIPPED
from tests.reports.test_json import closed

AGAIN = "migrate rehearse out --format json"


def found(path: Path, *rehearsals: Rehearsal) -> list[Document]:
    made = of_rehearsals([plain(one) for one in rehearsals], path, AGAIN)
    document = json.loads(as_json("out", rehearsals, made))
    Draft202012Validator(closed(published_schema("rehearsal.schema.json"))).validate(document)
    assert document["findings"] == json.loads(json.dumps(made))
    return made


def test_a_failing_step_is_a_finding_and_an_app_that_answers_is_none(tmp_path: Path) -> None:
    (one,) = found(tmp_path, ANSWERED, FAILED)
    assert (one["rule"], one["file"], one["line"], one["about"]) == ("rehearse.build", "Dockerfile", 4, "RUN make `all`")
    assert (one["observed"], one["todo"]) == ("make: *** No rule to make target 'all'", "Write one.")
    assert one["expected"] == EXPECTED["build"]
    assert {"text": "made of this line of the source", "file": "build/Dockerfile", "line": 9} in one["evidence"]
    assert any("::error::forged" in evidence["text"] for evidence in one["evidence"])
    assert one["reproduce"] == f"{AGAIN} --app '<b>pages</b>'"


def test_what_could_not_be_rehearsed_is_a_finding_of_no_file(tmp_path: Path) -> None:
    (one,) = found(tmp_path, SKIPPED)
    assert (one["rule"], one["scope"], one["file"], one["observed"]) == ("rehearse.skipped", "deploy", "", "acme/base:1 is not known")


def test_every_stage_says_what_is_expected() -> None:
    stages = published_schema("rehearsal.schema.json")["$defs"]["failure"]["properties"]["stage"]["enum"]
    assert {*stages, "skipped"} == EXPECTED.keys()


def test_the_frames_of_a_traceback_are_evidence(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import fal\n\n\nclass Worker(fal.App):\n    def setup(self):\n        raise KeyError('a')\n")
    output = ("Traceback (most recent call last):", '  File "/app/app.py", line 6, in setup', "    raise KeyError('a')", "KeyError: 'a'")
    failure = Failure(stage="start", what="setup()", why="KeyError: 'a'", place=Place(file="app.py", line=6), output=output)
    (one,) = found(tmp_path, Rehearsal(app="worker", reached="built", failure=failure))
    assert one["evidence"][0] == {"text": "raise KeyError('a') (in setup)", "file": "app.py", "line": 6}
    assert one["edit"] is None


def test_a_line_that_a_check_knows_has_its_edit(tmp_path: Path) -> None:
    broken = next(one for one in BROKEN if one.id == "an apt package that is gone")
    root = broken.written(tmp_path)
    line = next(at for at, text in enumerate((root / "Dockerfile").read_text().splitlines(), 1) if "software-properties" in text)
    failure = Failure(stage="build", what="RUN apt-get ...", why="Unable to locate package", place=Place(file="Dockerfile", line=line))
    (one,) = found(root, Rehearsal(app="worker", failure=failure))
    subprocess.run(["git", "apply"], cwd=one["applies_in"], input=one["edit"].encode(), check=True)
    assert "software-properties-common" not in (root / "Dockerfile").read_text()
    (other,) = found(root, Rehearsal(app="worker", failure=failure.model_copy(update={"place": Place(file="Dockerfile", line=1)})))
    assert other["edit"] is None
