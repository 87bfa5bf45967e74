"""A safe evaluator of constant expressions: reads values out of the tree and never runs the project's code."""

from __future__ import annotations

import ast
import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from converters.python.code import Code
from converters.python.module import Module

MAX_STEPS = 20_000
MAX_SIZE = 10_000
"""Elements of a container, characters of a string, and digits' worth of a number."""

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.LShift: lambda a, b: a << b if b < 64 else _give_up(),
    ast.Pow: lambda a, b: a**b if abs(b) <= 64 and abs(a) <= 2**32 else _give_up(),
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
CALLS: dict[str, Callable[..., Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "dict": dict,
    "sorted": sorted,
    "len": len,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "min": min,
    "max": max,
    "round": round,
    "abs": abs,
    "sum": sum,
}
ITERATING = frozenset({"list", "tuple", "set", "sorted", "len"})
WIDE = re.compile(r"\d{5}|\*")
"""A width or precision of a format that would make a huge text, or that an argument gives."""
METHODS = frozenset({"keys", "values", "items", "lower", "upper", "strip", "split", "join", "format", "title", "replace", "copy", "get"})
TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict, "tuple": tuple}


class NotConstant(Exception):
    """The expression depends on something that only running the code could tell; the message names it."""


def _give_up() -> Any:
    raise NotConstant("a number that is too large")


@dataclass
class Evaluator:
    """Evaluates expressions of one module; names are followed to their single assignment, also in other project modules."""

    code: Code
    module: Module
    names: Mapping[str, Any] = field(default_factory=dict)
    steps: Iterator[int] = field(default_factory=itertools.count)
    """Counts the steps of the whole evaluation: evaluators of inner scopes share it."""
    depth: int = 0

    def inside(self, module: Module, names: Mapping[str, Any]) -> Evaluator:
        """An evaluator of an inner scope, or of another module."""
        return Evaluator(self.code, module, names, self.steps, self.depth + 1)

    def value(self, node: ast.expr) -> Any:
        """The value of a constant expression. Raises `NotConstant`."""
        if next(self.steps) >= MAX_STEPS or self.depth > 40:
            raise NotConstant("an expression that is too long")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise NotConstant(f"`{self.module.source(node)[:60]}`")
        try:
            result = method(node)
        except NotConstant:
            raise
        except RecursionError:
            raise NotConstant("an expression that is nested too deeply") from None
        except Exception as error:
            raise NotConstant(f"`{self.module.source(node)[:60]}` ({error})") from error
        if isinstance(result, str | bytes | list | tuple | set | dict) and len(result) > MAX_SIZE:
            raise NotConstant("a value that is too large")
        return result

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _list(self, node: ast.List) -> list[Any]:
        return self._elements(node.elts)

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self._elements(node.elts))

    def _set(self, node: ast.Set) -> set[Any]:
        return set(self._elements(node.elts))

    def _elements(self, nodes: list[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.extend(self.value(node.value))
            else:
                found.append(self.value(node))
        return found

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self.value(value))
            else:
                found[self.value(key)] = self.value(value)
        return found

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in TYPES:
            return TYPES[node.id]
        found = self.code.definition(self.module, node.id)
        if found is None or not isinstance(found.node, ast.expr):
            raise NotConstant(f"`{node.id}`")
        if len(found.module.assignments.get(node.id, [found.node])) > 1 and found.module is self.module:
            raise NotConstant(f"`{node.id}`, which is assigned more than once")
        return self.inside(found.module, {}).value(found.node)

    def _attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name):
            target = self.code.imported_module(self.module, node.value.id)
            if target is not None and len(target.assignments.get(node.attr, [])) == 1:
                return self.inside(target, {}).value(target.assignments[node.attr][0])
            found = self.code.definition(self.module, node.value.id)
            if found and isinstance(found.node, ast.ClassDef):
                for statement in found.node.body:
                    if isinstance(statement, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.attr for t in statement.targets):
                        return self.inside(found.module, {}).value(statement.value)
        raise NotConstant(f"`{self.module.source(node)}`")

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        if type(node.op) not in UNARY:
            raise NotConstant(f"`{self.module.source(node)}`")
        return UNARY[type(node.op)](self.value(node.operand))

    def _binop(self, node: ast.BinOp) -> Any:
        if type(node.op) not in BINARY:
            raise NotConstant(f"`{self.module.source(node)}`")
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Mod) and isinstance(left, str | bytes) and WIDE.search(str(left)):
            return _give_up()
        if isinstance(node.op, ast.Mult) and any(isinstance(side, str | bytes | list | tuple) for side in (left, right)):
            size = (len(left) * right) if not isinstance(left, int) else (left * len(right))
            if size > MAX_SIZE:
                return _give_up()
        return BINARY[type(node.op)](left, right)

    def _boolop(self, node: ast.BoolOp) -> Any:
        result: Any = None
        for operand in node.values:
            result = self.value(operand)
            if bool(result) is isinstance(node.op, ast.Or):
                return result
        return result

    def _compare(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator)
            if not COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _subscript(self, node: ast.Subscript) -> Any:
        if isinstance(node.slice, ast.Slice):
            raise NotConstant(f"`{self.module.source(node)}`")
        return self.value(node.value)[self.value(node.slice)]

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        parts: list[str] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            elif isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None:
                parts.append(str(self.value(part.value)))
            else:
                raise NotConstant(f"`{self.module.source(node)}`")
        return "".join(parts)

    def keys(self, node: ast.expr) -> list[Any]:
        """The keys of a dictionary, whose values need not be constant. Raises `NotConstant`."""
        found = self.code.definition(self.module, node.id) if isinstance(node, ast.Name) and node.id not in self.names else None
        if found is not None and isinstance(found.node, ast.Dict) and len(found.module.assignments.get(node.id, [])) == 1:  # type: ignore[attr-defined]
            inner = self.inside(found.module, {})
            if all(key is not None for key in found.node.keys):
                return [inner.value(key) for key in found.node.keys if key is not None]
        value = self.value(node)
        return list(value) if isinstance(value, dict) else _give_up()

    def _iterated(self, node: ast.expr) -> Any:
        """The value of an argument that is only iterated: of a dictionary that is its keys."""
        if not isinstance(node, ast.Name):
            return self.value(node)
        try:
            return self.value(node)
        except NotConstant:
            return self.keys(node)

    def _call(self, node: ast.Call) -> Any:
        if (
            isinstance(node.func, ast.Name)
            and node.func.id in ITERATING
            and len(node.args) == 1
            and not isinstance(node.args[0], ast.Starred)
        ):
            arguments = [self._iterated(node.args[0])]
        else:
            arguments = self._elements(node.args)
        keywords = {keyword.arg: self.value(keyword.value) for keyword in node.keywords if keyword.arg}
        if len(keywords) != len(node.keywords):
            raise NotConstant(f"`{self.module.source(node)}`")
        if isinstance(node.func, ast.Name) and node.func.id == "range" and not keywords:
            numbers = range(*arguments)
            return list(numbers) if len(numbers) <= MAX_SIZE else _give_up()
        if isinstance(node.func, ast.Name) and node.func.id in CALLS and self.code.definition(self.module, node.func.id) is None:
            return CALLS[node.func.id](*arguments, **keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "keys" and not arguments and not keywords:
            return self.keys(node.func.value)
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            owner = self.value(node.func.value)
            if isinstance(owner, str) and not _stays_small(node.func.attr, owner, arguments):
                return _give_up()
            if isinstance(owner, str | dict | list) and not (
                node.func.attr == "format" and "{" in str(owner) and ("." in owner or "!" in owner)
            ):
                return getattr(owner, node.func.attr)(*arguments, **keywords)
        raise NotConstant(f"`{self.module.source(node)[:60]}`")

    def _listcomp(self, node: ast.ListComp) -> list[Any]:
        return [self.inside(self.module, names).value(node.elt) for names in self._loop(node.generators)]

    def _setcomp(self, node: ast.SetComp) -> set[Any]:
        return {self.inside(self.module, names).value(node.elt) for names in self._loop(node.generators)}

    def _generatorexp(self, node: ast.GeneratorExp) -> list[Any]:
        return [self.inside(self.module, names).value(node.elt) for names in self._loop(node.generators)]

    def _dictcomp(self, node: ast.DictComp) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for names in self._loop(node.generators):
            inner = self.inside(self.module, names)
            found[inner.value(node.key)] = inner.value(node.value)
        return found

    def _loop(self, generators: list[ast.comprehension]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [dict(self.names)]
        for generator in generators:
            grown: list[dict[str, Any]] = []
            for names in rows:
                for item in self.inside(self.module, names).value(generator.iter):
                    bound = {**names, **_bind(generator.target, item)}
                    inner = self.inside(self.module, bound)
                    if all(inner.value(condition) for condition in generator.ifs):
                        grown.append(bound)
                    if len(grown) > MAX_SIZE:
                        return _give_up()  # type: ignore[no-any-return]
            rows = grown
        return rows


def _stays_small(method: str, owner: str, arguments: list[Any]) -> bool:
    """Whether a method of a string cannot make a text that is much larger than what goes in."""
    if method == "format":
        return not WIDE.search(owner) and owner.count("{") == owner.count("}") and "{}}" not in owner and not re.search(r":[^}]*\{", owner)
    if method in ("replace", "join"):
        given = sum(len(part) for part in arguments if isinstance(part, str | list | tuple))
        parts = sum(len(part) for argument in arguments if isinstance(argument, list | tuple) for part in argument if isinstance(part, str))
        return (len(owner) + 1) * (given + 1) + parts <= MAX_SIZE * 10
    return True


def _bind(target: ast.expr, item: Any) -> dict[str, Any]:
    if isinstance(target, ast.Name):
        return {target.id: item}
    if isinstance(target, ast.Tuple | ast.List):
        found: dict[str, Any] = {}
        for part, value in zip(target.elts, item, strict=True):
            found.update(_bind(part, value))
        return found
    raise NotConstant("a loop variable that is no name")


def constant(code: Code, module: Module, node: ast.expr) -> Any:
    """The value of a constant expression of a module. Raises `NotConstant`."""
    return Evaluator(code, module).value(node)
