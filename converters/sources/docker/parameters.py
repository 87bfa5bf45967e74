"""The parameters of a FastAPI route: its own, and those of what it depends on, as FastAPI collects them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from converters.python.code import Found
from converters.python.module import FunctionNode, Module
from converters.python.unparsed import unparse
from converters.sources.docker.defaults import dotted, keyword
from converters.sources.docker.schemas import Schemas

Schema = dict[str, Any]
INJECTED = re.compile(
    r"\b(Request|Response|WebSocket|BackgroundTasks|Depends|Security|SessionDep|CurrentUser|HTTPConnection)\b|Dep\b|Dependency\b"
)
PLACES = ("Query", "Body", "Form", "File", "Header", "Cookie", "Path")
KEYS = {"APIKeyHeader": "header", "APIKeyQuery": "query", "APIKeyCookie": "cookie"}
"""Classes of `fastapi.security` that take a key by a name of its own."""
BEARERS = frozenset({"HTTPBearer", "HTTPBasic", "HTTPDigest", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer"})
"""Those that take the Authorization header."""
MAX_DEPTH = 6


@dataclass
class Parameters:
    """What a route takes, by where it stands in the request."""

    schemas: Schemas
    in_path: set[str]
    listed: list[dict[str, Any]] = field(default_factory=list)
    """Parameters as OpenAPI lists them."""
    bodies: list[tuple[str, Schema, bool]] = field(default_factory=list)
    form: dict[str, Schema] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    """Keys of the form that must be there."""
    security: list[dict[str, Any]] = field(default_factory=list)
    """Security schemes, as OpenAPI writes them."""

    def add(self, module: Module, function: FunctionNode, *, flask: bool = False, depth: int = 0) -> None:
        """The parameters of a function, then those of its dependencies."""
        asked: list[tuple[Module, ast.Call, ast.arg]] = []
        for argument, default in arguments(function):
            place, argument = self._without_alias(module, argument)
            dependency = _dependency(argument, default)
            if dependency is not None:
                asked.append((place, dependency, argument))
            elif not _is_injected(argument):
                self._argument(place, argument, default, flask=flask)
        for place, dependency, argument in asked:
            self._depend(place, dependency, argument, depth)

    def _without_alias(self, module: Module, argument: ast.arg) -> tuple[Module, ast.arg]:
        """The argument with the type that its annotation is another name of: `User = Annotated[Person, Depends(person)]`."""
        if isinstance(argument.annotation, ast.Name):
            found = self.schemas.code.definition(module, argument.annotation.id)
            if found is not None and isinstance(found.node, ast.Subscript) and dotted(found.node.value).endswith("Annotated"):
                return found.module, ast.arg(argument.arg, found.node)
        return module, argument

    def depend(self, module: Module, call: ast.expr) -> None:
        """What a `Depends(...)` asks for that a decorator, a router or the application names."""
        if isinstance(call, ast.Call) and dotted(call.func).rsplit(".", 1)[-1] in ("Depends", "Security"):
            self._depend(module, call, None, 0)

    def in_order(self) -> list[dict[str, Any]]:
        """Those in the path, the query, headers and cookies, as FastAPI lists them."""
        return sorted(self.listed, key=lambda one: ("path", "query", "header", "cookie").index(one["in"]))

    def parameter(self, name: str, place: str, schema: Schema, *, required: bool) -> None:
        if not any((one["name"], one["in"]) == (name, place) for one in self.listed):
            self.listed.append({"name": name, "in": place, "required": required, "schema": schema})

    def _argument(self, module: Module, argument: ast.arg, default: ast.expr | None, *, flask: bool) -> None:
        annotation = argument.annotation
        kind = place(default, annotation)
        name, made, required = self.schemas.member(module, argument.arg, annotation, default)
        if argument.arg in self.in_path:
            self.parameter(argument.arg, "path", made or {"type": "string"}, required=True)
        elif kind in ("Form", "File") or (annotation is not None and "UploadFile" in unparse(annotation)):
            self.form[name] = made
            self.needed += [name] if required else []
        elif kind == "Body" or (kind == "" and is_model(made)):
            self.bodies.append((name, made, required))
        elif kind in ("Header", "Cookie"):
            renamed = name == argument.arg and kind == "Header" and not _keeps_underscores(default, annotation)
            self.parameter(name.replace("_", "-") if renamed else name, kind.lower(), made, required=required)
        elif not flask:
            self.parameter(name, "query", made, required=required)

    def _depend(self, module: Module, call: ast.Call, argument: ast.arg | None, depth: int) -> None:
        target: ast.expr | None = call.args[0] if call.args else keyword(call, "dependency")
        if target is None and argument is not None and argument.annotation is not None:
            target = _annotated(argument.annotation)
        if target is None or depth > MAX_DEPTH:
            return
        made = target if isinstance(target, ast.Call) else None
        if isinstance(target, ast.Name):
            found = self.schemas.code.definition(module, target.id)
            if found is not None and isinstance(found.node, ast.Call):
                module, made = found.module, found.node
        if made is not None:
            self._scheme(module, made)
        elif (known := self.schemas.code.function(module, target)) is not None:
            self._callable(known, depth + 1)

    def _callable(self, found: Found, depth: int) -> None:
        if isinstance(found.node, FunctionNode):
            self.add(found.module, found.node, depth=depth)
        elif isinstance(found.node, ast.ClassDef):
            methods = {one.name: one for one in found.node.body if isinstance(one, FunctionNode)}
            if (made := methods.get("__init__")) is not None:
                self.add(found.module, made, depth=depth)
            else:
                for one in found.node.body:
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                        self._argument(found.module, ast.arg(one.target.id, one.annotation), one.value, flask=False)

    def _scheme(self, module: Module, call: ast.Call) -> None:
        """A security scheme, or an object of the project that is called for each request."""
        kind = dotted(call.func).rsplit(".", 1)[-1]
        if kind in KEYS:
            stated = keyword(call, "name") or (call.args[0] if call.args else None)
            if isinstance(stated, ast.Constant) and isinstance(stated.value, str):
                self.security.append({"type": "apiKey", "in": KEYS[kind], "name": stated.value})
        elif kind in BEARERS:
            self.security.append({"type": "http", "scheme": "basic" if kind == "HTTPBasic" else "bearer"})
        elif (known := self.schemas.code.function(module, call.func)) is not None and isinstance(known.node, ast.ClassDef):
            for one in known.node.body:
                if isinstance(one, FunctionNode) and one.name == "__call__":
                    self.add(known.module, one)


def arguments(function: FunctionNode) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """The arguments of a function with their defaults."""
    stated = function.args
    positional = [*stated.posonlyargs, *stated.args]
    padded: list[ast.expr | None] = [*[None] * (len(positional) - len(stated.defaults)), *stated.defaults]
    yield from zip(positional, padded, strict=True)
    yield from zip(stated.kwonlyargs, stated.kw_defaults, strict=True)


def place(default: ast.expr | None, annotation: ast.expr | None) -> str:
    """Where a parameter comes from: `Query`, `Body`, `Form`, `File`, `Header`, or '' where nothing says."""
    names = [dotted(one.func).rsplit(".", 1)[-1] for one in _calls(default, annotation)]
    return next((name for name in names if name in PLACES), "")


def is_model(made: Schema) -> bool:
    """Whether a schema is that of a body: an object, or a list of them."""
    parts = made.get("anyOf", [made])
    return any(
        "$ref" in part or part.get("type") == "object" or (part.get("type") == "array" and "$ref" in str(part.get("items")))
        for part in parts
    )


def _calls(default: ast.expr | None, annotation: ast.expr | None) -> list[ast.Call]:
    extras = (
        annotation.slice.elts[1:]
        if isinstance(annotation, ast.Subscript)
        and isinstance(annotation.slice, ast.Tuple)
        and dotted(annotation.value).endswith("Annotated")
        else []
    )
    return [one for one in (default, *extras) if isinstance(one, ast.Call)]


def _annotated(annotation: ast.expr) -> ast.expr:
    """The type in `Annotated[type, ...]`, or the annotation itself."""
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple) and dotted(annotation.value).endswith("Annotated"):
        return annotation.slice.elts[0]
    return annotation


def _dependency(argument: ast.arg, default: ast.expr | None) -> ast.Call | None:
    calls = _calls(default, argument.annotation)
    return next((one for one in calls if dotted(one.func).rsplit(".", 1)[-1] in ("Depends", "Security")), None)


def _keeps_underscores(default: ast.expr | None, annotation: ast.expr | None) -> bool:
    stated = [keyword(one, "convert_underscores") for one in _calls(default, annotation)]
    return any(isinstance(one, ast.Constant) and one.value is False for one in stated)


def _is_injected(argument: ast.arg) -> bool:
    annotation = argument.annotation
    return (
        argument.arg in ("self", "cls")
        or (argument.arg in ("request", "response") and annotation is None)
        or (annotation is not None and INJECTED.search(unparse(annotation)) is not None)
    )
