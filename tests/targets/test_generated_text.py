"""Generated Python: what stands in strings stays as it is, and imports are those that the code needs by Python's own reading."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.targets.app import tidy
from converters.targets.imports import complete, used_names

WORKER = """import runpod

NOTE = {literal}


def handler(job):
    data = job["input"]
    return {{"text": data["prompt"] + {literal}, "more": NOTE}}


runpod.serverless.start({{"handler": handler}})
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("x = 1   \n\n\n\n\n\ny = 2\t\n\n\n", "x = 1\n\n\ny = 2\n", id="blanks at line ends and too many blank lines"),
        pytest.param("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n", id="line endings"),
        pytest.param("x = '''a  \n\n\n\n\nb\t\n'''  \n", "x = '''a  \n\n\n\n\nb\t\n'''\n", id="blanks in a string"),
        pytest.param("x = f'''{y}  \n\n\n\n'''\n", "x = f'''{y}  \n\n\n\n'''\n", id="blanks in an f-string"),
        pytest.param("x = b'''a \n'''\n", "x = b'''a \n'''\n", id="blanks in bytes"),
        pytest.param("x = 'a\x0cb\u2028c'\ny = '\x85'\n", "x = 'a\x0cb\u2028c'\ny = '\x85'\n", id="separators that are no line ends"),
        pytest.param("x = 'no  '\n", "x = 'no  '\n", id="blanks in a string on one line"),
        pytest.param("x = 1 +\n", "x = 1 +\n", id="what is no Python"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    assert tidy(text) == expected


@pytest.mark.parametrize(
    "literal",
    [
        pytest.param('"""a   \n\n\n\n\nb\t\n  """', id="trailing blanks and blank lines"),
        pytest.param("'x\x0cy'", id="a form feed"),
        pytest.param("'x\u2028y\u2029z\x85'", id="separators of Unicode"),
        pytest.param('"""@IMPORTS@\n\n@IMPORTS@\n"""', id="the mark of the template"),
        pytest.param("'{{ x }} {% y %}'", id="marks of templates"),
        pytest.param('"a" \'b"""c\'', id="quotes"),
    ],
)
@pytest.mark.parametrize("style", ["auto", "keep"])
def test_strings_arrive_as_they_are(tmp_path: Path, literal: str, style: str) -> None:
    (tmp_path / "handler.py").write_bytes(WORKER.format(literal=literal).encode())
    outcome = convert(tmp_path, Options(style=style))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted), outcome
    sources = [change.data for change in outcome.files if change.path in ("app.py", "handler.py") and change.data is not None]
    found = [node.value for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert found.count(ast.literal_eval(literal)) == 2


@pytest.mark.parametrize(
    ("code", "used"),
    [
        pytest.param("os.path.join(x)", {"os", "os.", "os.path.", "x"}, id="a module and what is read of it"),
        pytest.param("f'{json.dumps(x)}'", {"json", "json.", "x"}, id="in an f-string"),
        pytest.param("'os.path'", set(), id="not in a string"),
        pytest.param("print(1)  # os.path", {"print"}, id="not in a comment"),
        pytest.param("def f():\n    from PIL import Image\n\n    return Image.open(g)\n", {"g"}, id="not what a function has for itself"),
        pytest.param("def f(a: Image): ...\n", {"Image"}, id="an annotation"),
        pytest.param("call(os=1).os.x", {"call"}, id="not an argument or attribute of that name"),
        pytest.param('\'a"""b\' + os.sep + \'c"""d\'', {"os", "os."}, id="behind quotes in a string"),
        pytest.param("os.(", set(), id="what is no Python"),
    ],
)
def test_names_that_code_reads(code: str, used: set[str]) -> None:
    assert used_names(code) == used


def test_imports_take_the_place_of_their_mark_once() -> None:
    text = complete('"""t"""\n\n@IMPORTS@\n\nx = os.sep + """\n@IMPORTS@\n"""\n')
    assert text == '"""t"""\n\nimport os\n\nimport fal\n\n\nx = os.sep + """\n@IMPORTS@\n"""\n'


def test_an_input_key_with_quotes_costs_no_import(tmp_path: Path) -> None:
    text = WORKER.format(literal="'x'").replace('data["prompt"]', 'data.get(\'a"""b\', "") + data["x\\"\\"\\"y"]')
    (tmp_path / "handler.py").write_text(text)
    outcome = convert(tmp_path, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    (source,) = [change.data for change in outcome.files if change.path == "app.py"]
    nodes = ast.walk(ast.parse(source or b""))
    aliases = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    assert {"os", "sys", "fal", "BaseModel", "Field"} <= {alias.name for alias in aliases}


@pytest.mark.parametrize("key", ["", "a-b", "class", "a'b\"c", "\x00", "\x1b[0m", "\ufeff", "1a", "json", "tone"])
def test_keys_beside_the_input_need_not_be_names(tmp_path: Path, key: str) -> None:
    text = WORKER.format(literal="'x'").replace('"more": NOTE', f'"more": job.get({key!r})')
    (tmp_path / "handler.py").write_text(text)
    outcome = convert(tmp_path, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    (source,) = [change.data for change in outcome.files if change.path == "app.py"]
    namespace: dict[str, object] = {"__name__": "made", "__file__": str(tmp_path / "app.py")}
    exec(compile(source or b"", "app.py", "exec", dont_inherit=True), namespace)
    model = namespace["Input"].model_validate({"prompt": "a", key: "beside"})  # type: ignore[attr-defined]
    assert model.model_dump(by_alias=True, exclude_unset=True) == {"prompt": "a", key: "beside"}
