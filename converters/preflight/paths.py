"""Paths that code on a runner reads and cannot do without."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.preflight import loaders
from converters.preflight.deployment import Deployment
from converters.preflight.programs import commands
from converters.preflight.running import Scope
from converters.preflight.values import absolute
from converters.python.module import FunctionNode, assigned
from converters.python.unparsed import unparse

IMPORTED_FROM = "the code imports from"


@dataclass(frozen=True)
class Need:
    """A path that must be there. `text` is as the code has it, `path` where it lies on the runner."""

    text: str
    path: str
    line: int
    why: str
    scope: Scope


def needs(deployment: Deployment) -> Iterator[Need]:
    """The paths that the code of a runner reads, but for those that it asks for first or does without."""
    cwd = deployment.running.runner.cwd
    for scope in deployment.scopes:
        for node in scope.nodes:
            if isinstance(node, ast.Call):
                for argument, text, path, why in _wanted(node, scope, cwd):
                    if _is_path(text) and not _is_optional(scope, node, argument):
                        yield Need(text, path, node.lineno, why, scope)


def _wanted(call: ast.Call, scope: Scope, cwd: str) -> Iterator[tuple[ast.expr, str, str, str]]:
    """(argument, the path as the code has it, the path from the root, why)."""
    for argument, why in reads(call, scope):
        if text := scope.text(argument):
            yield argument, text, absolute(text, cwd), why
    for command in commands(call, scope, cwd):
        if (script := command.script) and command.cwd is not None:
            place = absolute(script, command.cwd)
            text = (
                script if command.cwd == cwd else PurePosixPath(place).relative_to(cwd or "/").as_posix() if _below(place, cwd) else place
            )
            yield ast.Constant(script), text, place, "the code starts"


def _below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")


def reads(call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """The arguments of a call that are paths which must be there, each with what reads it."""
    name = unparse(call.func)
    last = name.rpartition(".")[2]
    first = call.args[0] if call.args else None
    if name in ("open", "io.open", "codecs.open") and first is not None:
        if _reading(call, 1, scope):
            yield first, "the code opens"
    elif last in ("read_text", "read_bytes") and isinstance(call.func, ast.Attribute):
        yield call.func.value, "the code reads"
    elif last == "open" and isinstance(call.func, ast.Attribute) and "Path" in name and _reading(call, 0, scope):
        yield call.func.value, "the code opens"
    elif name == "os.chdir" and first is not None:
        yield first, "the code changes to"
    elif name in ("sys.path.append", "sys.path.insert") and call.args:
        yield call.args[-1], IMPORTED_FROM
    elif (name in loaders.FILES or scope.unit.full(name) in loaders.FILES or last in loaders.LAST) and first is not None:
        yield first, f"`{last if last in loaders.LAST else name}` reads"
    elif last == "dotenv_values" and _is_indexed(call, scope):
        yield first if first is not None else ast.Constant(".env"), "`dotenv_values` reads"
    elif last in loaders.HUBS or name in loaders.HUBS or name == "torch.hub.load":
        yield from _models(call, name, last, scope)
    elif _is_true(_keyword(call, "local_files_only"), scope) and (cache := _keyword(call, "cache_dir")) is not None:
        yield cache, f"`{last}` looks for models in"
    for keyword in call.keywords:
        if keyword.arg in loaders.KEYWORDS and keyword.value is not first:
            yield keyword.value, f"`{keyword.arg}` names"


def _is_indexed(call: ast.Call, scope: Scope) -> bool:
    """Whether the code takes a key out of what the call returns, which fails where the file is not there."""
    name = next((unparse(node.targets[0]) for node in scope.nodes if isinstance(node, ast.Assign) and node.value is call), "")
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and (node.value is call or (name and unparse(node.value) == name))
        for node in ast.walk(scope.unit.module.tree)
    )


def _models(call: ast.Call, name: str, last: str, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """The folder that is given where a model's name may be, and the one that must hold a model which is not fetched."""
    position = 1 if last == "pipeline" else 0
    named = next((value for key in loaders.MODELS if (value := _keyword(call, key)) is not None), None)
    first = named or (call.args[position] if len(call.args) > position else None)
    text = (scope.text(first) or "") if first is not None else ""
    offline = _is_true(_keyword(call, "local_files_only"), scope) or (
        name == "torch.hub.load" and scope.text(_keyword(call, "source")) == "local"
    )
    cache = _keyword(call, "cache_dir")
    if offline and cache is not None and not loaders.is_folder(text):
        yield cache, f"`{last}` looks for models in"
    elif first is None or not text or (name == "torch.hub.load" and not offline):
        return
    elif last == "YOLO":
        if "/" in text and not loaders.ULTRALYTICS.match(PurePosixPath(text).name):
            yield first, "`YOLO` reads"
    elif name == "spacy.load" or last != "load":
        library = scope.unit.library(name.partition(".")[0])
        if loaders.is_folder(text) or (
            last in ("from_pretrained", "from_quantized") and (offline or loaders.is_nowhere(text, library)) and "/" not in text
        ):
            yield first, f"`{last if last != 'load' else name}` reads"
    elif offline:
        yield first, "`torch.hub.load` reads"


def _is_true(node: ast.expr | None, scope: Scope) -> bool:
    """Whether an argument is True, or a name of the function that nothing else is given to."""
    if isinstance(node, ast.Name) and isinstance(scope.node, FunctionNode):
        given = [value for part in scope.nodes for name, value in assigned(part) if name == node.id]
        stored = [part for part in scope.nodes if isinstance(part, ast.Name) and part.id == node.id and isinstance(part.ctx, ast.Store)]
        return len(given) == len(stored) == 1 and _is_true(given[0], scope)
    return isinstance(node, ast.Constant) and node.value is True


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _reading(call: ast.Call, position: int, scope: Scope) -> bool:
    """Whether a file must be there to be opened: not where it is opened for writing, or in a mode that is not known."""
    mode = call.args[position] if len(call.args) > position else _keyword(call, "mode")
    if mode is None:
        return True
    text = scope.text(mode)
    return text is not None and text.startswith("r")


def _is_path(text: str) -> bool:
    odd = "\0" in text or "\n" in text or "://" in text or text.startswith(("~", "<", "$"))
    return 0 < len(text) < 500 and not odd


def _is_optional(scope: Scope, node: ast.AST, argument: ast.expr) -> bool:
    """Whether the code looks first whether the path is there, or goes on without it."""
    wanted = ast.dump(argument)
    child: ast.AST = node
    for above in scope.unit.module.ancestors(node):
        if isinstance(above, ast.Try) and child in above.body and any(_forgives(handler) for handler in above.handlers):
            return True
        if isinstance(above, ast.If | ast.IfExp | ast.While) and child is not above.test and _asks(above.test, wanted, scope, argument):
            return True
        child = above
    return _turned_back(scope, node, wanted, argument)


def _forgives(handler: ast.ExceptHandler) -> bool:
    """Whether the code goes on after a file was missing."""
    kinds = unparse(handler.type) if handler.type is not None else "Exception"
    if not re.search(r"\b(Exception|BaseException|OSError|IOError|FileNotFoundError|EnvironmentError)\b", kinds):
        return False
    return not any(map(_gives_up, handler.body))


def _exits(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and unparse(node.func) in ("sys.exit", "exit", "quit", "os._exit")


def _asks(test: ast.expr, wanted: str, scope: Scope, argument: ast.expr) -> bool:
    """Whether a condition asks for the path."""
    text = scope.text(argument)
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and unparse(node.func).rpartition(".")[2] in ("exists", "isfile", "isdir", "is_file", "is_dir"):
            asked = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            if any(ast.dump(one) == wanted or (text is not None and scope.text(one) == text) for one in asked):
                return True
    return False


def _turned_back(scope: Scope, node: ast.AST, wanted: str, argument: ast.expr) -> bool:
    """`if not os.path.exists(path): return` (or fetch it) before the path is used; not where that raises."""
    line = getattr(node, "lineno", 0)
    earlier = [other for other in scope.nodes if isinstance(other, ast.If) and other.lineno < line]
    return any(_asks(other.test, wanted, scope, argument) and not any(map(_gives_up, other.body)) for other in earlier)


def _gives_up(statement: ast.stmt) -> bool:
    return any(isinstance(part, ast.Raise) or _exits(part) for part in ast.walk(statement))
