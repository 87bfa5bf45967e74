"""The document says what was converted, and its published schema describes every field of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.errors import ExitCode, UsageError
from converters.outcome import Crashed, NotConverted, Outcome
from converters.reports.json import Document, document, failure, published_schema, render
from tests import made


def outcomes(folder: Path) -> dict[str, Document]:
    root = made.source(folder)
    found: dict[str, Outcome] = {
        "converted": made.converted(folder),
        "partial": made.converted(folder, manual=True),
        "unsupported": NotConverted(
            root, "unsupported", "is a worker without a handler.", "Add one.", platform="runpod", items=tuple(made.ledger().items())
        ),
        "unreadable": NotConverted(root, "unreadable", "is not valid Python.", "Correct it.", file="handler.py", line=3),
        "crashed": Crashed(root, "KeyError: 'x'", "Traceback ..."),
    }
    documents = {name: document(outcome, outcome.exit_code) for name, outcome in found.items()}
    return {
        **documents,
        "refused": failure(root, "refused", UsageError("exists."), 2),
        "interrupted": failure(root, "interrupted", "was not reached.", 130),
    }


@pytest.mark.parametrize("name", ["schema.json", "batch.schema.json"])
def test_the_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(published_schema(name))


@pytest.mark.parametrize("status", ["converted", "partial", "unsupported", "unreadable", "crashed", "refused", "interrupted"])
def test_every_document_fits_the_schema_and_every_field_is_described(tmp_path: Path, status: str) -> None:
    made_document = outcomes(tmp_path)[status]
    assert made_document["status"] == status
    Draft202012Validator(published_schema()).validate(made_document)
    Draft202012Validator(closed(published_schema())).validate(made_document)
    assert json.loads(render(made_document)) == made_document


def closed(schema: Any) -> Any:
    """The schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else inner


def test_a_conversion_says_what_became_of_the_project(tmp_path: Path) -> None:
    result = document(made.converted(tmp_path), ExitCode.DONE, output=tmp_path / "out")
    assert (result["target"], result["style"], result["why"]) == ("app", "keep", "a queue handler")
    assert result["source"]["platform"] == "runpod"
    assert result["output"] == str(tmp_path / "out")
    (app,) = result["apps"]
    assert (app["ref"], app["machine_type"], app["num_gpus"], app["scaling"]) == ("app.py::Worker", "GPU-H100", 1, {"keep_alive": 300})
    assert result["ledger"]["counts"] == {"converted": 1, "kept": 0, "dropped": 0, "manual": 1}
    assert [(file["path"], file["action"]) for file in result["files"]][:2] == [("Dockerfile", "removed"), ("app.py", "added")]


def test_a_secret_never_shows_its_value(tmp_path: Path) -> None:
    assert "leak" not in render(document(made.converted(tmp_path), ExitCode.DONE))


def test_what_apps_do_not_agree_on_is_null_at_the_top(tmp_path: Path) -> None:
    conversion = made.converted(tmp_path)
    first = conversion.application.apps[0]
    conversion.application.apps.append(first.model_copy(update={"style": "native", "name": "other"}))
    result = document(conversion, ExitCode.DONE)
    assert (result["target"], result["style"]) == ("app", None)


def test_an_unreadable_project_says_where_and_what_to_do(tmp_path: Path) -> None:
    result = outcomes(tmp_path)["unreadable"]
    assert (result["message"], result["hint"], result["file"], result["line"]) == ("is not valid Python.", "Correct it.", "handler.py", 3)
    assert result["source"]["platform"] is None
    assert result["apps"] == result["files"] == []


def test_names_that_are_no_text_are_still_json(tmp_path: Path) -> None:
    result = failure(Path("caf\udce9"), "refused", UsageError("exists."), 2)
    assert render(result).isascii()
    assert json.loads(render(result))["source"]["path"] == "caf\udce9"


@pytest.mark.parametrize(
    ("machine", "gpus", "expected"),
    [
        pytest.param("GPU-H100", None, 1, id="a GPU machine has one"),
        pytest.param("GPU-H100", 4, 4, id="unless more are stated"),
        pytest.param(["GPU-A100", "GPU-H100"], None, 1, id="a list of GPU machines has one"),
        pytest.param("M", None, 0, id="a CPU machine has none"),
        pytest.param(None, None, 0, id="no machine is stated"),
    ],
)
def test_the_number_of_gpus(tmp_path: Path, machine: Any, gpus: int | None, expected: int) -> None:
    from converters.ir import Setting

    conversion = made.converted(tmp_path)
    stated = {"machine_type": machine, "num_gpus": gpus}
    conversion.application.apps[0].settings = [Setting(name=name, value=value) for name, value in stated.items() if value is not None]
    assert document(conversion, 0)["apps"][0]["num_gpus"] == expected
