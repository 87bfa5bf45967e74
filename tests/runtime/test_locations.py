"""Errors lead to the line of the user's own code, however the app came to its runner."""

from __future__ import annotations

import io
import json
import pickle
import sysconfig
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fal_runtime import _sdk, locations

from .test_run import PYPROJECT, Serve, Write

STDLIB, SITE = sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")
OURS = str(Path(locations.__file__).with_name("_sdk.py"))


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ([("/home/a/app/app.py", 9)], "app.py:9"),
        ([("/home/a/app/app.py", 9), ("/home/a/app/lib/load.py", 4)], "lib/load.py:4"),
        ([("/app/lib/load.py", 4)], "lib/load.py:4"),
        ([("/opt/tool/load.py", 4)], "load.py:4"),
        ([("/home/a/app/app.py", 9), (f"{STDLIB}/json/decoder.py", 355)], "app.py:9"),
        ([("/home/a/app/app.py", 9), (f"{SITE}/torch/hub.py", 5)], "app.py:9"),
        ([("/home/a/app/app.py", 9), ("/home/a/app/.venv/lib/python3.9/site-packages/x.py", 5)], "app.py:9"),
        ([("/home/a/app/app.py", 9), ("<string>", 1)], "app.py:9"),
        ([("/home/a/app/app.py", 9), (OURS, 1)], "app.py:9"),
        ([(OURS, 1), (f"{STDLIB}/asyncio/runners.py", 1)], None),
        ([("<dynamic-code>", 3)], None),
        ([], None),
    ],
)
def test_a_traceback_leads_to_the_innermost_line_that_is_the_user_s(files: list[tuple[str, int]], where: str | None) -> None:
    text = "Traceback:\n" + "".join(f'  File "{name}", line {line}, in f\n    call()\n' for name, line in files) + "ValueError: no\n"
    assert locations.of_traceback(text, ["/home/a/app", "/app", "/app"]) == where


def test_a_syntax_error_leads_to_the_line_that_it_is_about() -> None:
    with pytest.raises(SyntaxError) as raised:
        compile("a = 1\nb = = 2\n", "/home/a/app/lib/broken.py", "exec")
    assert locations.of_error(raised.value, ["/home/a/app"]) == "lib/broken.py:2"


SOURCE = '''
class Demo:
    """Documented."""
    def run(self, number=3, *, times: "int" = 2):
        return [(lambda item: item * times)(item) for item in range(number)]

def nested(offset):
    def inner(value, /):
        return value + offset
    return inner

async def waits():
    yield 1

add = nested(5)
'''


def module() -> types.ModuleType:
    """A module that nobody can import, so that its code is pickled by value."""
    made = types.ModuleType("not_importable")
    exec(compile(SOURCE, "/home/a/app/app.py", "exec"), vars(made))
    return made


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


@pytest.mark.parametrize("name", ["Demo.run", "nested", "waits", "add"])
@pytest.mark.versions
def test_pickled_code_is_that_of_the_file(name: str) -> None:
    function: object = module()
    for part in name.split("."):
        function = getattr(function, part)
    assert isinstance(function, types.FunctionType)
    before, after = list(codes(function.__code__)), list(codes(through(function).__code__))
    assert after == before  # which holds lines and columns
    assert {code.co_filename for code in after} == {"/home/a/app/app.py"}


@pytest.mark.versions
def test_pickled_code_does_what_it_did() -> None:
    made = module()
    assert through(made.Demo)().run() == [0, 2, 4]
    assert through(made.add)(1) == 6


def test_code_whose_constants_are_no_literals_is_pickled_as_ever() -> None:
    made = module()
    marked = made.nested.__code__.replace(co_consts=(*made.nested.__code__.co_consts, STRANGE))
    made.nested.__code__ = marked
    assert through(made.nested).__code__.co_consts[-1] is STRANGE


STRANGE = json.JSONDecodeError  # nothing that compiled code can hold, but something that pickle names


def through(function: Callable[..., object]) -> Callable[..., object]:
    file = io.BytesIO()
    _sdk._Pickler(file).dump(function)
    return pickle.loads(file.getvalue())


def test_setup_that_fails_in_a_library_leads_to_the_line_that_called_it(project: Write, serve: Serve) -> None:
    app = """
        import json

        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        class Demo(fal.App, name="demo"):
            def setup(self):
                json.loads("[")

            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                return {}
    """
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    served.line(r"^demo: json\.decoder\.JSONDecodeError: .* \(app\.py:11\); next attempt")


@pytest.mark.versions
def test_a_request_that_fails_shows_file_line_and_text_of_the_code(project: Write, serve: Serve) -> None:
    app = """
        import fal
        from pydantic import BaseModel

        class Input(BaseModel):
            pass

        class Demo(fal.App, name="demo"):
            @fal.endpoint("/")
            def run(self, input: Input) -> dict:
                raise ValueError("no such colour")
    """
    root = project(pyproject_toml=PYPROJECT, app_py=app)
    served = serve(root)
    assert served.post("demo", {}).status_code == 500
    served.line(rf'File "{root}/app\.py", line 10, in run')
    served.line(r'raise ValueError\("no such colour"\)$')
