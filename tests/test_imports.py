"""No module needs another one to be imported before it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MODULES = [
    "converters.batch.run",
    "converters.callers.convert",
    "converters.containers.commands",
    "converters.concepts.environment",
    "converters.convert",
    "converters.rules",
    "converters.sources.docker",
    "converters.sources.replicate",
    "converters.sources.runpod",
    "converters.targets.image",
    "converters.targets.write",
    "converters.verify.handler",
    "converters.verify.servers.study",
    "converters.verify.sides",
    "converters.verify.study",
]

IMPORT_EACH = """
import importlib, json, os, sys, traceback
import httpx, hypothesis, jinja2, jsonschema, libcst, pydantic, rich, tomlkit, typer, yaml
failures = {}
for name in sys.argv[1:]:
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            importlib.import_module(name)
        except BaseException:
            os.write(writer, traceback.format_exc().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        failures[name] = said.read()
    os.wait()
print(json.dumps(failures))
"""


@pytest.fixture(scope="module")
def failures() -> dict[str, str]:
    """Module -> how its import ended, each in a fork of a process that has imported nothing of ours."""
    done = subprocess.run([sys.executable, "-c", IMPORT_EACH, *MODULES], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_imported_first(module: str, failures: dict[str, str]) -> None:
    assert failures[module] == ""
