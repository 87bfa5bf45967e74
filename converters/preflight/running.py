"""The Python that runs on a runner: its modules, and of those the functions that anything reaches.

Reaching is by name and errs on the side of running: a function counts as soon as code that runs mentions its name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from converters.errors import Unreadable
from converters.preflight.apps import Program
from converters.preflight.runner import Runner
from converters.preflight.values import UNKNOWN, Values, absolute
from converters.project import Project
from converters.python.code import LOADS
from converters.python.module import FunctionNode, Module, assigned, is_main_test, nodes, parse
from converters.python.unparsed import unparse


@dataclass(frozen=True)
class Import:
    """A module that code asks for, by its full name. `names`: what is taken out of it, which may be modules, too."""

    module: str
    names: tuple[str, ...]
    node: ast.Import | ast.ImportFrom


@dataclass
class Unit:
    """A module that runs. `place`: its path on the runner; `app`: it is the app's own file, which is pickled and not imported."""

    module: Module
    place: str
    values: Values
    app: bool = False
    script: bool = False
    """It is started, so that `if __name__ == "__main__"` holds."""
    scopes: list[Scope] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    """Identities of the nodes of `scopes`."""

    @property
    def path(self) -> str:
        return self.module.path

    @cached_property
    def _libraries(self) -> dict[str, str]:
        imports = [node for node in ast.walk(self.module.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        plain = {(one.asname or one.name).split(".")[0]: one.name for node in imports if isinstance(node, ast.Import) for one in node.names}
        taken = {one.asname or one.name: node.module or "" for node in imports if isinstance(node, ast.ImportFrom) for one in node.names}
        return {name: module.split(".")[0] for name, module in {**plain, **taken}.items()}

    @cached_property
    def _taken(self) -> dict[str, str]:
        """What is imported out of a module, by the name it gets here -> by its full one."""
        imports = [node for node in ast.walk(self.module.tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level]
        return {one.asname or one.name: f"{node.module}.{one.name}" for node in imports for one in node.names}

    def library(self, name: str) -> str:
        """The top-level module that a name was imported with or from, '' where it was not."""
        return self._libraries.get(name, "")

    def full(self, name: str) -> str:
        """A dotted name by the module that its first part was imported from: `load_model` as `keras.models.load_model`."""
        first, dot, rest = name.partition(".")
        return f"{self._taken.get(first, first)}{dot}{rest}"


@dataclass
class Scope:
    """A function that runs, or the statements of a module."""

    unit: Unit
    node: ast.AST

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(_nodes(self.node, self.unit))

    @cached_property
    def local(self) -> Mapping[str, Any]:
        """Names of the function: the value of those that are assigned once, `UNKNOWN` for the others."""
        if not isinstance(self.node, FunctionNode):
            return {}
        arguments = self.node.args
        found: dict[str, Any] = {name.arg: UNKNOWN for name in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
        single: dict[str, list[ast.expr]] = {}
        for node in self.nodes:
            for name, value in assigned(node):
                single.setdefault(name, []).append(value)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, UNKNOWN)
        for name, values in single.items():
            if len(values) == 1 and sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in self.nodes) == 1:
                found[name] = self.unit.values.value(values[0], found)
        return found

    def text(self, node: ast.AST | None) -> str | None:
        """A text or path that an expression of this scope is; None where reading does not tell."""
        return self.unit.values.text(node, self.local)


def _nodes(top: ast.AST, unit: Unit) -> Iterator[ast.AST]:
    """What a scope runs: nested functions with it, the methods of classes not."""
    if isinstance(top, FunctionNode):
        yield from (node for child in [*top.body, *top.decorator_list] for node in _walk(child, unit))
        return
    yield from _walk(top, unit)


def _walk(node: ast.AST, unit: Unit) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.If) and is_main_test(node.test) and not unit.script and child in node.body:
            continue
        if isinstance(child, FunctionNode) and _is_module_level(child, unit):
            yield from (inner for decorator in child.decorator_list for inner in _walk(decorator, unit))
            continue
        yield from _walk(child, unit)


def _is_module_level(node: ast.AST, unit: Unit) -> bool:
    known: dict[int, bool] = unit.__dict__.setdefault("module_level", {})
    if id(node) not in known:
        known[id(node)] = not any(isinstance(above, FunctionNode | ast.Lambda) for above in unit.module.ancestors(node))
    return known[id(node)]


@dataclass
class Running:
    """All modules that run, in the order in which they were reached."""

    project: Project
    runner: Runner
    search: list[str]
    units: dict[str, Unit] = field(default_factory=dict)
    unparsed: dict[str, Unreadable] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)
    missing: list[tuple[Unit, Import]] = field(default_factory=list)
    """Imports that no file of the runner answers."""

    def scopes(self) -> Iterator[Scope]:
        for unit in self.units.values():
            yield from unit.scopes

    def unit_of(self, path: str, place: str, *, app: bool = False, script: bool = False) -> Unit | None:
        """The module of a file, which runs from now on; None where it cannot be parsed."""
        if place in self.units:
            return self.units[place]
        try:
            module = parse(self.project.files[path])
        except Unreadable as error:
            self.unparsed[path] = error
            return None
        unit = Unit(module, place, Values(module.tree, place, self.runner.cwd), app, script)
        self.units[place] = unit
        return unit

    def enter(self, unit: Unit, node: ast.AST) -> None:
        """A scope runs: what it mentions and imports is reached."""
        if id(node) in unit.entered:
            return
        unit.entered.add(id(node))
        scope = Scope(unit, node)
        unit.scopes.append(scope)
        for part in scope.nodes:
            if isinstance(part, ast.Name):
                self.mentioned.add(part.id)
            elif isinstance(part, ast.Attribute):
                self.mentioned.add(part.attr)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
                self.mentioned.add(part.value)  # getattr(module, "name")
            elif isinstance(part, ast.Import | ast.ImportFrom):
                self._import(unit, part)
            elif isinstance(part, ast.Call) and LOADS.search(unparse(part.func)):
                self._load(scope, part)

    def _load(self, scope: Scope, call: ast.Call) -> None:
        """A file that code loads by its path runs, too, and whatever it defines may be called."""
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            text = scope.text(argument) or ""
            place = absolute(text, self.runner.cwd) if text.endswith(".py") else ""
            if place in self.runner.files:
                self._enter_file(place)

    def settle(self) -> None:
        """Enter functions and methods until nothing more is mentioned."""
        grown = True
        while grown:
            grown = False
            for unit in list(self.units.values()):
                for node in _functions(unit):
                    if id(node) not in unit.entered and (node.name in self.mentioned or node.name.startswith("__")):
                        self.enter(unit, node)
                        grown = True

    def _import(self, unit: Unit, node: ast.Import | ast.ImportFrom) -> None:
        for found in imports_of(unit, node):
            self.mentioned.update(found.names)
            if not self._reach(unit, found):
                self.missing.append((unit, found))

    def _reach(self, unit: Unit, found: Import) -> bool:
        """Enter the files of an import; whether the runner has the module."""
        parts = found.module.split(".") if found.module else []
        return any(self._enter_module(base, parts, found.names) for base in self._bases(unit, found))

    def _bases(self, unit: Unit, found: Import) -> list[str]:
        """The folders in which an import looks for its module."""
        level = found.node.level if isinstance(found.node, ast.ImportFrom) else 0
        if not level:
            return list(dict.fromkeys([*self.search, *([] if unit.app else [unit.place.rpartition("/")[0]])]))
        base = unit.place
        for _ in range(level):
            base = base.rpartition("/")[0]
        return [base]

    def files_of(self, unit: Unit, found: Import) -> list[str]:
        """The places of the files that may be the module of an import; none where it is no file of the runner."""
        names = [base.rstrip("/") + "".join(f"/{part}" for part in found.module.split(".") if part) for base in self._bases(unit, found)]
        places = (place for name in names for place in (f"{name}/__init__.py", f"{name}.py"))
        return [place for place in places if place in self.runner.files]

    def is_below(self, folder: str, name: str) -> bool:
        """Whether a folder of the runner has a module or package of that name, compiled or not."""
        return f"{folder}/{name}" in self.runner.folders or any(place.startswith(f"{folder}/{name}.") for place in self.runner.files)

    def _enter_module(self, base: str, parts: list[str], names: Iterable[str]) -> bool:
        place = base.rstrip("/")
        for index, part in enumerate(parts):
            place = f"{place}/{part}"
            package, module = f"{place}/__init__.py", f"{place}.py"
            if package in self.runner.files:
                self._enter_file(package)
            elif module in self.runner.files:
                self._enter_file(module)
                return index == len(parts) - 1
            elif place not in self.runner.folders:
                return False
        for name in names:
            for candidate in (f"{place}/{name}/__init__.py", f"{place}/{name}.py"):
                if candidate in self.runner.files:
                    self._enter_file(candidate)
        return True

    def _enter_file(self, place: str) -> None:
        if place not in self.units and (unit := self.unit_of(self.runner.files[place], place)) is not None:
            self.enter(unit, unit.module.tree)


def _functions(unit: Unit) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of a module and methods of its classes, also below `if` and `try`."""
    found = unit.__dict__.get("functions")
    if found is None:
        found = [node for node in nodes(unit.module.tree) if isinstance(node, FunctionNode) and _is_module_level(node, unit)]
        unit.__dict__["functions"] = found
    return found


def imports_of(unit: Unit, node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    """The modules that one import statement asks for."""
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, (), node) for alias in node.names)
    else:
        yield Import(node.module or "", tuple(alias.name for alias in node.names), node)


def running(program: Program, project: Project, runner: Runner, started: tuple[str, ...] = ()) -> Running:
    """The Python of an app's runner, from the app's own file on; for a server, from the files that its command starts."""
    found = Running(project, runner, list(runner.search))
    for place in started:
        unit = found.unit_of(runner.files[place], place, script=True) if place in runner.files else None
        if unit is not None:
            found.search += [place.rpartition("/")[0], *_put_on_the_path(unit, runner.cwd)]
            found.enter(unit, unit.module.tree)
            found.mentioned |= {node.name for node in _functions(unit) if node.decorator_list}
    if started:
        found.settle()
    if program.node is None or program.file not in project.files:
        return found
    unit = found.unit_of(program.file, program.file, app=True)
    if unit is None:
        return found
    own = next((n for n in nodes(unit.module.tree) if type(n) is type(program.node) and getattr(n, "name", "") == program.symbol), None)
    _learn_search(found, own)
    for statement in unit.module.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found.enter(unit, statement)
    if isinstance(own, ast.ClassDef):
        found.mentioned |= {part.name for part in own.body if isinstance(part, FunctionNode)}
    elif own is not None:
        found.mentioned.add(program.symbol)
    found.settle()
    return found


def _put_on_the_path(unit: Unit, cwd: str) -> list[str]:
    """The folders that a started file puts on `sys.path` by their names; relative ones count from the working directory."""
    calls = [node for node in nodes(unit.module.tree) if isinstance(node, ast.Call) and node.args]
    puts = [node for node in calls if unparse(node.func) in ("sys.path.append", "sys.path.insert")]
    return [absolute(text, cwd) for node in puts if (text := unit.values.text(node.args[-1]))]


def _learn_search(found: Running, own: ast.AST | None) -> None:
    """What `setup()` puts on `sys.path`, and the folder that it changes to."""
    values, cwd = Values(ast.Module([], []), "", found.runner.cwd), found.runner.cwd
    places: list[str] = []
    for node in ast.walk(own) if own is not None else ():
        if isinstance(node, ast.Call) and unparse(node.func) == "os.chdir" and node.args:
            cwd = absolute(values.text(node.args[0]) or "", cwd)
            values = Values(ast.Module([], []), "", cwd)
            found.runner = Runner(found.runner.files, cwd, found.runner.search, found.runner.folders)
        elif isinstance(node, ast.Call) and unparse(node.func) in ("sys.path.insert", "sys.path.append") and node.args:
            places.append(values.text(node.args[-1]) or "")
        elif isinstance(node, ast.Assign) and unparse(node.targets[0]) == "sys.path[:0]" and isinstance(node.value, ast.List):
            places += [values.text(element) or "" for element in node.value.elts]
    found.search[:0] = [absolute(place, cwd) for place in places if place]
