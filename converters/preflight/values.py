"""Texts and paths as the code on a runner would see them, read out of its expressions without running them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from converters.python.module import assigned, nodes, top_level
from converters.python.unparsed import unparse


class Unknown:
    """A value that only running the code could tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
MAX_DEPTH = 30
PATHS = frozenset({"Path", "PosixPath", "PurePath", "PurePosixPath"})
SAME = frozenset({"resolve", "absolute", "as_posix", "expanduser", "__str__", "strip"})
"""Methods that give back the path that they are called on, as far as its name goes."""
WRAPPERS = frozenset({"str", "abspath", "realpath", "normpath", "expanduser", "fspath", "expandvars"})


@dataclass
class Values:
    """Evaluates expressions of one module. `file`: the module's own path where it runs; `cwd`: the working directory there."""

    tree: ast.Module
    file: str
    cwd: str
    known: Mapping[str, Any] = field(default_factory=dict)
    """Values of names that are not read from the module, such as those of another one."""
    _names: dict[str, list[ast.expr]] = field(default_factory=dict, repr=False)
    paths: set[str] = field(default_factory=lambda: set(PATHS), repr=False)
    """Names of the classes of pathlib."""

    def __post_init__(self) -> None:
        for statement in top_level(self.tree.body):
            self._learn(statement, "")
        for node in nodes(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "pathlib":
                self.paths |= {alias.asname for alias in node.names if alias.asname and alias.name in PATHS}
            elif isinstance(node, ast.ClassDef):
                for statement in node.body:
                    self._learn(statement, f"{node.name}.")
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for target in map(unparse, node.targets if isinstance(node, ast.Assign) else [node.target]):
                    if target.startswith("self."):
                        self._names.setdefault(target, []).append(node.value)

    def _learn(self, node: ast.stmt, prefix: str) -> None:
        for name, value in assigned(node):
            self._names.setdefault(prefix + name, []).append(value)
            if prefix:
                self._names.setdefault(f"self.{name}", []).append(value)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self._names.setdefault(prefix + node.target.id, []).append(ast.Name("\0", ast.Load()))

    def value(self, node: ast.AST | None, local: Mapping[str, Any] | None = None, depth: int = 0) -> Any:
        """The value of an expression, `UNKNOWN` where reading does not tell. Paths are `PurePosixPath`s."""
        if node is None or depth > MAX_DEPTH:
            return UNKNOWN
        evaluate: Callable[..., Any] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        try:
            return UNKNOWN if evaluate is None else evaluate(node, local or {}, depth + 1)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            return UNKNOWN

    def text(self, node: ast.AST | None, local: Mapping[str, Any] | None = None) -> str | None:
        """The expression as a text or path; None where it is neither."""
        value = self.value(node, local)
        return str(value) if isinstance(value, str | PurePosixPath) else None

    def expression(self, name: str) -> ast.expr | None:
        """What a name is assigned, where it is assigned once."""
        found = self._names.get(name, [])
        return found[0] if len(found) == 1 else None

    def line_of(self, node: ast.expr | None) -> int:
        """The line of the text that a name stands for; 0 where there is none."""
        found = self.expression(node.id) if isinstance(node, ast.Name) else None
        return found.lineno if isinstance(found, ast.Constant) else 0

    def _constant(self, node: ast.Constant, local: Mapping[str, Any], depth: int) -> Any:
        return node.value

    def _name(self, node: ast.Name, local: Mapping[str, Any], depth: int) -> Any:
        if node.id in local:
            return local[node.id]
        if node.id == "__file__":
            return self.file
        if node.id in self.known:
            return self.known[node.id]
        return self._only(node.id, depth)

    def _only(self, name: str, depth: int) -> Any:
        """The value of a name that is assigned once."""
        found = self._names.get(name, [])
        return self.value(found[0], None, depth) if len(found) == 1 else UNKNOWN

    def _list(self, node: ast.List | ast.Tuple, local: Mapping[str, Any], depth: int) -> Any:
        return [self.value(element, local, depth) for element in node.elts]

    _tuple = _list

    def _dict(self, node: ast.Dict, local: Mapping[str, Any], depth: int) -> Any:
        pairs = zip(node.keys, node.values, strict=True)
        return {self.value(key, local, depth): self.value(value, local, depth) for key, value in pairs if key is not None}

    def _joinedstr(self, node: ast.JoinedStr, local: Mapping[str, Any], depth: int) -> Any:
        parts = [self.value(part.value if isinstance(part, ast.FormattedValue) else part, local, depth) for part in node.values]
        plain = all(not isinstance(part, ast.FormattedValue) or part.format_spec is None for part in node.values)
        return "".join(map(str, parts)) if plain and all(_is_scalar(part) for part in parts) else UNKNOWN

    def _binop(self, node: ast.BinOp, local: Mapping[str, Any], depth: int) -> Any:
        left, right = self.value(node.left, local, depth), self.value(node.right, local, depth)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return UNKNOWN
        if isinstance(node.op, ast.Div) and isinstance(left, str | PurePosixPath) and isinstance(right, str | PurePosixPath):
            return PurePosixPath(left, right)
        if isinstance(node.op, ast.Add) and isinstance(left, str | list | int | float):
            return left + right
        if isinstance(left, int | float) and isinstance(right, int | float):
            return _computed(node.op, left, right)
        return UNKNOWN

    def _attribute(self, node: ast.Attribute, local: Mapping[str, Any], depth: int) -> Any:
        if isinstance(node.value, ast.Name) and (name := f"{node.value.id}.{node.attr}") in self._names:
            return self._only(name, depth)
        value = self.value(node.value, local, depth)
        if isinstance(value, PurePosixPath) and node.attr in ("parent", "name", "stem", "suffix"):
            return getattr(value, node.attr)
        return UNKNOWN

    def _subscript(self, node: ast.Subscript, local: Mapping[str, Any], depth: int) -> Any:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "parents":
            return self._path(node.value.value, local, depth).parents[self.value(node.slice, local, depth)]
        return self.value(node.value, local, depth)[self.value(node.slice, local, depth)]

    def _path(self, node: ast.expr, local: Mapping[str, Any], depth: int) -> PurePosixPath:
        return PurePosixPath(_known([self.value(node, local, depth)])[0])

    def _call(self, node: ast.Call, local: Mapping[str, Any], depth: int) -> Any:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("get", "getenv") and len(node.args) == 2:  # os.environ.get(NAME, DEFAULT): what holds where nobody sets it
            owner = unparse(node.func)
            return self.value(node.args[1], local, depth) if owner in _ENVIRONMENT else UNKNOWN
        if name in ("getcwd", "cwd"):
            return self.cwd
        if any(isinstance(argument, ast.Starred) for argument in node.args) or (node.keywords and name not in SAME):
            return UNKNOWN
        arguments = [self.value(argument, local, depth) for argument in node.args]
        if name in self.paths:
            return PurePosixPath(*_known(arguments))
        if name == "join" and isinstance(node.func, ast.Attribute) and unparse(node.func.value).endswith("path"):
            return str(PurePosixPath(*_known(arguments)))
        if name == "dirname":
            return str(PurePosixPath(*_known(arguments)).parent)
        if name == "basename":
            return PurePosixPath(*_known(arguments)).name
        if name in WRAPPERS and len(arguments) == 1:
            return str(_known(arguments)[0])
        if isinstance(node.func, ast.Attribute):
            return self._method(node.func, name, arguments, local, depth)
        return UNKNOWN

    def _method(self, func: ast.Attribute, name: str, arguments: list[Any], local: Mapping[str, Any], depth: int) -> Any:
        owner = self.value(func.value, local, depth)
        if name in SAME and not arguments:
            return owner
        if name == "joinpath" and isinstance(owner, PurePosixPath):
            return owner.joinpath(*_known(arguments))
        return UNKNOWN


def _computed(operator: ast.operator, left: float, right: float) -> Any:
    match operator:
        case ast.Mult():
            return left * right
        case ast.Sub():
            return left - right
        case ast.Div() if right:
            return left / right
    return UNKNOWN


_ENVIRONMENT = frozenset({"os.environ.get", "environ.get", "os.getenv", "getenv", "env.get"})


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | PurePosixPath)


def _known(values: Iterable[Any]) -> list[Any]:
    """The values. Raises `ValueError` where one is unknown."""
    found = list(values)
    if not all(isinstance(value, str | PurePosixPath) for value in found):
        raise ValueError("a value that is not known")
    return found


def absolute(path: str, cwd: str) -> str:
    """A path of the runner from its root, without `.` and `..`."""
    parts: list[str] = []
    for part in PurePosixPath(cwd or "/", path).parts[1:]:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/" + "/".join(parts)
