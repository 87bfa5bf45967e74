"""`[tool.fal-migrate]` of a project's pyproject.toml: defaults for the options of `migrate PATH`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converters.commands.config_ignores import ignores, meant
from converters.commands.config_lines import TABLE, line_of
from converters.errors import Unreadable, UsageError
from converters.fal import settings as catalogue
from converters.options import STYLE_SYNONYMS, Ignore
from converters.reports.forms import formats
from converters.targets.overrides import known_rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST = 2 * 1024 * 1024
"""Bytes of a pyproject.toml that is still read."""
CHOICES = {
    "target": ("auto", "app", "function", "pyproject"),
    "style": ("auto", "native", "keep"),
    "fail-on": ("manual", "error", "never"),
    "format": formats(),
}
SYNONYMS = {"style": STYLE_SYNONYMS}
"""Other words that an option takes for one of its choices."""
FILES = ("endpoint-config", "image-config", "openapi")
"""Options that name a file."""
_STRINGS = ("output", "name", *FILES, *CHOICES)
_LISTS = ("only", "skip")
_FLAGS = ("idiomatic", "quiet", "realtime")
_KNOWN = (*_STRINGS, *_LISTS, *_FLAGS, "set", "ignore")
_ONLY_TYPED = ("force", "in-place", "diff", "check", "verify", "rehearse", "resolve", "review", "plan", "commit")


@dataclass(frozen=True)
class Config:
    """The table as it stands; relative paths in it count from `folder`."""

    folder: Path
    values: dict[str, Any] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    """`[[tool.fal-migrate.ignore]]`: for files that have no comments, such as hub.json."""

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def path(self, key: str) -> Path | None:
        return self.folder / self.values[key] if key in self.values else None


def read_config(path: Path) -> Config:
    """The defaults of the project at `path` (a folder, or a file in it); empty where it states none.

    Raises `Unreadable` for a broken pyproject.toml and `UsageError` for a key or value that does not exist.
    """
    folder = _folder(path)
    file = folder / "pyproject.toml"
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return Config(folder)
        text = file.read_bytes().decode()
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable("cannot be read as UTF-8 text.", file=str(file), hint="Save it as UTF-8 and check its permissions.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else 0
        raise Unreadable(f"is no valid TOML: {error}.", file=str(file), line=line, hint="Correct it first.") from error
    tools = document.get("tool")
    table = tools.get(TABLE) if isinstance(tools, dict) else None
    if table is None:
        return Config(folder)
    if not isinstance(table, dict):
        raise UsageError(f"[tool.{TABLE}] is no table.", file=str(file), hint=f"Write [tool.{TABLE}] and one option a line.")
    for key, value in table.items():
        with _placed(text, key):
            _check(file, key, value)
    return _inside(Config(folder, table, ignores(file, text, table.get("ignore", ()))), file)


@contextmanager
def _placed(text: str, key: str) -> Iterator[None]:
    """Give what is refused the line where it stands."""
    try:
        yield
    except UsageError as error:
        setting = re.findall(r"\w+", error.message) if key == "set" else []
        line = next((line for name in setting if (line := line_of(text, "set", name))), 0) or line_of(text, key) or line_of(text)
        raise UsageError(error.message, hint=error.hint, file=error.file, line=line) from error


def _folder(path: Path) -> Path:
    try:
        return path.parent if path.is_file() else path
    except OSError as error:
        name = str(path) if len(str(path)) < 200 else f"{str(path)[:200]}..."
        raise Unreadable(f"cannot be read: {error.strerror}.", file=name, hint="Check the path and its permissions.") from error


def _check(file: Path, key: str, value: Any) -> None:
    if key in _ONLY_TYPED:
        raise UsageError(f"[tool.{TABLE}] has the key {key!r}.", file=str(file), hint=f"Give --{key} on the command line only.")
    if key not in _KNOWN:
        raise UsageError(f"[tool.{TABLE}] has the unknown key {key!r}.", file=str(file), hint=meant(key, _KNOWN))
    expected = _expected(key, value)
    if expected:
        raise UsageError(f"[tool.{TABLE}] {key} is {value!r}.", file=str(file), hint=f"Give {expected}.")
    if key == "set":
        catalogue.checked(value, file=str(file))
    elif key in _LISTS:
        known_rules(key, value, file=str(file))


def _expected(key: str, value: Any) -> str:
    """What a value should have been; empty where it is right."""
    if key in CHOICES:
        return "" if value in (*CHOICES[key], *SYNONYMS.get(key, ())) else f"one of {', '.join(CHOICES[key])}"
    if key in _STRINGS:
        return "" if isinstance(value, str) and value and "\0" not in value else "a string without null characters"
    if key in _LISTS:
        return "" if isinstance(value, list) and all(isinstance(one, str) for one in value) else "a list of rule codes"
    if key in _FLAGS:
        return "" if isinstance(value, bool) else "true or false"
    if key == "ignore":
        is_list = isinstance(value, list) and all(isinstance(one, dict) for one in value)
        return "" if is_list else f"tables of their own, [[tool.{TABLE}.ignore]]"
    return "" if isinstance(value, dict) else "a table of settings"


def _inside(config: Config, file: Path) -> Config:
    """A file that a project names must lie in the project; only a person may name another, or a URL."""
    for key in FILES:
        named = config.path(key)
        if named is not None and not named.resolve().is_relative_to(config.folder.resolve()):
            hint = f"Move it into the project, or give --{key} on the command line."
            raise UsageError(f"[tool.{TABLE}] {key} leaves the project.", file=str(file), hint=hint)
    return config
