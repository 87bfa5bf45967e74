"""The key under which a converted app answers, read from its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.callers.apps import Apps, parse_map
from converters.callers.contract import answer_key
from converters.errors import UsageError


def folder(root: Path, output: str, table: str = "one") -> Path:
    (root / "pyproject.toml").write_text(f'[tool.fal.apps.{table}]\nref = "app.py::One"\n')
    (root / "app.py").write_text(f"class Output(BaseModel):\n{output}\n")
    return root


@pytest.mark.parametrize(
    ("output", "key"),
    [
        pytest.param("    image: Image", "image", id="a picture"),
        pytest.param("    audio: Audio | None = None", "audio", id="sound that may be missing"),
        pytest.param("    images: list[Image]", "images", id="pictures"),
        pytest.param("    output: str", "output", id="text"),
        pytest.param("    output: list[str]", "output", id="a stream of text"),
        pytest.param("    text: str", "", id="a mapping of one name"),
        pytest.param("    text: str\n    image: Image", "", id="a mapping of several"),
        pytest.param("    pass", "", id="a mapping that says nothing"),
    ],
)
def test_the_key_is_that_of_the_output_model(tmp_path: Path, output: str, key: str) -> None:
    assert answer_key(folder(tmp_path, output), "acme/one") == key
    assert Apps({"a/b": f"acme/one:{tmp_path}"}).answer_key("a/b:1234") == key


def test_the_only_app_of_a_folder_needs_no_name(tmp_path: Path) -> None:
    assert answer_key(folder(tmp_path, "    image: Image", "other"), "acme/one") == "image"


def test_an_app_without_a_folder_is_not_known() -> None:
    apps = Apps(parse_map(["a/b=acme/one"]))
    assert apps.answer_key("a/b") is None
    assert apps.find("a/b") == "acme/one"


def test_a_folder_behind_the_id_is_no_part_of_it(tmp_path: Path) -> None:
    assert Apps(parse_map([f"a/b=acme/one:{tmp_path}"])).find("a/b") == "acme/one"


@pytest.mark.parametrize("text", ["", "x = 1", "class Output:"])
def test_a_folder_that_holds_no_such_app_is_refused(tmp_path: Path, text: str) -> None:
    if text:
        folder(tmp_path, "")
        (tmp_path / "app.py").write_text(text)
    with pytest.raises(UsageError, match="holds no app acme/one"):
        answer_key(tmp_path, "acme/one")
