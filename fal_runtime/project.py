"""A fal project: the directory of a pyproject.toml with ``[tool.fal.apps.NAME]`` tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import UnreadableProject

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Project:
    """Where it is, and the keys of its app tables in the order of the file."""

    root: Path
    apps: tuple[str, ...]

    def only(self, apps: Sequence[str]) -> Project:
        """The project with some of its apps; with all of them where none is named. Raises UnreadableProject for one that it has not."""
        for app in apps:
            if app not in self.apps:
                raise UnreadableProject(f"{self.root / 'pyproject.toml'}: no [tool.fal.apps.{app}]; it has {', '.join(self.apps)}")
        return replace(self, apps=tuple(app for app in self.apps if app in apps)) if apps else self


def read(path: Path) -> Project:
    """Read the project at ``path``, a directory or its pyproject.toml. Raises UnreadableProject, one line each."""
    root = path.parent if path.name == "pyproject.toml" else path
    file = root / "pyproject.toml"
    try:
        with file.open("rb") as source:
            document = tomllib.load(source)
    except FileNotFoundError:
        raise UnreadableProject(f"{file}: no such file; a fal project has a pyproject.toml with [tool.fal.apps.NAME] tables") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableProject(f"{file}: {error}") from None
    tool = document.get("tool", {})
    fal = tool.get("fal", {}) if isinstance(tool, dict) else {}
    apps = fal.get("apps", {}) if isinstance(fal, dict) else {}
    if not isinstance(apps, dict) or not apps:
        raise UnreadableProject(f"{file}: no [tool.fal.apps.NAME] table; name at least one app to serve")
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
