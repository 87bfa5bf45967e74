"""Types of inputs and outputs: Python annotations in every spelling that Cog reads, as annotations of a request model."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from converters.python.code import Code
from converters.python.module import Module
from converters.python.unparsed import unparse
from converters.sources.replicate.predictor import ancestry

FileKind = Literal["path", "paths", "file", "files", "secret", "secrets"]
SCALARS = {"str": "str", "int": "int", "float": "float", "bool": "bool", "Any": "Any", "object": "Any", "None": "None"}
PATHS = frozenset({"cog.Path", "cog.types.Path", "pathlib.Path", "pathlib.PosixPath", "Path"})
FILES = frozenset({"cog.File", "cog.types.File", "File", "io.IOBase", "typing.BinaryIO"})
SECRETS = frozenset({"cog.Secret", "cog.types.Secret", "pydantic.SecretStr", "Secret"})
ANY = frozenset({"typing.Any", "Any"})
LISTS = frozenset({"list", "typing.List", "List", "typing.Sequence", "collections.abc.Sequence", "Sequence"})
DICTS = frozenset({"dict", "typing.Dict", "Dict", "typing.Mapping"})
TYPED_DICTS = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
OPAQUE = "cog.Opaque"
OBJECT = "dict[str, Any]"
"""What the request model takes where Cog hands a JSON object on as it is."""


@dataclass(frozen=True)
class Type:
    """`source` is the annotation in the request model; `media`: what the caller's value becomes before the predictor sees it."""

    source: str
    media: FileKind | None = None
    nullable: bool = False
    problem: str = ""


def read(code: Code, module: Module, node: ast.expr | None) -> Type:
    """The type behind an annotation; `Any` with a problem where it is not understood."""
    if node is None:
        return Type("Any", problem="is not annotated", nullable=False)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return read(code, module, ast.parse(node.value, mode="eval").body)
        except (SyntaxError, ValueError):
            return Type("Any", problem="cannot be read")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union(code, module, [node.left, node.right])
    if isinstance(node, ast.Constant) and node.value is None:
        return Type("None", nullable=True)
    if isinstance(node, ast.Subscript):
        return _generic(code, module, node)
    if isinstance(node, ast.Call) and meaning(code, module, node.func) in TYPED_DICTS:
        return Type(OBJECT)
    return _plain(code, module, node)


def meaning(code: Code, module: Module, node: ast.expr) -> str:
    """The full name behind a name: through imports, else the name itself."""
    return code.dotted(module, node) or (node.id if isinstance(node, ast.Name) else "")


def _plain(code: Code, module: Module, node: ast.expr) -> Type:
    name = meaning(code, module, node)
    if name in SCALARS:
        return Type(SCALARS[name], nullable=name == "None")
    if name in PATHS:
        return Type("str", "path")
    if name in FILES:
        return Type("str", "file")
    if name in SECRETS:
        return Type("SecretStr", "secret")
    if name in ANY:
        return Type("Any")
    if name in DICTS:
        return Type(OBJECT)
    if name in LISTS:
        return Type("list[Any]")
    found = code.definition(module, node.id) if isinstance(node, ast.Name) else code.function(module, node)
    if found is not None and isinstance(found.node, ast.expr) and not (isinstance(found.node, ast.Name) and found.node.id == name):
        return read(code, found.module, found.node)
    if found is not None and isinstance(found.node, ast.ClassDef):
        return _class(code, found.module, found.node)
    return Type("Any", problem=f"`{unparse(node)}` is not one that Cog takes")


def _class(code: Code, module: Module, node: ast.ClassDef) -> Type:
    """A class of the project: a typed dictionary is an object, an enum of strings or numbers takes its values."""
    line = list(ancestry(code, module, node))
    if any(meaning(code, where, base) in TYPED_DICTS for where, owner in line for base in owner.bases):
        return Type(OBJECT)
    bases = {meaning(code, module, base) for base in node.bases}
    values = [s.value.value for s in node.body if isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant)]
    if bases & {"enum.Enum", "enum.StrEnum", "enum.IntEnum"} and values and all(isinstance(value, str | int) for value in values):
        return Type("str" if all(isinstance(value, str) for value in values) else "int", problem="is an enum, which Cog refuses")
    return Type("Any", problem=f"`{node.name}` is not one that Cog takes")


def _generic(code: Code, module: Module, node: ast.Subscript) -> Type:
    name = meaning(code, module, node.value)
    arguments = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name in ("typing.Optional", "Optional"):
        return _union(code, module, [*arguments, ast.Constant(None)])
    if name in ("typing.Union", "Union"):
        return _union(code, module, arguments)
    if name in ("typing.Annotated", "typing_extensions.Annotated", "Annotated"):
        if any(meaning(code, module, mark) == OPAQUE for mark in arguments[1:]):
            return _opaque(code, module, arguments[0])
        return read(code, module, arguments[0])
    if name in ("typing.Literal", "typing_extensions.Literal", "Literal"):
        return Type(f"Literal[{', '.join(unparse(argument) for argument in arguments if isinstance(argument, ast.Constant))}]")
    if name in LISTS:
        inner = read(code, module, arguments[0])
        plural: dict[str, FileKind] = {"path": "paths", "file": "files", "secret": "secrets"}
        return Type(f"list[{inner.source}]", plural.get(inner.media or ""), problem=inner.problem)
    if name in DICTS and len(arguments) == 2:
        inner = read(code, module, arguments[1])
        return Type(f"dict[str, {'Any' if inner.media else inner.source}]")
    return Type("Any", problem=f"`{unparse(node)}` is not one that Cog takes")


def _opaque(code: Code, module: Module, node: ast.expr) -> Type:
    """`Annotated[T, Opaque]`: an object whatever T is; a list and None keep their shape."""
    inner = read(code, module, node)
    shape = "list[Any]" if inner.source.removesuffix(" | None").startswith("list") else OBJECT
    if isinstance(node, ast.Name | ast.Attribute) and meaning(code, module, node) not in LISTS:
        shape = OBJECT
    return Type(f"{shape} | None" if inner.nullable else shape, nullable=inner.nullable)


def _union(code: Code, module: Module, nodes: list[ast.expr]) -> Type:
    parts = [read(code, module, node) for node in nodes]
    sources: list[str] = []
    for part in parts:
        sources += [source for source in part.source.split(" | ") if source not in sources and source != "None"]
    nullable = any(part.nullable for part in parts)
    problem = next((part.problem for part in parts if part.problem), "")
    media = next((part.media for part in parts if part.media), None)
    if "Any" in sources:
        return Type("Any", media, True, problem)
    return Type(" | ".join([*sources, *(["None"] if nullable else [])]), media, nullable, problem)
