"""Which line of the project something of a runner leads to."""

from __future__ import annotations

import re

from .apps import App
from .result import Place

_FRAME = re.compile(r'^[ |+]*File "([^"]+)", line (\d+)', re.MULTILINE)


def place(where: object) -> Place | None:
    """``file:line`` as a place."""
    file, _, line = str(where or "").rpartition(":")
    return Place(file=file, line=int(line)) if file and line.isdecimal() else None


def settings_place(app: App, name: str) -> Place | None:
    """Where a setting of the app stands, else the app."""
    program = app.program
    if program is None:
        return None
    if name == "image" and program.image is not None and program.image.file:
        return Place(file=program.image.file, line=program.image.line if program.image.file == program.file else 0)
    return Place(file=program.file, line=_table_line(app, program.symbol, name) or program.line_of(name))


def _table_line(app: App, key: str, setting: str) -> int:
    """The line of a table of an app's own, such as that of its health check; 0 where there is none."""
    file = app.project.get("pyproject.toml")
    text = file.data.decode(errors="replace") if file is not None else ""
    head = rf"^\[tool\.fal\.apps\.[\"']?{re.escape(key)}[\"']?\.{re.escape(setting)}\]"
    found = re.search(head, text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def frame_place(app: App, text: str) -> Place | None:
    """The innermost line of the project in the last traceback of a text."""
    last = text[text.rindex("Traceback (most recent call last)") :] if "Traceback (most recent call last)" in text else text
    own = [found for name, line in _FRAME.findall(last) if (found := file_place(app, name, int(line))) is not None]
    return own[-1] if own else None


def file_place(app: App, name: str, line: int) -> Place | None:
    """A line of a file of the runner as one of the project; None for what the project does not hold."""
    root, files = app.project.root, app.described.spec.files
    if name.startswith(f"{root}/"):
        return Place(file=name.removeprefix(f"{root}/"), line=line)
    ends = [relative for _, relative in files if f"/{name}".endswith(f"/{relative}")]
    if not ends and not re.search(r"site-packages|dist-packages|/lib/python3|^<", name):
        ends = [relative for _, relative in files if name.rpartition("/")[2] == relative.rpartition("/")[2]]
    return Place(file=max(ends, key=len), line=line) if ends else None
