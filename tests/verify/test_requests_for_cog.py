"""What Cog predictors are asked: files as data URLs, known keys alone, and what their own schema demands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.sources.replicate import runner as cog
from converters.verify.literals import Literals
from converters.verify.repair import repaired
from converters.verify.requests import Request, generate

SCHEMA = {"properties": {"photo": {"type": "string"}, "steps": {"type": "integer", "minimum": 4.0, "default": 5}}, "required": ["photo"]}


def test_file_inputs_are_always_data_urls() -> None:
    made = generate(SCHEMA, link="data", files=["photo"])
    sent = {request.body["photo"] for request in made if request.kind == "plausible"}
    assert sent and all(value.startswith("data:image/png;base64,") for value in sent)


def test_addresses_that_are_declared_as_text_are_no_data_urls() -> None:
    made = generate({"properties": {"video_url": {"type": "string"}}, "required": ["video_url"]}, link="data")
    assert made[0].body["video_url"].startswith("http://")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Prediction failed: Prediction failed: ValueError: no such: thing", "no such: thing"),
        ("Prediction failed: InvalidURL: Failed to parse: x", "Failed to parse: x"),
        ("Training failed: Training failed: app.errors.Refused: no: not you", "no: not you"),
        ("Note: plain", "Note: plain"),
        (None, None),
    ],
)
def test_messages_of_exceptions_are_their_own_words(said: str | None, message: str | None) -> None:
    assert cog._message(said) == message


def test_numbers_with_choices_get_no_other_number() -> None:
    made = generate({"properties": {"top": {"type": "integer", "enum": [8, 16], "default": 8}}}, link="data")
    assert {request.body.get("top", 8) for request in made if request.kind in ("plausible", "boundary", "drawn")} == {8, 16}


def test_addresses_of_the_documentation_are_sent_where_one_is_asked_for() -> None:
    known = Literals(addresses=("https://papers.example/abs/1",))
    made = generate({"properties": {"paper_url": {"type": "string"}, "name": {"type": "string"}}}, link="data", literals=known)
    assert [request.body for request in made if "papers.example" in request.about] == [{"paper_url": "https://papers.example/abs/1"}]


def test_bounds_of_integers_are_integers() -> None:
    made = generate(SCHEMA, link="data", files=["photo"])
    sent = [request.body["steps"] for request in made if request.about == "steps: minimum"]
    assert [(type(value), value) for value in sent] == [(int, 4)]


def test_repairs_add_no_key_that_a_closed_input_lacks() -> None:
    request = Request("plausible", "required fields", {"photo": "x"})
    complaint = "missing weights"
    opened, closed = repaired(request, complaint, SCHEMA), repaired(request, complaint, SCHEMA, closed=True)
    assert opened is not None and set(opened.body) > {"photo"}
    assert closed is None


def test_repairs_add_known_keys_to_a_closed_input() -> None:
    mended = repaired(Request("plausible", "required fields", {"photo": "x"}), "steps is a required input", SCHEMA, closed=True)
    assert mended is not None and set(mended.body) == {"photo", "steps"}


def test_cog_s_own_schema_says_what_is_required(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"components": {"schemas": {"Input": {"required": ["photo", "steps"]}}}}))
    assert cog.required(schema, ["photo"]) == ["photo", "steps"]
    schema.write_text("{}")
    assert cog.required(schema, ["photo"]) == ["photo"]


def test_texts_are_what_a_description_shows() -> None:
    field = {"type": "string", "description": "Weights as <owner>/<name>. For example, 'ada/pictures'"}
    made = generate({"properties": {"lora": field}, "required": ["lora"]}, link="data")
    assert made[0].body == {"lora": "ada/pictures"}


def test_a_predictor_without_inputs_is_asked_without_any() -> None:
    assert [request.body for request in generate({"properties": {}}, closed=True) if request.kind != "invalid"] == [{}]
