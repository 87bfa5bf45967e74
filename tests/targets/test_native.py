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
    assert not outcome.not_native  # it was not tried and given up
    (app,) = outcome.application.apps
    (data,) = [change.data for change in outcome.files if change.path == app.app_file]
    assert data is not None
    ast.parse(data)
    return str(app.style), data.decode()


NATIVE = [
    pytest.param(
        f"import traceback\n\n\ndef handler(job):\n    return {{'n': traceback.format_exc()}}\n\n\n{START}",
        "return Output(n=traceback.format_exc())",
        id="a traceback in an answer",
    ),
    pytest.param(
        f"import os, torch\n\nm = torch.load(os.sep)\n\n\n{READ.replace('1)', '1) or m')}{START}",
        "        import torch\n\n        self.m = torch.load(os.sep)\n",
        id="a line that imports what is heavy and what is not",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef handler(job):\n    n = job['input']['n']\n    return {{'t': f'{{n=}} {{model}}'}}\n\n\n{START}",
        "f'{n=} {self.model}'",
        id="an f-string that shows a name of the handler's own",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef size(extra=1, /):\n    return len(model) + extra\n\n\n{READ.replace('1)', '1) + size()')}{START}",
        "    def size(self, extra=1, /):\n",
        id="a method with arguments that have no names",
    ),
    pytest.param(
        f"def handler(job):\n    data = job['input']; print(data['n'])\n    return {{'n': data['n']}}\n\n\n{START}",
        "        print(input.n)\n        return Output(n=input.n)",
        id="a name for the input before another statement of its line",
    ),
    pytest.param(
        f"def handler(job):\n    return {{'n': job['input']['n' or None]}}\n\n\n{START}",
        "input.model_dump(exclude_unset=True)['n' or None]",
        id="a key that is computed",
    ),
    pytest.param(
        f"import torch\n\nmodel = dict()\n\n\n@torch.inference_mode()\n{READ}{START}",
        "        import torch\n\n        with torch.inference_mode():\n            return Output(n=input.n)",
        id="a decorator that is a context",
    ),
    pytest.param(
        f"import torch\n\n\n@torch.no_grad()\ndef one():\n    'One.'\n    return torch.one\n\n\n{READ.replace('1)', '1) + one()')}{START}",
        "def one():\n    'One.'\n    import torch\n\n    with torch.no_grad():\n        return torch.one\n",
        id="a function that a context decorates",
    ),
    pytest.param(
        f"import torch\n\nm = dict()\n\n\n@torch.no_grad()\ndef one():\n    return m, torch.one\n\n\n{READ.replace('1)', '1) + one()')}{START}",
        "    def one(self):\n        import torch\n\n        with torch.no_grad():\n            return self.m, torch.one\n",
        id="a method that a context decorates",
    ),
    pytest.param(
        f"import torch\n\n\nclass A:\n    @torch.no_grad()\n    def one(self):\n        return torch.one\n\n\n{READ.replace('1)', '1) + A().one()')}{START}",
        "    def one(self):\n        import torch\n\n        with torch.no_grad():\n            return torch.one\n",
        id="a method of a class that a context decorates",
    ),
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
        f"def handler(job):\n    return{{'n': job['input']['n']}}\n\n\n{START}",
        "return Output(n=input.n)",
        id="a dict without a blank before it",
    ),
    pytest.param(
        f"def handler(job):\n    'Says it.'; n = job['input']['n']\n    return {{'n': n}}\n\n\n{START}",
        "        'Says it.'\n        n = input.n\n",
        id="a statement behind the docstring on its line",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef up(x, by=lambda y: y):\n    return by(x), model\n\n\n{READ.replace('1)', '1) + up(2)[0]')}{START}",
        "    def up(self, x, by=lambda y: y):\n        return by(x), self.model\n",
        id="a function with a function as a default",
    ),
    pytest.param(
        f"m = dict() \\\n\n\ndef up(x):\n    return [x, m] \\\n\n\ndef handler(job):return{{'n': up(job['input']['n'])}}\\\n\n{START}",
        "return Output(n=self.up(input.n))\n",
        id="lines that go on in empty ones",
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
    pytest.param(f"from __future__ import annotations\n\nimport runpod\n\n{READ}{START}", "Output(n=input.n)", id="a future import goes"),
    pytest.param(
        f"import os, runpod\n\n{READ.replace('1)', '1) or os.sep')}{START}", "import os\n", id="one import statement of two modules"
    ),
    pytest.param(
        f"{READ}runpod.serverless.start({{'handler': handler, 'refresh_worker': True}})\n",
        "JSONResponse(result, headers=headers)",
        id="an option that acts on every answer",
    ),
    pytest.param(
        f"def handler(job):\n    a = b = job['input']\n    return {{'n': a['n'], 'm': b['n']}}\n\n\n{START}",
        "a = b = input.model_dump(exclude_unset=True)",
        id="two names for the input, which stays a dict",
    ),
    pytest.param(
        f"def handler(job):\n    return {{'n': process(**job['input'])}}\n\n\ndef process(**values):\n    return values\n\n\n{START}",
        "process(**input.model_dump(exclude_unset=True))",
        id="an input that is passed on as a whole",
    ),
    pytest.param(
        f"def handler(event):\n    print(event)\n    return {{'n': event['input'].get('n', 1)}}\n\n\n{START}",
        'event = {"id": self.current_request.request_id, "input": input.model_dump(exclude_unset=True)}',
        id="a job that is used as a whole",
    ),
    pytest.param(
        f"def handler(job):\n    if job['input'].get('n', 0):\n        return {{'n': 1}}\n\n\n{START}",
        "    @answering\n    def generate(self, input: Input) -> Output:\n        if input.n:\n            return {'n': 1}\n",
        id="a way without a result",
    ),
    pytest.param(
        f"def handler(job):\n    if job['input'].get('n', 0):\n        return {{'error': 0}}\n    return {{'n': 1}}\n\n\n{START}",
        'if error := result.pop("error", None):',
        id="an error that RunPod takes for none",
    ),
    pytest.param(f"def handler(job):\n    return {{'class': 1}}\n\n\n{START}", "return {'class': 1}", id="a result that is no name"),
    pytest.param(
        f"{READ.replace('return', 'print(model); return')}if __name__ == '__main__':\n    model = dict()\n    {START}",
        "def setup(self):\n        self.model = dict()\n",
        id="a main block that loads",
    ),
    pytest.param(
        f"COUNT = 0\n\n\ndef handler(job):\n    global COUNT\n    COUNT += 1\n    return {{'n': COUNT}}\n\n\n{START}",
        "        self.COUNT += 1\n        return Output(n=self.COUNT)",
        id="a global that is rebound",
    ),
    pytest.param(
        f'model = dict(a=1)\n\n\ndef size(extra: int) -> int:\n    """Size.\n    Of it.\n    """\n    return len(model) + extra\n\n\n'
        f"{READ.replace('1)', '1) + size(2)')}{START}",
        '    def size(self, extra: int) -> int:\n        """Size.\n        Of it.\n        """\n        return len(self.model) + extra\n',
        id="a function that uses what is loaded becomes a method",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef size(model):\n    return len(model)\n\n\n{READ.replace('1)', '1) + size(model)')}{START}",
        "def size(model):\n    return len(model)\n",
        id="a function that gets what is loaded as an argument stays one",
    ),
    pytest.param(
        f"import os\n\nROOT = os.environ.get('ROOT', '/')\nmodel = dict(root=ROOT)\n\n\n{READ.replace('1)', '1) or model')}{START}",
        "        ROOT = os.environ.get('ROOT', '/')\n        self.model = dict(root=ROOT)\n",
        id="a value that only loading needs is a local name of setup",
    ),
    pytest.param(
        f"import torch\n\n\ndef ones(shape: torch.Size, n: int) -> torch.Tensor:\n    return torch.ones(shape)\n\n\n{READ}{START}",
        "def ones(shape, n: int):\n    import torch\n",
        id="annotations of a package that is imported later",
    ),
    pytest.param(
        f"class Box:\n    size: int = 3\n\n    def area(self):\n        return self.size\n\n\n{READ.replace('1)', '1) or Box')}{START}",
        "class Box:\n    size: int = 3\n",
        id="a class of the file stays",
    ),
    pytest.param(
        f"def handler(job):\n    pick = lambda data: {{'n': data}}\n\n    def inner():\n        return {{'x': 1}}\n\n"
        f"    return {{'n': inner(), 'm': pick(job['id'])}}\n\n\n{START}",
        "            return {'x': 1}\n\n        return Output(n=inner(), m=pick(self.current_request.request_id))",
        id="functions of the handler's own",
    ),
    pytest.param(
        f"import os\n\nif os.environ.get('KIND') == 'a':\n    model = dict(a=1)\nelse:\n    model = dict(b=1)\n\n\n{READ.replace('1)', '1, model)')}{START}",
        "        if os.environ.get('KIND') == 'a':\n            self.model = dict(a=1)\n        else:\n            self.model = dict(b=1)\n",
        id="what is loaded in one way or another",
    ),
    pytest.param(
        f"import traceback\n\n\ndef handler(job):\n    print(traceback.format_exc())\n    return {{'n': 1}}\n\n\n{START}",
        "print(traceback.format_exc())",
        id="a traceback that is printed",
    ),
]


KEPT = [
    pytest.param(f"import os\n\nif os.environ.get('A'):\n    from math import *\n\n\n{READ}{START}", id="an import with a star in a block"),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef handler(job):\n    return {{'t': f'{{model=}}'}}\n\n\n{START}",
        id="an f-string that shows a loaded name",
    ),
    pytest.param(
        f"def handler(job):\n    data = job['input']\n    return {{'t': f\"{{data['n']=}}\"}}\n\n\n{START}",
        id="an f-string that shows a read of the input",
    ),
    pytest.param(f"(\n    print\n)('once'); LIMIT = 3\n\n\n{READ}{START}", id="a statement behind the end of another"),
    pytest.param(
        f"{READ.replace('1)', 'LIMIT)')}{START}\n\nif __name__ == '__main__':\n    LIMIT = 3\n", id="a main block behind the start call"
    ),
    pytest.param(f"def handler(job):\n    return {{'n': helper(job['input']['n'])}}\n\n\n{START}", id="a name that nothing defines"),
    pytest.param(
        f"{READ}config = {{'handler': handler}}\nrunpod.serverless.start(config)\n", id="the handler's name in a statement of its own"
    ),
    pytest.param(f"{READ}{START.strip()}; print('never')\n", id="two statements on the line of the start call"),
    pytest.param(
        f"def wraps(value):\n    return value\n\n\ndef handler(job):\n    return {{'n': wraps(1)}}\n\n\n{START}",
        id="a name that the app file uses",
    ),
    pytest.param(f"def passing(function):\n    return function\n\n\n@passing\n{READ}{START}", id="a decorated handler"),
    pytest.param(f"__limit = int('1')\n\n\n{READ.replace('1)', '1) + __limit')}{START}", id="a name that a class would change"),
    pytest.param(
        f"def handler(job):\n    print(handler.__name__)\n    return {{'n': job['input'].get('n', 1)}}\n\n\n{START}",
        id="a handler that uses itself",
    ),
    pytest.param(f"from os.path import *\n\n\n{READ}{START}", id="an import with a star"),
    pytest.param(f"health = dict(a=1)\n\n\n{READ.replace('1)', '1, health)')}{START}", id="a loaded name of fal.App's own"),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef size(self):\n    return len(model)\n\n\n{READ.replace('1)', '1) + size(1)')}{START}",
        id="a function with a `self` of its own that would become a method",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef size(scale=model):\n    return len(scale)\n\n\n{READ.replace('1)', '1) + size()')}{START}",
        id="a default that is loaded",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\nclass Runner:\n    def run(self):\n        return model\n\n\n{READ.replace('1)', '1, Runner)')}{START}",
        id="a class that uses what is loaded",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\n{READ.replace('return', 'print([model for model in (1, 2)], model); return')}{START}",
        id="a comprehension with a name of its own that is also loaded",
    ),
    pytest.param(
        f"try:\n    import fast as engine\nexcept ImportError:\n    engine = None\n\n\n{READ.replace('1)', '1, engine)')}{START}",
        id="an import in a block that the handler uses",
    ),
    pytest.param(f"import torch\n\n\nclass Net(torch.nn.Module):\n    pass\n\n\n{READ}{START}", id="a class of a package's"),
    pytest.param(f"import sys\n\nsys.path.append(__file__)\n\n\n{READ}{START}", id="the path of the file"),
    pytest.param(f"{READ.replace('return', 'yield')}{START}", id="a handler that yields"),
    pytest.param(
        f"import os\n\nif os.environ.get('KIND') == 'a':\n    model = dict(a=1)\n\n\n{READ.replace('1)', '1, model)')}{START}",
        id="what is loaded in some cases only, which another message says in a class",
    ),
    pytest.param(
        f"import os\nimport sys\n\nmodel = dict(a=1)\nif os.sep != '/':\n    import sys\n\n\n{READ.replace('1)', '1, model)')}{START}",
        id="a module that is imported again while it loads",
    ),
    pytest.param(
        f"model = dict(a=1)\n\n\ndef size(n):\n    return len(model)\n\n\n{READ.replace('1)', '1) + size(**job[])')}{START}".replace(
            "job[]", "job['input']"
        ),
        id="a function that would become a method and gets the request's own keys",
    ),
    pytest.param(
        f"import sys\n\n\ndef handler(job):\n    return {{'n': sys.exc_info()[2].tb_lineno}}\n\n\n{START}",
        id="a line of the file in an answer",
    ),
    pytest.param(f"from math import *\n\n{READ}{START}", id="a star of what the project does not have"),
    pytest.param(f"from .models import load\n\n{READ}{START}", id="a relative import outside of every package"),
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


SCHEMA = "SCHEMA = {'n': {'type': int, 'required': True}, 'size': {'type': str, 'required': False, 'default': 'm'}}\n"
CHECK = "    checked = validate(job['input'], SCHEMA)\n    if 'errors' in checked:\n        return {'error': checked['errors']}\n"
VALIDATE = "from runpod.serverless.utils.rp_validator import validate\n\n"


@pytest.mark.parametrize(
    ("schema", "body", "expected", "unexpected"),
    [
        pytest.param(
            SCHEMA,
            f"{CHECK}    values = checked['validated_input']\n    return {{'n': values['n'], 's': values.get('size')}}\n",
            "return Output(n=input.n, s=input.size)",
            "validate(",
            id="the model takes the validator's place",
        ),
        pytest.param(
            SCHEMA,
            f"{CHECK}    values = checked['validated_input']\n    values['n'] += 1\n    return {{'n': values['n']}}\n",
            "values = input.model_dump()\n",
            "validate(",
            id="what was validated stays a dict where it is changed",
        ),
        pytest.param(
            SCHEMA.replace("int,", "int, 'constraints': lambda n: n % 2 == 0,"),
            f"{CHECK}    values = checked['validated_input']\n    return {{'n': values['n']}}\n",
            "checked = validate(input.model_dump(exclude_unset=True), SCHEMA)",
            "input.n",
            id="a constraint that a model does not say",
        ),
        pytest.param(
            SCHEMA,
            f"{CHECK}    values = checked['validated_input']\n    return {{'n': values['n'], 's': job['input'].get('size')}}\n",
            "checked = validate(job['input'], SCHEMA)",
            "input.n",
            id="what was sent is read beside it, to which older validators add the defaults",
        ),
        pytest.param(
            SCHEMA,
            f"{CHECK.replace('return', 'print(1); return')}    values = checked['validated_input']\n    return {{'n': values['n']}}\n",
            "checked = validate(input.model_dump(exclude_unset=True), SCHEMA)",
            "input.n",
            id="an error branch that does more",
        ),
        pytest.param(
            SCHEMA,
            f"{CHECK}    values = checked['validated_input']; print(1)\n    return {{'n': values['n']}}\n",
            "print(1)",
            "input.n",
            id="another statement on a line of the idiom",
        ),
    ],
)
def test_the_validator_goes_where_the_model_says_the_same(tmp_path: Path, schema: str, body: str, expected: str, unexpected: str) -> None:
    style, app = converted(tmp_path, f"{VALIDATE}{schema}\n\ndef handler(job):\n{body}\n\n{START}")
    assert style == "native"
    assert expected in app and unexpected not in app


def test_what_served_the_start_call_alone_goes_with_it(tmp_path: Path) -> None:
    start = "runpod.serverless.start({'handler': handler, 'concurrency_modifier': limit})\n"
    style, app = converted(tmp_path, f"def limit(current):\n    return 4\n\n\ndef other():\n    return 5\n\n\n{READ}{start}")
    assert style == "native"
    assert "def limit" not in app and "def other" in app


@pytest.mark.parametrize(
    ("entry", "helper", "expected"),
    [
        pytest.param(
            "from helper import shout\n\nMODEL = shout('a')\n\n\ndef handler(job):\n    return {'n': MODEL, 'm': shout('b')}\n\n\n",
            "def shout(text):\n    return text.upper()\n",
            "        from helper import shout\n\n        self.MODEL = shout('a')\n",
            id="a module that loading uses",
        ),
        pytest.param(
            "from helper import *\n\nMODEL = shout('a')\n\n\ndef handler(job):\n    return {'n': MODEL, 'm': shout('b')}\n\n\n",
            "import os\n\n_LOUD = 1\n\n\ndef shout(text):\n    return text.upper()\n",
            "        from helper import shout\n\n        self.MODEL = shout('a')\n",
            id="a star of a module of the project",
        ),
        pytest.param(
            "import helper\n\n\ndef handler(job):\n    return {'n': helper.shout('b')}\n\n\n",
            "import torch\n\n\ndef shout(text):\n    return text.upper()\n",
            "        import helper  # noqa: F401\n",
            id="a module that imports a package",
        ),
        pytest.param(
            "import helper\n\n\ndef handler(job):\n    return {'n': helper.shout('b')}\n\n\n",
            "def shout(text):\n    return text.upper()\n",
            "",
            id="a module that loads nothing: nothing would be gained",
        ),
    ],
)
def test_other_modules_stay_and_are_imported_in_setup(tmp_path: Path, entry: str, helper: str, expected: str) -> None:
    (tmp_path / "helper.py").write_text(helper)
    style, app = converted(tmp_path, entry + START)
    assert (style, 'app_files = ["helper.py"]' in app) == (("native", True) if expected else ("keep", False))
    assert expected in app


@pytest.mark.parametrize(
    ("copy", "left"),
    [
        pytest.param("COPY handler.py /", [], id="the handler alone"),
        pytest.param("COPY handler.py helper.py /", ['COPY ["helper.py", "/"]'], id="the handler among other files"),
        pytest.param("COPY . /", ["COPY . /"], id="the whole folder"),
        pytest.param("COPY *.py /", ['COPY ["helper.py", "/"]'], id="a pattern"),
    ],
)
def test_the_handler_leaves_its_image(tmp_path: Path, copy: str, left: list[str]) -> None:
    (tmp_path / "helper.py").write_text("import torch\n")
    (tmp_path / "Dockerfile").write_text(f"FROM nvidia/cuda:12.1.0-base-ubuntu22.04\nRUN make tools\n{copy}\nCMD python handler.py\n")
    style, _ = converted(tmp_path, f"{'import helper' if left else ''}\n\n{READ}{START}")
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted) and style == "native"
    files = {change.path: change.data or b"" for change in outcome.files if change.action != "removed"}
    assert "handler.py" not in files
    assert [line for line in files["Dockerfile"].decode().splitlines() if line.startswith("COPY")] == left


def test_a_worker_in_a_package_names_it(tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    for path, text in {
        "Dockerfile": "FROM python:3.11-slim\nWORKDIR /srv\nCOPY worker worker\nCMD python -m worker.main\n",
        "worker/__init__.py": "",
        "worker/models.py": "def load():\n    return dict(a=1)\n",
        "worker/main.py": f"import runpod\n\nfrom .models import load\n\nMODEL = load()\n\n\n{READ.replace('1)', '1) + len(MODEL)')}{START}",
    }.items():
        (tmp_path / path).write_text(text)
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted) and outcome.application.apps[0].style == "native"
    (data,) = [change.data for change in outcome.files if change.path == outcome.application.apps[0].app_file]
    assert b"        from worker.models import load\n\n        self.MODEL = load()\n" in (data or b"")
