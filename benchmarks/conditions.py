"""The conditions of functions that cite rules, each of which can be negated in a process of its own."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OF_OURS = ("converters.targets.templating",)
"""Modules whose functions remember what is of the program, whatever their arguments."""


@dataclass(frozen=True)
class Condition:
    """An expression that a function decides by, by where it stands."""

    file: Path
    function: str
    line: int
    column: int
    end: int
    """Its last line."""
    text: str

    @property
    def place(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} {self.function}"


def every_condition() -> list[Condition]:
    """Every condition of every function that cites a rule."""
    found = []
    for path, tree in sources():
        for name, node in functions(tree):
            if any(is_citation(child) for child in ast.walk(node)):
                for test in _tests(node):
                    found.append(Condition(path, name, test.lineno, test.col_offset, test.end_lineno or test.lineno, ast.unparse(test)))
    return list(dict.fromkeys(found))


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """The files of the converter that cite rules."""
    for path in sorted((ROOT / "converters").rglob("*.py")):
        if "rules" not in path.relative_to(ROOT).parts:
            tree = ast.parse(path.read_bytes())
            if any(is_citation(node) for node in ast.walk(tree)):
                yield path, tree


def is_citation(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rules"


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """The functions of a module and the methods of its classes, by their qualified names."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, ast.FunctionDef))


def _tests(node: ast.AST) -> Iterator[ast.expr]:
    """What a function decides by."""
    for child in ast.walk(node):
        if isinstance(child, ast.If | ast.IfExp | ast.While):
            yield child.test
        elif isinstance(child, ast.comprehension):
            yield from child.ifs


def cited(condition: Condition) -> set[str]:
    """The codes of the rules that its function cites."""
    node = dict(functions(_parsed(condition.file)))[condition.function]
    return {child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute) and is_citation(child)}


@functools.cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


def negate(condition: Condition) -> None:
    """Negate a condition in this process, and forget what functions remember of their arguments."""
    _function(condition).__code__ = _negated(condition)
    forget()


def forget() -> None:
    """Empty the caches of functions of ours that have arguments: what they hold may come from before a condition was negated."""
    for name, module in list(sys.modules.items()):
        if name.startswith("converters.") and name not in OF_OURS:
            for value in vars(module).values():
                if isinstance(value, functools._lru_cache_wrapper) and inspect.signature(value).parameters:
                    value.cache_clear()


def _negated(condition: Condition) -> types.CodeType:
    """The code of the function with its condition negated."""

    class Negate(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            super().visit(node)
            for name in ("test", "ifs"):
                value = getattr(node, name, None)
                if isinstance(value, ast.expr):
                    setattr(node, name, negated(value))
                elif isinstance(value, list):
                    setattr(node, name, [negated(one) for one in value])
            return node

    def negated(value: ast.expr) -> ast.expr:
        is_it = (value.lineno, value.col_offset) == (condition.line, condition.column)
        return ast.copy_location(ast.UnaryOp(ast.Not(), value), value) if is_it else value

    tree = ast.fix_missing_locations(Negate().visit(ast.parse(condition.file.read_bytes())))
    code = compile(tree, str(condition.file), "exec", dont_inherit=True)
    for part in condition.function.split("."):
        code = next(inner for inner in code.co_consts if isinstance(inner, types.CodeType) and inner.co_name == part)
    return code


def _function(condition: Condition) -> types.FunctionType:
    """The function as it is loaded."""
    found: Any = importlib.import_module(".".join(condition.file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    for part in condition.function.split("."):
        found = inspect.getattr_static(found, part)
    for name in ("__func__", "fget", "func"):
        found = getattr(found, name, found)
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    assert isinstance(found, types.FunctionType)
    return found
