"""Which object a cog.yaml names, and what is left of its file."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from tests.sources.replicate.project import YAML, app, converted, manual, refused, text, write

HELLO = Path(__file__).parents[3] / "fixtures" / "replicate" / "hello"
CLASS = "from cog import BasePredictor\n\n\nclass Predictor(BasePredictor):\n    def predict(self, a: str) -> str:\n        return a\n"


def test_the_smallest_predictor_loses_only_what_is_cogs() -> None:
    outcome = converted(HELLO, style="keep")
    assert not manual(outcome)
    kept = text(outcome, "predict.py")
    assert "cog" not in kept
    assert "class Predictor:\n" in kept
    assert 'name: str,\n        times: int = 1,\n        mood: str = "calm",\n        seed: int = None,\n' in kept
    assert kept.split('"""Greet somebody."""')[1] == (HELLO / "predict.py").read_text().split('"""Greet somebody."""')[1]


@pytest.mark.parametrize(
    ("source", "yaml"),
    [
        pytest.param(CLASS, YAML, id="a class with predict"),
        pytest.param(CLASS.replace("def predict", "def run"), YAML, id="a class with run"),
        pytest.param(CLASS, YAML.replace(":Predictor", ""), id="a reference without an object"),
        pytest.param(CLASS.replace("BasePredictor", "BaseRunner"), YAML.replace("predict:", "run:"), id="today's names"),
        pytest.param(
            "import cog\n\n\nclass Predictor(cog.BasePredictor):\n    def predict(self, a: str) -> str:\n        return a\n",
            YAML,
            id="import cog",
        ),
        pytest.param("class Predictor:\n    def predict(self, a: str) -> str:\n        return a\n", YAML, id="no base class"),
    ],
)
def test_every_spelling_of_a_class_is_served(tmp_path: Path, source: str, yaml: str) -> None:
    outcome = converted(write(tmp_path / "p", source, yaml), style="keep")
    served = app(outcome).predictor
    assert served is not None
    assert served.method in ("predict", "run")
    assert "cog" not in text(outcome, "predict.py").replace("cog.yaml", "")
    assert not manual(outcome)


def test_a_function_is_served_without_an_instance(tmp_path: Path) -> None:
    source = "from cog import Input\n\n\ndef run(text: str = Input(description='x')) -> str:\n    return text\n"
    outcome = converted(write(tmp_path / "p", source, YAML.replace("predict.py:Predictor", "predict.py:run")), style="keep")
    assert "self.predictor = run\n" in text(outcome, "app.py")
    assert "result = self.predictor(text=input.text)" in text(outcome, "app.py")


@pytest.mark.parametrize("name", ["make-it", "class", "None", "3d"])
def test_a_file_that_no_import_statement_can_name_is_imported_by_name(tmp_path: Path, name: str) -> None:
    root = write(tmp_path / "p", "", YAML.replace("predict.py", f"{name}.py"))
    (root / f"{name}.py").write_text(CLASS)
    made = text(converted(root, style="keep"), "app.py")
    assert f'Predictor = importlib.import_module("{name}").Predictor' in made
    compile(made, "app.py", "exec")


@pytest.mark.parametrize("name", ["match", "type", "klass"])
def test_a_file_with_an_ordinary_name_is_imported_as_usual(tmp_path: Path, name: str) -> None:
    root = write(tmp_path / "p", "", YAML.replace("predict.py", f"{name}.py"))
    (root / f"{name}.py").write_text(CLASS)
    assert f"from {name} import Predictor" in text(converted(root, style="keep"), "app.py")


def test_an_inherited_predictor_is_followed_into_its_module(tmp_path: Path) -> None:
    source = "from base import Base\n\n\nclass Predictor(Base):\n    def setup(self):\n        super().setup()\n"
    base = CLASS.replace("class Predictor", "class Base").replace(
        "    def predict", "    def setup(self):\n        self.x = 1\n\n    def predict"
    )
    outcome = converted(write(tmp_path / "p", source, base__py=base))
    assert [field.name for field in app(outcome).endpoints[0].input.fields] == ["a"]
    assert "super().setup()" in text(outcome, "predict.py")


@pytest.mark.parametrize(
    ("predict", "yaml", "message"),
    [
        pytest.param("", YAML, "defines no Predictor", id="no such class"),
        pytest.param(f"if __name__ == '__main__':\n{indent(CLASS, '    ')}", YAML, "defines no Predictor", id="a class of the main block"),
        pytest.param("class Predictor:\n    pass\n", YAML, "neither a `run` nor a `predict`", id="no method"),
        pytest.param(CLASS, "predict:\n  type: python\n", "does not name a predictor", id="a mapping"),
        pytest.param(CLASS, YAML.replace("predict.py", "missing.py"), "missing.py, which is not in the project", id="no such file"),
        pytest.param(CLASS, "build:\n  gpu: true\n", "names no predictor", id="nothing to serve"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_place(tmp_path: Path, predict: str, yaml: str, message: str) -> None:
    outcome = refused(write(tmp_path / "p", predict, yaml))
    assert message in outcome.message
    assert outcome.file and outcome.line


def test_invalid_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    outcome = refused(write(tmp_path / "p", CLASS, "build:\n  gpu: true\n bad: [\n"))
    assert (outcome.status, outcome.file, outcome.line) == ("unreadable", "cog.yaml", 3)


@pytest.mark.parametrize("half", ["\\ud83d", "\\ud83d\\ude00", "\\udfff"])
def test_half_a_character_is_reported_with_its_line(tmp_path: Path, half: str) -> None:
    outcome = refused(write(tmp_path / "p", CLASS, f'{YAML}concurrency:\n  max: 1\nimage: "x{half}"\n'))
    assert (outcome.status, outcome.file, outcome.line) == ("unreadable", "cog.yaml", YAML.count("\n") + 3)
    assert "is half of a character" in outcome.message


@pytest.mark.parametrize("whole", ["\\U0001F600", "\\ufffd", "\U0001f600"])
def test_whole_characters_are_read_however_they_are_written(tmp_path: Path, whole: str) -> None:
    converted(write(tmp_path / "p", CLASS, f'{YAML}image: "x{whole}"\n'))


def test_a_yaml_of_aliases_is_bounded(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [{','.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert refused(write(tmp_path / "p", CLASS, bomb)).status == "unreadable"
