"""Cog predictors in native style: what is written, and every reason why a predictor's own file stays."""

from __future__ import annotations

from pathlib import Path

import fal
import pytest

from converters.concepts.native import APP_ATTRIBUTES
from converters.errors import UsageError
from tests.sources.replicate.project import YAML, app, converted, text, write

FIXTURES = Path(__file__).parents[2] / "fixtures" / "replicate"
PREDICT = """\
import os
import time

import numpy
import torch
from cog import BasePredictor, Input

os.environ["MODE"] = "fast"
SIZE = 3


def scaled(value: int) -> int:
    return value * SIZE


class Predictor(BasePredictor):
    def setup(self):
        self.model = torch.load("a")

    def helper(self, text):
        return numpy.array(text)

    def predict(self, text: str = Input(default="a")) -> str:
        for _ in range(SIZE):
            time.sleep(0)
        return str(self.model(self.helper(text), scaled(2)))
"""
SETUP = """\
    def setup(self):
        import numpy
        import torch

        os.environ["MODE"] = "fast"

        self.model = torch.load("a")
"""
OTHERS = [
    pytest.param("SIZE = 3", "SIZE = len('abc')", "makes a value while the file is imported", id="a constant that is computed"),
    pytest.param("SIZE = 3", "SIZE = 3\nfor _ in ():\n    pass", "runs code while the file is imported", id="a statement at top level"),
    pytest.param("SIZE = 3", "SIZE = 3; WIDTH = 4", "holds several statements", id="two statements on a line"),
    pytest.param("SIZE = 3", "SIZE = 3\nSIZE = 4", "makes a value", id="a name with two values"),
    pytest.param("import os", "from __future__ import annotations\nimport os", "from __future__", id="the future"),
    pytest.param("import numpy\n", "from numpy import *\n", "with a star", id="a star"),
    pytest.param("import numpy\n", "import fastapi\n", "a package of the app's own", id="the app's own package"),
    pytest.param("import numpy\n", "from PIL import Image\n", "`Image` is also a name", id="a name of fal's"),
    pytest.param("(self, text)", "(self, text: numpy.ndarray)", "needs `numpy` while the file is imported", id="an annotation"),
    pytest.param("def scaled", "@torch.no_grad()\ndef scaled", "needs `torch` while the file is imported", id="a decorated function"),
    pytest.param("    def predict", "    @torch.jit.script\n    def predict", "its method is decorated", id="a decorated method"),
    pytest.param("    def predict", "    @torch.no_grad()\n    async def predict", "its method is decorated", id="a decorated coroutine"),
    pytest.param("    def helper", "    @torch.no_grad()\n    def helper", "its methods are decorated", id="another decorated method"),
    pytest.param("    def setup", "    steps = 3\n\n    def setup", "beside its methods", id="a class attribute"),
    pytest.param("self.model", "self.regions", "`self.regions` is a name", id="an attribute of fal.App"),
    pytest.param("def helper", "def spawn", "`self.spawn` is a name", id="a method of fal.App"),
    pytest.param('= torch.load("a")', '= torch.load("a")\n        self.predict("b")', "`self.predict`", id="a warm-up"),
    pytest.param("        return str", "        if text:\n            return str", "may answer nothing", id="a path without an answer"),
    pytest.param("        for _", "        input = 3\n        for _", "`input` is also a name", id="a local name of the endpoint"),
    pytest.param("        for _", "        f = lambda: text\n        for _", "functions or classes of its own", id="a lambda"),
    pytest.param("        for _", "        [text for text in text]\n        for _", "a comprehension", id="a comprehension"),
    pytest.param("        for _", "        locals()\n        for _", "`locals`", id="its own names"),
    pytest.param("        for _", "        numpy = 3\n        for _", "`numpy` is also a local name", id="a hidden import"),
    pytest.param("        for _", "        Predictor.x = 3\n        for _", "`Predictor`", id="its own class"),
    pytest.param("-> str:\n        for", "-> dict:\n        for", "neither a file nor a plain value", id="a mapping"),
    pytest.param("        return str", "        yield str", "it streams", id="a stream"),
    pytest.param("(BasePredictor)", "(BasePredictor, dict)", "derived", id="another base"),
]


def test_the_predictors_methods_become_the_apps(tmp_path: Path) -> None:
    outcome = converted(write(tmp_path / "p", PREDICT))
    made = text(outcome, "app.py")
    assert app(outcome).style == "native"
    assert SETUP in made
    assert "    def helper(self, text):\n        import numpy\n\n        return numpy.array(text)\n" in made
    assert '        return JSONResponse({"output": str(self.model(self.helper(input.text), scaled(2)))})\n' in made
    assert "import os\nimport time\nimport traceback\nfrom functools import wraps\n" in made
    assert "predict.py" not in {change.path for change in outcome.files if change.action != "removed"}
    compile(made, "app.py", "exec")


@pytest.mark.parametrize(("old", "new", "reason"), OTHERS)
def test_what_cannot_be_proven_stays(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in PREDICT
    root = write(tmp_path / "p", PREDICT.replace(old, new))
    outcome = converted(root)
    assert app(outcome).style == "keep"
    assert reason in app(outcome).why_style
    with pytest.raises(UsageError, match="is not safe here"):
        converted(root, style="native")


@pytest.mark.parametrize(
    ("yaml", "files", "reason"),
    [
        (YAML.replace("predict:", "  system_packages: [ffmpeg]\npredict:"), {}, "its image holds the whole folder"),
        (YAML + "train: predict.py:scaled\n", {}, "several apps share the tree"),
        (YAML, {"numpy__py": "x = 1\n"}, "it consists of several modules"),
    ],
    ids=["an image", "a training", "a module of its own"],
)
def test_what_belongs_to_more_than_one_file_stays(tmp_path: Path, yaml: str, files: dict[str, str], reason: str) -> None:
    assert reason in app(converted(write(tmp_path / "p", PREDICT, yaml, **files))).why_style


def test_keep_can_be_asked_for(tmp_path: Path) -> None:
    outcome = converted(write(tmp_path / "p", PREDICT), style="keep")
    assert (app(outcome).style, app(outcome).why_style) == ("keep", "keep: asked for")
    assert "class Predictor:\n" in text(outcome, "predict.py")


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("1 if(text)else 2", "1 if(input.text)else 2"),
        ("(  # why\n            text\n        ).strip()", "(  # why\n            input.text\n"),
    ],
)
def test_parentheses_around_an_input_stay(tmp_path: Path, written: str, made: str) -> None:
    found = text(converted(write(tmp_path / "p", PREDICT.replace("        for _", f"        x = {written}\n        for _"))), "app.py")
    assert made in found
    compile(found, "app.py", "exec")


def test_a_file_is_fetched_before_and_uploaded_after() -> None:
    made = text(converted(FIXTURES / "stamp"), "app.py")
    assert '            document = fetch(input.document, folder, field="document")\n            if copies is None:\n' in made
    assert "            copies = input.copies\n" in made
    assert "                # every copy is numbered\n" in made
    assert "            return Output(files=[upload(path, File) for path in found])\n" in made


def test_a_decorator_that_is_a_context_stands_around_the_body(tmp_path: Path) -> None:
    root = write(tmp_path / "p", PREDICT.replace("    def predict", "    @torch.inference_mode()\n    def predict"))
    made = text(converted(root), "app.py")
    assert "        import torch\n\n        with torch.inference_mode():\n            for _ in range(SIZE):\n" in made
    assert "            return JSONResponse(" in made
    assert "@torch" not in made


def test_every_name_of_fals_app_is_known() -> None:
    assert {name for name in dir(fal.App) if not name.startswith("_")} <= APP_ATTRIBUTES | {"local"}
