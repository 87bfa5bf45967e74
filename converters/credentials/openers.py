"""Code that opens a credential file by a literal path."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.errors import Unreadable
from converters.ir import Application, Origin
from converters.project import MAX_FILE, Project, SourceFile

HARMLESS = frozenset(
    (
        *("exists", "isfile", "is_file", "lexists", "access", "stat", "getsize", "glob", "startswith", "endswith", "basename", "dirname"),
        *(
            "print",
            "debug",
            "info",
            "warning",
            "error",
            "exception",
            "log",
            "write",
            "append",
            "add_argument",
            "Field",
            "SettingsConfigDict",
        ),
        *("getenv", "get", "find_dotenv", "Path", "PurePath", "PosixPath", "join", "joinpath", "abspath", "realpath", "resolve"),
        *("expanduser", "str"),
    )
)
"""Calls that only ask whether a file is there, make a path, or tell its name."""
JOINS = frozenset(["Path", "PurePath", "PosixPath", "join", "joinpath", "abspath", "realpath", "resolve", "expanduser", "str", "absolute"])
PASSES_OVER = frozenset({"env_file", "_env_file", "dotenv", "help", "default"})
"""Keywords whose file may be missing (pydantic's settings), or that only describe."""
_SOURCED = re.compile(r"(?:^|[;&|(]|\bthen\b|\bdo\b)\s*(?:source|\.)\s+[\"']?(?P<path>[^\s\"';&|)]+)", re.MULTILINE)
_GUARD = re.compile(r"(\[\[?|\btest\b)\s+(!\s+)?-[efrs]\b|2>\s*/dev/null|\|\|\s*true")


@dataclass(frozen=True)
class Opened:
    """A place that opens the credential file at `path`."""

    path: str
    origin: Origin


def find(project: Project, application: Application) -> Iterator[Opened]:
    """Every such place in the files of the output, and in the commands of its servers."""
    names = {PurePosixPath(path).name.encode() for path in project.withheld}
    kept = {path for app in application.apps for path in app.environment.files} | {app.entry for app in application.apps}
    for path in sorted(kept & project.files.keys()):
        file = project.files[path]
        if file.size > MAX_FILE or not path.endswith((".py", ".sh", ".bash")) or not any(name in file.data for name in names):
            continue
        yield from _python(project, file) if path.endswith(".py") else _shell(project, file)
    for app in application.apps:
        origin = next((one.origin for one in (app.server.findings if app.server else []) if one.subject == "command" and one.origin), None)
        words = app.server.command if app.server else app.environment.argv
        for word in words:
            path = withheld_path(project, word.partition("=")[2] or word, "") if not word.startswith("--env-file") else ""
            if path and not _env(path):
                yield Opened(path, origin or (app.handler.origin if app.handler else Origin(file=app.entry, line=1)))


def withheld_path(project: Project, text: str, folder: str) -> str:
    """The credential file that a path means: from the folder of the file, from the project, or by its name in the image; '' for none."""
    plain = text.strip().removeprefix("./").removeprefix("~/")
    if not plain or len(plain) > 300 or "\n" in plain:
        return ""
    for candidate in (f"{folder}/{plain}".lstrip("/"), plain):
        if candidate in project.withheld:
            return candidate
    if not (plain.startswith("/") or "/" in plain):
        return next((path for path in project.withheld if path.endswith(f"/{plain}")), "")
    parts = PurePosixPath(plain).parts
    return next((path for path in project.withheld if _ends_alike(PurePosixPath(path).parts, parts)), "")


def _ends_alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """`/app/keys/sa.json` in the image and `keys/sa.json` in the project."""
    shared = min(len(one), len(other))
    return one[-shared:] == other[-shared:] or (other[0] == "/" and one[-1] == other[-1])


def _env(path: str) -> bool:
    return PurePosixPath(path).name.startswith(".env")


def _python(project: Project, file: SourceFile) -> Iterator[Opened]:
    try:
        tree = ast.parse(file.text)
    except (SyntaxError, ValueError, Unreadable, RecursionError):
        return
    names = _constants(tree)
    seen: set[tuple[int, str]] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for text in _arguments(node, names):
            path = withheld_path(project, text, file.folder)
            if path and (node.lineno, path) not in seen:
                seen.add((node.lineno, path))
                yield Opened(path, Origin(file=file.path, line=node.lineno, end_line=node.end_lineno or node.lineno))


def _arguments(node: ast.Call, names: dict[str, str]) -> Iterator[str]:
    """Paths that a call opens: its arguments, or the path whose method it is (`Path("x").read_text()`)."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    if name in HARMLESS:
        return
    if isinstance(node.func, ast.Attribute) and name in ("read_text", "read_bytes", "open"):
        text = _text(node.func.value, names)
        if text:
            yield text
    for argument in [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg not in PASSES_OVER)]:
        text = _text(argument, names)
        if text:
            yield text


def _text(node: ast.expr, names: dict[str, str]) -> str:
    """The literal part of a path; what a folder before it is does not matter."""
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return names.get(name, "")
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            tail = _text(right, names)
            head = _text(left, names) if tail else ""
            return f"{head}/{tail}" if head else tail
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in JOINS and args:
            parts = [_text(argument, names) for argument in args]
            return "/".join(part for part in parts if part) if parts[-1] else ""
        case ast.JoinedStr(values=[*_, ast.Constant(value=str() as value)]):
            return value.lstrip("/")
    return ""


def _constants(tree: ast.Module) -> dict[str, str]:
    """Names that are given one literal path, also as the default of a parameter."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            text = _text(node.value, found)
            for target in targets:
                if isinstance(target, ast.Name) and text:
                    found[target.id] = text
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            for argument, default in zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True):
                if text := _text(default, found):
                    found.setdefault(argument.arg, text)
    return found


def _shell(project: Project, file: SourceFile) -> Iterator[Opened]:
    """`source .env`, where nothing asks before whether the file is there."""
    text = file.data.decode("utf-8", errors="replace")
    lines = text.split("\n")
    for match in _SOURCED.finditer(text):
        line = text.count("\n", 0, match.start("path")) + 1
        path = withheld_path(project, match.group("path"), file.folder)
        if path and not _GUARD.search("\n".join(lines[max(0, line - 3) : line])):
            yield Opened(path, Origin(file=file.path, line=line))
