"""The handler is found behind every expression that reaches it, and so is the parameter that takes the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from tests.sources.runpod.worker import app_of, converted, text_of

DEFINITIONS = """
import functools

class Worker:
    def __init__(self, greeting):
        self.greeting = greeting

    def run(self, job):
        return {"text": self.greeting + job["input"]["name"]}

    def __call__(self, job):
        return self.run(job)

def work(engine, job):
    return {"text": engine + job["input"]["name"]}
"""
BLOCKS = [
    pytest.param("worker = Worker('Hi')", "worker.run", id="a method of an object of the block"),
    pytest.param("worker = Worker('Hi')", "worker", id="an object of the block"),
    pytest.param("engine = 'Hi'", "functools.partial(work, engine)", id="a partial of an object of the block"),
    pytest.param("answer = functools.partial(work, 'Hi')", "answer", id="a partial with a name"),
    pytest.param("def answer(job):\n        return work('Hi', job)", "answer", id="a function of the block"),
    pytest.param("engine = 'Hi'", "lambda job: work(engine, job)", id="a lambda"),
    pytest.param("from functools import partial\n    answer = Worker('Hi').run", "answer", id="a method with a name"),
]


@pytest.mark.parametrize(("block", "handler"), BLOCKS)
def test_a_handler_that_only_the_main_block_knows_is_handed_over(tmp_path: Path, block: str, handler: str) -> None:
    text = f"{DEFINITIONS}\nif __name__ == '__main__':\n    {block}\n    runpod.serverless.start({{'handler': {handler}}})\n"
    (tmp_path / "handler.py").write_text(f"import runpod\n{text}")
    outcome = convert(tmp_path, Options(style="keep"))
    assert isinstance(outcome, Converted)
    fields = app_of(outcome).endpoints[0].input.fields
    assert [(field.name, field.required) for field in fields] == [("name", True)]
    assert "self.handler = handler.load()" in text_of(outcome)
    namespace: dict[str, object] = {"__name__": "handler"}
    exec(compile(text_of(outcome, "handler.py"), "handler.py", "exec"), namespace)
    load = namespace["load"]
    assert callable(load)
    assert load()({"input": {"name": " Ann"}}) == {"text": "Hi Ann"}


PLACES = [
    pytest.param("handler", "handler", id="a function"),
    pytest.param("worker.run", "worker.run", id="a method"),
    pytest.param("worker", "worker", id="an instance"),
    pytest.param("answer", "answer", id="a partial"),
]


@pytest.mark.parametrize(("given", "reached"), PLACES)
def test_a_handler_of_the_module_is_reached_by_its_name(tmp_path: Path, given: str, reached: str) -> None:
    text = f"{DEFINITIONS}\nworker = Worker('Hi')\nanswer = functools.partial(work, 'Hi')\ndef handler(job):\n    return worker(job)\n"
    outcome = converted(tmp_path, text, start=f"{{'handler': {given}}}")
    assert f"self.handler = handler.{reached}\n" in text_of(outcome)
    assert [field.name for field in app_of(outcome).endpoints[0].input.fields] == ["name"]
