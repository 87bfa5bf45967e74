"""From the call of `start` to the function that answers, wherever and however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted, NotConverted

HANDLER = "def handler(job):\n    return {'n': job['input']['n']}\n"
FOUND = [
    pytest.param(f"{HANDLER}runpod.serverless.start({{'handler': handler}})", "sync", id="a dict"),
    pytest.param(f"{HANDLER}runpod.serverless.start(config={{'handler': handler}})", "sync", id="a keyword"),
    pytest.param(f"{HANDLER}runpod.serverless.start(dict(handler=handler))", "sync", id="dict()"),
    pytest.param(f"{HANDLER}config = {{}}\nconfig['handler'] = handler\nrunpod.serverless.start(config)", "sync", id="an item"),
    pytest.param(f"{HANDLER}config = {{}}\nconfig.update({{'handler': handler}})\nrunpod.serverless.start(config)", "sync", id="update"),
    pytest.param(f"{HANDLER}config = {{}}\nconfig.update(handler=handler)\nrunpod.serverless.start(config)", "sync", id="update with a keyword"),
    pytest.param(f"{HANDLER}config = {{}}\nconfig |= {{'handler': handler}}\nrunpod.serverless.start(config)", "sync", id="|="),
    pytest.param(f"{HANDLER}BASE = {{}}\nrunpod.serverless.start(BASE | {{'handler': handler}})", "sync", id="|"),
    pytest.param(f"{HANDLER}BASE = {{}}\nrunpod.serverless.start({{**BASE, 'handler': handler}})", "sync", id="**"),
    pytest.param("runpod.serverless.start({'handler': lambda job: 1})", "sync", id="a lambda"),
    pytest.param("import asyncio\nasync def handler(job):\n    await asyncio.sleep(0)\nrunpod.serverless.start({'handler': handler})", "async", id="a coroutine"),
    pytest.param("def handler(job):\n    yield 1\nrunpod.serverless.start({'handler': handler})", "generator", id="a generator"),
    pytest.param("async def handler(job):\n    yield 1\nrunpod.serverless.start({'handler': handler})", "async_generator", id="an asynchronous generator"),
    pytest.param("def handler(job):\n    return (x for x in 'ab')\nrunpod.serverless.start({'handler': handler})", "sync", id="a generator expression makes no generator"),
    pytest.param("def handler(job):\n    def inner():\n        yield 1\n    return list(inner())\nrunpod.serverless.start({'handler': handler})", "sync", id="an inner generator makes no generator"),
    pytest.param("def generator(job):\n    return 1\nrunpod.serverless.start({'handler': generator})", "sync", id="a name makes no generator"),
    pytest.param("class A:\n    def run(self, job):\n        yield 1\nrunpod.serverless.start({'handler': A().run})", "generator", id="a method"),
    pytest.param("from functools import partial\nimport asyncio\nasync def f(k, job):\n    await asyncio.sleep(0)\nrunpod.serverless.start({'handler': partial(f, 1)})", "async", id="a partial function"),
]  # fmt: skip
REFUSED = [
    pytest.param(f"{HANDLER}print('runpod.serverless.start')", id="no call"),
    pytest.param(f"{HANDLER}runpod.serverless.stop({{'handler': handler}})", id="a call of another name"),
    pytest.param(f"{HANDLER}runpod.serverless.start", id="the function without a call"),
    pytest.param(f"{HANDLER}runpod.serverless.start({{'Handler': handler}})", id="no handler among the keys"),
    pytest.param(f"{HANDLER}runpod.serverless.start()", id="no configuration"),
    pytest.param(f"{HANDLER}runpod.serverless.start(make())", id="a configuration that running code makes"),
    pytest.param(f"{HANDLER}config = {{}}\nconfig.pop('handler', handler)\nrunpod.serverless.start(config)", id="a key that is taken out"),
    pytest.param(f"{HANDLER}class Run:\n    runpod.serverless.start({{'handler': handler}})", id="a call while a class is defined"),
    pytest.param(f"{HANDLER}other = {{}}\nconfig = {{}}\nother.update(handler=handler)\nrunpod.serverless.start(config)", id="a key of another dict"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), FOUND)
def test_the_handler_is_found_with_its_kind(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "handler.py").write_text(f"import runpod\n{text}\n")
    outcome = convert(tmp_path, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    (app,) = outcome.application.apps
    assert app.handler is not None and app.handler.kind == kind
    assert not [item for item in outcome.ledger.items() if item.rule == "ALL001"]


@pytest.mark.parametrize("text", REFUSED)
def test_what_starts_no_handler_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "handler.py").write_text(f"import runpod\n{text}\n")
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, NotConverted)
    assert outcome.status == "unsupported" and "start" in outcome.message
