"""An annotation becomes the JSON Schema of the values it accepts; nothing is ever evaluated."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.ir import InputField, InputSchema, OutputField, OutputModel, OutputSchema
from converters.reports.schemas import annotation_schema, input_schema, output_schema


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("str", {"type": "string"}),
        ("Number", {"type": "number"}),
        ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("Optional[int]", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("str | int | None", {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
        ("Union[str, str]", {"type": "string"}),
        ("Any", {}),
        ("Any | None", {}),
        ("list", {"type": "array"}),
        ("list[Any]", {"type": "array"}),
        ("list[list[float]]", {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
        ("typing.List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("dict[str, Any]", {"type": "object"}),
        ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("tuple[int, str]", {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        ('Literal["a", 2, True, None]', {"enum": ["a", 2, True, None]}),
        ("Literal[b'x']", {}),
        ("Annotated[str, Field(min_length=1)]", {"type": "string"}),
        ("'int'", {"type": "integer"}),
        ("Callable[[int], str]", {}),
        ("Unheard", {}),
        ("not python", {}),
        ("Literal[open('x')]", {}),
        ("__import__('os').system('x')", {}),
        ("int +", {}),
        ("", {}),
    ],
)
def test_annotations(annotation: str, schema: dict[str, Any]) -> None:
    assert annotation_schema(annotation) == schema
    Draft202012Validator.check_schema(annotation_schema(annotation))


def test_media_are_objects_with_a_url() -> None:
    assert annotation_schema("fal.toolkit.Image")["required"] == ["url"]
    assert annotation_schema("list[Image]")["items"]["title"] == "Image"


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        pytest.param(
            InputField(name="x", annotation="int", required=False, default="3", constraints={"ge": 1, "lt": 9}),
            {"type": "integer", "default": 3, "minimum": 1, "exclusiveMaximum": 9},
            id="bounds",
        ),
        pytest.param(
            InputField(name="x", annotation="str", required=True, constraints={"max_length": 5, "pattern": "a+"}, description="d"),
            {"type": "string", "maxLength": 5, "pattern": "a+", "description": "d"},
            id="text",
        ),
        pytest.param(
            InputField(name="x", annotation="list[str]", required=True, constraints={"min_length": 2}),
            {"type": "array", "items": {"type": "string"}, "minItems": 2},
            id="items",
        ),
        pytest.param(
            InputField(name="x", annotation="float | None", required=False, default="None", constraints={"le": 1.5}),
            {"anyOf": [{"type": "number", "maximum": 1.5}, {"type": "null"}], "default": None},
            id="bounds of a field that may be null",
        ),
        pytest.param(
            InputField(name="x", annotation="str", required=False, default="os.environ['X']"),
            {"type": "string"},
            id="a default that is no literal is left out",
        ),
        pytest.param(
            InputField(name="x", annotation="float", required=False, default="1e999"),
            {"type": "number"},
            id="a default that JSON has not is left out",
        ),
        pytest.param(
            InputField(name="x", annotation="int", required=True, constraints={"unheard": 1}),
            {"type": "integer"},
            id="unknown constraints are left out",
        ),
    ],
)
def test_input_fields(field: InputField, schema: dict[str, Any]) -> None:
    assert input_schema(InputSchema(fields=[field]))["properties"] == {"x": schema}


def test_shared_parts_are_not_written_to() -> None:
    input_schema(InputSchema(fields=[InputField(name="x", annotation="str", required=True, description="d")]))
    assert annotation_schema("str") == {"type": "string"}


def test_an_input_names_its_required_fields_and_what_it_does_with_others() -> None:
    fields = [InputField(name="a", annotation="str", required=True), InputField(name="b", annotation="int", required=False)]
    schema = input_schema(InputSchema(fields=fields, extra="forbid"))
    assert (schema["required"], schema["additionalProperties"]) == (["a"], False)
    assert input_schema(InputSchema()) == {"type": "object", "properties": {}, "additionalProperties": True}


def test_an_output_is_an_object_of_fields_or_its_annotation() -> None:
    fields = [OutputField(name="a", annotation="str", description="d"), OutputField(name="b", annotation="Image", optional=True)]
    schema = output_schema(OutputSchema(fields=fields))
    assert (schema["required"], schema["properties"]["a"]) == (["a"], {"type": "string", "description": "d"})
    assert output_schema(OutputSchema(annotation="list[str]")) == {"type": "array", "items": {"type": "string"}}


def test_an_output_holds_lists_of_files_what_may_be_null_and_the_classes_of_the_project() -> None:
    fields = [
        OutputField(name="images", annotation="Image", media="image", many=True),
        OutputField(name="note", annotation="str", optional=True),
        OutputField(name="lines", annotation="list[Line]"),
    ]
    line = OutputModel(
        name="Line", fields=[OutputField(name="number", annotation="int"), OutputField(name="next", annotation="Line", optional=True)]
    )
    schema = output_schema(OutputSchema(fields=fields, models=[line]))
    accepts = Draft202012Validator(schema).is_valid
    lines = [{"number": 1, "next": {"number": 2, "next": None}}]
    assert accepts({"images": [{"url": "https://a/b.png"}], "note": None, "lines": lines})
    assert not accepts({"images": {"url": "https://a/b.png"}, "lines": lines})
    assert not accepts({"images": [], "lines": [{"number": "1"}]})
