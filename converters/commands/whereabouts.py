"""Where a line of the source is in the output: kept, changed, moved by native style, or left behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converters.ir import App
from converters.native_plan import NativeSource
from converters.outcome import Converted, Hunk

NATIVE = {
    "top": "it stands at the top of {file}",
    "import": "it stands at the top of {file}",
    "setup": "it runs in setup() of {file}, once per runner",
    "load": "it runs in setup() of {file}, once per runner",
    "handler": "it becomes the endpoint of {file}",
    "method": "it becomes a method of the class in {file}",
    "drop": "it is left out of {file}",
}
"""What native style does with a statement."""


def whereabouts(outcome: Converted, path: str, line: int, *, told: bool) -> str:
    """A sentence about a line; '' where what was `told` of it by the ledger says enough."""
    app = next((app for app in outcome.application.apps if app.style == "native" and app.entry == path and app.native), None)
    if app is not None:
        return _native(app, line)
    change = next((change for change in outcome.files if change.path == path), None)
    if change is None or change.action == "removed":
        return "the file is not part of the output."
    hunk = next((hunk for hunk in change.hunks if change.action == "modified" and hunk.line <= line <= max(hunk.line, hunk.end_line)), None)
    if told:
        return ""
    return _changed(hunk) if hunk is not None else "nothing of the platform stands here; the line is kept as it is."


def _changed(hunk: Hunk) -> str:
    return f"the line is changed by {hunk.rule}: {hunk.reason}."


def _native(app: App, line: int) -> str:
    """The file dissolves into the app file, statement by statement."""
    assert app.native is not None
    for first, last, where in app.native.spans or _statements(app.native):
        if first <= line <= last:
            return f"the file dissolves in native style, and of this statement: {NATIVE[where].format(file=app.app_file)}."
    return f"the file dissolves in native style; between its statements, only comments go along to {app.app_file}."


def _statements(native: NativeSource) -> Iterator[tuple[int, int, str]]:
    """First and last line of each statement, and where it goes."""
    for statement in ast.parse(native.text).body:
        first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", []))])
        if statement.lineno in native.places:
            yield first, statement.end_lineno or first, native.places[statement.lineno]
