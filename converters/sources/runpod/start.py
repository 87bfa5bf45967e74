"""`runpod.serverless.start(...)`: where it stands, what it is given, and what guards it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from converters.ir import Origin
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, is_main_test
from converters.sources.runpod.sdk import Occurrence

START = "runpod.serverless.start"
Guard = Literal["module", "main", "function", "other"]


@dataclass(frozen=True)
class Option:
    """One key of the configuration that `start` is given."""

    key: str
    value: ast.expr
    module: Module
    origin: Origin
    offset: int


@dataclass(frozen=True)
class Start:
    """A call of `start`. `statement` is the expression statement that makes it; None where its value is used."""

    occurrence: Occurrence
    call: ast.Call
    options: dict[str, Option] = field(default_factory=dict)
    unread: tuple[ast.expr, ...] = ()
    """Parts of the configuration that could not be read (`**extra`, a value from elsewhere)."""

    @property
    def module(self) -> Module:
        return self.occurrence.module

    @property
    def statement(self) -> ast.stmt:
        node: ast.AST = self.call
        while not isinstance(node, ast.stmt):
            node = self.module.parents[node]
        return node

    @property
    def guard(self) -> Guard:
        """What the call stands in: the module, `if __name__ == "__main__"`, or a function."""
        guard: Guard = "module"
        for node in self.module.ancestors(self.call):
            if isinstance(node, FunctionNode):
                return "function"
            if isinstance(node, ast.If) and is_main_test(node.test):
                guard = "main"
        return guard

    @property
    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function around the call."""
        return next((node for node in self.module.ancestors(self.call) if isinstance(node, FunctionNode)), None)

    @property
    def in_class_body(self) -> bool:
        """Whether the call runs while a class is defined, where neither a `return` nor a module's name can stand for it."""
        scope = next((node for node in self.module.ancestors(self.call) if isinstance(node, FunctionNode | ast.ClassDef)), None)
        return isinstance(scope, ast.ClassDef)

    @property
    def main_block(self) -> ast.If | None:
        """The `if __name__ == "__main__"` statement around the call."""
        blocks = [node for node in self.module.ancestors(self.call) if isinstance(node, ast.If) and is_main_test(node.test)]
        return blocks[-1] if blocks else None


def find_starts(code: Code, found: list[Occurrence]) -> list[Start]:
    """The calls of `start` among the occurrences of the SDK in a module."""
    starts: list[Start] = []
    for occurrence in found:
        call = occurrence.call
        if call is not None and occurrence.dotted in (START, "runpod.start"):
            options, unread = _configuration(code, occurrence.module, call)
            starts.append(Start(occurrence, call, {option.key: option for option in options}, tuple(unread)))
    return starts


def _configuration(code: Code, module: Module, call: ast.Call) -> tuple[list[Option], list[ast.expr]]:
    given = call.args[0] if call.args else next((keyword.value for keyword in call.keywords if keyword.arg == "config"), None)
    if given is None:
        return [], []
    options: list[Option] = []
    unread: list[ast.expr] = []
    for source, key, value in _entries(code, module, call, given):
        if key is None:
            unread.append(value)
        else:
            anchor = value
            options.append(Option(key, value, source, _key_origin(source, value), anchor.col_offset))
    return options, unread


def _key_origin(module: Module, value: ast.expr) -> Origin:
    parent = module.parents.get(value)
    if isinstance(parent, ast.Dict):
        key = parent.keys[parent.values.index(value)]
        if key is not None:
            return Origin(file=module.path, line=key.lineno, end_line=value.end_lineno or value.lineno)
    if isinstance(parent, ast.keyword):
        return Origin(file=module.path, line=parent.lineno, end_line=value.end_lineno or value.lineno)
    return module.origin(value)


def _entries(code: Code, module: Module, call: ast.Call, given: ast.expr, depth: int = 0) -> Iterator[tuple[Module, str | None, ast.expr]]:
    """(module, key, value) of a configuration written as a dict, as `dict(...)`, or as a name for one of these."""
    if isinstance(given, ast.Dict):
        for key, value in zip(given.keys, given.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield module, key.value, value
            elif key is None:
                yield from _entries(code, module, call, value, depth + 1)
            else:
                yield module, None, value
    elif isinstance(given, ast.Call) and isinstance(given.func, ast.Name) and given.func.id == "dict" and not given.args:
        for keyword in given.keywords:
            yield module, keyword.arg, keyword.value
    elif isinstance(given, ast.BinOp) and isinstance(given.op, ast.BitOr):
        for side in (given.left, given.right):
            yield from _entries(code, module, call, side, depth + 1)
    elif isinstance(given, ast.Name) and depth < 4:
        yield from _named(code, module, call, given, depth)
    else:
        yield module, None, given


def _named(code: Code, module: Module, call: ast.Call, given: ast.Name, depth: int) -> Iterator[tuple[Module, str | None, ast.expr]]:
    scope = next((node for node in module.ancestors(call) if isinstance(node, FunctionNode)), module.tree)
    values = [node.value for node in ast.walk(scope) if isinstance(node, ast.Assign) and _is_name(node.targets[0], given.id)]
    values += [
        node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.AnnAssign) and _is_name(node.target, given.id) and node.value is not None
    ]
    if len(values) != 1:
        found = code.definition(module, given.id)
        if found is not None and isinstance(found.node, ast.expr):
            yield from _entries(code, found.module, call, found.node, depth + 1)
        else:
            yield module, None, given
        return
    yield from _entries(code, module, call, values[0], depth + 1)
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Subscript) and _is_name(target.value, given.id):
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            yield module, key if isinstance(key, str) else None, node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr) and _is_name(node.target, given.id):
            yield from _entries(code, module, call, node.value, depth + 1)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_name(node.func.value, given.id):
            yield from _method_entries(code, module, call, node, depth)


def _method_entries(
    code: Code, module: Module, call: ast.Call, node: ast.Call, depth: int
) -> Iterator[tuple[Module, str | None, ast.expr]]:
    """What `config.update(...)` and `config.setdefault(...)` add."""
    assert isinstance(node.func, ast.Attribute)
    if node.func.attr == "update":
        for argument in node.args:
            yield from _entries(code, module, call, argument, depth + 1)
        for keyword in node.keywords:
            yield module, keyword.arg, keyword.value
    elif node.func.attr == "setdefault" and len(node.args) == 2 and isinstance(node.args[0], ast.Constant):
        yield module, str(node.args[0].value), node.args[1]


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
