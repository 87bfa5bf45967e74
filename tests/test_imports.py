"""No module needs another one to be imported before it."""

from __future__ import annotations

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


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_imported_first(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
