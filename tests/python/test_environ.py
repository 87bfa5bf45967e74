"""Environment variables that code reads, however it comes to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.python.environ import environment_reads
from tests.python.code import code, module

READS = [
    pytest.param("os.environ['A']", [("A", True)], id="demanded"),
    pytest.param("os.environ.get('A'), os.getenv('B', '1'), environ['C']", [("A", False), ("B", False), ("C", True)], id="every way"),
    pytest.param("os.environ['A'] = '1'", [], id="set"),
    pytest.param("env = os.environ\nenv['A']", [("A", True)], id="another name"),
    pytest.param("from os import environ as e\ne['A'], e.get('B')", [("A", True), ("B", False)], id="imported under another name"),
    pytest.param("from os import getenv as g\ng('A'), g2('B')", [("A", False)], id="getenv under another name"),
    pytest.param("env = os.environ.copy()\nenv['A']", [("A", True)], id="a copy"),
    pytest.param("env = dict(os.environ)\nenv['A'], dict(x)['B']", [("A", True)], id="a dict of it"),
    pytest.param("for n in ('A', 'B'):\n    if n not in os.environ:\n        raise KeyError(n)", [("A", True), ("B", True)], id="a loop that refuses"),
    pytest.param("for n in ('A', 'B'):\n    if n not in os.environ:\n        print(n)", [], id="a loop that only says so"),
    pytest.param("NEED = ['A']\nlost = [n for n in NEED if not os.getenv(n)]\nif lost:\n    raise KeyError(lost)", [("A", True)], id="a list of what is missing"),
    pytest.param("NEED = ['A']\nlost = [n for n in NEED if not os.getenv(n)]\nprint(lost)", [], id="a list that nobody refuses"),
    pytest.param("from decouple import config\nconfig('A'), config('B', default='1')", [("A", True), ("B", False)], id="decouple"),
    pytest.param("from environs import Env\nenv = Env()\nenv.str('A'), env.int('B', 1), env('C')", [("A", True), ("B", False), ("C", True)], id="environs"),
    pytest.param("from mine import config\nconfig('A')", [], id="a function of the same name"),
    pytest.param("from settings import environ as e\ne['A']", [], id="the name of something else"),
    pytest.param("def f(env=None):\n    env = env if env is not None else os.environ\n    return env.get('A')", [("A", False)], id="unless given"),
    pytest.param("def f(env=None):\n    return (env or os.environ)['A']", [("A", True)], id="or"),
    pytest.param("def f(*, env=os.environ):\n    return env['A']", [("A", True)], id="a default"),
    pytest.param("def f(env):\n    return env['A']", [], id="any other mapping"),
    pytest.param("def need(name):\n    return os.environ[name]\n\nneed('A')", [("A", True)], id="a function that takes the name"),
    pytest.param(
        "def need(name):\n    value = os.getenv(name)\n    if not value:\n        raise KeyError(name)\n    return value\n\nneed('A')",
        [("A", True)],
        id="a function that fails",
    ),
    pytest.param("def flag(name, default=''):\n    return os.getenv(name, default)\n\nflag('A'), flag('B', '1')", [("A", False), ("B", False)], id="a default"),
    pytest.param("from tools import need\nneed('A'), need('B', '1')", [("A", True), ("B", False)], id="a function of another module"),
    pytest.param("def other(name):\n    return len(name)\n\nother('A')", [], id="a function that reads none"),
]  # fmt: skip
TOOLS = "import os\n\n\ndef need(name, default=None):\n    return os.environ[name] if default is None else os.getenv(name, default)\n"


@pytest.mark.parametrize(("body", "expected"), READS)
def test_reads(tmp_path: Path, body: str, expected: list[tuple[str, bool]]) -> None:
    found = code(tmp_path, main=f"import os\nfrom os import environ\n\n{body}\n", tools=TOOLS)
    assert [(name, required) for _, name, required in environment_reads(found, module(found))] == expected
