"""Every place in the Python of a project that names the RunPod SDK."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from converters.ledger import Construct, Ledger
from converters.project import Project
from converters.python.code import Code, Import, imports
from converters.python.module import Module


@dataclass(frozen=True)
class Occurrence:
    """One use of an SDK name. `dotted` is its full name, `node` the name or attribute chain (or the import's alias)."""

    dotted: str
    module: Module
    node: ast.AST
    construct: Construct
    imported: Import | None = None

    @property
    def is_import(self) -> bool:
        return self.imported is not None

    @property
    def call(self) -> ast.Call | None:
        """The call whose function this is."""
        parent = self.module.parents.get(self.node)
        return parent if isinstance(parent, ast.Call) and parent.func is self.node else None


def is_sdk(dotted: str) -> bool:
    return dotted == "runpod" or dotted.startswith("runpod.")


def files_that_name(project: Project, word: bytes = b"runpod") -> list[str]:
    """Python files that contain a word: read as bytes before anything is parsed."""
    return [
        path
        for path, file in project.files.items()
        if path.endswith(".py") and file.size < 2**21 and not project.is_installed(path) and word in file.data
    ]


def occurrences(code: Code, module: Module, ledger: Ledger) -> list[Occurrence]:
    """All uses of the SDK in a module, entered into the ledger in source order."""
    found = [*_imports(module, ledger), *_uses(code, module, ledger)]
    return sorted(found, key=lambda occurrence: (occurrence.construct.line, occurrence.construct.offset))


def _imports(module: Module, ledger: Ledger) -> Iterator[Occurrence]:
    for bound in imports(module.tree):
        if bound.level == 0 and is_sdk(bound.dotted):
            dotted = bound.alias.name if isinstance(bound.node, ast.Import) else bound.dotted
            construct = ledger.record("import", dotted, module.origin(bound.alias), offset=bound.alias.col_offset)
            yield Occurrence(dotted, module, bound.alias, construct, bound)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and is_sdk(node.module or "") and node.names[0].name == "*":
            construct = ledger.record("import", f"{node.module}.*", module.origin(node), offset=node.col_offset)
            yield Occurrence(f"{node.module}.*", module, node, construct)


def _uses(code: Code, module: Module, ledger: Ledger) -> Iterator[Occurrence]:
    bound = {name for name, found in code.imports(module).items() if found.level == 0 and is_sdk(found.dotted)}
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Name) or node.id not in bound or isinstance(node.ctx, ast.Store):
            continue
        chain: ast.AST = node
        while isinstance(parent := module.parents.get(chain), ast.Attribute):
            chain = parent
        dotted = code.dotted(module, chain) or node.id
        construct = ledger.record("name", dotted, module.origin(chain), offset=node.col_offset)
        yield Occurrence(dotted, module, chain, construct)
