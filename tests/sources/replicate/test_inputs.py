"""Inputs of a predictor: every argument of `Input`, every type, defaults and choices that are not literals."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.replicate.project import app, converted, items, manual, text, write

HEAD = "from typing import *\nimport os\nfrom cog import BasePredictor, File, Input, Path, Secret\n"


def field(tmp_path: Path, parameter: str, before: str = "", **files: str) -> str:
    """The line of app.py's model for one parameter."""
    source = f"{HEAD}{before}\n\nclass Predictor(BasePredictor):\n    def predict(self, {parameter}) -> str:\n        return ''\n"
    outcome = converted(write(tmp_path / "p", source, **files))
    lines = text(outcome, "app.py").split("class Input(BaseModel):")[1].split("\n\n\n")[0].strip().splitlines()
    return " ".join(line.strip() for line in lines[2:])


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        pytest.param("a: str = Input()", "a: str", id="required"),
        pytest.param("a: str = (Input())", "a: str", id="required, in parentheses"),
        pytest.param("a: str = (  # (why\n        (Input(description='a)'))\n    ), b: int = 3", 'a: str = Field(description="a)") b: int = 3', id="on several lines"),
        pytest.param("a: str", "a: str", id="a bare annotation"),
        pytest.param("a: int = 3", "a: int = 3", id="a plain default"),
        pytest.param("a: int = Input(3)", "a: int = 3", id="a positional default"),
        pytest.param("a: int = Input(default=None)", "a: int | None = None", id="None means optional"),
        pytest.param("a: Optional[int] = Input(description='n')", 'a: int | None = Field(default=None, description="n")', id="an optional type needs no default"),
        pytest.param("a: int | None = Input(default=5)", "a: int | None = 5", id="an optional type with a default"),
        pytest.param("a: int = Input(default=2, ge=1, le=4)", "a: int = Field(default=2, ge=1, le=4)", id="bounds"),
        pytest.param("a: str = Input(min_length=1, max_length=9, regex='^x')", 'a: str = Field(min_length=1, max_length=9, pattern="^x")', id="lengths and a pattern"),
        pytest.param("a: str = Input(choices=['x', 'y'], default='x')", 'a: Literal["x", "y"] = "x"', id="choices of text"),
        pytest.param("a: int = Input(choices=[1, 2])", "a: Literal[1, 2]", id="choices of numbers"),
        pytest.param("a: str = Input(default='x', deprecated=True)", 'a: str = Field(default="x", json_schema_extra={"deprecated": True})', id="deprecated"),
        pytest.param("image: Path = Input(description='i')", 'image: str = ImageField(description="i")', id="an image"),
        pytest.param("a: Path = Input(accept='audio/*')", 'a: str = AudioField(json_schema_extra={"x-accept": "audio/*"})', id="accept decides the field"),
        pytest.param("a: File = Input()", "a: str = FileField()", id="a file"),
        pytest.param("a: List[Path] = Input()", "a: list[str]", id="several files"),
        pytest.param("a: Secret = Input(default=None)", "a: SecretStr | None = None", id="a secret"),
        pytest.param("a: list[str] = Input(default=[])", "a: list[str] = Field(default_factory=list)", id="a mutable default"),
        pytest.param("a: Union[str, int] = 'x'", 'a: str | int = "x"', id="a union"),
        pytest.param("a: dict = Input()", "a: dict[str, Any]", id="a mapping"),
        pytest.param("a: Any = None", "a: Any = None", id="anything"),
        pytest.param("copy: str = Input()", 'copy_: str = Field(alias="copy")', id="a name of pydantic's own"),
    ],
)  # fmt: skip
def test_an_input_is_a_field(tmp_path: Path, parameter: str, expected: str) -> None:
    assert field(tmp_path, parameter) == expected


@pytest.mark.parametrize(
    ("parameter", "before", "expected"),
    [
        pytest.param("a: str = Input(choices=list(T.keys()))", "T = {'x': object(), 'y': open}", 'a: Literal["x", "y"]', id="keys of a table whose values are no constants"),
        pytest.param("a: int = Input(choices=[2**n for n in range(3)])", "", "a: Literal[1, 2, 4]", id="a comprehension"),
        pytest.param("a: int = Input(le=SIDE * 2, default=SIDE)", "SIDE = 8", "a: int = Field(default=8, le=16)", id="arithmetic on a constant"),
        pytest.param("a: str = Input(choices=sorted(['b', 'a']))", "", 'a: Literal["a", "b"]', id="sorted"),
        pytest.param("a: int = Shared.steps", "class Shared:\n    steps = Input(default=4, ge=1)", "a: int = Field(default=4, ge=1)", id="an input shared by a class"),
        pytest.param("a: int = Shared.with_top(le=9)", "class Shared:\n    @staticmethod\n    def with_top(le):\n        return Input(default=1, le=le)", "a: int = Field(default=1, le=9)", id="an input made by a factory"),
    ],
)  # fmt: skip
def test_what_is_computed_from_constants_is_written_out(tmp_path: Path, parameter: str, before: str, expected: str) -> None:
    assert field(tmp_path, parameter, before) == expected


def test_a_constant_of_another_module_is_followed(tmp_path: Path) -> None:
    assert (
        field(tmp_path, "a: str = Input(choices=SIZES)", "from sizes import SIZES", sizes__py="SIZES = ['s', 'm']\n")
        == 'a: Literal["s", "m"]'
    )


def test_a_default_of_the_environment_is_left_to_the_code(tmp_path: Path) -> None:
    source = f"{HEAD}\n\nclass Predictor(BasePredictor):\n    def predict(self, a: str = Input(default=os.getenv('A'))) -> str:\n        return a\n"
    outcome = converted(write(tmp_path / "p", source))
    assert "a: str = os.getenv('A')" in text(outcome, "predict.py")
    assert "self.predictor.predict(**given)" in text(outcome, "app.py")
    assert not manual(outcome)


def test_choices_of_a_third_party_table_are_left_to_a_person(tmp_path: Path) -> None:
    source = f"{HEAD}from whisper import LANGUAGES\n\n\nclass Predictor(BasePredictor):\n    def predict(self, a: str = Input(choices=sorted(LANGUAGES))) -> str:\n        return a\n"
    outcome = converted(write(tmp_path / "p", source))
    assert any("`choices` of `a` is computed" in message for message in manual(outcome))


def test_nothing_of_the_project_is_executed(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    source = f"{HEAD}open({str(marker)!r}, 'w')\n\n\nclass Predictor(BasePredictor):\n    def predict(self, a: int = Input(default=__import__('os').getpid())) -> str:\n        return ''\n"
    converted(write(tmp_path / "p", source))
    assert not marker.exists()


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    hostile = 'x"""\n    import os\n{{ 7 * 7 }}'
    line = field(tmp_path, f"a: str = Input(description={hostile!r}, default={hostile!r})")
    namespace: dict[str, object] = {}
    exec(f"from pydantic import BaseModel, Field\nclass M(BaseModel):\n    {line}\n", namespace)
    assert namespace["M"]().a == hostile  # type: ignore[operator]


def test_a_required_input_after_an_optional_one_stays_callable(tmp_path: Path) -> None:
    source = f"{HEAD}\n\nclass Predictor(BasePredictor):\n    def predict(self, a: str = Input(default='x'), b: str = Input()) -> str:\n        return a + b\n"
    outcome = converted(write(tmp_path / "p", source))
    assert "def predict(self, a: str = 'x', b: str = None)" in text(outcome, "predict.py")
    assert [field.required for field in app(outcome).endpoints[0].input.fields] == [False, True]


def test_the_decorators_of_2021_give_the_same_fields() -> None:
    outcome = converted(Path(__file__).parents[3] / "fixtures" / "replicate" / "cartoon-2021")
    fields = app(outcome).endpoints[0].input.fields
    assert [(field.name, field.annotation, field.required) for field in fields] == [
        ("photo", "str", True),
        ("style", "str", False),
        ("strength", "float", False),
    ]
    assert fields[1].constraints == {"choices": ["ink", "crayon"]}
    assert fields[2].constraints == {"ge": 0, "le": 2}
    assert len(items(outcome, "RC018")) == 3
    assert "cog.input" not in text(outcome, "app.py")


def test_code_that_reads_defaults_out_of_its_signature_still_does(tmp_path: Path) -> None:
    source = (
        f"{HEAD}import inspect\n\n\nclass Predictor(BasePredictor):\n    def predict(self, a: int = Input(default=4)) -> int:\n        return a\n\n"
        "    defaults = {k: p.default.default for k, p in inspect.signature(predict).parameters.items() if hasattr(p.default, 'default')}\n"
    )
    namespace: dict[str, object] = {}
    exec(text(converted(write(tmp_path / "p", source)), "predict.py"), namespace)
    assert namespace["Predictor"].defaults == {"a": 4}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "bound",
    [
        "ge='a'",
        "le=b'x'",
        "min_length=[1]",
        "max_length=True",
        "regex=3",
        "regex=b'x'",
        "choices=3",
        "choices=b'ab'",
        "choices=[b'a']",
        "choices=[[1]]",
    ],
)
def test_bounds_of_a_type_that_cog_does_not_take_are_left_to_a_person(tmp_path: Path, bound: str) -> None:
    source = f"{HEAD}\n\nclass Predictor(BasePredictor):\n    def predict(self, a: str = Input({bound}, default='x')) -> str:\n        return a\n"
    outcome = converted(write(tmp_path / "p", source))
    assert f"`{bound.partition('=')[0]}` of `a` is" in manual(outcome)[0]


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        pytest.param("default='c', choices=['a', 'b']", "choices=['a', 'b']", id="no choice"),
        pytest.param("default='a', choices=['a', 'b']", "", id="a choice"),
        pytest.param("default=None, choices=['a', 'b']", "", id="nothing"),
        pytest.param("default='abc', max_length=2", "max_length=2", id="too long"),
    ],
)
def test_a_default_that_its_own_bounds_refuse_is_named(tmp_path: Path, arguments: str, refused: str) -> None:
    predict = f"from cog import Input\n\n\nclass Predictor:\n    def predict(self, a: str = Input({arguments})) -> str:\n        return a\n"
    assert [refused in text for text in manual(converted(write(tmp_path / "p", predict)))] == ([True] if refused else [])
