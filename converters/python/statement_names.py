"""What the names in a statement of a module mean, by the tables of Python's own compiler."""

from __future__ import annotations

import ast
import symtable
from dataclasses import dataclass, field

from converters.python.module import FunctionNode
from converters.python.names import plain_names
from converters.python.scopes import owned, tables


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
    for table in tables(symtable.symtable(text, "module", "exec")):
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
    return owned(_function(text))


def inner_names(text: str) -> set[str]:
    """The names that functions, lambdas and comprehensions inside the function know, whose source this is."""
    return {name for child in _function(text).get_children() for inner in tables(child) for name in owned(inner)}


def _function(text: str) -> symtable.SymbolTable:
    """The table of the only function in a source; those of lambdas in its defaults and decorators come before it."""
    return [table for table in symtable.symtable(text, "module", "exec").get_children() if table.get_type() == "function"][-1]


def needed_to_define(node: ast.stmt) -> set[str]:
    """The names that a definition reads while it is made, but for decorators: defaults, of a class its bases and own statements."""
    if isinstance(node, FunctionNode):
        return plain_names(*node.args.defaults, *node.args.kw_defaults)
    assert isinstance(node, ast.ClassDef)
    found = plain_names(*node.bases, *(keyword.value for keyword in node.keywords))
    for inner in node.body:
        if isinstance(inner, FunctionNode | ast.ClassDef):
            found |= needed_to_define(inner)
            found |= annotated_with(inner) if isinstance(inner, FunctionNode) else set()
        else:
            found |= plain_names(inner)
    return found


def annotated_with(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names in the annotations of a function."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    return plain_names(node.returns, *(argument.annotation for argument in arguments if argument is not None))
