"""`.runpod/hub.json` and the examples beside it: values with their lines, and an account of every key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.containers.json_lines import locate
from converters.ir import Disposition, Scope
from converters.ledger import Ledger
from converters.project import open_project
from converters.sources.runpod.hub import examples, read_hub
from tests.sources.runpod.worker import app_of, converted

HANDLER = "def handler(job):\n    return {'n': job['input']['n']}\n"


def hub(folder: Path, config: dict[str, Any]) -> None:
    (folder / ".runpod").mkdir(parents=True)
    (folder / ".runpod" / "hub.json").write_text(json.dumps({"title": "A", "type": "serverless", "config": config}, indent=2))


SETTINGS = [
    pytest.param({"gpuIds": "ADA_24"}, "machine_type", "GPU-RTX4090", id="a pool"),
    pytest.param({"gpuIds": "AMPERE_80"}, "machine_type", "GPU-H100", id="80 GB"),
    pytest.param({"gpuIds": "ADA_24", "gpuCount": 2}, "num_gpus", 2, id="two GPUs"),
]


@pytest.mark.parametrize(("config", "name", "value"), SETTINGS)
def test_the_hardware_of_the_hub_is_the_app_s(tmp_path: Path, config: dict[str, Any], name: str, value: object) -> None:
    hub(tmp_path, {"runsOn": "GPU", **config})
    setting = app_of(converted(tmp_path, HANDLER)).setting(name)
    assert setting is not None and setting.value == value
    assert setting.origin is not None and setting.origin.file == ".runpod/hub.json"


VARIABLES = [
    pytest.param({"key": "A", "value": "x"}, ("A", "x"), id="a value"),
    pytest.param({"key": "A", "input": {"type": "string", "default": "x"}}, ("A", "x"), id="a default"),
    pytest.param({"key": "A", "input": {"type": "number", "default": 7}}, ("A", "7"), id="a number"),
    pytest.param({"key": "A", "input": {"type": "boolean", "default": False}}, ("A", "false"), id="a truth value"),
    pytest.param({"key": "A", "input": {"type": "string"}}, None, id="no default"),
    pytest.param({"key": "A", "input": {"type": "string", "default": ""}}, None, id="an empty default"),
    pytest.param({"key": "HF_TOKEN", "input": {"type": "huggingface", "default": "x"}}, ("HF_TOKEN", None), id="a token"),
    pytest.param({"key": "A", "input": {"type": "secret", "default": "x"}}, ("A", None), id="a secret by its type"),
]


@pytest.mark.parametrize(("entry", "expected"), VARIABLES)
def test_variables_of_the_hub(tmp_path: Path, entry: dict[str, Any], expected: tuple[str, str | None] | None) -> None:
    hub(tmp_path, {"env": [entry]})
    ledger = Ledger()
    found = read_hub(open_project(tmp_path), "", ledger)
    assert [(variable.name, variable.value) for variable in found.variables] == ([expected] if expected else [])
    assert all(variable.secret == (variable.value is None) for variable in found.variables)
    (item,) = [item for item in ledger.items() if item.rule == "RP048" and item.name.startswith("config.env[")]
    assert item.disposition is (Disposition.DROPPED if not expected else Disposition.CONVERTED if expected[1] else Disposition.MANUAL)
    assert item.scope is Scope.DEPLOY or item.disposition is not Disposition.MANUAL


def test_no_value_of_a_secret_is_kept(tmp_path: Path) -> None:
    hub(tmp_path, {"env": [{"key": "API_KEY", "value": "hunter2"}]})
    outcome = converted(tmp_path, HANDLER)
    assert all(b"hunter2" not in change.data for change in outcome.files if change.data is not None and "hub.json" not in change.path)


EXAMPLES = [
    pytest.param("test_input.json", {"input": {"n": 1}}, [{"n": 1}], id="a job"),
    pytest.param("src/test_input.json", {"input": {"n": 1}}, [{"n": 1}], id="in a folder"),
    pytest.param(".runpod/tests.json", {"tests": [{"name": "a", "input": {"n": 1}}, {"input": {"n": 2}}]}, [{"n": 1}, {"n": 2}], id="tests"),
    pytest.param(".github/tests.json", [{"input": {"input": {"n": 1}}}], [{"n": 1}], id="the older list"),
    pytest.param("test_input.json", {"input": "text"}, [], id="no object"),
    pytest.param("tests.json", {"tests": [{"input": {"n": 1}}]}, [], id="tests of another kind"),
    pytest.param(".runpod/tests.json", {"tests": [{"name": "a"}, 3]}, [], id="tests without an input"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "document", "expected"), EXAMPLES)
def test_examples_are_the_inputs_of_jobs(tmp_path: Path, path: str, document: Any, expected: list[Any]) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(json.dumps(document))
    assert [found.value for found in examples(open_project(tmp_path), "", Ledger())] == expected


@pytest.mark.parametrize("text", ["{", '{"input": {"n": 1},}', "not json", '{"input": "\\x"}'])
def test_broken_json_is_named_with_its_line_and_stops_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "test_input.json").write_text(text)
    outcome = converted(tmp_path, HANDLER)
    (item,) = [item for item in outcome.ledger.items() if item.rule == "RP040"]
    assert (item.file, item.disposition) == ("test_input.json", Disposition.MANUAL) and item.line >= 1


def test_every_key_has_its_line() -> None:
    text = '{\n  "a": {\n    "b": [1,\n      {"c": 2}]\n  }, "d": 3\n}\n'
    found = locate(text)
    assert found.value == json.loads(text)
    assert {path: lines[:2] for path, lines in found.lines.items()} == {
        ("a",): (2, 5),
        ("a", "b"): (3, 4),
        ("a", "b", 0): (3, 3),
        ("a", "b", 1): (4, 4),
        ("a", "b", 1, "c"): (4, 4),
        ("d",): (5, 5),
    }
