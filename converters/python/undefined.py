"""Names of a program that nothing defines, by the tables that Python's own compiler makes of it."""

from __future__ import annotations

import ast
import builtins
import symtable

from converters.python.module import nodes, tree_of
from converters.python.scopes import tables

GIVEN = frozenset(dir(builtins)) | {
    "__annotations__",
    "__builtins__",
    "__cached__",
    "__doc__",
    "__file__",
    "__loader__",
    "__module__",
    "__name__",
    "__package__",
    "__path__",
    "__qualname__",
    "__spec__",
    "WindowsError",
}
"""Names that are there without being defined, in a module or the body of a class."""
HIDDEN = frozenset({"globals", "vars", "exec"})
"""Functions that may define a name of the module where reading does not see it."""


def undefined(text: str) -> dict[str, int]:
    """Name -> the first line that reads it, of names that the module neither defines nor imports. None where that cannot be told.

    A name that is defined anywhere in the module counts as defined: the order in which it runs is not looked at. Raises what
    ``ast.parse`` raises.
    """
    if hides_names(text):
        return {}
    tree = tree_of(text)
    top = symtable.symtable(text, "module", "exec")
    known = GIVEN | {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    known |= {child.get_name() for child in top.get_children()}
    scopes = list(tables(top))
    lines: dict[str, list[int]] = {}
    for node in nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            lines.setdefault(node.id, []).append(node.lineno)
    shared = [one for table in scopes for one in table.get_symbols() if one.is_declared_global()]
    known |= {one.get_name() for one in shared if one.is_assigned() or one.is_imported()}
    found: dict[str, int] = {}
    for table in scopes:
        missing = {one.get_name() for one in table.get_symbols() if _is_global(one, table) and one.is_referenced()} - known
        for name in sorted(missing):
            line = min((line for line in lines.get(name, ()) if line >= table.get_lineno()), default=table.get_lineno())
            found[name] = min(line, found.get(name, line))
    return found


def hides_names(text: str) -> bool:
    """Whether a module defines names that no reading shows: by a star, or by code that it makes. Raises what ``ast.parse`` raises."""
    return any(_hides(node) for node in nodes(tree_of(text)))


def _hides(node: ast.AST) -> bool:
    """Whether a node defines names of the module that no table shows."""
    star = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    return star or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HIDDEN)


def _is_global(symbol: symtable.Symbol, table: symtable.SymbolTable) -> bool:
    """Whether a name is looked up in the module: it is nobody's own on the way there."""
    own = symbol.is_assigned() or symbol.is_imported() or symbol.is_parameter()
    if table.get_type() == "module":
        return not own
    return symbol.is_global() and (not own or symbol.is_declared_global())  # `is_global` is wrong in a function that is called `top`
