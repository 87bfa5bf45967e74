"""The app that is held against a source: in the folder of a conversion, in any other fal project, or in a file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from converters.errors import Unreadable, UsageError
from converters.ir import App
from converters.path_hints import missing
from converters.preflight.apps import Program, programs
from converters.project import open_project

TABLES = "pyproject.toml"
_LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache")


@dataclass(frozen=True)
class Candidate:
    """``folder`` has a table of pyproject.toml for the app ``name``, whose program is ``file``; ``app``: the one of the source."""

    app: App
    folder: Path
    name: str
    file: str

    @property
    def is_own(self) -> bool:
        """Whether it has the name and the file that our conversion gives it."""
        return self.name == self.app.name and self.file in ("", self.app.app_file)


def candidates(target: Path, apps: Sequence[App], *, named: str = "", scratch: Path) -> list[Candidate]:
    """The apps of ``target`` that stand for apps of a source: a folder, or ``FILE.py[::CLASS]``.

    ``named``: the one that is asked for (``--app``); ``scratch``: a folder in which one gets a table that has none. Raises UsageError,
    Unreadable.
    """
    folder, file, symbol = _place(target)
    found = _in_tables(folder) if not file else {}
    if not found:
        folder, found = _with_table(folder, file, symbol, named, scratch / "candidate")
    return [Candidate(app, folder, name, found[name]) for app, name in _pairs(target, apps, sorted(found), named)]


def _place(target: Path) -> tuple[Path, str, str]:
    """The folder, and where one is named, the file in it and the class."""
    text, colons, symbol = str(target).partition("::")
    path = Path(text)
    if not path.exists():
        raise missing(path)
    if path.is_dir():
        if colons:
            raise UsageError("is a folder.", file=text, hint=f"Name the file that holds {symbol}: {path / 'app.py'}::{symbol}")
        return path, "", ""
    if path.name == TABLES:
        return path.parent, "", ""
    if path.suffix != ".py":
        raise UsageError("is no fal app.", file=text, hint="Name the folder of a fal project, or a file.py[::Class] that holds an app.")
    return path.parent, path.name, symbol


def _in_tables(folder: Path) -> dict[str, str]:
    """The names of the apps in ``[tool.fal.apps]``, with the files that hold them."""
    apps = _tables(folder).get("tool", {}).get("fal", {}).get("apps", {})
    refs = {name: table.get("ref", "") for name, table in apps.items() if isinstance(table, dict)}
    return {str(name): str(ref).partition("::")[0] for name, ref in refs.items()}


def _tables(folder: Path) -> Any:
    file = folder / TABLES
    try:
        return tomlkit.parse(file.read_text("utf-8")) if file.is_file() else tomlkit.document()
    except (OSError, ValueError, TOMLKitError) as error:
        raise Unreadable(f"cannot be read: {error}", file=str(file)) from error


def _with_table(folder: Path, file: str, symbol: str, named: str, copy: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the folder with a table for the one app of it."""
    place = str(folder / file) if file else str(folder)
    found = [one for one in programs(open_project(folder)) if one.kind != "server"] if not (file and symbol) else []
    found = [one for one in found if not file or one.file == file]
    wanted = [one for one in found if named in (one.name, one.symbol)] if named and len(found) > 1 else found
    if file and symbol:
        name, ref = named or _table_name(symbol), f"{file}::{symbol}"
    elif len(wanted) == 1:
        name, ref = wanted[0].name or _table_name(wanted[0].symbol), f"{wanted[0].file}::{wanted[0].symbol}"
    elif not found:
        raise UsageError("holds no fal app.", file=place, hint="Name a folder with an app of fal, or the file.py::Class that is one.")
    else:
        raise UsageError(f"holds {len(found)} apps.", file=place, hint=f"Name one: {', '.join(map(_shown, found))}.")
    shutil.copytree(folder, copy, symlinks=True, ignore=_LEFT_BEHIND)
    document = _tables(folder)
    tables = document
    for key in ("tool", "fal", "apps"):
        tables = tables.setdefault(key, tomlkit.table(is_super_table=True))
    tables[name] = {"ref": ref}
    (copy / TABLES).write_text(tomlkit.dumps(document), "utf-8")
    return copy, {name: ref.partition("::")[0]}


def _table_name(symbol: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", symbol).lower().replace("_", "-")


def _shown(program: Program) -> str:
    return f"{program.file}::{program.symbol}"


def _pairs(target: Path, apps: Sequence[App], names: Sequence[str], named: str) -> list[tuple[App, str]]:
    """Which app of the target stands for which of the source: by its name, else where there is only one of each."""
    if named and named not in names and not [app for app in apps if app.name == named]:
        raise UsageError(f"--app {named}: there is no such app.", file=str(target), hint=f"It has {', '.join(names)}.")
    own = [app for app in apps if app.name == named] if named else []
    chosen = own or list(apps)
    if len(chosen) == 1 and named in names:
        return [(chosen[0], named)]
    if len(chosen) == len(names) == 1:
        return [(chosen[0], names[0])]
    lost = [app.name for app in chosen if app.name not in names]
    if lost:
        hint = f"It has {', '.join(names)}: say which with --app NAME." if len(apps) == 1 else f"It has {', '.join(names)}."
        raise UsageError(f"holds no app {', '.join(lost)}.", file=str(target), hint=hint)
    return [(app, app.name) for app in chosen]
