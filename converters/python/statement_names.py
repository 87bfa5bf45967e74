"""What the names in a statement of a module mean, by the tables of Python's own compiler."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

from converters.python.module import FunctionNode


@dataclass
class Names:
    """The names of one statement at module level."""

    binds: set[str] = field(default_factory=set)
    """Names that it gives the module."""
    imported: set[str] = field(default_factory=set)
    """Those of them that an import statement gives."""
    uses: set[str] = field(default_factory=set)
    """Names of the module that it reads, or that a function in it reads when it is called."""
    rebinds: set[str] = field(default_factory=set)
    """Names of the module that functions in it assign (`global`)."""
    own: set[str] = field(default_factory=set)
    """Names that only functions, lambdas and comprehensions in it know."""


def names_of(text: str) -> Names:
    """The names of a statement, given its source. Raises `SyntaxError`."""
    found = Names()
    for table in _tables(symtable.symtable(text, "module", "exec")):
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if table.get_type() == "module":
                if symbol.is_assigned() or symbol.is_imported():
                    found.binds.add(name)
                if symbol.is_imported():
                    found.imported.add(name)
                if symbol.is_referenced():
                    found.uses.add(name)
            elif symbol.is_declared_global():
                found.uses.add(name)
                if symbol.is_assigned() or symbol.is_imported():
                    found.rebinds.add(name)
            elif symbol.is_parameter() or symbol.is_assigned() or symbol.is_imported():
                found.own.add(name)
            elif symbol.is_global():
                found.uses.add(name)
    return found


def local_names(text: str) -> set[str]:
    """The names that belong to the function itself whose source this is: they hide those of the module."""
    (table,) = (table for table in symtable.symtable(text, "module", "exec").get_children() if table.get_type() == "function")
    return {
        symbol.get_name()
        for symbol in table.get_symbols()
        if (symbol.is_parameter() or symbol.is_assigned() or symbol.is_imported()) and not symbol.is_declared_global()
    }


def inner_names(text: str) -> set[str]:
    """The names that functions, lambdas and comprehensions inside the function know, whose source this is."""
    (table,) = (table for table in symtable.symtable(text, "module", "exec").get_children() if table.get_type() == "function")
    return {
        symbol.get_name()
        for child in table.get_children()
        for inner in _tables(child)
        for symbol in inner.get_symbols()
        if (symbol.is_parameter() or symbol.is_assigned() or symbol.is_imported()) and not symbol.is_declared_global()
    }


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def names_in(*nodes: ast.AST | None) -> set[str]:
    """Every name that expressions read."""
    return {inner.id for node in nodes if node is not None for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def needed_to_define(node: ast.stmt) -> set[str]:
    """The names that a definition reads while it is made: decorators and defaults, of a class its bases and its body's own statements."""
    if isinstance(node, FunctionNode):
        return names_in(*node.decorator_list, *node.args.defaults, *node.args.kw_defaults)
    assert isinstance(node, ast.ClassDef)
    found = names_in(*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords))
    for inner in node.body:
        if isinstance(inner, FunctionNode | ast.ClassDef):
            found |= needed_to_define(inner)
            found |= annotated_with(inner) if isinstance(inner, FunctionNode) else set()
        else:
            found |= names_in(inner)
    return found


def annotated_with(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names in the annotations of a function."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return names_in(node.returns, *(argument.annotation for argument in arguments if argument is not None))
