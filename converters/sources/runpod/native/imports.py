"""Import statements of the entry file as the app file can have them: one module each, from the search path, by name.

`import os, torch` becomes two statements; `from .models import load` names its package, for the app file stands in none;
`from restoration import *` names what the file uses of a module of the project.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converters.concepts.native import NotNative
from converters.python.code import Code
from converters.python.module import Module, top_level
from converters.python.names import plain_names
from converters.python.scopes import Scopes
from converters.python.unparsed import unparse

MAX_STARS = 8
"""Modules that import each other with a star are followed this deep."""


def plain(code: Code, module: Module, dotted: str) -> tuple[Module, dict[int, int]]:
    """The module with such statements, and the line of each of its statements -> the line where that begins now.

    `dotted` is the name by which the search path has the module. Raises `NotNative` where a statement cannot be written so.
    """
    lines: dict[int, int] = {}
    text, at, added = "", 0, 0
    for statement in module.tree.body:
        lines[statement.lineno] = statement.lineno + added
        made = _made(code, module, dotted, statement)
        if not made:
            continue
        start, end = module.span(statement)
        new = "\n".join(made)
        text += module.text[at:start] + new
        added += new.count("\n") - module.text.count("\n", start, end)
        at = end
    if not text:
        return module, lines
    text += module.text[at:]
    return Module(module.file, text, ast.parse(text)), lines


def _made(code: Code, module: Module, dotted: str, statement: ast.stmt) -> list[str]:
    """The statements that take the place of one; none where it stays."""
    if isinstance(statement, ast.Import) and len(statement.names) > 1:
        return [unparse(ast.Import([alias])) for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom):
        return []
    star = statement.names[0].name == "*"
    if not statement.level and not star:
        return []
    names = [ast.alias(name) for name in _starred(code, module, statement)] if star else statement.names
    parent = _package(dotted, statement.level)
    whole = ".".join(filter(None, [parent, statement.module]))
    return [unparse(ast.ImportFrom(whole, names, 0)) if names else unparse(ast.Import([ast.alias(whole)]))]


def _package(dotted: str, level: int) -> str:
    """The package that `level` dots mean in a module; '' for none."""
    parts = dotted.split(".")
    if level and level >= len(parts):
        raise NotNative("it imports relatively, and stands in no package")
    return ".".join(parts[:-level]) if level else ""


def _starred(code: Code, module: Module, statement: ast.ImportFrom) -> list[str]:
    """The names that the file uses of a module of the project, which it imports with a star."""
    path = code.resolve(module, statement.module or "", statement.level)
    given = _public(code, path) if path else None
    if given is None:
        raise NotNative(f"line {statement.lineno} imports with a star what the project does not list")
    used = plain_names(module.tree) & given - set(_later(module, statement))
    if twice := used & Scopes(module.text).bound():
        raise NotNative(f"line {statement.lineno} imports with a star, and `{min(twice)}` is bound elsewhere, too")
    return sorted(used)


def _later(module: Module, star: ast.ImportFrom) -> Iterator[str]:
    """The names that import statements behind the star bind, which hide those of the star."""
    for statement in module.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom) and statement.lineno > star.lineno:
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)


def _public(code: Code, path: str, depth: int = 0) -> set[str] | None:
    """The names that a star takes from a file of the project; None where reading cannot tell."""
    module = code.module(path)
    if module is None or depth > MAX_STARS:
        return None
    found = Scopes(module.text).bound()
    for statement in top_level(module.tree.body):
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            further = code.resolve(module, statement.module or "", statement.level)
            names = _public(code, further, depth + 1) if further else None
            if names is None:
                return None
            found |= names
    return None if "__all__" in found else {name for name in found if not name.startswith("_")}
