"""The sample projects and what they become. `python -m tests.fixtures` writes the expected outputs anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from converters.callers.convert import convert_callers
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted

ROOT = Path(__file__).resolve().parent.parent / "fixtures"
EXPECTED = ROOT / "expected"
APPS = {
    "tx7hw2": "local/text-tools",
    "st0ry9": "local/story-stream",
    "acme/tokens": "local/tokens",
    "6f7a1b": "local/tokens",
    "acme/upscale": f"local/album:{EXPECTED / 'replicate' / 'album'}",
}
"""What `migrate callers` is told about the endpoints of the callers."""


def projects() -> list[Path]:
    """Every sample project, `fixtures/<platform>/<name>`."""
    return sorted(
        path
        for platform in ROOT.iterdir()
        if platform.is_dir() and platform.name not in ("expected", "plugins", "rehearsal")
        for path in platform.iterdir()
        if path.is_dir()
    )


def converted(project: Path) -> Converted:
    is_caller = project.parent == ROOT / "callers"
    outcome = convert_callers(project, APPS) if is_caller else convert(project, Options())
    assert isinstance(outcome, Converted), outcome
    return outcome


def made(outcome: Converted) -> dict[str, bytes]:
    """The files that the conversion wrote or changed, and its ledger as text."""
    files = {change.path: change.data for change in outcome.files if change.action in ("added", "modified") and change.data is not None}
    return {**files, "ledger.json": ledger(outcome).encode()}


def ledger(outcome: Converted) -> str:
    rows = [
        {
            "where": f"{item.file}:{item.line}",
            "rule": item.rule,
            "disposition": item.disposition.value,
            "scope": item.scope.value,
            "what": item.name,
            "message": item.message,
        }
        for item in outcome.ledger.items()
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def expected(project: Path) -> dict[str, bytes]:
    folder = EXPECTED / project.relative_to(ROOT)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def main() -> None:
    for project in projects():
        folder = EXPECTED / project.relative_to(ROOT)
        shutil.rmtree(folder, ignore_errors=True)
        for path, data in made(converted(project)).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


if __name__ == "__main__":
    main()
