"""What kind of file a predictor writes: the extensions in the values that it returns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Literal

from converters.ir import InputSchema
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, assigned, own_nodes
from converters.sources.replicate.input_types import PATHS, meaning
from converters.sources.replicate.predictor import Method

Kind = Literal["image", "video", "audio", "file"]
EXTENSIONS: dict[str, Kind] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "svg", "avif"), "image"),
    **dict.fromkeys(("mp4", "webm", "mov", "avi", "mkv", "m4v"), "video"),
    **dict.fromkeys(("wav", "mp3", "flac", "ogg", "m4a", "opus", "aac"), "audio"),
}
SUFFIX = re.compile(r"(?:^|[^.])\.([A-Za-z][A-Za-z0-9]{1,11})$")
DEPTH = 4


def kind_of(code: Code, method: Method, inputs: InputSchema) -> Kind:
    """Image, video or audio where every extension says so, else a plain file."""
    choices = {field.name: field.constraints.get("choices", []) for field in inputs.fields}
    found: set[str] = set()
    for value in results(method):
        found |= set(_extensions(code, method.module, method.node, value, choices, set(), 0))
    if not found:
        found = set(_written(method.node))
    kinds: set[Kind] = {EXTENSIONS.get(extension.lower(), "file") for extension in found}
    return kinds.pop() if len(kinds) == 1 else "file"


def results(method: Method) -> list[ast.expr]:
    """Expressions that a function returns or yields, and what it appends to a list that it returns."""
    found: list[ast.expr] = []
    names: set[str] = set()
    for node in own_nodes(method.node):
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            if not (isinstance(node.value, ast.Constant) and node.value.value is None):
                found.append(node.value)
            if isinstance(node.value, ast.Name):
                names.add(node.value.id)
    return found


def shape(code: Code, method: Method, value: ast.expr, depth: int = 0) -> str:
    """`Path` or `str` for an expression that is plainly one; '' otherwise."""
    module = method.module
    if isinstance(value, ast.Constant | ast.JoinedStr):
        return "str" if isinstance(value, ast.JoinedStr) or isinstance(value.value, str) else ""
    if isinstance(value, ast.Call) and meaning(code, module, value.func) in PATHS:
        return "Path"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str":
        return "str"
    if isinstance(value, ast.BinOp):
        left = shape(code, method, value.left, depth + 1)
        return left if isinstance(value.op, ast.Div) or left == "str" else shape(code, method, value.right, depth + 1)
    if isinstance(value, ast.Name) and depth < DEPTH:
        found = {shape(code, method, source, depth + 1) for source in _assignments(method.node, value.id)}
        return found.pop() if len(found) == 1 else ""
    if isinstance(value, ast.Call) and depth < DEPTH:
        target = code.function(module, value.func)
        if target is not None and isinstance(target.node, FunctionNode):
            inner = Method(target.module, None, target.node)
            found = {shape(code, inner, result, depth + 1) for result in results(inner)}
            return found.pop() if len(found) == 1 else ""
    return ""


def _assignments(node: ast.AST, name: str) -> list[ast.expr]:
    """What is assigned to a name, or appended to it, in a function."""
    found: list[ast.expr] = []
    for inner in own_nodes(node):
        found += [value for target, value in assigned(inner) if target == name]
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in ("append", "extend"):
            if isinstance(inner.func.value, ast.Name) and inner.func.value.id == name:
                found += inner.args
        elif isinstance(inner, ast.withitem) and isinstance(inner.optional_vars, ast.Name) and inner.optional_vars.id == name:
            found.append(inner.context_expr)
    return found


def _extensions(
    code: Code, module: Module, node: ast.AST, value: ast.expr, choices: dict[str, list[object]], seen: set[str], depth: int
) -> Iterator[str]:
    """Extensions in an expression, in what its names were assigned, and in what the functions that it calls return."""
    for inner in ast.walk(value):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and (match := SUFFIX.search(inner.value)):
            yield match.group(1)
        elif isinstance(inner, ast.Name) and inner.id not in seen and depth < DEPTH:
            seen.add(inner.id)
            yield from (str(choice) for choice in choices.get(inner.id, []) if str(choice).lower() in EXTENSIONS)
            for source in _assignments(node, inner.id):
                yield from _extensions(code, module, node, source, choices, seen, depth + 1)
        elif isinstance(inner, ast.Call) and depth < DEPTH:
            target = code.function(module, inner.func) or _own_method(code, module, node, inner)
            if target is not None and isinstance(target.node, FunctionNode) and target.node is not node and target.node.name not in seen:
                seen.add(target.node.name)
                for result in results(Method(target.module, None, target.node)):
                    yield from _extensions(code, target.module, target.node, result, {}, seen, depth + 1)


def _own_method(code: Code, module: Module, node: ast.AST, call: ast.Call) -> Method | None:
    """`self.render(...)`: the method of the class in which the function stands."""
    if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "self"):
        return None
    owner = next((parent for parent in module.ancestors(node) if isinstance(parent, ast.ClassDef)), None)
    for statement in owner.body if owner else ():
        if isinstance(statement, FunctionNode) and statement.name == call.func.attr:
            return Method(module, owner, statement)
    return None


def _written(node: ast.AST) -> Iterator[str]:
    """Extensions of every file name in a function."""
    for inner in own_nodes(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and "\n" not in inner.value:
            match = SUFFIX.search(inner.value)
            if match and match.group(1).lower() in EXTENSIONS:
                yield match.group(1)
