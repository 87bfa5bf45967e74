"""What the app makes of a predictor's results, against what Cog 0.23.1 answered when it was asked."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import mimetypes
import os
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import pytest
from pydantic import BaseModel

from tests.sources.replicate.project import converted, text, write

HEAD = "from typing import *\nfrom cog import BasePredictor, Path\n\n\nclass Predictor(BasePredictor):\n"


class Stored:
    """A file of fal's: the kind and the name of what was uploaded."""

    @classmethod
    def from_path(cls, path: Any, content_type: str | None) -> Any:
        return type("Made", (), {"model_dump": lambda self: {"url": PurePath(path).name, "content_type": content_type}})()


class Scalar:
    """A number as numpy has them."""

    def tolist(self) -> float:
        return 0.5


Scalar.__module__ = "numpy"


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: Any


def function(app: str, name: str) -> Any:
    """A function of the app file, with what it names."""
    node = next(one for one in ast.parse(app).body if isinstance(one, ast.FunctionDef) and one.name == name)
    space: dict[str, Any] = dict.fromkeys(("Image", "Video", "Audio", "File"), Stored)
    space |= {"PurePath": PurePath, "Path": Path, "Enum": enum.Enum, "datetime": datetime, "BaseModel": BaseModel, "Any": Any}
    space |= {"os": os, "mimetypes": mimetypes, "dataclasses": dataclasses, "inspect": inspect}
    exec(ast.unparse(node), space)
    return space[name]


def body(lines: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in lines.splitlines())


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        pytest.param(Scalar(), 0.5, id="a number of numpy"),
        pytest.param({"a": [Scalar()]}, {"a": [0.5]}, id="a number of numpy in a list"),
        pytest.param(b"YWI=", "YWI=", id="text as bytes, as releases up to 0.16 answered it"),
        pytest.param(Colour.RED, "red", id="an enum"),
        pytest.param(datetime(2020, 1, 1), "2020-01-01T00:00:00", id="a time"),
        pytest.param(Point(1, Scalar()), {"x": 1, "y": 0.5}, id="a dataclass"),
        pytest.param((item for item in "ab"), ["a", "b"], id="a generator"),
        pytest.param(Path("/nowhere/a.png"), None, id="a file that is not there"),
        pytest.param(Path("/"), None, id="a folder"),
        pytest.param("/nowhere/a.png", "/nowhere/a.png", id="a path that is a string"),
        pytest.param(None, None, id="nothing"),
        pytest.param(1, 1, id="an int"),
    ],
)
def test_a_value_is_encoded_as_cog_does(tmp_path: Path, value: Any, answer: Any) -> None:
    app = text(converted(write(tmp_path / "p", body("def predict(self, a: str) -> Any:\n    return self.f(a)"))), "app.py")
    assert function(app, "encode")(value) == answer


def test_a_file_is_uploaded_and_a_missing_one_is_none(tmp_path: Path) -> None:
    app = text(converted(write(tmp_path / "p", body("def predict(self, a: str) -> Path:\n    return Path(a)")), style="keep"), "app.py")
    (tmp_path / "a.png").write_bytes(b"x")
    upload = function(app.replace("type[File]", "Any").replace("File | None", "Any"), "upload")
    assert upload(tmp_path / "a.png", Stored).model_dump() == {"url": "a.png", "content_type": "image/png"}
    assert upload(tmp_path / "b.png", Stored) is None
    assert upload(None, Stored) is None


@pytest.mark.parametrize(
    ("returns", "lines", "line"),
    [
        pytest.param("Path", "return Path('a.png')", 'return Output(image=file) if file else JSONResponse({"image": None})', id="a file"),
        pytest.param("Path", "if a:\n    return Path('a.png')", "return Output(image=upload(result, Image))", id="an end without a file"),
        pytest.param(
            "Path",
            "try:\n    return Path('a.png')\nexcept ValueError:\n    raise",
            "return Output(image=file) if file else",
            id="every path answers or raises",
        ),
        pytest.param(
            "List[Path]",
            "return [Path('a.png')]",
            "return Output(images=[file for path in result if (file := upload(path, Image))])",
            id="files, of which Cog leaves out those that are not there",
        ),
        pytest.param("str", "return self.f(a)", 'JSONResponse({"output": encode(result)})', id="text that may be bytes"),
        pytest.param("float", "return self.f(a)", 'JSONResponse({"output": encode(result)})', id="a number that may be numpy's"),
        pytest.param("str", "b = a.upper()\nreturn f'{b}' + str(1)", 'JSONResponse({"output": result})', id="text that is plainly text"),
        pytest.param("int", "return len(a) * 2", 'JSONResponse({"output": result})', id="a number that is plainly one"),
        pytest.param(
            "int", "n = 1\nn = self.f(a)\nreturn n", 'JSONResponse({"output": encode(result)})', id="a name that is given two values"
        ),
    ],
)
def test_an_answer_is_made_as_its_value_needs(tmp_path: Path, returns: str, lines: str, line: str) -> None:
    source = "def predict(self, a: str) -> " + returns + ":\n" + "".join(f"    {one}\n" for one in lines.splitlines())
    assert line in text(converted(write(tmp_path / "p", body(source)), style="keep"), "app.py")


@pytest.mark.parametrize("style", ["keep", "native"])
def test_exit_fails_the_request_and_not_the_runner(tmp_path: Path, style: str) -> None:
    source = body("def predict(self, a: str) -> str:\n    return a").replace("from typing import *\n", "")
    app = text(converted(write(tmp_path / "p", source), style=style), "app.py")
    assert "except (Exception, SystemExit) as error:" in app
    assert "except Exception as error:" not in app
