"""What project code tells the gateway in the runtime's name: it has the pipe on which its own process reports."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.warm import Warm

from .conftest import Served, written
from .test_run import Serve, Write

PYPROJECT = """
    [tool.fal.apps.demo]
    ref = "app.py::Demo"
"""
APP = """
    import os
    import fal

    def forge(text):
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and os.path.realpath(f"/proc/self/fd/{name}").rpartition("/")[2].startswith("pipe:"):
                try:
                    os.write(int(name), text.encode())
                except OSError:
                    pass

    AT_IMPORT

    class Demo(fal.App, name="demo"):
        @fal.endpoint("/")
        def run(self) -> dict:
            forge(FORGED)
            return {"answered": True}
"""


@pytest.mark.parametrize("forged", ["no JSON\n", "[]\n", '{"event": 1}\n', '{"event": "bound", "pid": 1, "port": 1, "metrics_port": 1}\n'])
@pytest.mark.whole
def test_a_runner_that_forges_reports_goes_on(project: Write, serve: Serve, forged: str) -> None:
    app = APP.replace("AT_IMPORT", "").replace("FORGED", repr(forged))
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    for _ in range(3):
        assert served.post("demo", {}).json() == {"answered": True}


@pytest.mark.parametrize("description", ["null", "{}", '{"name": "demo", "settings": 1}'])
@pytest.mark.whole
def test_a_loader_that_forges_a_description_fails_alone(project: Write, serve: Serve, description: str) -> None:
    forged = f'{{"event": "loaded", "description": {description}}}\n'
    app = APP.replace("AT_IMPORT", f"forge({forged!r}); os._exit(0)").replace("FORGED", "''")
    pyproject = PYPROJECT + '\n    [tool.fal.apps.good]\n    ref = "good.py::Good"\n'
    good = APP.replace("AT_IMPORT", "").replace("FORGED", "''").replace("Demo", "Good").replace('"demo"', '"good"')
    served = serve(project(pyproject_toml=pyproject, app_py=app, good_py=good))
    served.line(r"^error: demo: loading it told no description of an app")
    assert served.post("good", {}).json() == {"answered": True}


@pytest.mark.parametrize(("file", "said"), [("folder", "Is a directory"), ("missing.txt", "No such file or directory")])
def test_a_loader_that_names_what_is_no_file_fails_alone(project: Write, serve: Serve, file: str, said: str) -> None:
    app = """
        from pathlib import Path
        import fal
        from fal_runtime import _sdk

        HERE = Path(__file__).parent
        _sdk._files = lambda *_: [(str(HERE / "FILE"), "FILE")]

        class Demo(fal.App, name="demo", app_files=["kept.txt"]):
            @fal.endpoint("/")
            def run(self) -> dict:
                return {}
    """
    root = project(pyproject_toml=PYPROJECT, app_py=app.replace("FILE", file))
    (root / "folder").mkdir()
    (root / "kept.txt").touch()
    served = serve(root)
    assert served.line(r"^error: demo: its files cannot be copied: ").endswith(f"{root}/{file}: {said}")
    assert served.process.wait(30) == 5


def test_a_description_may_be_long_and_what_is_printed_is_cut(project: Write, serve: Serve) -> None:
    app = APP.replace("AT_IMPORT", "print('x' * 3_000_000)").replace("FORGED", "''")
    app = app.replace("def run(self) -> dict:", "def run(self) -> dict:\n            " + '"' * 3 + "y" * 2_000_000 + '"' * 3)
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    assert served.post("demo", {}).json() == {"answered": True}


@pytest.fixture(scope="module")
def printing(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Iterator[Served]:
    """An app that prints what it is sent."""
    folder = tmp_path_factory.mktemp("printing")
    app = APP.replace("AT_IMPORT", "from pydantic import BaseModel\n\n    class Input(BaseModel):\n        text: str\n")
    app = app.replace("run(self)", "run(self, input: Input)").replace("forge(FORGED)", "print(input.text)")
    served = Served(written(folder / "project", pyproject_toml=PYPROJECT, app_py=app), folder / "data", warm=warm)
    yield served
    served.close()


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        pytest.param("\x1b[2J\x1b]0;title\x07gone", "\\x1b[2J\\x1b]0;title\\x07gone", id="commands of terminals"),
        pytest.param("abc\u202edcb", "abc\\u202edcb", id="a change of direction"),
        pytest.param("##[error]forged", "\\x23#[error]forged", id="a command of GitHub's log"),
        pytest.param("10 %\r20 %\r30 %\r", "30 %", id="a bar that is drawn again and again"),
        pytest.param("caf\u00e9\t\u4f60", "caf\u00e9\t\u4f60", id="a text in any language"),
        pytest.param('{"traceback": "one\\n::error::two"}', "one", id="the first of two lines"),
        pytest.param('{"traceback": "one\\n::error::two"}', "::error::two", id="a line that would be a command by itself"),
    ],
)
def test_what_an_app_prints_commands_no_terminal(printing: Served, printed: str, shown: str) -> None:
    already = len(printing.lines)
    assert printing.post("demo", {"text": printed}).json() == {"answered": True}
    assert printing.line(f"^{re.escape(f'[demo] {shown}')}$", after=already)
