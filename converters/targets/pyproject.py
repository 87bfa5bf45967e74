"""`[tool.fal.apps.NAME]` of the project's pyproject.toml; an existing file keeps everything else byte for byte."""

from __future__ import annotations

import re
import sys
from typing import Any

from converters.errors import Unreadable
from converters.escape import toml
from converters.ir import App
from converters.project import Project, SourceFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def emit(project: Project, apps: list[App]) -> str:
    """The text of pyproject.toml with a table for each app. Raises `Unreadable` where the project's own file takes none."""
    file = project.get("pyproject.toml")
    if file is None:
        return "\n".join(_table(app) for app in apps)
    existing = _apps(_parsed(file))
    missing = [app for app in apps if app.name not in existing]
    text = _with_tables(file, missing)
    try:
        tables = _apps(tomllib.loads(text))
    except ValueError as error:
        message = f"takes no table `tool.fal.apps`, since it defines `tool` or `tool.fal` as something else ({error})."
        raise Unreadable(message, file=file.path, line=1, hint="Write what it defines there as tables: `[tool.fal]`.") from error
    if any(not isinstance(tables.get(app.name), dict) for app in apps):
        message = "takes no table `tool.fal.apps`, since it defines `tool.fal.apps`, or an app in it, as something else than a table."
        raise Unreadable(message, file=file.path, line=1, hint="Write what it defines there as tables: `[tool.fal.apps.NAME]`.")
    return text


def _parsed(file: SourceFile) -> dict[str, Any]:
    try:
        if not file.encoding.startswith("utf-8"):
            raise ValueError("it is not UTF-8")
        return tomllib.loads(file.text)
    except ValueError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else 1
        raise Unreadable(f"is not valid TOML: {error}.", file=file.path, line=line, hint="Correct it.") from error


def _with_tables(file: SourceFile, missing: list[App]) -> str:
    ending = "" if file.text.endswith("\n") or not file.text else "\n"
    newline = "\r\n" if "\r\n" in file.text else "\n"
    added = "\n".join(_table(app) for app in missing).replace("\n", newline)
    return f"{file.text}{ending}{newline if file.text else ''}{added}" if missing else file.text


def _apps(document: dict[str, Any]) -> dict[str, Any]:
    """The tables of apps; empty where there are none."""
    try:
        apps = document["tool"]["fal"]["apps"]
    except (KeyError, TypeError):
        return {}
    return apps if isinstance(apps, dict) else {}


def _table(app: App) -> str:
    """Only `ref` for an app class, whose other keys the SDK ignores; an image alone has all its settings here."""
    import tomlkit

    apps = tomlkit.table(is_super_table=True)
    if app.target == "pyproject":
        from converters.targets import server_table

        entry = server_table.table(app)
    else:
        entry = tomlkit.table()
        if app.target == "function" and app.server is not None:
            entry.add("auth", str(app.server.extra.get("auth", "private")))  # a class has `app_auth`, and a function nothing
        entry.add("ref", f"{app.app_file}::{app.class_name}")
    apps.add(app.name, entry)
    document = tomlkit.document()
    tool, fal = tomlkit.table(is_super_table=True), tomlkit.table(is_super_table=True)
    fal.add("apps", apps)
    tool.add("fal", fal)
    document.add("tool", tool)
    return toml(tomlkit.dumps(document))
