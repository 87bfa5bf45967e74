"""What a handler answers: the keys of its results, which of them are errors, and which name local files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from converters.ir import OutputField, OutputSchema
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, own_nodes
from converters.sources.runpod.calls import callee
from converters.sources.runpod.handler import Callable

MAX_DEPTH = 4
Media = Literal["image", "video", "audio", "file"]
MEDIA: dict[str, Media] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"), "image"),
    **dict.fromkeys((".mp4", ".webm", ".mov", ".avi", ".mkv"), "video"),
    **dict.fromkeys((".wav", ".mp3", ".flac", ".ogg", ".m4a"), "audio"),
}
WRITERS = frozenset(
    {"save", "imwrite", "write", "export_to_video", "export_to_gif", "savefig", "imsave", "write_videofile", "mimsave", "open", "export"}
)
PASSING = re.compile(r"^(torch\.(inference_mode|no_grad|cuda\.amp\.autocast|autocast)|runpod\..*rp_debugger.*|staticmethod|classmethod)\b")
"""Decorators that hand on what the function returns."""


@dataclass
class Results:
    """All results of a handler. `opaque`: some could not be read."""

    dicts: list[dict[str, tuple[Module, ast.expr, ast.AST]]] = field(default_factory=list)
    optional: set[str] = field(default_factory=set)
    scalars: list[str] = field(default_factory=list)
    opaque: bool = False
    errors: bool = False
    error_with_more: list[tuple[Module, ast.AST]] = field(default_factory=list)
    refresh: bool = False


def results(code: Code, module: Module, function: Callable | None) -> Results:
    """Read the results of a handler through its own functions."""
    found = Results()
    if function is None or not passes_results(code, module, function):
        found.opaque = True
    else:
        _collect(code, module, function, found, 0)
    return found


def passes_results(code: Code, module: Module, function: Callable) -> bool:
    """Whether the function's results come out as they are: no decorator may exchange them."""
    return all(PASSING.match(code.dotted(module, _called(node)) or module.source(node)) for node in getattr(function, "decorator_list", []))


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def output_schema(found: Results) -> OutputSchema:
    """The success results as a model: a field per key, optional where some result lacks it."""
    successes = [row for row in found.dicts if "error" not in row]
    schema = OutputSchema(errors=found.errors, refresh=found.refresh, opaque=found.opaque)
    if found.opaque or (successes and found.scalars):
        return schema
    if not successes:
        kinds = list(dict.fromkeys(found.scalars))
        schema.annotation = " | ".join(kinds) if kinds and "Any" not in kinds else "Any"
        return schema
    names = list(dict.fromkeys(name for row in successes for name in row if name != "refresh_worker"))
    if not names:
        return schema
    schema.annotation = "Output"
    for name in names:
        rows = [row[name] for row in successes if name in row]
        kinds = list(dict.fromkeys(infer(module, value, scope) for module, value, scope in rows))
        optional = len(rows) < len(successes) or name in found.optional
        media = [_written_file(module, value, scope) for module, value, scope in rows]
        first_module, first_value, _ = rows[0]
        schema.fields.append(
            OutputField(
                name=name,
                annotation="Any" if "Any" in kinds else " | ".join(kinds),
                optional=optional,
                media=media[0] if media[0] is not None and all(kind == media[0] for kind in media) else None,
                origin=first_module.origin(first_value),
            )
        )
    return schema


def _collect(code: Code, module: Module, function: Callable, found: Results, depth: int) -> None:
    if isinstance(function, ast.Lambda):
        _value(code, module, function.body, function, found, depth)
        return
    yields = [node for node in own_nodes(function) if isinstance(node, ast.Yield | ast.YieldFrom)]
    if yields:
        for given in yields:
            if isinstance(given, ast.Yield) and given.value is not None:
                _value(code, module, given.value, function, found, depth)
            else:
                found.opaque = True
        return
    returned = False
    for node in own_nodes(function):
        if isinstance(node, ast.Return):
            returned = True
            if node.value is None:
                found.scalars.append("None")
            else:
                _value(code, module, node.value, function, found, depth)
    if not returned:
        found.scalars.append("None")


def _value(code: Code, module: Module, node: ast.expr, scope: ast.AST, found: Results, depth: int) -> None:
    if isinstance(node, ast.Await):
        node = node.value
    if isinstance(node, ast.IfExp):
        _value(code, module, node.body, scope, found, depth)
        _value(code, module, node.orelse, scope, found, depth)
    elif isinstance(node, ast.Dict):
        _dict(module, node, scope, found)
    elif isinstance(node, ast.Name):
        _name(code, module, node, scope, found, depth)
    elif isinstance(node, ast.Call):
        _call(code, module, node, scope, found, depth)
    else:
        kind = infer(module, node, scope)
        if kind == "Any":
            found.opaque = True
        else:
            found.scalars.append(kind)


def _dict(module: Module, node: ast.Dict, scope: ast.AST, found: Results) -> None:
    row: dict[str, tuple[Module, ast.expr, ast.AST]] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            found.opaque = True
            return
        row[key.value] = (module, value, scope)
    if "error" in row:
        found.errors = True
        if row.keys() - {"error", "refresh_worker"}:
            found.error_with_more.append((module, node))
    found.refresh |= "refresh_worker" in row
    found.dicts.append(row)


def _name(code: Code, module: Module, node: ast.Name, scope: ast.AST, found: Results, depth: int) -> None:
    """A result that was put together under a name: its assignments, and the keys that are added to it."""
    values: list[ast.expr] = []
    added: list[tuple[ast.expr, ast.expr]] = []
    for inner in own_nodes(scope):
        if isinstance(inner, ast.Assign):
            for target in inner.targets:
                if isinstance(target, ast.Name) and target.id == node.id:
                    values.append(inner.value)
                elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == node.id:
                    added.append((target.slice, inner.value))
                elif isinstance(target, ast.Tuple) and any(isinstance(part, ast.Name) and part.id == node.id for part in target.elts):
                    found.opaque = True
                    return
        elif (
            isinstance(inner, ast.AnnAssign)
            and isinstance(inner.target, ast.Name)
            and inner.target.id == node.id
            and inner.value is not None
        ):
            values.append(inner.value)
        elif _mutates(inner, node.id):
            found.opaque = True
            return
    if not values:
        found.opaque = True
        return
    for value in values:
        if isinstance(value, ast.Name) and value.id == node.id:
            continue
        before = len(found.dicts)
        if depth < MAX_DEPTH:
            _value(code, module, value, scope, found, depth + 1)
        else:
            found.opaque = True
        for row in found.dicts[before:]:
            _add(module, row, added, scope, found)
    if added and not all(isinstance(value, ast.Dict) for value in values):
        found.opaque = True


def _add(
    module: Module, row: dict[str, tuple[Module, ast.expr, ast.AST]], added: list[tuple[ast.expr, ast.expr]], scope: ast.AST, found: Results
) -> None:
    for key, value in added:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            found.opaque = True
        elif key.value == "error":
            found.errors = True
            found.error_with_more += [(module, value)] if row.keys() - {"error", "refresh_worker"} else []
        elif key.value == "refresh_worker":
            found.refresh = True
        else:
            row.setdefault(key.value, (module, value, scope))
            found.optional.add(key.value)


def _mutates(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return node.func.value.id == name and node.func.attr in ("update", "setdefault", "pop", "clear")
    return isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name


def _call(code: Code, module: Module, node: ast.Call, scope: ast.AST, found: Results, depth: int) -> None:
    kind = infer(module, node, scope)
    if kind not in ("Any", "dict[str, Any]"):
        found.scalars.append(kind)
        return
    target = callee(code, module, node.func, scope) if depth < MAX_DEPTH else None
    if target is None or (isinstance(node.func, ast.Name) and node.func.id[:1].isupper()):
        found.opaque = True
        return
    function, home, _ = target
    if isinstance(function, FunctionNode) and function.name == "__init__":
        found.opaque = True
        return
    _collect(code, home, function, found, depth + 1)


def infer(module: Module, node: ast.expr, scope: ast.AST, depth: int = 0) -> str:
    """Annotation that a value surely has; 'Any' where nothing shows it."""
    if isinstance(node, ast.Constant):
        if node.value is None:
            return "None"
        return type(node.value).__name__ if isinstance(node.value, str | bool | int | float) else "Any"
    if isinstance(node, ast.JoinedStr):
        return "str"
    if isinstance(node, ast.List | ast.ListComp):
        return "list[Any]"
    if isinstance(node, ast.Dict | ast.DictComp):
        return "dict[str, Any]"
    if isinstance(node, ast.Call):
        return _call_kind(module, node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = {infer(module, node.left, scope, depth), infer(module, node.right, scope, depth)}
        return "str" if "str" in sides and sides <= {"str", "Any"} else "Any"
    if isinstance(node, ast.Name) and depth < 3:
        values = [
            inner.value
            for inner in own_nodes(scope)
            if isinstance(inner, ast.Assign) and any(isinstance(target, ast.Name) and target.id == node.id for target in inner.targets)
        ]
        stores = sum(isinstance(inner, ast.Name) and inner.id == node.id and isinstance(inner.ctx, ast.Store) for inner in own_nodes(scope))
        if len(values) == stores and values:
            kinds = {infer(module, value, scope, depth + 1) for value in values}
            return kinds.pop() if len(kinds) == 1 else "Any"
    return "Any"


def _call_kind(module: Module, node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return {"str": "str", "len": "int", "int": "int", "float": "float", "bool": "bool", "list": "list[Any]", "sorted": "list[Any]"}.get(
            node.func.id, "Any"
        )
    if isinstance(node.func, ast.Attribute):
        if node.func.attr in ("decode", "strip", "hexdigest", "isoformat", "strftime", "lower", "upper") and not isinstance(
            node.func.value, ast.Name
        ):
            return "str"
        if node.func.attr == "decode" and (not node.args or _is_codec(node.args[0])):
            return "str"
        if module.source(node.func) in ("json.dumps", "os.path.join", "os.path.basename", "base64.b64encode().decode"):
            return "str"
    return "Any"


def _is_codec(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in ("utf-8", "utf8", "ascii", "latin-1")


def _written_file(module: Module, value: ast.expr, scope: ast.AST) -> Media | None:
    """The kind of file that a returned value names, when the same function writes a file of that name."""
    path = _path_text(module, value, scope)
    if path is None or "://" in path:
        return None
    if not any(_same_path(module, argument, value, path, scope) for argument in _written_paths(scope)):
        return None
    return MEDIA.get(PurePosixPath(path).suffix.lower(), "file")


def _written_paths(scope: ast.AST) -> Iterator[ast.expr]:
    for node in own_nodes(scope):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            mode = node.args[1] if name == "open" and len(node.args) > 1 else None
            if name in WRITERS and (name != "open" or (isinstance(mode, ast.Constant) and "w" in str(mode.value))):
                yield from node.args[:2]


def _same_path(module: Module, argument: ast.expr, value: ast.expr, path: str, scope: ast.AST) -> bool:
    if isinstance(argument, ast.Name) and isinstance(value, ast.Name):
        return argument.id == value.id
    return _path_text(module, argument, scope) == path


def _path_text(module: Module, node: ast.expr, scope: ast.AST) -> str | None:
    """A path as far as it can be read; parts that only running tells stand as `{}`."""
    if isinstance(node, ast.Constant):
        return (
            node.value
            if (isinstance(node.value, str) and "/" in node.value) or (isinstance(node.value, str) and "." in node.value)
            else None
        )
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.Name):
        values = [
            inner.value
            for inner in own_nodes(scope)
            if isinstance(inner, ast.Assign) and any(isinstance(target, ast.Name) and target.id == node.id for target in inner.targets)
        ]
        return _path_text(module, values[0], scope) if len(values) == 1 and not isinstance(values[0], ast.Name) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
        last = _path_text(module, node.args[-1], scope)
        return "{}/" + last if last else None
    return None
