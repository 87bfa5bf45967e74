"""What the source's schemas promise, and where an app breaks it: inputs the one way, outputs the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from converters.convert import convert
from converters.ir import App
from converters.options import Options
from converters.outcome import Converted
from converters.verify import contract
from converters.verify.contract import Contract, answers_outside, as_declared, compared, of_document, of_file, of_source, unmapped
from converters.verify.outcome import File, LocalPath, Outcome
from tests.verify.made import FIXTURES

pytest.importorskip("fal")
from fal.toolkit import File as FalFile
from fal.toolkit import Image

Schema = dict[str, Any]
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
NULL = {"type": "null"}
ANY = {"x-untyped": True}


def request(required: tuple[str, ...] = (), **fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(required)}


def promised(taken: Schema, answered: Schema | None = None, where: str = "the file") -> Contract:
    return Contract(where, taken, answered)


def declaring(part: Schema) -> Schema:
    return {**request(a=part), "components": {"schemas": {"Box": request(("x",), x=INTEGER)}}}


def app_of(name: str) -> App:
    outcome = convert(FIXTURES / name, Options())
    assert isinstance(outcome, Converted)
    return outcome.application.apps[0]


DOCUMENT: Schema = {
    "components": {
        "schemas": {
            "Input": request(
                ("text",), text=STRING, mode={"allOf": [{"$ref": "#/components/schemas/mode"}]}, n=INTEGER, times={**INTEGER, "default": 1}
            ),
            "mode": {"enum": ["a", "b"]},
            "Output": STRING,
            "TrainingInput": request(data=STRING),
            "TrainingOutput": request(weights=STRING),
        }
    }
}


class TestInputs:
    def test_the_same_says_nothing(self) -> None:
        schema = request(("a",), a=STRING, b={**INTEGER, "default": 4})
        found = compared(promised(schema), schema, ANY)
        assert (found.different, list(found.breaches), found.not_proven) == ("", [], [])

    @pytest.mark.parametrize(
        ("source", "target", "different"),
        [
            pytest.param(
                request(n={**INTEGER, "maximum": 9}),
                request(n={**INTEGER, "maximum": 8}),
                '{"n": 9} ($.n: 9 is greater than the maximum of 8)',
                id="a tighter bound",
            ),
            pytest.param(request(n={"enum": ["a", "b"]}), request(n={"enum": ["a"]}), '{"n": "b"} ($.n: \'b\' is not one of [\'a\'])', id="a lost choice"),
            pytest.param(request(n=STRING), request(("n",), n=STRING), "{} ($: 'n' is a required property)", id="required"),
            pytest.param(request(n=STRING), {**request(n=STRING), "additionalProperties": False}, '{"a": 0} ($: Additional properties are not allowed (\'a\' was unexpected))', id="no unknown keys"),
        ],
    )  # fmt: skip
    def test_a_request_that_only_the_source_takes_is_a_difference(self, source: Schema, target: Schema, different: str) -> None:
        assert compared(promised(source), target, ANY).different == f"the app refuses what the source takes: {different}"

    @pytest.mark.parametrize(
        ("source", "target", "more"),
        [
            pytest.param(request(n={**INTEGER, "maximum": 8}), request(n={**INTEGER, "maximum": 9}), {"n": 9}, id="a wider bound"),
            pytest.param(
                request(("n",), n=INTEGER), request(n={"anyOf": [INTEGER, {"type": "null"}], "default": None}), {}, id="Cog's default None"
            ),
        ],
    )
    def test_a_request_that_only_the_app_takes_is_said(self, source: Schema, target: Schema, more: Any) -> None:
        found = compared(promised(source), target, ANY)
        assert found.different == "" and found.takes_more[0].value == more

    def test_every_field_is_told(self) -> None:
        found = compared(
            promised(request(a=STRING, b=INTEGER, c=STRING)), request(("c",), a=INTEGER, b={**INTEGER, "minimum": 0}, c=STRING), ANY
        )
        assert [breach.value for breach in found.refused] == [{}, {"a": ""}, {"b": -1}]

    def test_other_defaults_and_lost_fields_are_differences(self) -> None:
        source = request(a={**INTEGER, "default": 4}, b=STRING, c={**STRING, "default": "x"}, d=STRING)
        target = request(a={**INTEGER, "default": 5}, b={**STRING, "default": "made anew"}, c=STRING)
        assert compared(promised(source), target, ANY).different == (
            "the input is not the source's: a: default 4 became 5; d: the app does not know it"
        )

    @pytest.mark.parametrize(("default", "same"), [("a\\nb", True), ("a\nb", True), ("a\\\\nb", False), ("\\x", False), ("anb", False)])
    def test_cogs_generator_leaves_escapes_of_a_default(self, default: str, same: bool) -> None:
        source, target = request(a={**STRING, "default": default}), request(a={**STRING, "default": "a\nb"})
        assert (compared(promised(source), target, ANY).different == "") is same

    def test_fields_that_stood_beside_the_input_are_no_part_of_it(self) -> None:
        target = request(("a", "id"), a=STRING, id=STRING)
        assert compared(promised(request(("a",), a=STRING)), target, ANY, envelope=["id"]).different == ""
        assert compared(promised(request(("a",), a=STRING)), target, ANY).refused[0].value == {"a": ""}

    def test_what_is_not_known_is_said(self) -> None:
        found = compared(promised(request(a={**STRING, "pattern": "^ab$"})), request(a={**STRING, "pattern": "^a"}), ANY)
        assert found.different == ""
        assert found.not_proven == ["that the app takes every request that the source takes: which texts match ^ab$"]


class TestWhatAPersonDeclares:
    """Where the code does not tell what a field holds, an app may say it."""

    @pytest.mark.parametrize(
        ("read", "declared"),
        [
            pytest.param({"type": "array"}, {"type": "array", "items": STRING}, id="the items of a list"),
            pytest.param(
                {"anyOf": [{"type": "array"}, NULL]}, {"type": "array", "items": STRING}, id="the items of a list that may be null"
            ),
            pytest.param({"type": "object"}, {"$ref": "#/components/schemas/Box"}, id="the keys of an object"),
            pytest.param({"anyOf": [{"type": "object"}, NULL]}, {"anyOf": [{"$ref": "#/components/schemas/Box"}, NULL]}, id="or nothing"),
        ],
    )
    def test_what_the_code_does_not_tell(self, read: Schema, declared: Schema) -> None:
        assert compared(as_declared(promised(request(a=read)), declaring(declared)), declaring(declared), ANY).different == ""

    @pytest.mark.parametrize(
        ("read", "declared"),
        [
            pytest.param({"type": "array", "items": INTEGER}, {"type": "array", "items": STRING}, id="other items than the code reads"),
            pytest.param({"type": "array"}, STRING, id="no list at all"),
            pytest.param({"type": "array"}, {"type": "array", "minItems": 2}, id="no short lists"),
            pytest.param({"type": "object", "properties": {"y": STRING}}, {"$ref": "#/components/schemas/Box"}, id="other keys"),
        ],
    )
    def test_what_the_code_tells(self, read: Schema, declared: Schema) -> None:
        assert compared(as_declared(promised(request(a=read)), declaring(declared)), declaring(declared), ANY).refused


class TestOutputs:
    def test_an_answer_outside_the_sources_schema_is_a_difference(self) -> None:
        found = compared(promised(request(), {"type": "array", "items": STRING}), request(), {"type": "array", "items": INTEGER})
        assert found.different == "the app may answer what the source's schema does not allow: [0] ($[0]: 0 is not of type 'string')"

    def test_an_answer_that_is_never_given_is_said(self) -> None:
        found = compared(promised(request(), {"enum": ["a", "b"]}), request(), {"enum": ["a"]})
        assert found.different == "" and [breach.value for breach in found.answers_less] == ["b"]

    def test_nothing_is_claimed_of_outputs_without_a_schema(self) -> None:
        found = compared(promised(request()), request(), INTEGER)
        assert (found.different, found.not_proven, list(found.breaches)) == ("", [], [])

    def test_an_app_that_declares_nothing_proves_nothing(self) -> None:
        found = compared(
            promised(request(), request(("a",), a=STRING)),
            request(),
            unmapped({"properties": {"a": {"title": "A"}}, "required": ["a"], "type": "object"}, ""),
        )
        assert found.different == ""
        assert found.not_proven == ["that every answer is as the source's schema says: the schema declares nothing there"]

    def test_a_lost_key_is_a_difference(self) -> None:
        found = compared(promised(request(), request(("a", "b"), a=STRING, b=STRING)), request(), unmapped(request(("a",), a=STRING), ""))
        assert found.outside[0].value == {"a": ""} and "'b' is a required property" in found.different


class TestMapping:
    def test_files_are_addresses_and_the_key_around_them_goes(self) -> None:
        class Output(BaseModel):
            images: list[Image]

        found = compared(
            promised(request(), {"type": "array", "items": {"type": "string", "format": "uri"}}),
            request(),
            unmapped(Output.model_json_schema(mode="serialization"), "images"),
        )
        assert list(found.breaches) == []

    def test_files_within_an_object(self) -> None:
        class Output(BaseModel):
            text: str
            sound: FalFile | None = None

        cog = request(("text",), text=STRING, sound={"type": "string", "format": "uri", "nullable": True})
        found = compared(promised(request(), cog), request(), unmapped(Output.model_json_schema(mode="serialization"), ""))
        assert found.different == ""
        cog["properties"]["sound"].pop("nullable")
        found = compared(promised(request(), cog), request(), unmapped(Output.model_json_schema(mode="serialization"), ""))
        assert [breach.value for breach in found.outside] == [{"sound": None, "text": ""}]

    def test_a_users_class_is_no_file(self) -> None:
        mine = {"title": "Page", "type": "object", "properties": {"url": STRING}, "required": ["url"]}
        assert unmapped(mine, "")["type"] == "object"


class TestWhereItIsFrom:
    def test_cogs_document(self) -> None:
        found = of_document(DOCUMENT, "the file")
        assert found is not None and found.where == "the file" and found.output is not None
        assert (found.input["required"], found.output["type"]) == (["text"], "string")
        assert compared(found, {**found.input}, STRING).different == ""

    def test_a_training_has_its_own(self) -> None:
        found = of_document(DOCUMENT, "the file", train=True)
        assert found is not None and list(found.input["properties"]) == ["data"]

    def test_older_releases_do_not_say_what_may_be_null(self) -> None:
        found = of_document(DOCUMENT, "the server", says_null=False)
        assert found is not None
        target = request(("text",), text=STRING, mode={"enum": ["a", "b", None]}, n={"anyOf": [INTEGER, {"type": "null"}]}, times=INTEGER)
        assert list(compared(found, target, STRING).breaches) == []

    def test_the_file_comes_before_the_server_and_both_before_the_code(self, tmp_path: Path) -> None:
        app = app_of("replicate/hello")
        (tmp_path / "openapi_schema.json").write_text(json.dumps(DOCUMENT))
        stated = of_source(app, tmp_path / "openapi_schema.json", DOCUMENT, says_null=True)
        served = of_source(app, None, DOCUMENT, says_null=True)
        read = of_source(app, None, None, says_null=True)
        assert [one.where for one in (stated, served, read)] == [
            "openapi_schema.json (--schema)",
            "what the source's server answers at /openapi.json",
            "what the converter read in the code",
        ]
        assert read.output == {"type": "string", "components": {}} or read.output == STRING

    def test_runpod_has_no_schema_of_outputs(self) -> None:
        assert of_source(app_of("runpod/sdxl"), None, None, says_null=True).output is None

    @pytest.mark.parametrize(
        ("text", "said"), [("{", "is no JSON"), ("[]", "holds no input"), ('{"components": {"schemas": {}}}', "holds no input")]
    )
    def test_a_file_that_is_none(self, tmp_path: Path, text: str, said: str) -> None:
        (tmp_path / "schema.json").write_text(text)
        with pytest.raises(ValueError, match=said):
            of_file(tmp_path / "schema.json")


class TestAnswers:
    LINES = request(("lines",), lines={"type": "array", "items": request(("n",), n=INTEGER)})

    def test_what_fits_says_nothing(self) -> None:
        assert answers_outside(self.LINES, [(result({"lines": []}), result({"lines": [{"n": 1}]}))]) == []

    def test_the_smallest_part_that_does_not_fit_is_named_once(self) -> None:
        good, worse, bad = (result({"lines": [{"n": number}]}) for number in (1, "12", "1"))
        (found,) = answers_outside(self.LINES, [(good, worse), (good, bad), (good, worse)])
        assert (found.value, found.path, found.why) == ("1", "$.lines[0].n", "'1' is not of type 'integer'")

    def test_a_source_that_breaks_its_own_schema_lets_the_app(self) -> None:
        assert answers_outside(STRING, [(result(1), result(1))]) == []

    @pytest.mark.parametrize(
        "part",
        [
            pytest.param({"pattern": "("}, id="a pattern of no language"),
            pytest.param({"$ref": "#/components/schemas/Nothing"}, id="a reference to nothing"),
            pytest.param({"$ref": "#/properties/part"}, id="a reference to itself"),
            pytest.param({"type": "text"}, id="a type of no schema"),
            pytest.param({"minLength": "1"}, id="a bound that is no number"),
        ],
    )
    def test_what_cannot_be_understood_says_nothing_and_keeps_what_was_found(self, part: Schema) -> None:
        schema = request(n=INTEGER, part=part)
        good, bad, unclear = (result(value) for value in ({"n": 1}, {"n": "1"}, {"part": "a"}))
        (found,) = answers_outside(schema, [(good, bad), (unclear, unclear)])
        assert found.path == "$.n"

    def test_files_streams_and_errors(self) -> None:
        files = {"type": "array", "items": {"type": "string", "format": "uri"}}
        assert answers_outside(files, [(result([LocalPath("/tmp/a", File(b"a"))]), result([File(b"a")]))]) == []
        texts = {"type": "array", "items": STRING}
        assert answers_outside(texts, [(streamed("a"), streamed("b"))]) == []
        assert answers_outside(texts, [(streamed("a"), streamed("a", 1))])[0].path == "$[1]"
        assert answers_outside(texts, [(Outcome("error", "x"), Outcome("error", "y"))]) == []


def result(value: Any) -> Outcome:
    return Outcome("result", value)


def streamed(*chunks: Any) -> Outcome:
    return Outcome("result", None, chunks)


@pytest.mark.parametrize("name", sorted(path.name for path in (FIXTURES / "replicate").iterdir()))
def test_what_the_converter_read_is_within_itself(name: str) -> None:
    read = contract.of_code(app_of(f"replicate/{name}"))
    assert read.output is not None
    found = compared(read, read.input, read.output)
    assert list(found.breaches) == []


@pytest.mark.parametrize(("names", "told"), [(("Input",), None), (("Input", "TrainingInput"), "TrainingInput")])
def test_a_schema_file_tells_of_training_what_is_about_training(tmp_path: Path, names: tuple[str, ...], told: str | None) -> None:
    schemas = {name: {"type": "object", "title": name} for name in names}
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"components": {"schemas": schemas}}))
    found = of_file(file, train=True)
    assert (found and found.input["title"]) == told


def test_a_file_about_predictions_says_nothing_of_training(tmp_path: Path) -> None:
    app = app_of("replicate/hello")
    assert app.predictor is not None
    trains = app.model_copy(update={"predictor": app.predictor.model_copy(update={"name": "train"})})
    file = tmp_path / "openapi_schema.json"
    file.write_text(json.dumps({"components": {"schemas": {"Input": {"type": "object"}}}}))
    document = json.loads(file.read_text())
    assert of_source(trains, file, document, says_null=True).where == "what the converter read in the code"


def test_defaults_of_fields_within_fields_are_compared() -> None:
    def document(steps: int) -> dict[str, Any]:
        inner = {"type": "object", "properties": {"steps": {"type": "integer", "default": steps}, "again": {"$ref": "#/$defs/Inner"}}}
        return {"type": "object", "properties": {"payload": {"$ref": "#/$defs/Inner"}}, "$defs": {"Inner": inner}}

    assert list(compared(Contract("here", document(3), None), document(3), {}).changed) == []
    assert list(compared(Contract("here", document(3), None), document(4), {}).changed) == ["payload.steps: default 3 became 4"]
