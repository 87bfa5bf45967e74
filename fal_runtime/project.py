"""A fal project: the directory of a pyproject.toml with ``[tool.fal.apps.NAME]`` tables, or Python files that state apps."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import programs
from .errors import UnreadableProject

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Project:
    """Where it is, and the keys of its app tables in the order of the file, or ``file.py::Symbol`` of each app."""

    root: Path
    apps: tuple[str, ...]

    def only(self, apps: Sequence[str]) -> Project:
        """The project with some of its apps; with all of them where none is named. Raises UnreadableProject for one that it has not."""
        for app in apps:
            if app not in self.apps:
                raise UnreadableProject(f"{self.root / 'pyproject.toml'}: no [tool.fal.apps.{app}]; it has {', '.join(self.apps)}")
        return replace(self, apps=tuple(app for app in self.apps if app in apps)) if apps else self


def find(path: Path) -> Project:
    """The project that a path names: a directory, its pyproject.toml, or ``app.py[::Symbol]`` as ``fal run`` takes it.

    A directory without tables has the apps that its Python files state. Raises UnreadableProject, one line each.
    """
    name, _, symbol = str(path).partition("::")
    if name.endswith(".py"):
        return _of_file(Path(name), symbol)
    try:
        return read(path)
    except NoTable as error:
        found = programs.in_folder(path) if path.is_dir() else []
        if not found:
            raise UnreadableProject(f"{error}; nor does a Python file there state a fal.App or a @fal.function") from None
        return Project(path.resolve(), tuple(found))


def _of_file(file: Path, symbol: str) -> Project:
    if not file.is_file():
        raise UnreadableProject(f"{file}: no such file")
    found = programs.in_file(file)
    if symbol and found and symbol not in found:
        raise UnreadableProject(f"{file}: no app {symbol}; it has {', '.join(found)}")
    if not found and not symbol:
        raise UnreadableProject(f"{file}: it states no fal.App and no @fal.function; name what is one: {file.name}::NAME")
    return Project(file.resolve().parent, tuple(f"{file.name}::{name}" for name in ([symbol] if symbol else found)))


class NoTable(UnreadableProject):
    """There is no table of an app."""


def read(path: Path) -> Project:
    """Read the project at ``path``, a directory or its pyproject.toml. Raises UnreadableProject, one line each."""
    root = path.parent if path.name == "pyproject.toml" else path
    file = root / "pyproject.toml"
    try:
        with file.open("rb") as source:
            document = tomllib.load(source)
    except FileNotFoundError:
        raise NoTable(f"{file}: no such file; a fal project has a pyproject.toml with [tool.fal.apps.NAME] tables") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableProject(f"{file}: {error}") from None
    tool = document.get("tool", {})
    fal = tool.get("fal", {}) if isinstance(tool, dict) else {}
    apps = fal.get("apps", {}) if isinstance(fal, dict) else {}
    if not isinstance(apps, dict) or not apps:
        raise NoTable(f"{file}: no [tool.fal.apps.NAME] table; name at least one app to serve")
    return Project(root.resolve(), tuple(apps))


def read_secrets(path: Path) -> dict[str, str]:
    """``NAME=value`` lines of a ``.env``-like file. Raises UnreadableProject if it cannot be read."""
    values = {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableProject(f"{path}: {error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise UnreadableProject(f"{path}:{number}: expected NAME=value")
        values[name.strip()] = _unquote(value.strip())
    return values


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()
