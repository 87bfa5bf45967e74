"""Converts a small predictor or worker, and says which files its app was found to lack."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted

PREDICTOR = """
import os, subprocess, sys
from pathlib import Path
{imports}

CACHE = Path("weights")


class Predictor:
    def setup(self):
{setup}

    def predict(self, n: int) -> str:
        return str(n)
"""
YAML = 'build:\n  python_version: "3.11"\n{build}predict: "predict.py:Predictor"\n'
WORKER = """
from pathlib import Path

import runpod

NOTE = Path("note.txt").read_text()


def handler(job):
    return {"text": NOTE + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""


def converted(root: Path, files: dict[str, str]) -> Converted:
    """The conversion of a project on disk."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    outcome = convert(root, Options())
    assert isinstance(outcome, Converted), outcome
    return outcome


def predictor(root: Path, setup: str, imports: str = "", build: str = "", **files: str) -> Converted:
    """The conversion of a Cog predictor whose `setup()` holds these lines."""
    body = indent(dedent(setup).strip("\n"), " " * 8)
    text = PREDICTOR.format(imports=imports, setup=body)
    return converted(root, {"cog.yaml": YAML.format(build=build), "predict.py": text, **files})


def lacking(outcome: Converted) -> list[str]:
    """What PF004 names, in the words of the code."""
    items = [item for item in outcome.ledger.open_code_items() if item.rule == "PF004"]
    return [item.message.split("`")[1] for item in items]
