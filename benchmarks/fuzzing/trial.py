"""One input converted in this process, and what is wrong with what came of it."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import tomllib

from benchmarks.fuzzing.model import Finding, Input
from benchmarks.fuzzing.python import TAG
from converters.commands.arguments import request_of
from converters.commands.conversion import Request
from converters.commands.convert import finish
from converters.convert import convert
from converters.errors import MigrateError
from converters.outcome import Converted, Crashed, FileChange, NotConverted
from converters.project import Project

SECONDS = 10.0
"""Of processor time that one conversion may take."""
MEMORY = 500 * 2**20
"""Bytes by which a process may grow."""
NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
OWN = str(ROOT / "converters")
HALVES = re.compile("[\ud800-\udfff]")


class OutOfTime(BaseException):
    """Raised in the middle of whatever runs; not an `Exception`, so that nothing catches it."""


def warm() -> None:
    """Import what conversions import late, since that may not be readable for `NOBODY`, and is not what is measured."""
    import importlib
    import pkgutil

    import converters

    for module in pkgutil.walk_packages(converters.__path__, "converters."):
        if ".child" not in module.name and "__main__" not in module.name:
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def lay(given: Input, root: Path) -> None:
    """Write the project of an input to an empty folder."""
    for path, data in given.files.items():
        target = os.fsencode(root) + b"/" + path
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120 - names that are bytes
        with open(target, "wb") as stream:  # noqa: PTH123
            stream.write(data)
    for name, data in given.outside.items():
        (root.parent / f"{name}.json").write_bytes(data)
    for path, mode in given.modes.items():
        os.chmod(os.fsencode(root) + b"/" + path, mode)  # noqa: PTH101


def judge(given: Input, folder: Path, *, on_disk: bool = False, load: bool = False) -> tuple[str, list[Finding], float]:
    """(status, findings, seconds of processor time) of an input; `folder` is emptied first. `load`: the apps with the real fal, too."""
    root = folder / "worker"
    with _unprivileged(bool(given.modes)):
        _empty(folder)
        root.mkdir()
        lay(given, root)
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            with _limited():
                status, findings = _converted(given, root, on_disk=on_disk)
        except OutOfTime as late:
            status, findings = "late", [Finding("over 10 s", _place(late), _trace(late))]
        except MemoryError as error:
            status, findings = "memory", [Finding("over 500 MB", _place(error), _trace(error))]
        except Exception as error:
            status, findings = "raised", [Finding("raised", f"{type(error).__name__} in {_place(error)}", _trace(error))]
        seconds = time.process_time() - started
        if load and (folder / "out/pyproject.toml").exists():
            findings += _load_faults(folder / "out", folder / "payload")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if grown > MEMORY:
        findings.append(Finding("over 500 MB", f"{grown >> 20} MB"))
    return status, findings, seconds


def _converted(given: Input, root: Path, *, on_disk: bool) -> tuple[str, list[Finding]]:
    try:
        request = _request(given, root)
        outcome: Converted | NotConverted | Crashed
        if given.command == "callers":
            from converters.callers.convert import convert_callers

            outcome = convert_callers(root, {})
        else:
            outcome = convert(root, request.options)
    except MigrateError as error:
        return f"exit {int(error.code)}", []
    if isinstance(outcome, Crashed):
        return "exit 70", [Finding("exit 70", _class_of(outcome.report), outcome.report)]
    findings = list(_faults(given, outcome)) if isinstance(outcome, Converted) else []
    return _reported(request, outcome, findings, on_disk=on_disk)


def _request(given: Input, root: Path) -> Request:
    typed: dict[str, Any] = dict(given.options)
    for name in given.outside:
        path = root.parent / f"{name}.json"
        typed[name] = str(path) if name == "openapi" else path
    return request_of(root, output=root.parent / "out", **typed)


def _reported(request: Request, outcome: Converted | NotConverted, findings: list[Finding], *, on_disk: bool) -> tuple[str, list[Finding]]:
    """The document and the reports of an outcome; on disk, also what is written, and that a second run changes nothing."""
    from dataclasses import replace

    from converters.commands.conversion import show

    wanted = request if on_disk else replace(request, diff=True)
    result = finish(wanted, lambda: outcome)
    if result.document["status"] == "crashed":
        findings.append(Finding("exit 70", result.document["message"], Path(result.document["report"]).read_text()))
        return "exit 70", findings
    for form in ("json", "text", "markdown", "github") if on_disk else ("json",):
        with contextlib.redirect_stdout(_binary()) as standard, contextlib.redirect_stderr(_binary()):
            show(result, replace(wanted, format=form))  # type: ignore[arg-type]
        if form == "json":
            standard.flush()
            json.loads(standard.buffer.getvalue())
    if on_disk and result.exit_code in (0, 3):
        again = finish(replace(wanted, force=True), lambda: convert_again(request, outcome))
        if again.written is None or again.written.changed:
            findings.append(Finding("second run", "a second run of the same input changes the output"))
    return f"exit {result.exit_code}", findings


def convert_again(request: Request, outcome: Converted | NotConverted) -> Converted | NotConverted | Crashed:
    """The conversion of the same folder once more."""
    if isinstance(outcome, Converted) and not outcome.application.apps:
        from converters.callers.convert import convert_callers

        return convert_callers(request.path, {})
    return convert(request.path, request.options)


def _load_faults(output: Path, payload: Path) -> Iterator[Finding]:
    """Apps that fal's own loader refuses, each in a process of its own without the limit of memory."""
    tables = tomllib.loads((output / "pyproject.toml").read_text()).get("tool", {}).get("fal", {}).get("apps", {})
    stated = [table.get("ref") for table in tables.values() if isinstance(table, dict)]
    for ref in [ref for ref in stated if isinstance(ref, str) and (output / ref.partition("::")[0]).exists()]:
        command = [sys.executable, "-m", "benchmarks.corpus.deploy", str(output), ref, str(payload)]
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        loaded = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            check=False,
            text=True,
            preexec_fn=lambda most=most: resource.setrlimit(resource.RLIMIT_AS, (most, most)),  # type: ignore[misc]
        )
        if loaded.returncode:
            lines = loaded.stderr.strip().splitlines()
            yield Finding("does not load", re.sub(r"\d+", "", lines[-1])[:120] if lines else "no message", loaded.stderr)


def _binary() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict", write_through=True)


def _faults(given: Input, converted: Converted) -> Iterator[Finding]:
    """What is wrong with files that were added or modified, and a native form that was given up."""
    if converted.not_native:
        yield Finding("not native", re.sub(r"\d+|`[^`]*`", "", converted.not_native), converted.not_native)
    for change in converted.files:
        if change.action not in ("added", "modified") or change.data is None:
            continue
        if change.path.endswith(".py"):
            yield from _python_faults(given, change)
        elif change.path.endswith((".toml", ".json")):
            yield from _document_faults(change)


def _python_faults(given: Input, change: FileChange) -> Iterator[Finding]:
    broken = _compiled(change.data or b"", change.path)
    if broken is None:
        yield from _literal_faults(given, change)
    elif change.action == "added" or change.before is None or _compiled(change.before, change.path) is None:
        text = (change.data or b"").decode(errors="replace")
        message = re.sub(r" on line \d+|\(\d+\)", "", broken.split(" (")[0])
        key = f"{'app file' if change.action == 'added' else 'kept file'}: {message}"
        yield Finding("does not compile", key, f"{change.path}: {broken}\n\n{text}")


def _literal_faults(given: Input, change: FileChange) -> Iterator[Finding]:
    """A planted string that arrives with another value; descriptions of ours may quote one, and routes of ours begin with one.

    Half of a surrogate pair, which no JSON can hold, is replaced in the model of a request, and asked for.
    """
    if not given.planted:
        return
    planted = {*given.planted, *(repr(HALVES.sub("\ufffd", str(ast.literal_eval(text)))) for text in given.planted)}
    tree = ast.parse(change.data or b"")
    ours = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr | ast.keyword)} if change.action == "added" else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and TAG in str(node.value) and id(node) not in ours and repr(node.value) not in planted:
            if change.action == "added" and _is_route(node.value, given.planted):
                continue
            text = (change.data or b"").decode(errors="replace")
            detail = f"{change.path}:{node.lineno}: {node.value!r}, planted {given.planted}\n\n{text}"
            yield Finding("literal changed", f"{change.action} file", detail)


def _is_route(value: object, planted: tuple[str, ...]) -> bool:
    """Whether a string is a path behind a prefix that was planted: `/planted/score`."""
    prefixes = [prefix for text in planted if isinstance(prefix := ast.literal_eval(text), str)]
    return isinstance(value, str) and any(value.startswith(f"/{prefix.strip('/')}/") for prefix in prefixes)


def _compiled(data: bytes, path: str) -> str | None:
    """Why a source does not compile; None where it does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, path.encode(errors="replace").decode(), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _document_faults(change: FileChange) -> Iterator[Finding]:
    reader = tomllib.loads if change.path.endswith(".toml") else json.loads
    try:
        reader((change.data or b"").decode("utf-8"))
    except ValueError as error:
        with contextlib.suppress(ValueError):
            if change.before is not None:
                reader(change.before.decode())
            yield Finding(
                "does not parse", f"{change.path}: {type(error).__name__}", f"{error}\n\n{(change.data or b'').decode(errors='replace')}"
            )


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    previous = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


@contextlib.contextmanager
def _unprivileged(wanted: bool) -> Iterator[None]:
    """As root, everything may be read: what asks for permissions runs as somebody else."""
    if not wanted or os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _empty(folder: Path) -> None:
    if os.getuid() == 0:
        previous = os.geteuid()
        os.seteuid(0)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        folder.chmod(0o777)
        os.seteuid(previous)
        return
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _class_of(report: str) -> str:
    """Exception and place of ours in a report of a bug."""
    lines = report.rstrip().splitlines()
    error = next((line for line in reversed(lines) if line and not line.startswith(" ")), "")
    places = [line.strip() for line in lines if line.startswith("  File") and OWN in line]
    if "DoesNotCompile" in error:
        return re.sub(r" on line \d+|\(.*\)|\d+", "", error.partition(": ")[2])
    place = places[-1].split("converters/")[-1].replace('"', "") if places else ""
    return f"{error.split(':')[0]} in {place}"


def _place(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if OWN in frame.filename]
    frame = frames[-1] if frames else None
    return f"{frame.filename.split('converters/')[-1]}, line {frame.lineno}, in {frame.name}" if frame else "?"


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def limit_memory() -> None:
    """Let this process grow by `MEMORY` beyond what it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


__all__ = ["Project", "judge", "lay", "limit_memory", "warm"]
