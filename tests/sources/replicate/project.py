"""Writes a Cog project from texts and converts it: what the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

from converters.convert import convert
from converters.ir import App
from converters.ledger import Item
from converters.options import Options
from converters.outcome import Converted, NotConverted

YAML = 'build:\n  python_version: "3.12"\npredict: "predict.py:Predictor"\n'


def write(root: Path, predict: str, yaml: str = YAML, **files: str) -> Path:
    """A project: `predict.py`, `cog.yaml`, and other files by name with `__` for a dot and `___` for a slash."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "cog.yaml").write_text(yaml)
    (root / "predict.py").write_text(predict)
    for name, text in files.items():
        path = root / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def converted(root: Path, **options: object) -> Converted:
    outcome = convert(root, Options(**options))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted), outcome
    return outcome


def refused(root: Path, **options: object) -> NotConverted:
    outcome = convert(root, Options(**options))  # type: ignore[arg-type]
    assert isinstance(outcome, NotConverted), outcome
    return outcome


def text(outcome: Converted, path: str) -> str:
    data = next(change.data for change in outcome.files if change.path == path)
    assert data is not None
    return data.decode()


def app(outcome: Converted) -> App:
    return outcome.application.apps[0]


def items(outcome: Converted, rule: str) -> list[Item]:
    return [item for item in outcome.ledger.items() if item.rule == rule]


def manual(outcome: Converted) -> list[str]:
    return [item.message for item in outcome.ledger.open_code_items()]
