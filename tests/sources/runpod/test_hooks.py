"""Fitness checks, functions at exit, signal handlers, hints: the app file calls them, at the right time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.sources.runpod.worker import app_of, converted, items_of, text_of

HANDLER = "def handler(job):\n    return {'n': job['input']['n']}\n"
TAKEN = [
    pytest.param("import atexit\ndef close():\n    pass\natexit.register(close)\n", "teardown", "close", id="a call"),
    pytest.param("import atexit\n@atexit.register\ndef close():\n    pass\n", "teardown", "close", id="a decorator"),
    pytest.param("from atexit import register\ndef close():\n    pass\nregister(close)\n", "teardown", "close", id="an imported name"),
    pytest.param("import signal\ndef stop(a, b):\n    pass\nsignal.signal(signal.SIGTERM, stop)\n", "handle_exit", "stop", id="a signal"),
    pytest.param("from signal import signal, SIGTERM\ndef stop(a, b):\n    pass\nsignal(SIGTERM, stop)\n", "handle_exit", "stop", id="an imported signal"),
    pytest.param("@runpod.serverless.register_fitness_check\ndef check():\n    pass\n", "fitness", "check", id="a check"),
    pytest.param("def check():\n    pass\nrunpod.serverless.register_fitness_check(check)\n", "fitness", "check", id="a registered check"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "method", "name"), TAKEN)
def test_a_function_of_the_worker_is_called_by_the_app(tmp_path: Path, text: str, method: str, name: str) -> None:
    outcome = converted(tmp_path, text + HANDLER)
    methods = {node.name: ast.unparse(node) for node in ast.walk(ast.parse(text_of(outcome))) if isinstance(node, ast.FunctionDef)}
    assert f"self.worker.{name}(" in methods[method]
    assert "self.worker = handler" in methods["setup"]
    kept = text_of(outcome, "handler.py")
    assert f"def {name}(" in kept and "register" not in kept.replace("import register", "") and "signal(" not in kept
    assert not outcome.ledger.open_code_items()


LEFT = [
    pytest.param("import atexit\natexit.register(print, 'a')\n", id="arguments"),
    pytest.param("import atexit\natexit.register(lambda: 1)\n", id="a lambda"),
    pytest.param("import atexit\ndef load():\n    def close():\n        pass\n    atexit.register(close)\nload()\n", id="in a function"),
    pytest.param("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n", id="no function"),
    pytest.param("import signal\nimport os\ndef stop(a, b):\n    os._exit(1)\nsignal.signal(signal.SIGTERM, stop)\n", id="an end at once"),
    pytest.param("import signal\ndef stop(a, b):\n    pass\nold = signal.signal(signal.SIGTERM, stop)\n", id="the old handler is kept"),
]


@pytest.mark.parametrize("text", LEFT)
def test_what_cannot_be_called_from_outside_is_left_to_a_person(tmp_path: Path, text: str) -> None:
    outcome = converted(tmp_path, text + HANDLER)
    assert [item.disposition.value for item in items_of(outcome, "RP022")] == ["manual"]
    assert text in text_of(outcome, "handler.py")


def test_functions_at_exit_run_last_registered_first(tmp_path: Path) -> None:
    text = "import atexit\ndef a():\n    pass\ndef b():\n    pass\natexit.register(a)\natexit.register(b)\n"
    made = text_of(converted(tmp_path, text + HANDLER))
    assert made.index("self.worker.b()") < made.index("self.worker.a()")


def test_a_function_of_another_module_is_reached_through_its_import(tmp_path: Path) -> None:
    other = "import atexit\n\ndef close():\n    pass\n\natexit.register(close)\n"
    outcome = converted(tmp_path, f"import helper\n{HANDLER}", helper=other)
    assert "self.worker.helper.close()" in text_of(outcome)
    assert "atexit.register" not in text_of(outcome, "helper.py")


def test_an_interrupt_has_no_sender_on_fal(tmp_path: Path) -> None:
    text = "import signal\ndef stop(a, b):\n    pass\ndef work():\n    signal.signal(signal.SIGINT, stop)\n"
    outcome = converted(tmp_path, text + HANDLER.replace("return", "work()\n    return"))
    assert [item.disposition.value for item in items_of(outcome, "RP022")] == ["dropped"]
    assert "signal.signal" not in text_of(outcome, "handler.py")


HINTS = [
    pytest.param("    global held\n    name = job['input']['m']\n    if name != held:\n        load(name)\n        held = name\n    return 1", ["held"], id="a swap"),
    pytest.param("    global held\n    name = job['input']['m']\n    if held == name:\n        return 1\n    load(name)\n    held = name\n    return 2", ["held"], id="the other way round"),
    pytest.param("    global held\n    if held != 'a':\n        load('a')\n        held = 'a'\n    return 1", [], id="a constant"),
    pytest.param("    global held\n    name = job['input']['m']\n    if name != held:\n        held = name\n    return 1", [], id="no load"),
    pytest.param("    held = None\n    name = job['input']['m']\n    if name != held:\n        load(name)\n        held = name\n    return 1", [], id="a local name"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), HINTS)
def test_the_name_of_an_exchanged_model_is_a_hint(tmp_path: Path, body: str, expected: list[str]) -> None:
    outcome = converted(tmp_path, f"held = None\ndef load(name):\n    pass\ndef handler(job):\n{body}")
    handler = app_of(outcome).handler
    assert handler is not None and [hook.name for hook in handler.hints] == expected
    assert ("def provide_hints(self):" in text_of(outcome)) == bool(expected)
