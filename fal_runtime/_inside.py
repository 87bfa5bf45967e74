"""What runs inside an image: the app that was pickled outside of it, as the platform's agent starts it; or the pickling itself.

Its interpreter is that of the image, and Python 3.9 may be one: only the standard library and the files beside this one are imported
before the app's own. ``argv`` names a file with the command, a JSON object, and the file to which events are added, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fal_runtime import locations

Json = dict[str, Any]

_LINES = 40
"""Lines of a traceback that are told."""


class _Report:
    """Tells how far this is; each event is written whole."""

    def __init__(self, file: str) -> None:
        self._fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def __call__(self, event: str, **details: Any) -> None:
        os.write(self._fd, json.dumps({"event": event, **details}).encode() + b"\n")


def main() -> None:
    """Do what the command says."""
    command: Json = json.loads(Path(sys.argv[1]).read_text())
    report = _Report(sys.argv[2])
    sys.argv[1:] = []
    {"pickle": _pickle, "run": _run}[command["op"]](command, report)


def _pickle(command: Json, report: _Report) -> None:
    from fal_runtime import _sdk

    os.chdir(command["root"])
    try:
        payload = _sdk.describe(command["app"])[1]
    except BaseException as error:
        _failed(report, "load", error, command)
        raise
    Path(command["payload"]).write_bytes(payload or b"")
    report("pickled")


def _run(command: Json, report: _Report) -> None:
    sys.path.extend(command["path"])  # what fal brings, behind what the app brings
    try:
        function = _callable(command)
    except BaseException as error:
        _failed(report, "load", error, command)
        raise
    report("loaded", python=f"{sys.version_info[0]}.{sys.version_info[1]}")
    try:
        _serve(function, command, report)
    except Exception as error:
        _failed(report, "start", error.__cause__ or error, command)
        raise


def _callable(command: Json) -> Callable[..., Any]:
    if command["entry_point"] is not None:
        from fal_runtime import _sdk

        return _sdk.entry_point(command["entry_point"])
    payload = Path(command["payload"]).read_bytes()
    if command.get("origin") is not None:
        from fal_runtime import _sdk

        overrides = _sdk.Overrides(tuple(command["origin"]))
        overrides.apply_to_imported()
        return _sdk.load(payload, overrides)
    function: Callable[..., Any] = pickle.loads(payload)
    return function


def _serve(function: Callable[..., Any], command: Json, report: _Report) -> None:
    if not command["ports"]:
        function()  # the server is its own
        return
    from fal_runtime import _serving

    def tell(text: str) -> None:
        lines = [line for line in text.strip().splitlines() if line.strip()] or ["setup() failed"]
        where = locations.of_traceback(text, command["roots"])
        report("failed", stage="start", message=lines[-1], where=where, traceback=lines[-_LINES:])

    _serving.report_setup_failure(tell)
    _serving.serve(function, tuple(command["ports"]))


def _failed(report: _Report, stage: str, error: BaseException, command: Json) -> None:
    lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()[-_LINES:]
    report("failed", stage=stage, message=_one_line(error), where=locations.of_error(error, command["roots"]), traceback=lines)


def _one_line(error: BaseException) -> str:
    text = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    return text or type(error).__name__
