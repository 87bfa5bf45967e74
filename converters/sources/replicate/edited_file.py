"""A kept file while Cog is taken out of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from converters.ir import Disposition, Edit
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.edits import replace
from converters.python.module import Module
from converters.sources.replicate.sdk import Use


@dataclass
class File:
    """One file while it is edited: what it must import instead, and which names of Cog stay."""

    code: Code
    module: Module
    ledger: Ledger
    edits: list[Edit] = field(default_factory=list)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Bound name -> (module, name)."""
    defined: dict[str, str] = field(default_factory=dict)
    """Bound name -> the statement that defines it in the place of Cog's."""
    stays: set[str] = field(default_factory=set)

    def wanted(self) -> set[str]:
        """The names that have to come from elsewhere than from Cog."""
        return {*self.imports, *self.defined}

    def keep(self, use: Use) -> None:
        """The import stays that a use of a name goes back to, and so does Cog."""
        self.stays.add(next(node.id for node in ast.walk(use.node) if isinstance(node, ast.Name)))

    def settle(self, use: Use, rule: str, disposition: Disposition, message: str) -> None:
        self.ledger.settle(use.construct, rule, disposition, message)

    def replace(self, node: ast.AST, text: str, rule: str, reason: str) -> None:
        self.edits.append(replace(self.module, node, text, rule, reason))
