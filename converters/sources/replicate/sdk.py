"""Every place in the Python of a project that names Cog's SDK."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from converters.ledger import Construct, Ledger
from converters.python.code import Code, Import, imports
from converters.python.module import Module

WORD = b"cog"
BASES = frozenset({"cog.BasePredictor", "cog.BaseRunner", "cog.Predictor", "cog.predictor.BasePredictor"})
"""Classes that a predictor is derived from; `cog.Predictor` is the name of 2021."""

_HOMES = frozenset(
    (
        *("cog", "cog.types", "cog.input", "cog.model", "cog.predictor", "cog.base_predictor", "cog._version"),
        *("cog.server.scope", "cog.server.exceptions"),
    )
)
"""Modules of Cog's releases 0.0 to 0.23 that hold names which projects use."""


@dataclass(frozen=True)
class Use:
    """One use of a name of the SDK. `dotted` is its full name, `node` the name or attribute chain (or the import's alias)."""

    dotted: str
    module: Module
    node: ast.AST
    construct: Construct
    imported: Import | None = None

    @property
    def name(self) -> str:
        """The name inside the SDK: `Path` of `cog.types.Path`; '' where no module of the SDK holds it."""
        home, _, name = self.dotted.rpartition(".")
        return name if home in _HOMES or self.dotted in _HOMES else ""

    @property
    def parent(self) -> ast.AST | None:
        return self.module.parents.get(self.node)

    @property
    def call(self) -> ast.Call | None:
        """The call whose function this is."""
        return self.parent if isinstance(self.parent, ast.Call) and self.parent.func is self.node else None


def is_cog(dotted: str) -> bool:
    return dotted == "cog" or dotted.startswith("cog.")


def uses(code: Code, module: Module, ledger: Ledger) -> list[Use]:
    """All uses of the SDK in a module, entered into the ledger in source order."""
    if WORD not in module.file.data:
        return []
    found = [*_imports(module, ledger), *_names(code, module, ledger)]
    return sorted(found, key=lambda use: (use.construct.line, use.construct.offset))


def _imports(module: Module, ledger: Ledger) -> Iterator[Use]:
    for bound in imports(module.tree):
        if bound.level == 0 and is_cog(bound.dotted):
            dotted = bound.alias.name if isinstance(bound.node, ast.Import) else bound.dotted
            construct = ledger.record("import", dotted, module.origin(bound.alias), offset=bound.alias.col_offset)
            yield Use(dotted, module, bound.alias, construct, bound)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and is_cog(node.module or "") and node.names[0].name == "*":
            construct = ledger.record("import", f"{node.module}.*", module.origin(node), offset=node.col_offset)
            yield Use(f"{node.module}.*", module, node, construct)


def _names(code: Code, module: Module, ledger: Ledger) -> Iterator[Use]:
    bound = {name for name, found in code.imports(module).items() if found.level == 0 and is_cog(found.dotted)}
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Name) or node.id not in bound or isinstance(node.ctx, ast.Store):
            continue
        chain: ast.AST = node
        dotted = code.dotted(module, chain) or node.id
        while dotted in ("cog", "cog.types", "cog.predictor", "cog.input", "cog.model") and _is_module(code, module, node, dotted):
            parent = module.parents.get(chain)
            if not isinstance(parent, ast.Attribute):
                break
            chain = parent
            dotted = code.dotted(module, chain) or dotted
        construct = ledger.record("name", dotted, module.origin(chain), offset=node.col_offset)
        yield Use(dotted, module, chain, construct)


def _is_module(code: Code, module: Module, node: ast.Name, dotted: str) -> bool:
    """Whether a dotted name stands for a module of the SDK: `cog.input` is the decorator of 2021 where it is called."""
    if dotted != "cog.input":
        return True
    bound = code.imports(module)[node.id]
    return isinstance(bound.node, ast.Import) and bound.alias.name == "cog.input"
