"""Cog predictors in native style: what is written, and every reason why a predictor's own file stays."""

from __future__ import annotations

from pathlib import Path

import fal
import pytest

from converters.concepts.native import APP_ATTRIBUTES, APP_IMPORTS
from converters.errors import UsageError
from converters.python.undefined import undefined
from converters.targets.imports import FROM_STANDARD, FROM_THIRD, STANDARD
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
        import numpy  # noqa: F401
        import torch

        os.environ["MODE"] = "fast"

        self.model = torch.load("a")
"""
KEPT = [
    pytest.param(
        "import time\n",
        'if __name__ == "__main__":\n    import time\n',
        "reads `time`, which nothing defines",
        id="a name of the main block alone",
    ),
    pytest.param("SIZE = 3", "SIZE = nothing", "reads `nothing`, which nothing defines", id="a name that nothing defines"),
    pytest.param("import numpy\n", "from numpy import *\n", "imports every name of `numpy`", id="a star"),
    pytest.param("import numpy\n", "from . import numpy\n", "imports relatively", id="a relative import"),
    pytest.param("import numpy\n", "import numpy\nimport fastapi\n", "a package of the app's own", id="the app's own package"),
    pytest.param(
        "import os\n", "import os\nimport copy as wraps\n", "`wraps` is also a name", id="a module with the name of a function of the app"
    ),
    pytest.param("import numpy\n", "import numpy\nimport pickle\n", "it imports `pickle`", id="what pickles by name"),
    pytest.param("SIZE = 3", "SIZE = 3\nclass Net(torch.nn.Module):\n    pass", "`Net` needs `torch`", id="a heavy base"),
    pytest.param(
        "SIZE = 3",
        "SIZE = 3\nDEVICE = torch.device('cpu')\nclass A:\n    def f(self): return DEVICE",
        "`A` uses `DEVICE`",
        id="a class that uses what is loaded",
    ),
    pytest.param(
        "SIZE = 3",
        "SIZE = 3\nDEVICE = torch.device('cpu')\nclass Fields:\n    device = DEVICE",
        "`Fields` uses `DEVICE`",
        id="a class made of what is loaded",
    ),
    pytest.param(
        "SIZE = 3", "SIZE = 3\nBase = torch.make()\nclass Made(Base):\n    pass", "`Made` needs `Base`", id="a base that is computed"
    ),
    pytest.param("SIZE = 3", "SIZE = 3\nclass Input:\n    pass", "the class `Input` is also a name", id="a class of the app's name"),
    pytest.param(
        "SIZE = 3", "SIZE = 3\ndef late(x=torch.zeros(1)):\n    return x", "`late` needs `torch`", id="a default that is computed"
    ),
    pytest.param(
        "SIZE = 3",
        "SIZE = 3\nif torch:\n    def late():\n        pass",
        "defines `late` inside another statement",
        id="a function in a statement",
    ),
    pytest.param(
        "SIZE = 3",
        "SIZE = 3\ntry:\n    import xformers\nexcept ImportError:\n    pass",
        "imports inside another statement",
        id="an import in a statement",
    ),
    pytest.param(
        "SIZE = 3",
        "SIZE = 3\nL = torch.a()\n@torch.b\ndef f():\n    return L",
        "`f` is decorated and uses",
        id="a decorated function of what is loaded",
    ),
    pytest.param("SIZE = 3", "SIZE = 3\n@torch.jit.script\ndef f():\n    return 1", "`f` needs `torch`", id="a decorated function"),
    pytest.param(
        "SIZE = 3", "SIZE = 3\ndef scaled(value):\n    return 1", "`scaled` is defined more than once", id="a function defined twice"
    ),
    pytest.param("    def predict", "    @torch.jit.script\n    def predict", "is decorated", id="a decorated method"),
    pytest.param("    def predict", "    @torch.no_grad()\n    async def predict", "is decorated", id="a decorated coroutine"),
    pytest.param("    def helper", "    @property\n    def helper", "is decorated", id="a property"),
    pytest.param("    def helper(self, text)", "    def helper(own, text)", "something else than `self`", id="another self"),
    pytest.param(
        "    def setup",
        "    steps = torch.zeros(1)\n\n    def setup",
        "beside its methods",
        id="an attribute of the class that is computed",
    ),
    pytest.param("def setup(self)", "def setup(self, fast=True)", "its setup takes arguments", id="a setup with arguments"),
    pytest.param("self.model", "self.regions", "`self.regions` is a name", id="an attribute of fal.App"),
    pytest.param("def helper", "def spawn", "`self.spawn` is a name", id="a method of fal.App"),
    pytest.param("        for _", "        locals()\n        for _", "`locals`", id="its own names"),
    pytest.param("        for _", "        open(__file__)\n        for _", "`__file__`", id="its own file"),
    pytest.param("        for _", "        Predictor.x = 3\n        for _", "`Predictor`", id="its own class"),
    pytest.param("        for _", "        super().predict\n        for _", "`super`", id="its base"),
    pytest.param("        for _", "        input()\n        for _", "`input`", id="a name of the endpoint's"),
    pytest.param("(BasePredictor)", "(BasePredictor, dict)", "derived", id="another base"),
    pytest.param("        for _", '        print(f"{LOADED=}")\n        for _', "an f-string shows", id="an f-string that shows a name"),
]
"""(what is written instead, why the file stays)."""
NATIVE = [
    pytest.param(
        "SIZE = 3", "import random; SIZE = random.random()", "        self.size = random.random()\n", id="a value that is computed"
    ),
    pytest.param("SIZE = 3", "SIZE = 3 * len('abc')", "SIZE = 3 * len('abc')\n\n\ndef scaled", id="a constant that is computed stays"),
    pytest.param(
        "SIZE = 3", "SIZE = 3\nfor _ in range(2):\n    print(_)", "        for _ in range(2):\n            print(_)\n", id="a loop"
    ),
    pytest.param("SIZE = 3", "SIZE = 3\nSIZE = 4", "        self.size = 3\n        self.size = 4\n", id="a name with two values"),
    pytest.param(
        "SIZE = 3",
        "SIZE = os.cpu_count()",
        "    def scaled(self, value: int) -> int:\n        return value * self.size\n",
        id="a function becomes a method",
    ),
    pytest.param("SIZE = 3", "SIZE = os.cpu_count()", "self.scaled(2)", id="whose callers know it"),
    pytest.param(
        "    return value * SIZE",
        "    global SIZE\n    SIZE = 4\n    return value * SIZE",
        "        self.size = 4\n        return value * self.size",
        id="a global",
    ),
    pytest.param(
        "    def setup(self):",
        '    # how often\n# at most\n    times: int = 3\n    table = {\n        "a": """b\nc""",\n    }\n\n    def setup(self):',
        '    # how often\n    # at most\n    times: int = 3\n    table = {\n        "a": """b\nc""",\n    }\n\n    def setup(self):',
        id="attributes of the class, with their comments",
    ),
    pytest.param("import os\n", "from __future__ import annotations\nimport os\n", "import torch\n", id="the future"),
    pytest.param("import os\nimport time\n\nimport numpy\n", "import os, time, numpy\n", "import os\nimport time\n", id="a mixed import"),
    pytest.param(
        "import numpy\n", "import numpy\nfrom PIL import Image\n", "        from PIL import Image  # noqa: F401\n", id="a name of fal's"
    ),
    pytest.param("(self, text)", "(self, text: numpy.ndarray)", 'def helper(self, text: "numpy.ndarray"):', id="an annotation is quoted"),
    pytest.param("(self, text)", "(self, text: numpy.ndarray)", "if TYPE_CHECKING:\n    import numpy\n", id="for type checkers"),
    pytest.param(
        "def scaled",
        "@torch.no_grad()\ndef scaled",
        "    import torch\n\n    with torch.no_grad():\n        return value * SIZE",
        id="a context of a function",
    ),
    pytest.param(
        "    def helper",
        "    @torch.autocast('cuda')\n    def helper",
        "        with torch.autocast('cuda'):\n            return numpy",
        id="a context of a method",
    ),
    pytest.param("    def setup", "    steps = 3\n\n    def setup", "    steps = 3\n\n    def setup", id="an attribute of the class"),
    pytest.param(
        '= torch.load("a")',
        '= torch.load("a")\n        self.predict("b")',
        "        result = self.predict(text=input.text)\n",
        id="a warm-up",
    ),
    pytest.param(
        "        return str",
        "        if text:\n            return str",
        "        result = self.predict(text=input.text)\n",
        id="a path without an answer",
    ),
    pytest.param(
        "        for _",
        "        input = 3\n        for _",
        "        result = self.predict(text=input.text)\n",
        id="a local name of the endpoint",
    ),
    pytest.param("        for _", "        f = lambda: text\n        for _", "        f = lambda: input.text\n", id="a lambda"),
    pytest.param(
        "        for _", "        f = lambda text: text\n        for _", "        f = lambda text: text\n", id="a parameter of a lambda"
    ),
    pytest.param(
        "        for _",
        "        def f():\n            return text\n        for _",
        "            return input.text\n",
        id="a nested function",
    ),
    pytest.param(
        "        for _",
        "        x = [text for text in text.split()]\n        for _",
        "[text for text in text.split()]",
        id="a comprehension",
    ),
    pytest.param(
        "        for _",
        "        x = [SIZE for SIZE in text.split()]\n        for _",
        "[SIZE for SIZE in input.text.split()]",
        id="a comprehension of its own names",
    ),
    pytest.param("        for _", "        numpy = 3\n        for _", "        numpy = 3\n", id="a local name of a package's"),
    pytest.param(
        "        for _",
        "        try:\n            f = 1\n        finally:\n            f = 2\n        for _",
        '@fal.endpoint("/cancel")',
        id="a method that cleans up",
    ),
    pytest.param(
        PREDICT[PREDICT.index(" -> str:\n        for") :],
        ' -> str: "Said."; size = scaled(2); return str(self.model(text, size))\n',
        '        "Said."\n        size = scaled(2)\n        return JSONResponse',
        id="a body on one line",
    ),
    pytest.param("-> str:\n        for", "-> dict:\n        for", 'JSONResponse({"output": result})', id="a mapping"),
    pytest.param("        return str", "        yield str", "    def outputs(self, input: Input) -> ", id="a stream"),
    pytest.param("        time.sleep(0)", "        logging = __name__", 'logging = "predict"', id="the module's name"),
    pytest.param(
        "        time.sleep(0)",
        '        print(f"{__name__!r}: {text}")',
        "f\"{'predict'!r}: {input.text}\"",
        id="the module's name in an f-string",
    ),
    pytest.param(
        "def scaled(value: int) -> int:\n    return value * SIZE",
        "def upload(value: int) -> int:\n    return value * SIZE\n\n\nscaled = 3",
        "def upload_(value: int) -> int:",
        id="a function with a name of the app's",
    ),
]
"""(what is written instead, what the app file has for it)."""


def test_a_module_of_which_the_app_file_has_a_class_gives_it(tmp_path: Path) -> None:
    code = (
        PREDICT.replace("import os\n", "import datetime\nimport os\n").replace("-> str:", "-> dict:").replace("return str(", "return dict(")
    )
    made = text(converted(write(tmp_path / "p", code.replace("time.sleep(0)", "datetime.datetime.now()"))), "app.py")
    assert "import datetime\n" in made and "from datetime" not in made
    assert "value.isoformat() if isinstance(value, datetime.datetime) else value" in made


def test_the_predictors_methods_become_the_apps(tmp_path: Path) -> None:
    outcome = converted(write(tmp_path / "p", PREDICT))
    made = text(outcome, "app.py")
    assert app(outcome).style == "native"
    assert SETUP in made
    assert "    def helper(self, text):\n        import numpy\n\n        return numpy.array(text)\n" in made
    assert '        result = str(self.model(self.helper(input.text), scaled(2)))\n        return JSONResponse({"output": result})\n' in made
    assert "import os\nimport time\nimport traceback\nfrom functools import wraps\n" in made
    assert "predict.py" not in {change.path for change in outcome.files if change.action != "removed"}
    compile(made, "app.py", "exec")


@pytest.mark.parametrize(("old", "new", "reason"), KEPT)
def test_what_cannot_be_proven_stays(tmp_path: Path, old: str, new: str, reason: str) -> None:
    loaded = PREDICT.replace("SIZE = 3", "SIZE = 3\nLOADED = torch.zeros(1)") if "LOADED" in new else PREDICT
    assert old in loaded
    root = write(tmp_path / "p", loaded.replace(old, new))
    outcome = converted(root)
    assert app(outcome).style == "keep"
    assert reason in app(outcome).why_style
    with pytest.raises(UsageError, match="is not safe here"):
        converted(root, style="native")


@pytest.mark.parametrize(("old", "new", "made"), NATIVE)
def test_what_can_be_proven_is_moved(tmp_path: Path, old: str, new: str, made: str) -> None:
    assert old in PREDICT
    outcome = converted(write(tmp_path / "p", PREDICT.replace(old, new)))
    assert app(outcome).style == "native", app(outcome).why_style
    assert made in text(outcome, "app.py")
    assert not undefined(text(outcome, "app.py"))
    assert "predict.py" not in {change.path for change in outcome.files if change.action != "removed"}


@pytest.mark.parametrize(
    ("yaml", "files", "reason"),
    [
        (YAML + "train: predict.py:scaled\n", {}, "several apps share the tree"),
        (YAML, {"numpy__py": "import predict\n"}, "numpy.py imports it"),
        (YAML, {"numpy__py": "FILE = 'predict.py'\n"}, "numpy.py:1 names its file"),
    ],
    ids=["a training", "a module that imports it", "a module that names it"],
)
def test_what_others_read_stays(tmp_path: Path, yaml: str, files: dict[str, str], reason: str) -> None:
    assert reason in app(converted(write(tmp_path / "p", PREDICT, yaml, **files))).why_style


@pytest.mark.parametrize(
    ("yaml", "files", "kept"),
    [
        (YAML.replace("predict:", "  system_packages: [ffmpeg]\npredict:"), {}, "Dockerfile"),
        (YAML + "train: train.py:train\n", {"train__py": "def train(a: str) -> str:\n    return a\n"}, "train_app.py"),
        (YAML, {"numpy__py": "x = 1\n"}, "numpy.py"),
    ],
    ids=["an image", "a training in a file of its own", "another module"],
)
def test_what_stands_beside_the_file_is_no_matter(tmp_path: Path, yaml: str, files: dict[str, str], kept: str) -> None:
    outcome = converted(write(tmp_path / "p", PREDICT, yaml, **files))
    there = {change.path for change in outcome.files if change.action != "removed"}
    assert app(outcome).style == "native", app(outcome).why_style
    assert kept in there
    assert "predict.py" not in there
    assert "        sys.path.insert(0, os.getcwd())" in text(outcome, "app.py")


def test_what_the_file_says_of_itself_stays(tmp_path: Path) -> None:
    source = f'"""Answers.\n\nSlowly."""\n{PREDICT}'.replace("class Predictor", "# see the paper\nclass Predictor")
    made = text(converted(write(tmp_path / "p", source)), "app.py")
    assert "# Answers.\n#\n# Slowly.\n" in made
    assert '# see the paper\nclass P(fal.App, name="p"' in made


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
    assert "            return Output(files=[upload(path) for path in found])\n" in made


@pytest.mark.parametrize(
    ("body", "made"),
    [
        pytest.param("return str(json)", 'json_ = fetch(input.json_, folder, field="json")\n            return', id="read"),
        pytest.param(
            "json = str(json)\n        return json", 'field="json")\n            json = json_\n            json = str(json)', id="rebound"
        ),
    ],
)
def test_a_file_whose_name_the_app_file_has_is_fetched_under_another(tmp_path: Path, body: str, made: str) -> None:
    predictor = f"class Predictor(BasePredictor):\n    def predict(self, json: Path) -> str:\n        {body}\n"
    root = write(tmp_path / "p", f"from cog import BasePredictor, Path\n\n\n{predictor}")
    found = text(converted(root), "app.py")
    assert made in found
    assert not undefined(found)


def test_a_decorator_that_is_a_context_stands_around_the_body(tmp_path: Path) -> None:
    root = write(tmp_path / "p", PREDICT.replace("    def predict", "    @torch.inference_mode()\n    def predict"))
    made = text(converted(root), "app.py")
    assert "        import torch\n\n        with torch.inference_mode():\n            for _ in range(SIZE):\n" in made
    assert "            return JSONResponse(" in made
    assert "@torch" not in made


def test_every_name_that_an_app_file_imports_is_known() -> None:
    tables = [(module, name) for module, names in (*FROM_STANDARD, *FROM_THIRD) for name in names]
    assert {name: f"{module}.{name}" for module, name in tables}.items() <= APP_IMPORTS.items()
    assert {module.partition(".")[0] for module in STANDARD} <= set(APP_IMPORTS)


def test_every_name_of_fals_app_is_known() -> None:
    assert {name for name in dir(fal.App) if not name.startswith("_")} <= APP_ATTRIBUTES | {"local"}
