"""Which names of a module its functions and classes read and rebind, by the tables that Python's own compiler makes of it."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Scopes:
    """The scopes of a program that compiles. Raises what `symtable.symtable` raises."""

    def __init__(self, text: str) -> None:
        self.module = symtable.symtable(text, "module", "exec")
        self._definitions = {(table.get_name(), table.get_lineno()): table for table in tables(self.module)}

    def table(self, node: Definition) -> symtable.SymbolTable:
        """The table of a function or class."""
        return self._definitions[node.name, node.lineno]

    def reads(self, node: Definition) -> set[str]:
        """Names of the module, and builtins, that a definition or what is defined in it looks up or rebinds when it runs."""
        return {symbol.get_name() for table in tables(self.table(node)) for symbol in table.get_symbols() if _is_global(symbol)}

    def rebinds(self, node: Definition) -> set[str]:
        """Names of the module that a `global` statement in a definition declares."""
        return {symbol.get_name() for table in tables(self.table(node)) for symbol in table.get_symbols() if symbol.is_declared_global()}

    def binds(self, node: Definition) -> set[str]:
        """Names that some scope of a definition has for itself: parameters, local names, attributes of classes."""
        return {name for table in tables(self.table(node)) for name in owned(table)}

    def bound(self) -> set[str]:
        """Names that the module itself binds."""
        return {symbol.get_name() for symbol in self.module.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def looked_up(text: str) -> set[str]:
    """Names that the scopes of a program look up in its module; those that functions and classes have for themselves are none.

    Raises what `symtable.symtable` raises.
    """
    module = symtable.symtable(text, "module", "exec")
    inner = {symbol.get_name() for child in tables(module) if child is not module for symbol in child.get_symbols() if _is_global(symbol)}
    return inner | {symbol.get_name() for symbol in module.get_symbols() if symbol.is_referenced()}


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """A table and all below it."""
    yield table
    for child in table.get_children():
        yield from tables(child)


def owned(table: symtable.SymbolTable) -> set[str]:
    """The names that a scope has for itself, so that they hide those of the module."""
    return {symbol.get_name() for symbol in table.get_symbols() if _is_own(symbol) and not symbol.is_declared_global()}


def _is_own(symbol: symtable.Symbol) -> bool:
    return symbol.is_parameter() or symbol.is_assigned() or symbol.is_imported()


def _is_global(symbol: symtable.Symbol) -> bool:
    """Whether a function looks a name up in the module; `is_global` is wrong in a function that is called `top`."""
    return symbol.is_declared_global() or (symbol.is_global() and not _is_own(symbol))
