"""`[tool.fal.apps.NAME]` of the project's pyproject.toml; an existing file keeps everything else byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.errors import Unreadable
from converters.ir import App
from converters.project import Project

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def emit(project: Project, apps: list[App]) -> str:
    """The text of pyproject.toml with a table for each app. Raises `Unreadable` where the project's own file is no TOML."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    file = project.get("pyproject.toml")
    if file is None:
        return "\n".join(_table(app) for app in apps)
    try:
        document = tomlkit.parse(file.text)
    except TOMLKitError as error:
        line = getattr(error, "line", 1)
        raise Unreadable(f"is not valid TOML: {error}.", file="pyproject.toml", line=line, hint="Correct it.") from error
    existing = _existing(document)
    missing = [app for app in apps if app.name not in existing]
    ending = "" if file.text.endswith("\n") or not file.text else "\n"
    newline = "\r\n" if "\r\n" in file.text else "\n"
    added = "\n".join(_table(app) for app in missing).replace("\n", newline)
    return f"{file.text}{ending}{newline if file.text else ''}{added}" if missing else file.text


def _existing(document: TOMLDocument) -> set[str]:
    try:
        return set(document["tool"]["fal"]["apps"])
    except (KeyError, TypeError):
        return set()


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
    return tomlkit.dumps(document)
