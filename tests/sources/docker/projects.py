"""Projects of a few files, written for one test."""

from __future__ import annotations

import textwrap
from pathlib import Path

from converters.ir import App
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project, open_project
from converters.sources.docker import choose
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.reading import analyze


def project(folder: Path, **files: str) -> Project:
    """A project; `Dockerfile=...`, `app__main_py=...` is app/main.py."""
    for name, text in files.items():
        stem, dot, ending = name.replace("__", "/").rpartition("_")
        path = folder / (
            f"{stem}.{ending}"
            if dot and ending in ("py", "sh", "yml", "yaml", "json", "toml", "conf", "js", "txt", "properties")
            else name.replace("__", "/")
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return open_project(folder)


def app(folder: Path, **files: str) -> App:
    """The app that a project becomes."""
    return analyze(project(folder, **files), Options(), Ledger()).apps[0]


def server(folder: Path, **files: str) -> tuple[int | None, list[str], str | None, str | None]:
    """(port, command, health, OpenAPI path)."""
    made = app(folder, **files).server
    assert made is not None
    return made.port, made.command, made.health_path, made.openapi_path


def best(folder: Path, **files: str) -> Candidate:
    return choose.candidates(project(folder, **files))[0]
