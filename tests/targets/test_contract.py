"""The contract that a conversion leaves: what its callers and `migrate verify` read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.callers.contract import answer_key
from converters.convert import convert
from converters.ir import Safety
from converters.options import Options
from converters.outcome import Converted
from converters.output import write
from converters.project import open_project
from converters.rules import find
from converters.targets.contract import NAME
from converters.targets.output_files import added
from converters.verify.renaming import Renaming, of_conversion, read
from tests.fixtures import ROOT
from tests.rules.projects import run


def _written(folder: Path, project: str, *, idiomatic: bool = False) -> tuple[Converted, Path]:
    outcome = convert(ROOT / project, Options(idiomatic=idiomatic))
    assert isinstance(outcome, Converted)
    return outcome, Path(write(outcome, folder / "out").path)


@pytest.mark.parametrize(
    ("project", "idiomatic", "key", "output", "fields"),
    [
        ("replicate/sdxl", False, "image", {}, ["image"]),
        ("replicate/tokens", False, "output", {}, ["output"]),
        ("runpod/sdxl", False, "", {}, ["image_path"]),
        ("runpod/sdxl", True, "", {"image_path": "image"}, ["image"]),
    ],
)
def test_it_says_what_the_app_answers_under_which_names(
    tmp_path: Path, project: str, idiomatic: bool, key: str, output: dict[str, str], fields: list[str]
) -> None:
    outcome, folder = _written(tmp_path, project, idiomatic=idiomatic)
    app = outcome.application.apps[0]
    document: dict[str, Any] = json.loads((folder / NAME).read_text())
    found = document["apps"][app.name]
    assert (document["platform"], found["path"]) == (project.partition("/")[0], "/")
    assert (found["key"], found["output"], list(found["output_schema"]["properties"])) == (key, output, fields)
    assert "prompt" in found["input_schema"]["properties"]
    assert of_conversion(app, folder) == Renaming(output=output)


def test_callers_and_verify_read_it_whatever_the_code_says(tmp_path: Path) -> None:
    _, folder = _written(tmp_path, "replicate/sdxl")
    assert answer_key(folder, "acme/sdxl") == "image"
    document = json.loads((folder / NAME).read_text())
    document["apps"]["sdxl"] |= {"key": "picture", "input": {"prompt": "text"}, "path": "/paint"}
    (folder / NAME).write_text(json.dumps(document))
    assert answer_key(folder, "acme/sdxl") == "picture"
    assert read(folder / NAME, "sdxl") == Renaming("/paint", {"prompt": "text"}, {"output": "picture"})
    (folder / NAME).write_text("{")
    assert answer_key(folder, "acme/sdxl") == "image"  # as the app's own code has it


def test_a_server_keeps_its_own_interface_and_leaves_none(tmp_path: Path) -> None:
    project = next(path for path in sorted((ROOT / "docker").iterdir()) if path.is_dir())
    _, folder = _written(tmp_path, f"docker/{project.name}")
    assert not (folder / NAME).exists()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("contract.json", "what callers and `migrate verify` read"),
        ("pyproject.toml", "fal reads its apps here"),
        ("MIGRATION.md", "what is left to do"),
    ],
)
def test_a_review_says_what_an_added_file_is_for(tmp_path: Path, path: str, reason: str) -> None:
    change = added(open_project(tmp_path), path, "text", None)
    assert [hunk.reason for hunk in change.hunks] == [reason]


@pytest.mark.parametrize(("message", "safety"), [("is answered as", Safety.IDIOMATIC), ("kept code keeps", Safety.SAFE)])
def test_only_what_is_answered_under_another_name_is_a_matter_of_idiom(tmp_path: Path, message: str, safety: Safety) -> None:
    rule = find("FS002")
    assert rule is not None
    cases = [case for case in rule.cases if case.idiomatic]
    items = [item for number, case in enumerate(cases) for item in run(tmp_path / str(number), case).items]
    assert {item.safety for item in items if item.rule == rule.code and message in item.message} == {safety}
