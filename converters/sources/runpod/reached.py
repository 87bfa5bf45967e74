"""The name by which the app reaches, through a worker's entry file, what stands in another module: the one with the start call."""

from __future__ import annotations

import ast

from converters import rules
from converters.ir import Edit
from converters.python import edits
from converters.python.code import Code, Import
from converters.python.module import FunctionNode, Module, is_main_test, nodes

REASON = "the app reaches it through this file"


def name_in(code: Code, entry: Module, module: Module, name: str) -> tuple[str, list[Edit]]:
    """(how the entry file names a definition of another module, the edits by which it first gets to).

    An import in a function or in the main block binds nothing that the app could reach: the entry file then imports the definition, too.
    """
    own = code.definition(module, name)
    bound = [found for found in code.imports(entry).values() if _is_at_top(entry, found.node)]
    for found in bound:
        known = code.definition(entry, found.name)
        if own is not None and known is not None and known.node is own.node:
            return found.name, []
    for found in bound:
        target = code.imported_module(entry, found.name)
        if target is not None and target.path == module.path:
            return f"{_of_module(found)}.{name}", []
    taken = [node for node in nodes(entry.tree) if isinstance(node, ast.ImportFrom) and _reads(code, entry, node, module)]
    if not taken:
        return f"{module.path.rsplit('/', 1)[-1].removesuffix('.py')}.{name}", []
    taken.sort(key=lambda node: not _is_at_top(entry, node))
    if any(alias.name == "*" for alias in taken[0].names):
        return name, []
    return _imported(entry, taken[0], name)


def _imported(entry: Module, node: ast.ImportFrom, name: str) -> tuple[str, list[Edit]]:
    """Import one more name from where a statement imports others."""
    free = edits.unused_name(entry, [name, f"runpod_{name}"])
    text = name if free == name else f"{name} as {free}"
    if _is_at_top(entry, node):
        at, text = entry.span(node.names[0])[0], f"{text}, "
    else:
        at, text = edits.below_imports(entry), f"from {'.' * node.level}{node.module or ''} import {text}{entry.newline}"
    return free, [Edit(file=entry.path, start=at, end=at, replacement=text, rule=rules.RP002, reason=REASON)]


def _is_at_top(module: Module, node: ast.AST) -> bool:
    """Whether importing the module binds what an import in it binds."""
    return not any(
        isinstance(parent, FunctionNode | ast.ClassDef) or (isinstance(parent, ast.If) and is_main_test(parent.test))
        for parent in module.ancestors(node)
    )


def _of_module(found: Import) -> str:
    """The expression for the module that an import binds: all of `a.b` where the statement says `import a.b`."""
    return found.alias.name if isinstance(found.node, ast.Import) and found.alias.asname is None else found.name


def _reads(code: Code, importer: Module, node: ast.ImportFrom, module: Module) -> bool:
    return code.resolve(importer, node.module or "", node.level) == module.path
