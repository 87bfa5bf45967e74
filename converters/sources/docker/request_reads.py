"""What a route takes from the request object: Flask's and Quart's `request`, the `Request` of Starlette and FastAPI."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from converters.python.code import Code
from converters.python.module import FunctionNode, Module
from converters.python.unparsed import unparse
from converters.sources.docker.defaults import dotted, keyword

Schema = dict[str, Any]
MAX_DEPTH = 3
"""How many functions of the project are followed from a route's own."""
PARTS = {
    "args": "query", "query_params": "query", "values": "query", "form": "form", "files": "files", "headers": "header",
    "cookies": "cookie", "json": "json", "get_json": "json", "get_data": "raw", "data": "raw", "body": "raw", "stream": "raw",
}  # fmt: skip
"""Attribute of a request -> the part that it holds."""
ONE = frozenset({"get", "pop", "getlist", "getall", "getone"})
"""Methods that take the name of a key."""
ALL = frozenset({"items", "values", "keys", "to_dict", "multi_items", "lists", "listvalues"})
"""Methods that take every key, whatever its name."""
UPLOAD = frozenset({"read", "file", "filename", "save", "content_type", "stream"})
"""What is asked of an upload and of no text."""
LOADS = re.compile(r"\bloads\(|\bmodel_validate_json\(|\bparse_raw\(")
NUMBERS = {"int": "integer", "float": "number"}


@dataclass
class Reads:
    """Keys by part, each with its schema; `required` holds (part, key). `whole`: parts that are taken with all their keys."""

    parts: dict[str, dict[str, Schema]] = field(default_factory=dict)
    required: set[tuple[str, str]] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    """Parts that are read in any way."""

    def of(self, part: str) -> dict[str, Schema]:
        return self.parts.get(part, {})


def reads(code: Code, module: Module, function: FunctionNode) -> Reads:
    """What a route's function, its decorators and the functions that they call take from the request."""
    found = Reads()
    text = []
    for place, node in _followed(code, module, function, MAX_DEPTH, set()):
        _Function(place, node, found).read()
        text.append(unparse(node))
    if "raw" in found.seen and (any(LOADS.search(one) for one in text) or found.seen & {"json", "form", "files"}):
        found.seen = (found.seen - {"raw"}) | ({"json"} if not found.seen & {"form", "files"} else set())
    return found


def _followed(code: Code, module: Module, function: FunctionNode, depth: int, seen: set[ast.AST]) -> Iterator[tuple[Module, FunctionNode]]:
    """The function and those of the project that it calls or is decorated with."""
    if function in seen:
        return
    seen.add(function)
    yield module, function
    if depth == 0:
        return
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    for name in [*function.decorator_list, *called]:
        target = code.function(module, name) if isinstance(name, ast.Name | ast.Attribute) else None
        if target is not None and isinstance(target.node, FunctionNode):
            yield from _followed(code, target.module, target.node, depth - 1, seen)


class _Function:
    """Reads one function; names that are bound to a part of the request stand for it."""

    def __init__(self, module: Module, function: FunctionNode, found: Reads) -> None:
        self.module, self.function, self.found = module, function, found
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        typed = {one.arg for one in arguments if one.annotation is not None and re.search(r"\bRequest\b", unparse(one.annotation))}
        others = {one.arg for one in arguments if one.annotation is not None} - typed
        self.requests = ({"request", "req"} | typed) - others
        self.names: dict[str, str] = {}
        self.bound: dict[str, tuple[str, str]] = {}
        """Variable -> (part, key) of the value that it holds."""

    def read(self) -> None:
        for node in ast.walk(self.function):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name) and (part := self._part(node.value)):
                    self.names[target.id] = part
        for node in ast.walk(self.function):
            if isinstance(node, ast.expr):
                self._visit(node)
        for node in ast.walk(self.function):
            if isinstance(node, ast.Attribute) and node.attr in UPLOAD and isinstance(node.value, ast.Name):
                self._is_upload(self.bound.get(node.value.id))

    def _is_upload(self, bound: tuple[str, str] | None) -> None:
        """A key of Starlette's form, which holds texts and uploads alike, is an upload where it is used as one."""
        if bound is not None and bound[0] == "form" and bound[1] in self.found.of("form"):
            self.found.parts.setdefault("files", {})[bound[1]] = self.found.parts["form"].pop(bound[1])
            self.found.seen.add("files")
            if bound in self.found.required:
                self.found.required |= {("files", bound[1])}

    def _part(self, node: ast.expr) -> str:
        """The part of the request that an expression is, '' where it is none."""
        if isinstance(node, ast.Await):
            return self._part(node.value)
        if isinstance(node, ast.BoolOp):
            return next((part for one in node.values if (part := self._part(one))), "")
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PARTS:
            return self._part(node.func)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.requests:
            return PARTS.get(node.attr, "")
        return ""

    def _visit(self, node: ast.expr) -> None:
        if isinstance(node, ast.Subscript) and (part := self._part(node.value)):
            self._key(part, node.slice, node, required=isinstance(node.ctx, ast.Load), many=False)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (part := self._part(node.func.value)):
            if node.func.attr in ONE and node.args:
                self._key(part, node.args[0], node, required=False, many=node.func.attr in ("getlist", "getall"))
            elif node.func.attr in ALL:
                self.found.whole.add(part)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
            if part := self._part(node.comparators[0]):
                self._key(part, node.left, node, required=False, many=False)
        elif part := self._part(node):
            self.found.seen.add(part)
            if self._as_a_whole(node):
                self.found.whole.add(part)

    def _as_a_whole(self, node: ast.expr) -> bool:
        """Whether the part goes on with all of its keys: into a call, a loop, or out of the function."""
        parent = self.module.parents.get(node)
        while isinstance(parent, ast.Await | ast.BoolOp) or (isinstance(parent, ast.Call) and parent.func is node):
            node, parent = parent, self.module.parents.get(parent)
        if isinstance(parent, ast.Call):
            return node in parent.args and dotted(parent.func) not in ("bool", "len", "print", "isinstance", "type")
        return isinstance(parent, ast.keyword | ast.For | ast.comprehension | ast.Return | ast.Starred)

    def _key(self, part: str, key: ast.expr, node: ast.expr, *, required: bool, many: bool) -> None:
        self.found.seen.add(part)
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            if not isinstance(key, ast.Constant):
                self.found.whole.add(part)
            return
        keys = self.found.parts.setdefault(part, {})
        made = self._schema(part, node, many=many)
        known = keys.get(key.value, {})
        keys[key.value] = {**known, **made} if known.get("type") == "string" else {**made, **known}
        if required:
            self.found.required.add((part, key.value))
        parent = self.module.parents.get(node)
        if isinstance(parent, ast.Assign | ast.NamedExpr):
            target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
            if isinstance(target, ast.Name):
                self.bound[target.id] = (part, key.value)

    def _schema(self, part: str, node: ast.expr, *, many: bool) -> Schema:
        """What the code does with the value: JSON may hold anything, an upload is bytes, the rest texts and what is made of them."""
        if part in ("json", "raw"):
            return {}
        if part == "files":
            upload = {"type": "string", "format": "binary"}
            return {"type": "array", "items": upload} if many else upload
        kind = self._number(node)
        made: Schema = {"type": NUMBERS.get(kind, "string")}
        default = self._default(node)
        if isinstance(default, str | int | float) and not isinstance(default, bool):
            made["default"] = default
        return {"type": "array", "items": {"type": made["type"]}} if many else made

    def _number(self, node: ast.expr) -> str:
        """`int` or `float`, where the value is made one at once."""
        stated = keyword(node, "type") if isinstance(node, ast.Call) else None
        if stated is None and isinstance(node, ast.Call) and len(node.args) > 2:
            stated = node.args[2]
        parent = self.module.parents.get(node)
        if stated is None and isinstance(parent, ast.Call) and parent.args[:1] == [node]:
            stated = parent.func
        return dotted(stated) if stated is not None else ""

    def _default(self, node: ast.expr) -> Any:
        if not isinstance(node, ast.Call):
            return None
        stated = keyword(node, "default") or (node.args[1] if len(node.args) > 1 else None)
        return stated.value if isinstance(stated, ast.Constant) else None
