"""What starts the app finds in modules of the project what it takes out of them."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping

from converters import rules
from converters.preflight.bindings import bindings
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.running import Import, Running, Unit
from converters.python.module import FunctionNode

STARTS = ("setup", "__init__")
"""Functions that run before the first request."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF003: `module.name` of a module of the project that has no such name, in what runs at the start."""
    running = deployment.running
    given = {node.attr for scope in running.scopes() for node in scope.nodes if isinstance(node, ast.Attribute) and _is_set(node)}
    known: dict[str, Mapping[str, tuple[str, frozenset[str]]]] = {}
    for scope in running.scopes():
        if isinstance(scope.node, FunctionNode) and scope.node.name not in STARTS:
            continue
        modules = known.setdefault(scope.unit.place, _modules(running, scope.unit))
        for node in scope.nodes:
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name) or node.attr in given | {"__dict__"}:
                continue
            path, names = modules.get(node.value.id, ("", None))
            if names is not None and node.attr not in names and not _is_asked_for(scope.unit, node):
                what = f"`{node.value.id}.{node.attr}` is taken from {path}, which has no such name"
                yield Finding(scope.unit.path, node.lineno, rules.PF003, f"{what}: define it there, or correct the name.", about=path)


def _is_set(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _is_asked_for(unit: Unit, node: ast.Attribute) -> bool:
    """Whether the code goes on without the name: it stands under a condition or `try`, or its text is looked for."""
    above = unit.module.ancestors(node)
    if any(isinstance(one, ast.If | ast.IfExp | ast.Try | ast.BoolOp | ast.Lambda) for one in above):
        return True
    return any(isinstance(one, ast.Constant) and one.value == node.attr for one in ast.walk(unit.module.tree))


def _modules(running: Running, unit: Unit) -> dict[str, tuple[str, frozenset[str]]]:
    """Names that stand for a module of the project alone: its path, and the names that it has."""
    nodes = list(ast.walk(unit.module.tree))
    bound = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del))
    bound += Counter(node.arg for node in nodes if isinstance(node, ast.arg))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    bound += Counter(alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names)
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for node in unit.module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = [(alias.asname or alias.name, Import(f"{node.module}.{alias.name}", (), node)) for alias in node.names]
            if any(not _leaves(running, unit, Import(node.module, (), node), alias.name) for alias in node.names):
                continue
        else:
            continue
        for name, module in whole:
            if bound[name] == 1 and (held := _held(running, unit, module)) is not None:
                found[name] = held
    return found


def _leaves(running: Running, unit: Unit, package: Import, name: str) -> bool:
    """Whether a package itself has no such name, so that an import takes the module below it."""
    places = running.files_of(unit, package)
    names = [bindings(running.units[place].module) if place in running.units else None for place in places]
    return all(one is not None and name not in one for one in names)


def _held(running: Running, unit: Unit, module: Import) -> tuple[str, frozenset[str]] | None:
    """The path and the names of the one file that an import leads to; None where that, or its names, is not known."""
    if module.module.partition(".")[0] in sys.stdlib_module_names:
        return None  # another module of that name may come first
    places = list(dict.fromkeys(running.files_of(unit, module)))
    if len(places) != 1 or places[0] not in running.units or places[0].endswith("/__init__.py"):
        return None
    names = bindings(running.units[places[0]].module)
    return None if names is None else (running.runner.files[places[0]], names)
