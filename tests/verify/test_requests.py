"""What is sent to both sides follows from the schema, the examples and the seed, and from nothing else."""

from __future__ import annotations

import base64
from typing import Any

import jsonschema
import pytest

from converters.verify.literals import Literals
from converters.verify.repair import repaired
from converters.verify.requests import Request, generate, varied
from converters.verify.values import HOST, Values

PROMPT = {"type": "string"}
STEPS = {"type": "integer", "default": 4, "minimum": 1, "maximum": 9}
MODE = {"enum": ["fast", "good"], "type": "string", "default": "fast"}
SEED = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
TAGS = {"type": "array", "items": {"type": "string"}, "minItems": 2}
ADDRESSES = {"type": "string", "format": "uri"}
BOX = {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}, "label": {"type": "string"}}}
TEXT = Values({"properties": {"x": PROMPT}}).value("x")
SCHEMA = {
    "type": "object",
    "required": ["prompt"],
    "properties": {"prompt": PROMPT, "steps": STEPS, "mode": MODE, "seed": SEED, "tags": TAGS},
}


def of(name: str, field: Any, kind: str, **more: Any) -> dict[str, Any]:
    """What is sent in one optional field, by what it is about."""
    schema = {"properties": {name: field}, **more}
    found = [request for request in generate(schema, drawn=0) if request.kind == kind and name in request.body]
    return {request.about.partition(": ")[2]: request.body[name] for request in found}


def test_all_kinds_are_sent_the_project_s_own_first_and_wrong_types_last() -> None:
    kinds = [request.kind for request in generate(SCHEMA, [{"prompt": "ours"}])]
    assert list(dict.fromkeys(kinds)) == ["example", "plausible", "boundary", "invalid", "drawn", "mistyped"]
    assert kinds == sorted(kinds, key=["example", "plausible", "boundary", "invalid", "drawn", "mistyped"].index)


def test_no_body_is_sent_twice() -> None:
    found = generate(SCHEMA, [{"prompt": "ours"}, {"prompt": "ours"}])
    assert len({request.key for request in found}) == len(found)
    assert [request.about for request in found if request.kind == "example"] == ["example 1"]


@pytest.mark.parametrize(
    "field", [{"type": "array"}, {"type": "array", "items": {"type": "object"}}, {"type": "array", "items": PROMPT, "minItems": 2}]
)
def test_an_item_of_another_kind_is_sent_where_it_is_wrong_alone(field: dict[str, Any]) -> None:
    assert "an item of another kind" not in of("x", field, "mistyped")


def test_the_same_seed_draws_the_same_and_another_seed_other_requests() -> None:
    def drawn(seed: int) -> list[Any]:
        return [request.body for request in generate(SCHEMA, seed=seed) if request.kind == "drawn"]

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
    assert generate(SCHEMA, seed=3) == generate(SCHEMA, seed=3)


def test_what_differs_by_seed_is_drawn() -> None:
    one, other = ([r for r in generate(SCHEMA, seed=seed) if r.kind in ("example", "plausible", "boundary", "invalid")] for seed in (1, 2))
    assert one == other


def test_the_number_of_drawn_requests_can_be_said() -> None:
    assert not [request for request in generate(SCHEMA, drawn=0) if request.kind == "drawn"]
    assert len([request for request in generate(SCHEMA, drawn=30) if request.kind == "drawn"]) > 12


@pytest.mark.parametrize("kind", ["plausible", "boundary", "drawn"])
def test_what_is_plausible_fits_the_schema(kind: str) -> None:
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "tags": {**TAGS, "minItems": 0}}}
    found = [request for request in generate(schema, seed=5, drawn=40) if request.kind == kind]
    assert found
    for request in found:
        jsonschema.validate(request.body, schema)


def test_what_is_mistyped_does_not_fit_the_schema() -> None:
    found = [request for request in generate(SCHEMA) if request.kind == "mistyped"]
    assert {request.about.partition(":")[0] for request in found} == set(SCHEMA["properties"])
    for request in found:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(request.body, SCHEMA)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param(STEPS, {"minimum": 1, "maximum": 9, "2": 2}, id="bounds, and what lies between"),
        pytest.param({"type": "integer"}, {"zero": 0, "minus one": -1, "2": 2, "37": 37}, id="a number without bounds"),
        pytest.param({"type": "number", "exclusiveMinimum": 0, "maximum": 2}, {"maximum": 2, "2": 2}, id="an open bound is not sent"),
        pytest.param({"type": "boolean"}, {"true": True, "false": False}, id="both answers"),
        pytest.param(MODE, {"choice 'fast'": "fast", "choice 'good'": "good"}, id="each choice"),
        pytest.param({"type": "array"}, {"no items": [], "two items": [TEXT, "a dog"]}, id="lists with items and without"),
        pytest.param(
            {"type": "array", "maxItems": 1, "default": []}, {"no items": [], "one item": [TEXT]}, id="a list of one item at most"
        ),
        pytest.param(
            {"type": "array", "items": {"type": "integer"}, "default": []}, {"no items": [], "two items": [1, 0]}, id="numbers that differ"
        ),
        pytest.param(
            {"type": "array", "items": ADDRESSES}, {"no items": [], "two items": [f"{HOST}x.png", f"{HOST}other-x.png"]}, id="two addresses"
        ),
        pytest.param(
            {"anyOf": [{"type": "array", "items": PROMPT}, {"type": "null"}]},
            {"no items": [], "two items": [TEXT, "x"], "null": None},
            id="a list or nothing",
        ),
        pytest.param(
            {"type": "array", "items": BOX, "default": []},
            {"no items": [], "two items": [{"x": 1}, {"x": 1, "label": TEXT}]},
            id="objects with and without what is optional",
        ),
        pytest.param({**BOX, "default": {}}, {"an object with all keys": {"x": 1, "label": TEXT}}, id="an object that holds something"),
        pytest.param({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, {"true": True, "false": False, "null": None}, id="null"),
        pytest.param(
            {"type": "string"},
            {"no text": "", "one letter": "x", "other letters": "Ünïcode ☃ <b>", "lines and blanks around": " one\ntwo \t"},
            id="texts that are not usual",
        ),
        pytest.param({"type": "string", "format": "uri"}, {}, id="an address is no text"),
    ],
)
def test_values_at_the_bounds(field: Any, expected: dict[str, Any]) -> None:
    sent = [request for request in generate({"properties": {"x": field}}, drawn=0) if request.kind in ("boundary", "plausible")]
    values = [request.body["x"] for request in sent if "x" in request.body]
    assert all(value in values for value in expected.values()), values
    boundary = of("x", field, "boundary")
    assert boundary.items() <= expected.items()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param(
            STEPS, {"below the minimum": 0, "above the maximum": 10, "null instead": None, "text instead": "no such thing"}, id="int"
        ),
        pytest.param(MODE, {"no such choice": "no such choice", "null instead": None, "a list instead": [1]}, id="choices"),
        pytest.param(PROMPT, {"an object instead": {"a": 1}, "a list instead": [1], "null instead": None}, id="text"),
        pytest.param(SEED, {"text instead": "no such thing", "a list instead": [1]}, id="null is right where it may be"),
        pytest.param(
            {"type": "array", "items": STEPS},
            {"an item of another kind": [{"a": 1}], "text instead": "no such thing", "null instead": None},
            id="items",
        ),
        pytest.param({}, {}, id="without a type nothing is wrong"),
    ],
)
def test_values_of_a_wrong_type(field: Any, expected: dict[str, Any]) -> None:
    found = of("x", field, "mistyped")
    assert expected.items() <= found.items()
    assert ("null instead" in found) == ("null instead" in expected)
    assert bool(found) == bool(expected)


NULL = {"type": "null"}
FEW = {"type": "integer", "minimum": 1, "maximum": 10}


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"anyOf": [FEW, NULL]}, id="an optional integer"),
        pytest.param({"anyOf": [{"type": "number", "minimum": 0.25, "maximum": 0.5}, NULL]}, id="an optional number"),
        pytest.param({"anyOf": [{"$ref": "#/$defs/Few"}, NULL]}, id="a reference"),
        pytest.param({"anyOf": [{"type": "integer"}, {"type": "number"}], "minimum": 5, "maximum": 6}, id="bounds of all alternatives"),
        pytest.param({"anyOf": [{"enum": ["a", "b"], "type": "string"}, NULL]}, id="optional choices"),
        pytest.param({"type": ["integer", "null"], "minimum": 1, "maximum": 10}, id="several types"),
        pytest.param(
            {"anyOf": [{"type": ["integer", "null"], "maximum": 1}, {"$ref": "#/$defs/Few"}]}, id="several types in an alternative"
        ),
        pytest.param({"type": "array", "items": {"type": ["null", "integer"], "minimum": 3}}, id="several types of items"),
        pytest.param({"type": "integer", "maximum": -5}, id="below zero"),
        pytest.param({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, id="open bounds"),
        pytest.param({"type": "integer", "exclusiveMinimum": 0, "maximum": 1}, id="open bounds of integers"),
        pytest.param({"type": "number", "minimum": 0.0001, "maximum": 0.0004}, id="a narrow range"),
        pytest.param({"type": "integer", "minimum": 2, "exclusiveMaximum": 37}, id="an open bound above"),
    ],
)
def test_what_is_sent_is_within_the_alternatives(field: Any) -> None:
    schema = {"properties": {"x": field}, "$defs": {"Few": FEW}}
    known = Literals(("known",), (2, 3, 7, 40))
    found = [request for request in generate(schema, drawn=60, literals=known) if request.kind in ("plausible", "boundary", "drawn")]
    assert found
    for request in found:
        jsonschema.validate(request.body, schema)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param({"anyOf": [FEW, NULL]}, {"below the minimum": 0, "above the maximum": 11}, id="optional"),
        pytest.param({"anyOf": [{"$ref": "#/$defs/Few"}, NULL]}, {"below the minimum": 0, "above the maximum": 11}, id="a reference"),
        pytest.param(
            {"anyOf": [FEW, {"type": "number", "maximum": 20}]}, {"above the maximum": 21}, id="what an alternative takes is right"
        ),
        pytest.param({**FEW, "type": ["integer", "null"]}, {"below the minimum": 0, "above the maximum": 11}, id="several types"),
        pytest.param({"anyOf": [{"enum": ["a"], "type": "string"}, NULL]}, {"no such choice": "no such choice"}, id="optional choices"),
    ],
)
def test_values_beyond_the_bounds_of_alternatives(field: Any, expected: dict[str, Any]) -> None:
    found = of("x", field, "mistyped", **{"$defs": {"Few": FEW}})
    assert {about: found[about] for about in found if "instead" not in about} == expected


def test_required_fields_are_left_out_one_at_a_time_and_an_unknown_one_is_added() -> None:
    schema = {"required": ["a", "b"], "properties": {"a": PROMPT, "b": STEPS}}
    found = {request.about: request.body for request in generate(schema) if request.kind == "invalid"}
    assert set(found["a left out"]) == {"b"}
    assert set(found["b left out"]) == {"a"}
    assert found["unknown field"]["no_such_field"] == 1
    assert found["nothing"] == {}


@pytest.mark.parametrize(
    ("name", "field", "link", "begins"),
    [
        pytest.param("image_url", {"type": "string"}, "url", "http://files.example/image-url.png", id="a link by its name"),
        pytest.param("video_url", {"type": "string"}, "url", "http://files.example/video-url.mp4", id="the kind by its name"),
        pytest.param("source", {"type": "string", "format": "uri"}, "url", "http://files.example/source.png", id="a link by its format"),
        pytest.param("image", {"type": "string"}, "data", "data:image/png;base64,", id="as data URL"),
        pytest.param("audio", {"type": "string", "format": "uri"}, "data", "data:audio/wav;base64,", id="sound as data URL"),
        pytest.param("image_prompt", {"type": "string", "maxLength": 9}, "url", "a cat on ", id="a short text is no link"),
    ],
)
def test_files_are_sent_as_links_to_small_files(name: str, field: Any, link: str, begins: str) -> None:
    least = generate({"required": [name], "properties": {name: field}}, link=link)[0]
    assert str(least.body[name]).startswith(begins)


def test_base64_is_a_real_file() -> None:
    sent = generate({"required": ["image_base64"], "properties": {"image_base64": PROMPT}})[0].body["image_base64"]
    assert base64.b64decode(sent).startswith(b"\x89PNG")


def test_fields_that_take_files_get_no_texts() -> None:
    schema = {"required": ["source"], "properties": {"source": PROMPT}}
    found = generate(schema, link="data", files=["source"], literals=Literals(("known",), (3,)))
    for request in found:
        if request.kind in ("boundary", "drawn"):
            named = request.about in ("source: an address", "source: a file of the machine")
            assert request.body["source"].startswith("data:") or named


def test_files_that_are_sent_along_are_sent_by_their_address_too() -> None:
    schema = {"required": ["source"], "properties": {"source": PROMPT}}
    sent = {
        request.about: request.body["source"] for request in generate(schema, link="data", files=["source"]) if "source" in request.body
    }
    assert sent["source: an address"] == "http://files.example/source.png"
    assert "source: an address" not in {request.about for request in generate(schema, link="url", files=["source"])}


def test_addresses_of_the_machine_s_own_files_are_tried_where_files_are_taken() -> None:
    schema = {"required": ["source", "more"], "properties": {"source": PROMPT, "more": {"type": "array", "items": {"type": "string"}}}}
    found = {request.about: request.body for request in generate(schema, link="data", files=["source", "more"])}
    assert found["source: a file of the machine"]["source"] == "file:///etc/hostname"
    assert found["more: a file of the machine"]["more"] == ["file:///etc/hostname"]


def test_variants_change_a_request_and_depend_on_the_seed_alone() -> None:
    schema = {"properties": {"prompt": PROMPT, "steps": {"type": "integer", "minimum": 1, "maximum": 9}}}
    body = {"prompt": "known", "extra": 1}
    found = [request.body for request in varied(schema, [body, "no object"], seed=3, count=9, literals=Literals(("word",), ()))]
    assert found == [request.body for request in varied(schema, [body, "no object"], seed=3, count=9, literals=Literals(("word",), ()))]
    assert found != [request.body for request in varied(schema, [body], seed=4, count=9)]
    assert len(found) == 9 and all(changed["extra"] == 1 and changed != body for changed in found)
    assert not list(varied(schema, [], seed=3, count=9))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param(PROMPT, {"slug", "x" * 3, "x" * 4}, id="words, and lengths around numbers"),
        pytest.param({"type": "string", "maxLength": 3}, {"slug", "x" * 3}, id="no longer than is allowed"),
        pytest.param({"type": "integer", "minimum": 0}, {3, 4}, id="numbers and the next"),
        pytest.param({"type": "number", "maximum": 3.5}, {3}, id="within the bounds"),
        pytest.param({"anyOf": [{"type": "number", "maximum": 3.5}, {"type": "null"}]}, {3}, id="within the bounds of an alternative"),
        pytest.param(
            {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}, {"slug", "x" * 3}, id="no longer than an alternative"
        ),
        pytest.param({"anyOf": [MODE, {"type": "null"}]}, set(), id="choices of an alternative"),
        pytest.param(MODE, set(), id="choices have their own"),
    ],
)
def test_what_the_code_compares_with_is_sent(field: Any, expected: set[Any]) -> None:
    found = generate({"properties": {"x": field}}, drawn=0, literals=Literals(("slug",), (3,)))
    plain = generate({"properties": {"x": field}}, drawn=0)
    new = {request.key: request for request in found}.keys() - {request.key for request in plain}
    assert {request.body["x"] for request in found if request.key in new} == expected


def test_an_input_without_fields_still_gets_requests() -> None:
    found = generate({})
    assert [request.body.get("input") for request in found if request.about == "free"] == [None, "a cat", None]
    assert not [request for request in found if request.kind == "drawn"]


def test_references_are_followed() -> None:
    definitions = {"Size": {"enum": ["small", "large"], "type": "string"}}
    for place in ({"$defs": definitions}, {"components": {"schemas": definitions}}):
        schema = {"required": ["size"], "properties": {"size": {"$ref": "#/x/Size"}}, **place}
        assert generate(schema)[0].body == {"size": "small"}


def test_an_object_with_fields_gets_them() -> None:
    inner = {"type": "object", "required": ["width"], "properties": {"width": {"type": "integer", "minimum": 8}}}
    assert generate({"required": ["size"], "properties": {"size": inner}})[0].body == {"size": {"width": 8}}


TREE = {"$ref": "#/components/schemas/Tree"}
SUBTREE = {"anyOf": [TREE, {"type": "null"}]}
NODE = {"$ref": "#/components/schemas/Node"}
NESTED = {"$ref": "#/components/schemas/Nested"}
SUM = {"$ref": "#/components/schemas/Sum"}
RECURSIVE = {
    "Tree": {"type": "object", "properties": {"left": SUBTREE, "right": SUBTREE}},
    "Node": {
        "type": "object",
        "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": NODE}},
        "required": ["value", "children"],
    },
    "Nested": {"anyOf": [{"type": "array", "items": NESTED}, {"type": "string"}]},
    "Sum": {"type": "object", "properties": {name: {"anyOf": [SUM, {"type": "integer"}]} for name in "ab"}, "required": ["a", "b"]},
    "Endless": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Endless"}}, "required": ["next"]},
    "Wide": {"type": "object", "properties": {f"n{number}": {"$ref": "#/components/schemas/Wide"} for number in range(20)}},
}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param(TREE, {"left": {"left": None, "right": None}, "right": {"left": None, "right": None}}, id="optional"),
        pytest.param(NODE, {"value": 1, "children": [{"value": 1, "children": []}]}, id="a list"),
        pytest.param(NESTED, [[]], id="an alias"),
        pytest.param(SUM, {"a": {"a": 1, "b": 1}, "b": {"a": 1, "b": 1}}, id="the alternative that ends is taken"),
        pytest.param({"$ref": "#/components/schemas/Endless"}, {"next": {}}, id="without an end"),
        pytest.param({"$ref": "#/components/schemas/Wide"}, {f"n{number}": {} for number in range(20)}, id="many of them"),
    ],
)
def test_what_holds_itself_ends(field: Any, expected: Any) -> None:
    schema = {"required": ["x"], "properties": {"x": field}, "components": {"schemas": RECURSIVE}}
    found = generate(schema)
    assert found[0].body == {"x": expected}
    if "Endless" not in field["$ref"]:
        jsonschema.validate(found[0].body, schema)


def test_references_are_followed_up_to_a_depth() -> None:
    models = {f"N{number}": {"type": "object", "properties": {"x": {"$ref": f"#/$defs/N{number + 1}"}}} for number in range(600)}
    text = str(generate({"required": ["x"], "properties": {"x": {"$ref": "#/$defs/N0"}}, "$defs": models})[0].body)
    assert text.count("x") == 9


@pytest.mark.parametrize(
    ("body", "complaint", "expected"),
    [
        pytest.param({}, "prompt is a required input.", {"prompt": "http://files.example/a.png"}, id="rp_validator, missing"),
        pytest.param({}, "Missing required field: 'image'", {"image": "http://files.example/a.png"}, id="missing, in own words"),
        pytest.param({}, "No query provided. Use 'query' or 'text'", {"query": "http://files.example/a.png"}, id="not provided"),
        pytest.param({}, "'image'", {"image": "http://files.example/a.png"}, id="a KeyError"),
        pytest.param({"a": 1, "b": 2}, "Unexpected input. b is not a valid input option.", {"a": 1}, id="unwelcome"),
        pytest.param(
            {"a": 1, "n": 2}, "n does not meet the constraints.", {"a": 1}, id="a value that the source does not take, so its default"
        ),
        pytest.param({"mode": "x"}, "mode must be one of ['fast', 'good'], got 'x'", {"mode": "fast"}, id="a choice"),
        pytest.param({"n": "x", "m": "x"}, "n must be an integer, got 'x'", {"n": 1, "m": "x"}, id="another type, in own words"),
        pytest.param({"n": "x"}, "n should be <class 'int'> type, not <class 'str'>.", {"n": 1}, id="another type"),
        pytest.param({"image": 1, "image_base64": 2}, "give only one of them", {"image": 1}, id="exclusive"),
        pytest.param({"in": {"n": "x"}}, "n should be <class 'float'> type", {"in": {"n": 1.0}}, id="deeper"),
        pytest.param(
            {"a": "http://files.example/a.zip", "b": "a.zip"},
            "it must end in one of .xyz, .mp4, .wav",
            {"a": "http://files.example/a.mp4", "b": "a.zip"},
            id="another kind of file",
        ),
        pytest.param(
            {"voice": {"a": "a cat", "b": ["a cat", "other"]}, "text": "a cat on a mat"},
            "blocked URL scheme '': a cat",
            {"voice": {"a": "http://files.example/a.png", "b": ["http://files.example/a.png", "other"]}, "text": "a cat on a mat"},
            id="addresses where texts are",
        ),
        pytest.param({"a": 1}, "steps must be positive", {"a": 1, "steps": 4}, id="a field of the schema that is named"),
    ],
)
def test_a_request_is_repaired_as_the_source_asks(body: Any, complaint: str, expected: Any) -> None:
    found = repaired(Request("plausible", "first", body), complaint, SCHEMA)
    assert found == Request("repaired", "first, repaired", expected)


@pytest.mark.parametrize(
    "complaint", ["CUDA out of memory", "", "the input is bad", "a is too long", "Invalid URL 'b'", "b must be an integer"]
)
def test_what_nobody_asked_for_is_not_repaired(complaint: str) -> None:
    assert repaired(Request("plausible", "first", {"prompt": "a"}), complaint, SCHEMA) is None


@pytest.mark.parametrize(
    ("field", "sent"), [({"type": "string"}, True), ({}, True), ({"type": "string", "maxLength": 3}, False), ({"type": "integer"}, False)]
)
def test_what_the_patterns_of_the_code_match_is_sent(field: dict[str, Any], sent: bool) -> None:
    made = generate({"properties": {"page": field}}, drawn=0, literals=Literals(matches=("abs/1.1",)))
    assert any(one.body.get("page") == "abs/1.1" for one in made if isinstance(one.body, dict)) is sent


def test_a_branch_that_a_known_word_leads_into_gets_a_text_with_blanks_around() -> None:
    schema = {"required": ["text"], "properties": {"text": {"type": "string"}, "mode": {"type": "string"}}}
    sent = [one.body for one in generate(schema, drawn=0, literals=Literals(("slug",), (3,))) if one.body.get("mode") == "slug"]
    assert [body["text"] for body in sent] == [f" {Values(schema).value('text')}. "]


@pytest.mark.parametrize(
    "field", [{"type": "string", "maxLength": 20}, {"type": "string", "format": "uri"}, {"type": "string", "default": "x"}]
)
def test_what_is_no_text_of_ours_has_no_blanks_around(field: dict[str, Any]) -> None:
    values = Values({"properties": {"x": field}})
    assert values.surrounded("x") == values.value("x")
