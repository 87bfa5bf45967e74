"""Where a job goes in the handler, and what is read of it on the way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.python.module import FunctionNode
from converters.sources.runpod.flow import follow
from converters.sources.runpod.job_reads import Flow
from tests.python.code import code, module


def followed(folder: Path, main: str, **files: str) -> Flow:
    """The flow of the parameter of `handler` in main.py."""
    project = code(folder, main=main, **files)
    found = module(project)
    handler = found.functions["handler"]
    assert isinstance(handler, FunctionNode)
    return follow(project, found, handler, handler.args.args[0].arg)


READS = [
    pytest.param("return job['input']['a']", [("a", "subscript", True)], id="a subscript"),
    pytest.param("return job['input'].get('a', 1)", [("a", "get", False)], id="get"),
    pytest.param("given = job.get('input', {})\n    return given['a']", [("a", "subscript", True)], id="an input by get"),
    pytest.param("given = job.get('input') or {}\n    return given['a']", [("a", "subscript", True)], id="an input or nothing"),
    pytest.param("given = dict(job['input'])\n    return given['a']", [("a", "subscript", True)], id="a copy"),
    pytest.param("given = job['input'].copy()\n    return given['a']", [("a", "subscript", True)], id="its own copy"),
    pytest.param("event = job\n    given = event['input']\n    return given['a']", [("a", "subscript", True)], id="a job by another name"),
    pytest.param("given = job['input'] if 'input' in job else {}\n    return given['a']", [("a", "subscript", True)], id="a condition"),
    pytest.param("if (given := job['input']):\n        return given['a']", [("a", "subscript", False)], id="an assignment in a condition"),
    pytest.param("return [job['input'][key] for key in ('a', 'b')]", [("a", "subscript", False), ("b", "subscript", False)], id="a loop over constants"),
    pytest.param("given = job['input']\n    return 'a' in given and given['a']", [("a", "in", False), ("a", "subscript", False)], id="a membership"),
    pytest.param("given = job['input']\n    given['a'] = 1\n    return given.pop('b')", [("a", "set", False), ("b", "pop", True)], id="changes"),
    pytest.param("return job['input'].pop('a')", [("a", "pop", True)], id="pop"),
    pytest.param("return job['input'].pop('a', 1)", [("a", "pop", False)], id="pop with a default"),
    pytest.param("return job['input'].pop('a') if job['id'] else 1", [("a", "pop", False)], id="pop in a condition"),
    pytest.param("given = job['input']\n    del given['a']\n    return 1", [("a", "pop", True)], id="del"),
    pytest.param("given = job['input']\n    given.update({'a': 1}, b=2)\n    return 1", [("a", "set", False), ("b", "set", False)], id="update"),
    pytest.param("from runpod.serverless.utils.rp_validator import validate\n    given = job['input']\n    given = validate(given, S)\n    given['errors']\n    given = given['validated_input']\n    return given['a']", [("a", "subscript", True)], id="one name for several things"),
    pytest.param("try:\n        return job['input']['a']\n    except KeyError as error:\n        if error.args:\n            return {'error': 'a'}\n        else:\n            return {'error': 'b'}", [("a", "subscript", True)], id="failures in both branches of a condition"),
    pytest.param("try:\n        return job['input']['a']\n    except KeyError as error:\n        if error.args:\n            return {'error': 'a'}\n        else:\n            return 1", [("a", "subscript", False)], id="a failure in one branch"),
    pytest.param("names = ['a', 'b']\n    for name in names:\n        if name not in job['input']:\n            return {'error': name}\n    return 1", [("a", "needed", True), ("b", "needed", True)], id="a loop that asks for keys"),
    pytest.param("for name in ('a', 'b'):\n        if name not in job['input']:\n            print(name)\n    return 1", [("a", "in", False), ("b", "in", False)], id="a loop that looks for keys"),
    pytest.param("return int(job['input']['a'])", [("a", "subscript", True)], id="a coercion"),
    pytest.param("return helper(job)", [("b", "subscript", True)], id="a function that takes the job"),
    pytest.param("return inner(job['input'])", [("c", "subscript", True)], id="a function that takes the input"),
    pytest.param("return spread(**job['input'])", [("x", "parameter", True), ("y", "parameter", False)], id="parameters"),
    pytest.param("return Service().run(job['input'])", [("d", "subscript", True)], id="a method"),
    pytest.param("return checked(job['input'])['e']", [("e", "subscript", True)], id="a function that hands it back"),
    pytest.param("given = checked(job.get('input'))\n    return given.get('f')", [("f", "get", False)], id="a name for what is handed back"),
    pytest.param("return read(job['input'], 'g', 1), read(job['input'], 'h')", [("g", "get", False), ("h", "get", False)], id="keys that are arguments"),
    pytest.param("return service.run(job['input'])", [("d", "subscript", True)], id="an instance by its annotation"),
    pytest.param("return made.run(job['input'])", [("d", "subscript", True)], id="an instance by what its maker returns"),
    pytest.param("return outer.handle(job['input'])", [("d", "subscript", True)], id="an instance in an attribute"),
    pytest.param("print(job['input'])\n    return len(job['input'])", [], id="looks that read nothing"),
]  # fmt: skip
HELPERS = """

def helper(event):
    return event["input"]["b"]


def inner(given):
    return given["c"]


def spread(x, y=1):
    return x


def checked(value):
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    return value


def read(given, key, default=None):
    return given.get(key, default)


class Service:
    def run(self, given):
        return given["d"]


class Outer:
    def __init__(self, service: "Service"):
        self.service = service

    def handle(self, given):
        return self.service.run(given)


def make() -> Service:
    return Service()


service: Service | None = None
made = make()
outer = Outer(make())
"""


@pytest.mark.parametrize(("body", "expected"), READS)
def test_every_read_of_the_input_is_found(tmp_path: Path, body: str, expected: list[tuple[str, str, bool]]) -> None:
    flow = followed(tmp_path, f"def handler(job):\n    {body}\n{HELPERS}")
    assert sorted((read.key, read.how, read.definite) for read in flow.reads) == sorted(expected)
    assert not flow.escapes


ESCAPES = [
    pytest.param("return requests.post('http://a', json=job['input'])", True, id="into a request"),
    pytest.param("return list(job['input'].items())", True, id="all items"),
    pytest.param("return {**job['input']}", True, id="into another dict"),
    pytest.param("return job['input'][job['id']]", True, id="a key that only runs tell"),
    pytest.param("return print(job['input'])", False, id="into the log"),
    pytest.param("return unknown.validate(job['input'])", True, id="into a function from elsewhere"),
]


@pytest.mark.parametrize(("body", "escapes"), ESCAPES)
def test_an_input_that_goes_on_as_a_whole_is_said_to(tmp_path: Path, body: str, escapes: bool) -> None:
    assert bool(followed(tmp_path, f"import requests\nimport unknown\n\ndef handler(job):\n    {body}\n").escapes) == escapes


ENVELOPE = [("job['id']", ["id"]), ("job.get('s3Config')", ["s3Config"]), ("'webhook' in job", ["webhook"]), ("job['input']['id']", [])]


@pytest.mark.parametrize(("expression", "keys"), ENVELOPE)
def test_keys_beside_the_input_are_told_apart(tmp_path: Path, expression: str, keys: list[str]) -> None:
    assert [read.key for read in followed(tmp_path, f"def handler(job):\n    return {expression}\n").envelope] == keys


def test_reads_in_other_modules_keep_their_place(tmp_path: Path) -> None:
    flow = followed(
        tmp_path, "from work import run\n\n\ndef handler(job):\n    return run(job)\n", work="def run(job):\n    return job['input']['a']\n"
    )
    (read,) = flow.reads
    assert read.module.path == "work.py" and isinstance(read.node, ast.Subscript) and read.node.lineno == 2


def test_functions_that_call_each_other_are_followed_once(tmp_path: Path) -> None:
    flow = followed(
        tmp_path,
        "def handler(job):\n    return a(job)\n\n\ndef a(job):\n    return b(job) or job['input']['x']\n\n\ndef b(job):\n    return a(job)\n",
    )
    assert [read.key for read in flow.reads] == ["x"]


IMPORTS = [
    ("from runpod.serverless.utils.rp_validator import validate", "validate"),
    ("from runpod.serverless.utils import rp_validator", "rp_validator.validate"),
    ("import runpod.serverless.utils.rp_validator as v", "v.validate"),
    ("from validators import validate", None),
]


@pytest.mark.parametrize(("statement", "call"), IMPORTS)
def test_only_the_sdk_s_validator_is_one(tmp_path: Path, statement: str, call: str | None) -> None:
    flow = followed(tmp_path, f"{statement}\nS = {{}}\n\n\ndef handler(job):\n    return {call or 'validate'}(job['input'], S)\n")
    assert len(flow.validations) == (call is not None)


def test_what_a_validation_returns_is_the_input_again(tmp_path: Path) -> None:
    body = "checked = validate(job['input'], S)\n    if 'errors' in checked:\n        return {'error': 1}\n    return checked['validated_input']['a']"
    flow = followed(tmp_path, f"from runpod.serverless.utils.rp_validator import validate\nS = {{}}\n\n\ndef handler(job):\n    {body}\n")
    assert [(read.key, read.definite) for read in flow.reads] == [("a", True)]
