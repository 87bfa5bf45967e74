"""When a worker is written natively, and the reason why it is kept where that is not provably the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted

START = "runpod.serverless.start({'handler': handler})\n"
READ = "def handler(job):\n    return {'n': job['input'].get('n', 1)}\n\n\n"


def converted(folder: Path, text: str) -> tuple[str, str]:
    """(style, source of the app file)."""
    head = "" if "__future__" in text else "import runpod\n\n"
    (folder / "handler.py").write_text(head + text)
    outcome = convert(folder, Options())
    assert isinstance(outcome, Converted), outcome
    (app,) = outcome.application.apps
    (data,) = [change.data for change in outcome.files if change.path == app.app_file]
    assert data is not None
    ast.parse(data)
    return str(app.style), data.decode()


NATIVE = [
    pytest.param(f"{READ}{START}", "return Output(n=input.n)", id="a field that is read"),
    pytest.param(
        f"table = sorted([2, 1])\n\n\ndef handler(job):\n    return {{'t': table}}\n\n\n{START}",
        "self.table = sorted([2, 1])",
        id="what is loaded",
    ),
    pytest.param(f"# why\nLIMIT = 3  # three\n\n\n{READ}{START}", "# why\nLIMIT = 3  # three\n", id="constants with their comments"),
    pytest.param(
        f"def handler(job):\n    data = job['input']\n    return {{'c': data['class'] , 'j': data.get('json')}}\n\n\n{START}",
        "Output(c=input.class_ , j=input.json_)",
        id="keys that are no names",
    ),
    pytest.param(
        f"def handler(job):\n    if not job['input'].get('n', 1):\n        return {{'error': 'no n'}}\n    return {{'n': 1}}\n\n\n{START}",
        "raise HTTPException(500, detail='no n')",
        id="an error",
    ),
    pytest.param(
        f"def handler(job):\n    return({{'n': 1 if(job['input']['n'])else(job['id'])}})\n\n\n{START}",
        "return(Output(n=1 if(input.n)else(self.current_request.request_id)))",
        id="parentheses without a blank before them",
    ),
    pytest.param(
        f"model = dict()\n\n\ndef handler(job):\n    found = (  # why\n        model\n    ).get(1)\n    return {{'n': found}}\n\n\n{START}",
        "found = (  # why\n            self.model\n",
        id="parentheses with a comment in them",
    ),
    pytest.param(
        f"import os\n\nTOKEN = os.environ.get('TOKEN')\n\n\ndef handler(job):\n    return {{'t': bool(TOKEN)}}\n\n\n{START}",
        "self.TOKEN = os.environ.get('TOKEN')",
        id="reads of the environment move to setup",
    ),
]
KEPT = [
    pytest.param(
        f"from __future__ import annotations\n\nimport runpod\n\n{READ}{START}", id="a future import, which breaks an app once deployed"
    ),
    pytest.param(
        f"{READ}config = {{'handler': handler}}\nrunpod.serverless.start(config)\n", id="the handler's name in a statement of its own"
    ),
    pytest.param(f"{READ}{START.strip()}; print('never')\n", id="two statements on the line of the start call"),
    pytest.param(f"{READ}runpod.serverless.start({{'handler': handler, 'refresh_worker': True}})\n", id="options that act on every answer"),
    pytest.param(
        f"def handler(job):\n    a = b = job['input']\n    return {{'n': a['n'], 'm': b['n']}}\n\n\n{START}", id="two names for the input"
    ),
    pytest.param(
        f"def handler(job):\n    if job['input'].get('n', 0):\n        return {{'n': 1}}\n\n\n{START}", id="a way without a result"
    ),
    pytest.param(
        f"def handler(job):\n    if job['input'].get('n', 0):\n        return {{'error': 0}}\n    return {{'n': 1}}\n\n\n{START}",
        id="an error that RunPod takes for none",
    ),
    pytest.param(f"def handler(job):\n    return {{'class': 1}}\n\n\n{START}", id="a result that is no name"),
    pytest.param(
        f"def wraps(value):\n    return value\n\n\ndef handler(job):\n    return {{'n': wraps(1)}}\n\n\n{START}",
        id="a name that the app file uses",
    ),
    pytest.param(f"def passing(function):\n    return function\n\n\n@passing\n{READ}{START}", id="a decorated handler"),
    pytest.param(
        f"if __name__ == '__main__':\n    model = dict()\n\n\n{READ.replace('return', 'print(model); return')}{START}",
        id="a main block of one statement that loads, before a start call of the module",
    ),
    pytest.param(f"__limit = int('1')\n\n\n{READ.replace('1)', '1) + __limit')}{START}", id="a name that a class would change"),
    pytest.param(
        f"def handler(job):\n    print(handler.__name__)\n    return {{'n': job['input'].get('n', 1)}}\n\n\n{START}",
        id="a handler that uses itself",
    ),
    pytest.param(
        f"COUNT = 0\n\n\ndef handler(job):\n    global COUNT\n    COUNT += 1\n    return {{'n': 1}}\n\n\n{START}",
        id="a global that is rebound",
    ),
]


@pytest.mark.parametrize(("text", "expected"), NATIVE)
def test_a_plain_worker_is_written_natively(tmp_path: Path, text: str, expected: str) -> None:
    style, app = converted(tmp_path, text)
    assert style == "native"
    assert expected in app


@pytest.mark.parametrize("text", KEPT)
def test_a_worker_stays_where_native_could_change_it(tmp_path: Path, text: str) -> None:
    style, app = converted(tmp_path, text)
    assert style == "keep"
    assert "import handler" in app


def test_only_the_line_that_copies_the_handler_is_said_to_go(tmp_path: Path) -> None:
    files = {
        "handler.py": "import runpod\n\n\ndef handler(job):\n    return {'a': job['input']['a']}\n\n\nrunpod.serverless.start({'handler': handler})\n",
        "my_handler.py": "X = 1\n",
        "Dockerfile": "FROM nvidia/cuda:12.1.0-base-ubuntu22.04\nRUN make tools\nCOPY my_handler.py /tools/\nCOPY handler.py /\nCMD python handler.py\n",
    }
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted) and outcome.application.apps[0].style == "native"
    said = {item.line: item.rule for item in outcome.ledger.items() if item.file == "Dockerfile" and item.line in (3, 4)}
    written = next(change.data for change in outcome.files if change.path == "Dockerfile") or b""
    assert said == {3: "DK005", 4: "DK006"}
    assert b"COPY my_handler.py /tools/" in written and b"COPY handler.py /\n" not in written
