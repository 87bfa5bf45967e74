"""Where each statement of a worker's file goes: to the top of the app file, into `setup()`, or into the class as a method.

The top of an app file runs where the app is deployed, and what it defines is pickled: only definitions, plain values and the standard
library stand there. What is loaded becomes an attribute of the app, and a function that uses it a method.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from converters.concepts.native import APP_ATTRIBUTES, NotNative, early_decorators
from converters.python.bindings import always_bound
from converters.python.module import FunctionNode, Module, is_main_test, own_nodes
from converters.python.names import plain_names
from converters.python.statement_names import Names, inner_names, local_names, names_of, needed_to_define
from converters.python.unparsed import unparse
from converters.sources.runpod.native.plain import is_plain

Place = Literal["top", "import", "setup", "drop", "handler", "method", "load"]
LOGGING = frozenset({"print", "debug", "info", "warn", "warning", "error", "exception", "critical", "log"})
UNREADABLE = frozenset({"globals", "vars", "locals", "exec", "eval", "__file__", "__spec__"})
"""Names whose meaning depends on the file, or on the function, in which they stand."""


@dataclass
class Places:
    """Where the statements go, by their first line, and what becomes of the names."""

    places: dict[int, Place] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    """Names that `setup()` gives the app: `model` becomes `self.model`."""
    methods: set[str] = field(default_factory=set)
    """Functions that use these, or each other: they become methods."""
    imports: dict[str, str] = field(default_factory=dict)
    """Names of packages and of the project's modules -> the statements that import each."""
    named: dict[int, Names] = field(default_factory=dict)

    def at(self, *places: Place) -> set[int]:
        return {line for line, place in self.places.items() if place in places}


def place(module: Module, handler: str, load: str) -> Places:
    """The places for a worker whose functions `handler` and `load` ('' for none) the app calls. Raises `NotNative`."""
    found = Places()
    end = 0
    for statement in module.tree.body:
        if statement.lineno <= end:
            raise NotNative(f"line {statement.lineno} holds several statements")
        end = statement.end_lineno or statement.lineno
        found.named[statement.lineno] = names_of(source(module, statement))
        found.places[statement.lineno] = _first_place(module, statement, handler, load, found)
    if quotes(module, QUOTING):
        raise NotNative("its answers may quote the lines of its file")
    _settle(module, handler, found)
    _check(module, handler, found)
    return found


def source(module: Module, statement: ast.stmt) -> str:
    """The text of a statement at module level, with its decorators."""
    first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", []))])
    return module.text[module.line_start(first) : module.span(statement)[1]]


def _first_place(module: Module, statement: ast.stmt, handler: str, load: str, found: Places) -> Place:
    """The place that a statement has by itself."""
    if isinstance(statement, FunctionNode):
        return "handler" if statement.name == handler else "load" if statement.name == load and _can_dissolve(statement) else "top"
    if isinstance(statement, ast.ClassDef):
        return "top"
    if isinstance(statement, ast.If) and is_main_test(statement.test):
        return "drop"  # fal imports the file
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return _import(statement, found)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return "drop"
    if isinstance(statement, ast.Pass):
        return "drop"
    return "top" if _is_plain_assignment(statement) else "setup"


def _can_dissolve(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the statements of a function can stand in `setup()` itself."""
    arguments = unparse(function.args)
    ends = any(isinstance(node, ast.Return | ast.Yield | ast.YieldFrom | ast.Nonlocal) for node in own_nodes(function))
    return isinstance(function, ast.FunctionDef) and not arguments and not function.decorator_list and not ends


def _import(statement: ast.Import | ast.ImportFrom, found: Places) -> Place:
    if isinstance(statement, ast.ImportFrom):
        if statement.module == "__future__":
            return "drop"
        tops = {str(statement.module).split(".")[0]}
    else:
        tops = {alias.name.split(".")[0] for alias in statement.names}
    if tops <= sys.stdlib_module_names:
        return "import"
    for alias in statement.names:
        name = alias.asname or alias.name.split(".")[0]
        what = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
        line = f"from {statement.module} import {what}" if isinstance(statement, ast.ImportFrom) else f"import {what}"
        found.imports[name] = f"{found.imports[name]}\n{line}" if isinstance(statement, ast.Import) and name in found.imports else line
    return "setup"


def _is_plain_assignment(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        return len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name) and is_plain(statement.value)
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return isinstance(statement.target, ast.Name) and is_plain(statement.value) and is_plain(statement.annotation)
    return False


def _settle(module: Module, handler: str, found: Places) -> None:
    """Move what needs something loaded, until nothing changes any more."""
    bound: dict[str, list[int]] = {}
    for line, names in found.named.items():
        for name in names.binds:
            bound.setdefault(name, []).append(line)
    rebound = {name for names in found.named.values() for name in names.rebinds}
    for name, lines in bound.items():
        if name in rebound or len(lines) > 1:
            for line in lines:
                if found.places[line] == "top":
                    if not isinstance(_at(module, line), ast.Assign | ast.AnnAssign):
                        raise NotNative(f"`{name}` is defined more than once")
                    found.places[line] = "setup"
                elif found.places[line] in ("handler", "load"):
                    raise NotNative(f"`{name}` is defined more than once")
    while True:
        in_setup = {name for line in found.at("setup") for name in found.named[line].binds} - set(found.imports)
        needing = in_setup | rebound | found.methods
        moved = False
        for line in found.at("top"):
            statement = _at(module, line)
            uses = found.named[line].uses
            if isinstance(statement, FunctionNode) and uses & needing:
                found.places[line], moved = "method", True
                found.methods.add(statement.name)
            elif isinstance(statement, ast.Assign | ast.AnnAssign) and uses & (needing | set(found.imports)):
                found.places[line], moved = "setup", True
            elif isinstance(statement, ast.ClassDef) and uses & needing:
                raise NotNative(f"the class `{statement.name}` uses `{min(uses & needing)}`, which is loaded at module level")
        if not moved:
            break
    held = {name for line in found.at("method", "handler") for name in found.named[line].uses}
    found.attributes = (in_setup | rebound) & held


PREPARATION = frozenset({"os", "sys", "subprocess"})
"""Modules that `setup()` may use before anything is loaded."""
TRACEBACKS = re.compile(r"format_exc|format_exception|format_tb")
"""Functions that write a traceback, whose lines name the file that now holds the code."""
QUOTING = re.compile(r"extract_tb|exc_info|format_stack|getsource\w*|currentframe")
"""Functions that give away in which file and line the code stands, for code to go by."""


def quotes(module: Module, functions: re.Pattern[str]) -> bool:
    """Whether the code makes a text of its own lines, which may be in its answers: a text that is only printed or logged is not."""
    for node in ast.walk(module.tree):
        name = getattr(node, "attr", getattr(node, "id", ""))
        if isinstance(name, str) and functions.fullmatch(name) and not _is_logged(module, node):
            return True
    return False


def _is_logged(module: Module, node: ast.AST) -> bool:
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Expr):
            return isinstance(parent.value, ast.Call) and unparse(parent.value.func).rpartition(".")[2] in LOGGING
        if isinstance(parent, ast.keyword) and parent.arg == "exc_info":
            return True
        if isinstance(parent, ast.stmt):
            return False
    return False


def _at(module: Module, line: int) -> ast.stmt:
    return next(statement for statement in module.tree.body if statement.lineno == line)


def _check(module: Module, handler: str, found: Places) -> None:
    """What would mean something else in its new place."""
    heavy, attributes = set(found.imports), found.attributes
    for statement in module.tree.body:
        names, where = found.named[statement.lineno], found.places[statement.lineno]
        if where == "drop":
            continue
        if taken := names.uses & UNREADABLE:
            raise NotNative(f"line {statement.lineno} uses `{min(taken)}`")
        if handler in names.uses:
            raise NotNative("its handler is used by name")
        if isinstance(statement, FunctionNode | ast.ClassDef):
            _definition(statement, where, attributes | found.methods | heavy)
        if isinstance(statement, FunctionNode) and where in ("method", "handler", "load"):
            _method(module, statement, attributes | found.methods)
        elif where == "setup":
            _in_setup(statement, names, found)
        if isinstance(statement, ast.ClassDef) and names.uses & heavy and not _only_in_functions(statement, heavy):
            raise NotNative(f"the class `{statement.name}` needs a package while it is defined")
    _left_out(found)
    loading = [statement for statement in module.tree.body if found.places[statement.lineno] in ("setup", "load")]
    bound = always_bound([part for one in loading for part in (one.body if isinstance(one, FunctionNode) else [one])])
    if missing := attributes - bound:
        raise NotNative(f"`{min(missing)}` is loaded in some cases only")
    kept = {name for line in found.at("top", "import") for name in found.named[line].binds} | PREPARATION
    local = {name for one in loading for name in _bound_in(module, one, found)} - attributes - set(found.imports)
    if twice := local & kept:
        raise NotNative(f"`{min(twice)}` is bound again while it loads")
    for name in sorted(attributes | found.methods):
        if name in APP_ATTRIBUTES or (name.startswith("__") and not name.endswith("__")):
            raise NotNative(f"`{name}` is a name that fal.App uses itself")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in found.methods and _is_open(node):
            raise NotNative(f"`{node.func.id}` takes arguments of the request, and names itself where they do not fit")
        text = getattr(node, "id", getattr(node, "attr", getattr(node, "arg", None)))
        if isinstance(text, str) and text.startswith("__") and not text.endswith("__"):
            raise NotNative(f"`{text}` would be another name within a class")


def _left_out(found: Places) -> None:
    """What goes must not be the only thing that gives a name to what stays, such as a block under `__main__` behind the start call."""
    gone = found.at("drop")
    stay = [names for line, names in found.named.items() if line not in gone]
    lost = {name for line in gone for name in found.named[line].binds}
    lost &= {name for names in stay for name in names.uses}
    lost -= {name for names in stay for name in names.binds | names.rebinds}
    if lost:
        raise NotNative(f"`{min(lost)}` comes from lines that are left out")


def _is_open(call: ast.Call) -> bool:
    return any(isinstance(argument, ast.Starred) for argument in call.args) or any(keyword.arg is None for keyword in call.keywords)


def _bound_in(module: Module, statement: ast.stmt, found: Places) -> set[str]:
    """The names that a statement gives `setup()`."""
    if isinstance(statement, FunctionNode):
        return local_names(source(module, statement)) | found.named[statement.lineno].rebinds
    return found.named[statement.lineno].binds


def _definition(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, where: Place, loaded: set[str]) -> None:
    if needed := _needed_early(statement) & loaded:
        raise NotNative(f"the definition of `{statement.name}` needs `{min(needed)}` while the file is imported")
    if where == "handler" and early_decorators(statement):
        raise NotNative("its handler is decorated")


def _needed_early(statement: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """The names that a definition needs while it is made; decorators that are contexts stand around the body then."""
    return needed_to_define(statement) | plain_names(*early_decorators(statement))


def _method(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, renamed: set[str]) -> None:
    text = source(module, function)
    if clash := inner_names(text) & renamed - local_names(text):
        raise NotNative(f"`{min(clash)}` is also a name within `{function.name}`")
    if "self" in plain_names(function) | local_names(text) | inner_names(text):
        raise NotNative(f"`{function.name}` uses the name `self`")
    for node in own_nodes(function):
        if isinstance(node, ast.Global):
            _assignable(function, set(node.names) & renamed)


def _assignable(node: ast.AST, names: set[str]) -> None:
    """Names that become attributes are assigned as attributes can be."""
    for name, how in _odd_bindings(node):
        if name in names:
            raise NotNative(f"`{name}` is bound by {how}")


def _odd_bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.ExceptHandler) and inner.name:
            yield inner.name, "an except clause"
        elif isinstance(inner, ast.NamedExpr):
            yield inner.target.id, "an assignment expression"
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            for alias in inner.names:
                yield alias.asname or alias.name.split(".")[0], "an import that is no statement of its own"
        elif isinstance(inner, FunctionNode | ast.ClassDef):
            yield inner.name, "a definition in a block"
        elif isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name:
            yield inner.name, "a pattern"


def _in_setup(statement: ast.stmt, names: Names, found: Places) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return
    if names.own & (found.attributes | found.methods):
        raise NotNative(f"line {statement.lineno} has names of its own that are also names of the module")
    if "self" in names.uses | names.binds | names.own:
        raise NotNative(f"line {statement.lineno} uses the name `self`")
    _assignable(statement, found.attributes | set(found.imports))
    for inner in ast.walk(statement):
        is_star = isinstance(inner, ast.ImportFrom) and inner.names[0].name == "*"
        if is_star or isinstance(inner, ast.Global | ast.ClassDef | ast.Await):
            raise NotNative(f"line {statement.lineno} cannot stand in a function")


def _only_in_functions(node: ast.ClassDef, names: set[str]) -> bool:
    """Whether a class reads names in its methods only."""
    return not _needed_early(node) & names
