"""The releases that a lock file pins: uv.lock, poetry.lock, pdm.lock and Pipfile.lock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from converters.containers.dockerfile_model import Run
from converters.containers.layout import Layout
from converters.project import Project, SourceFile
from converters.python import pip

INSTALLERS = {
    "uv.lock": re.compile(r"\buv\s+(sync|run)\b(?!.*--isolated)"),
    "poetry.lock": re.compile(r"\bpoetry\s+(install|sync)\b"),
    "pdm.lock": re.compile(r"\bpdm\s+(install|sync)\b"),
    "Pipfile.lock": re.compile(r"\bpipenv\s+(install|sync)\b"),
}
"""Lock file -> the commands that install what it pins. `uv lock`, `poetry add` and the like write another one."""
RENEWS = re.compile(
    r"\buv\s+(lock|add)\b|\bpoetry\s+(lock|add|update)\b|\bpdm\s+(lock|add|update)\b|\bpipenv\s+(lock|update)\b|--skip-lock"
)
LARGEST = 8 * 2**20


def locked(run: Run, files: Layout, project: Project) -> Iterator[tuple[str, str, int]]:
    """(`name==version`, file, line) of what a RUN line installs from a lock file of the working directory."""
    if RENEWS.search(run.script):
        return
    for name, installs in INSTALLERS.items():
        path = files.files.get(str(PurePosixPath(run.workdir or "/", name)))
        file = project.files.get(path) if path is not None and installs.search(run.script) else None
        if file is not None and file.size <= LARGEST:
            yield from ((pin, file.path, line) for pin, line in pins(file))


def pins(file: SourceFile) -> Iterator[tuple[str, int]]:
    """The pins of a lock file with their lines; a package of which several releases are locked is left out, and nothing of an odd file."""
    text = file.data.decode(errors="replace")
    packages = list(_of_pipfile(text) if file.path.endswith("Pipfile.lock") else _of_toml(text))
    names = [pip.name(name) for name, _, _ in packages]
    for name, version, line in packages:
        if names.count(pip.name(name)) == 1:
            yield f"{name}=={version}", line


def _of_toml(text: str) -> Iterator[tuple[str, str, int]]:
    """The tables `[[package]]`, which a program writes: a value on each line."""
    for match in re.finditer(r"^\[\[package\]\]\n((?:(?!\[).*\n?)*)", text, re.MULTILINE):
        table = dict(re.findall(r"^(\w+) = (.+?)\s*$", match[1], re.MULTILINE))
        name, version = (table.get(key, "").strip('"') for key in ("name", "version"))
        if name and version and not _is_for_development(table):
            yield name, version, text.count("\n", 0, match.start(1)) + 1


def _is_for_development(table: Mapping[str, str]) -> bool:
    """Whether poetry has a package for other groups than the main one."""
    return "main" not in table.get("category", "main") or "main" not in table.get("groups", "main")


def _of_pipfile(text: str) -> Iterator[tuple[str, str, int]]:
    try:
        stated: Any = json.loads(text)
    except (ValueError, RecursionError):
        return
    default = stated.get("default") if isinstance(stated, dict) else None
    for name, one in default.items() if isinstance(default, dict) else ():
        version = one.get("version") if isinstance(one, dict) else None
        if isinstance(version, str) and version.startswith("=="):
            yield name, version[2:], text.count("\n", 0, max(0, text.find(f'"{name}"'))) + 1
