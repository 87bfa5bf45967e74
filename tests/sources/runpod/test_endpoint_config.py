"""An exported endpoint becomes settings of the app; every key of it is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.convert import convert
from converters.ir import App, Disposition, Scope
from converters.ledger import Item
from converters.options import Options
from converters.outcome import Converted, NotConverted

WORKER = (
    'import runpod\n\ndef handler(job):\n    return {"text": job["input"]["prompt"]}\n\nrunpod.serverless.start({"handler": handler})\n'
)


def made(tmp_path: Path, document: Any) -> tuple[App, list[Item]]:
    project = tmp_path / "worker"
    project.mkdir()
    (project / "handler.py").write_text(WORKER)
    file = tmp_path / "endpoint.json"
    file.write_text(json.dumps(document, indent=1))
    outcome = convert(project, Options(endpoint_config=file))
    assert isinstance(outcome, Converted), outcome
    return outcome.application.apps[0], [item for item in outcome.ledger.items() if item.file == "endpoint.json"]


@pytest.mark.parametrize(
    ("document", "name", "value"),
    [
        pytest.param({"workersMax": 5}, "max_concurrency", 5, id="max workers"),
        pytest.param({"workersMin": 0}, "min_concurrency", 0, id="no active worker is a value"),
        pytest.param({"idleTimeout": 0}, "keep_alive", 0, id="an idle timeout of nothing is a value"),
        pytest.param({"executionTimeoutMs": 600_500}, "request_timeout", 601, id="milliseconds are rounded up to seconds"),
        pytest.param({"scalerType": "QUEUE_DELAY", "scalerValue": 4}, "scaling_delay", 4, id="a queue delay"),
        pytest.param({"gpuIds": "ADA_24"}, "machine_type", "GPU-RTX4090", id="one pool"),
        pytest.param({"gpuTypeIds": ["NVIDIA H200", "NVIDIA L40S"]}, "machine_type", ["GPU-H200", "GPU-L40"], id="types in their order"),
        pytest.param({"gpuCount": 2}, "num_gpus", 2, id="several GPUs"),
        pytest.param({"dataCenterIds": ["EU-SE-1", "US-KS-2"]}, "regions", ["eu-north", "us-central"], id="data centres"),
        pytest.param({"locations": "US-CA-1,US-OR-1"}, "regions", ["us-west"], id="locations as a text"),
    ],
)
def test_a_key_becomes_a_setting(tmp_path: Path, document: dict[str, Any], name: str, value: object) -> None:
    app, items = made(tmp_path, document)
    setting = app.setting(name)
    assert setting is not None and setting.value == value
    assert {item.disposition for item in items} == {Disposition.CONVERTED}


@pytest.mark.parametrize("key", ["gpuIds", "gpuTypeIds", "dataCenterIds", "locations", "env", "template"])
@pytest.mark.parametrize("value", [3, True, 1.5, [3], {"a": 1}, "text", [[]]], ids=str)
def test_a_value_of_another_type_is_an_item_or_says_nothing(tmp_path: Path, key: str, value: object) -> None:
    app, items = made(tmp_path, {key: value})
    assert app.name
    assert [item.name for item in items if item.name == key]


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1, "600", None, [], True], ids=str)
def test_a_time_limit_that_is_none_sets_none(tmp_path: Path, value: object) -> None:
    app, _ = made(tmp_path, {"executionTimeoutMs": value})
    assert app.setting("request_timeout") is None or value is True


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"flashboot": True}, id="flash boot"),
        pytest.param({"gpuCount": 1}, id="one GPU"),
        pytest.param({"executionTimeoutMs": 0}, id="no time limit"),
        pytest.param({"workersMax": None}, id="an empty key"),
        pytest.param({"dataCenterIds": ["AP-JP-1"]}, id="a data centre where fal has none"),
        pytest.param({"scalerType": "REQUEST_COUNT", "scalerValue": 1}, id="a worker for each request"),
        pytest.param({"id": "x", "name": "mine", "userId": "u", "createdAt": "now"}, id="its identity"),
        pytest.param({"template": {"imageName": "me/it:1", "containerDiskInGb": 20, "readme": ""}}, id="the template's own facts"),
    ],
)
def test_some_keys_change_nothing(tmp_path: Path, document: dict[str, Any]) -> None:
    app, items = made(tmp_path, document)
    assert [setting.name for setting in app.settings] == ["machine_type", "secrets"]
    assert items and all(item.disposition is not Disposition.MANUAL for item in items)


def test_values_of_secrets_are_never_copied(tmp_path: Path) -> None:
    app, items = made(tmp_path, {"env": {"HF_TOKEN": "hf_123", "MODEL": "a/b", "RUNPOD_INIT_TIMEOUT": "800"}})
    assert [(variable.name, variable.value) for variable in app.environment.variables] == [("MODEL", "a/b")]
    assert [secret.name for secret in app.secrets] == ["HF_TOKEN"]
    assert "hf_123" not in "".join(item.message for item in items)


def test_an_unknown_key_is_left_to_the_person(tmp_path: Path) -> None:
    _, items = made(tmp_path, {"workersMax": 3, "tomorrow": 1})
    assert [(item.name, item.disposition, item.scope) for item in items if item.line == 3] == [
        ("tomorrow", Disposition.MANUAL, Scope.DEPLOY)
    ]


@pytest.mark.parametrize("text", ["{", "[]", "nul"])
def test_a_file_that_is_no_endpoint_is_unreadable(tmp_path: Path, text: str) -> None:
    (tmp_path / "handler.py").write_text(WORKER)
    file = tmp_path / "endpoint.json"
    file.write_text(text)
    outcome = convert(tmp_path, Options(endpoint_config=file))
    assert isinstance(outcome, NotConverted) and outcome.status == "unreadable" and outcome.file.endswith("endpoint.json")
