"""The statements of a predictor's file: what stays at the top of the app file, what `setup()` runs, and which names change by that.

`fal deploy` runs the top of the app file on a person's machine and pickles it. So definitions and constants stay there, and what reads
the machine, calls libraries or opens files moves into `setup()`: the values that others read become attributes of the app, and the
functions that read those become methods.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from converters.concepts.native import APP_ATTRIBUTES, APP_IMPORTS, NotNative
from converters.ir import App
from converters.python.module import FunctionNode, is_main_test, own_nodes
from converters.python.names import names_in, plain_names
from converters.python.scopes import Scopes
from converters.python.unparsed import unparse

Place = Literal["top", "setup", "drop", "handler"]
LIGHT = frozenset({"pydantic", "typing_extensions"})
"""Packages beside the standard library that are there wherever fal's own is."""
OF_THE_APP = frozenset({"cog", "fal", "fastapi", "starlette"})
FUNCTIONS = frozenset({"dict", "float", "frozenset", "int", "len", "list", "max", "min", "range", "set", "sorted", "str", "sum", "tuple"})
MAKERS = frozenset({"re.compile", "logging.getLogger", "typing.TypeVar", "TypeVar", "collections.namedtuple", "namedtuple"})
METHODS = frozenset({"copy", "format", "get", "items", "join", "keys", "lower", "replace", "split", "strip", "upper", "values"})
"""Calls that give the same value on every machine."""
PURE = (
    ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.JoinedStr | ast.FormattedValue | ast.BinOp | ast.UnaryOp | ast.BoolOp
    | ast.Compare | ast.IfExp | ast.Subscript | ast.Slice | ast.Starred | ast.comprehension | ast.ListComp | ast.SetComp | ast.DictComp
    | ast.GeneratorExp | ast.operator | ast.unaryop | ast.boolop | ast.cmpop | ast.expr_context | ast.keyword
)  # fmt: skip


@dataclass
class Layout:
    """Where the statements of a file go, by their first lines, and what its names are."""

    text: str
    tree: ast.Module
    scopes: Scopes
    places: dict[int, Place] = field(default_factory=dict)
    light: list[str] = field(default_factory=list)
    imports: dict[str, list[str]] = field(default_factory=dict)
    """Name -> the import statements that bind it, of packages and of the project's own modules."""
    constants: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    """Values that `setup()` makes."""
    attributes: set[str] = field(default_factory=set)
    """Those of them that others read."""
    methods: set[str] = field(default_factory=set)
    future: bool = False

    @property
    def late(self) -> set[str]:
        """Names that are not there yet while the file is loaded."""
        return set(self.imports) | self.made | self.methods

    def at(self, place: Place) -> list[ast.stmt]:
        return [statement for statement in self.tree.body if self.places[statement.lineno] == place]

    def definitions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        """The functions and classes beside the predictor."""
        return [node for node in self.at("top") if isinstance(node, FunctionNode | ast.ClassDef)]


def layout_of(app: App, text: str) -> Layout:
    """Place every statement of a file. Raises `NotNative` where one can be neither moved nor left at the top."""
    assert app.predictor is not None
    tree = ast.parse(text)
    found = Layout(text, tree, Scopes(text))
    rebound = {name for node in tree.body if isinstance(node, FunctionNode | ast.ClassDef) for name in found.scopes.rebinds(node)}
    counts = Counter(name for statement in tree.body for name in _stores(statement))
    for statement in tree.body:
        found.places[statement.lineno] = _place(statement, app.predictor.name, found, rebound, counts)
    if len(found.at("handler")) != 1:
        raise NotNative(f"`{app.predictor.name}` is not defined by one statement at the top level of its file")
    _attributes(app, found, rebound)
    _methods(found)
    return found


def _place(statement: ast.stmt, predictor: str, found: Layout, rebound: set[str], counts: Counter[str]) -> Place:
    match statement:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return "handler" if name == predictor else "top"
        case ast.If(orelse=[]) if is_main_test(statement.test):
            return "drop"
        case ast.Import() | ast.ImportFrom():
            return _import(statement, found)
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return "drop"
        case ast.AnnAssign(value=None, target=ast.Name()):
            return "drop"
        case ast.Assign(value=value) | ast.AnnAssign(value=value) if value is not None:
            made = _stores(statement)
            if made and all(counts[name] == 1 for name in made) and not made & rebound and is_pure(value, found.constants):
                found.constants |= made
                return "top"
    _movable(statement)
    return "setup"


def is_pure(node: ast.AST, known: set[str]) -> bool:
    """Whether an expression has the same value on every machine and at every time, if the `known` names have."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name in known or name == "__name__"
        case ast.Name():
            return True
        case ast.Call(func=function, args=arguments, keywords=keywords):
            method = isinstance(function, ast.Attribute) and function.attr in METHODS and is_pure(function.value, known)
            named = unparse(function) in FUNCTIONS | MAKERS
            return (method or named) and all(is_pure(part, known) for part in (*arguments, *keywords))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            known = known | {name for part in node.generators for name in plain_names(part.target)}
    return isinstance(node, PURE) and all(is_pure(part, known) for part in ast.iter_child_nodes(node))


def _stores(statement: ast.stmt) -> set[str]:
    """Names that a statement at module level gives a value."""
    inside = [statement, *own_nodes(statement)] if not isinstance(statement, FunctionNode | ast.ClassDef) else []
    return {node.id for node in inside if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def _import(statement: ast.Import | ast.ImportFrom, found: Layout) -> Place:
    """The standard library stays at the top; packages and the project's own modules are imported where they are used."""
    module = statement.names[0].name if isinstance(statement, ast.Import) else statement.module or ""
    top = module.partition(".")[0]
    if isinstance(statement, ast.ImportFrom) and statement.level:
        raise NotNative(f"line {statement.lineno} imports relatively")
    if top == "__future__":
        found.future = True
        return "drop"
    if statement.names[0].name == "*":
        raise NotNative(f"line {statement.lineno} imports every name of `{module}`")
    if top in OF_THE_APP:
        raise NotNative(f"it imports `{top}`, a package of the app's own")
    if top in LIGHT or top in sys.stdlib_module_names:
        plain = isinstance(statement, ast.Import)
        found.light += [f"import {_bound(alias)}" if plain else _modern(module, alias) for alias in statement.names]
        return "drop"
    for alias in statement.names:
        line = f"import {_bound(alias)}" if isinstance(statement, ast.Import) else f"from {module} import {_bound(alias)}"
        found.imports.setdefault(alias.asname or alias.name.partition(".")[0], []).append(line)
    return "setup"


def _bound(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _modern(module: str, alias: ast.alias) -> str:
    """An import of a name that `typing` only passes on, from where the app file has it, too."""
    dotted = APP_IMPORTS.get(alias.name, "")
    home = dotted.rpartition(".")[0] if module == "typing" and dotted.startswith("collections.abc.") and not alias.asname else module
    return f"from {home} import {_bound(alias)}"


def _movable(statement: ast.stmt) -> None:
    """What moves into `setup()` defines and imports nothing that others could read."""
    for node in own_nodes(statement):
        if isinstance(node, FunctionNode | ast.ClassDef):
            raise NotNative(f"line {node.lineno} defines `{node.name}` inside another statement")
        if isinstance(node, ast.Import | ast.ImportFrom):
            raise NotNative(f"line {node.lineno} imports inside another statement")
        if isinstance(node, ast.Await | ast.NamedExpr | ast.MatchAs | ast.MatchStar | ast.MatchMapping):
            raise NotNative(f"line {node.lineno} binds a name in a way that no attribute can be")


def _attributes(app: App, found: Layout, rebound: set[str]) -> None:
    """The values that `setup()` makes and that more than itself reads."""
    assert app.predictor is not None
    found.made = {name for statement in found.at("setup") for name in _stores(statement)} | rebound
    read: set[str] = set(rebound)
    handler = found.at("handler")[0]
    if isinstance(handler, ast.ClassDef):
        for node in handler.body:
            if isinstance(node, FunctionNode) and node.name != "setup":
                read |= found.scopes.reads(node)
    else:
        assert isinstance(handler, FunctionNode)
        read |= found.scopes.reads(handler)
    for node in found.definitions():
        read |= found.scopes.reads(node)
    found.attributes = found.made & read
    others = set(found.imports) | {node.name for node in found.definitions()} | {app.predictor.name}
    if rebound & (others | set(dir(builtins))):
        raise NotNative(f"a function rebinds the global name `{min(rebound & (others | set(dir(builtins))))}`")
    for inner in ast.walk(found.tree):
        if not isinstance(inner, ast.Name | ast.Global) and set(names_in(inner)) & rebound and not isinstance(inner, ast.arg):
            raise NotNative(f"`{min(set(names_in(inner)) & rebound)}` is bound in a way that no attribute can be")
        if isinstance(inner, ast.NamedExpr) and inner.target.id in found.attributes:
            raise NotNative(f"`{inner.target.id}` is bound in a way that no attribute can be")
    for statement in found.at("setup"):
        for inner in own_nodes(statement):
            if isinstance(inner, ast.ExceptHandler) and inner.name in found.attributes:
                raise NotNative(f"`{inner.name}` is bound in a way that no attribute can be")


def _methods(found: Layout) -> None:
    """Functions that read what `setup()` makes become methods, and so do those that call them."""
    while True:
        late = found.attributes | found.methods
        more = {node.name for node in found.definitions() if isinstance(node, FunctionNode) and found.scopes.reads(node) & late}
        if more <= found.methods:
            break
        found.methods |= more
    late = found.attributes | found.methods
    counts = Counter(node.name for node in found.definitions())
    for node in found.definitions():
        used = found.scopes.reads(node) & late if isinstance(node, ast.ClassDef) else set()
        if used:
            raise NotNative(f"the class `{node.name}` uses `{min(used)}`, which setup() makes")
        if counts[node.name] > 1:
            raise NotNative(f"`{node.name}` is defined more than once")
        if node.name in found.methods:
            _promotable(node, found)


def _promotable(node: ast.stmt, found: Layout) -> None:
    assert isinstance(node, FunctionNode)
    if node.decorator_list:
        raise NotNative(f"`{node.name}` is decorated and uses what setup() makes")
    if "self" in found.scopes.binds(node) or node.name in APP_ATTRIBUTES or node.name.startswith("__"):
        raise NotNative(f"`{node.name}` would become a method, and cannot")
    for inner in ast.walk(node):
        if isinstance(inner, ast.ClassDef) and found.scopes.reads(inner) & (found.attributes | found.methods):
            raise NotNative(f"the class `{inner.name}` in `{node.name}` uses what setup() makes")
