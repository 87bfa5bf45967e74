"""Recognises what is a fal project already, so that nothing is converted twice."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters.project import MAX_FILE

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


MARKS = frozenset(
    {
        ".git",
        ".runpod",
        "requirements.txt",
        "pyproject.toml",
        "cog.yaml",
        "docker-compose.yml",
        "docker-compose.yaml",
        "compose.yaml",
        "compose.yml",
    }
)
"""What stands in the folder of a project."""


@dataclass(frozen=True)
class FalApp:
    """An app that pyproject.toml names and whose program is there. `file` is '' for an image alone."""

    name: str
    file: str

    @property
    def folder(self) -> str:
        """The folder that the app is made of, relative to pyproject.toml; '' for all of it."""
        return self.file.rpartition("/")[0]


def fal_apps(folder: Path) -> tuple[FalApp, ...]:
    """The apps in `[tool.fal.apps]` of a folder's pyproject.toml, without those whose file or class is missing."""
    data = _read(folder / "pyproject.toml")
    if b"tool" not in data or b"fal" not in data:
        return ()
    try:
        tables: Any = tomllib.loads(data.decode())
        for key in ("tool", "fal", "apps"):
            tables = tables.get(key, {})
        return tuple(app for name, table in tables.items() if (app := _app(folder, name, table)) is not None)
    except (ValueError, AttributeError, RecursionError):
        return ()


def is_covered(apps: tuple[FalApp, ...], folder: Path, program: Path, *, whole: bool = False) -> bool:
    """Whether a program below `folder` lies where one of its fal apps does, and so was converted or is a copy beside it.

    A folder in between that looks like a project of its own is one, unless the `whole` folder of the app counts.
    """
    for base in (folder / app.folder for app in apps):
        if program.is_relative_to(base):
            between = [above for above in program.parents if above != base and above.is_relative_to(base)]
            if whole or not any(map(_is_project, between)):
                return True
    return False


def _is_project(folder: Path) -> bool:
    from converters.containers.packaging import is_dockerfile

    try:
        return any(entry.name in MARKS or is_dockerfile(entry.name) for entry in folder.iterdir())
    except OSError:
        return False


def is_served(apps: tuple[FalApp, ...], folder: Path, entry: str) -> bool:
    """Whether a fal app was made of this very file: it imports it, or its docstring names it."""
    return any(entry in _sources(_read(folder / app.file)) for app in apps if app.file)


def _app(folder: Path, name: str, table: dict[str, Any]) -> FalApp | None:
    ref = table.get("ref")
    if isinstance(ref, str):
        file, _, symbol = ref.partition("::")
        named = rf"^(?:class|def|async def)\s+{re.escape(symbol)}\b" if symbol else r"\bfal\.App\b"
        return FalApp(name, file) if re.search(named.encode(), _read(folder / file), re.MULTILINE) else None
    return FalApp(name, "") if "image" in table or "python_entry_point" in table else None


def _sources(data: bytes) -> set[str]:
    """The files that a program imports or names in its docstring."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    named = re.findall(r"`([^`]+\.py)`", ast.get_docstring(tree) or "")
    return {*named, *(f"{module.replace('.', '/')}.py" for module in _modules(tree))}


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(module))]):
                yield module


def _read(file: Path) -> bytes:
    """The bytes of a file of ordinary size; none where there is no such file."""
    try:
        return file.read_bytes() if file.is_file() and file.stat().st_size <= MAX_FILE else b""
    except OSError:
        return b""
