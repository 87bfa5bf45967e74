"""Assignments and imports that nothing reads any more once the calls are rewritten."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converters import rules
from converters.callers.flow import Flow
from converters.callers.render import Renderer
from converters.callers.variables import Variable
from converters.python.code import Import

RULE = rules.CL018
REASON = "nothing reads it any more"
READS = frozenset({"os.getenv", "os.environ.get", "dotenv.dotenv_values", "json.dumps", "str"})
"""Calls that change nothing."""
HARMLESS = (
    ast.Constant,
    ast.Dict,
    ast.List,
    ast.Tuple,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.BinOp,
    ast.operator,
    ast.expr_context,
)


class Unused:
    """What became unused in a module."""

    def __init__(self, flow: Flow, renderer: Renderer) -> None:
        self.flow, self.live = flow, renderer.live
        self.dead = set(_gone(flow, renderer))
        self.statements: list[ast.stmt] = []
        self.aliases: list[Import] = []
        while self._assignments():
            pass
        self._imports()

    def _assignments(self) -> bool:
        before = len(self.statements)
        for variable in self.flow.variables.all():
            statements = self._removable(variable)
            if statements and not any(statement in self.statements for statement in statements):
                self.statements += statements
                self.dead.update(inner for statement in statements for inner in ast.walk(statement) if inner not in self.live)
        return len(self.statements) > before

    def _removable(self, variable: Variable) -> list[ast.stmt]:
        """The assignments of a variable that is no longer read; none where they do more than give it a value."""
        if variable.open or not variable.loads or len(variable.values) != len(variable.origins):
            return []
        if not all(load in self.dead for load in variable.loads):
            return []
        if variable.scope is self.flow.module.tree and self.flow.is_read_elsewhere(variable.name):
            return []
        statements: list[ast.stmt] = []
        for value in variable.values:
            parent = self.flow.module.parents[value]
            if not isinstance(parent, ast.Assign | ast.AnnAssign) or not self._is_harmless(value):
                return []
            if isinstance(parent, ast.Assign) and len(parent.targets) != 1:
                return []
            statements.append(parent)
        return statements

    def _is_harmless(self, value: ast.expr) -> bool:
        if (held := self.flow.value(value)) is not None and held.kind == "client" and value in self.flow.steps:
            return True
        if isinstance(value, ast.Call):
            name = self.flow.code.dotted(self.flow.module, value.func) or self.flow.module.source(value.func)
            arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
            return name in READS and all(self._is_harmless(argument) for argument in arguments)
        if not isinstance(value, HARMLESS):
            return False
        return all(self._is_harmless(inner) for inner in ast.iter_child_nodes(value) if isinstance(inner, ast.expr))

    def _imports(self) -> None:
        for bound in self.flow.code.imports(self.flow.module).values():
            reads = [node for node in ast.walk(self.flow.module.tree) if isinstance(node, ast.Name) and node.id == bound.name]
            if self._is_imported_again(bound):
                continue
            if reads and all(node in self.dead for node in reads) and not self.flow.is_read_elsewhere(bound.name):
                self.aliases.append(bound)

    def _is_imported_again(self, bound: Import) -> bool:
        """Whether another import gives the same name, as where the first may fail: both stay, or else one of them."""
        found = [
            alias
            for node in ast.walk(self.flow.module.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if (alias.asname or alias.name) == bound.name
        ]
        return len(found) > 1


def _gone(flow: Flow, renderer: Renderer) -> Iterator[ast.AST]:
    """Nodes that rewrites leave out of the text."""
    for node in renderer.rewrites:
        if isinstance(node, ast.stmt) or node not in renderer.live:
            yield from (inner for inner in ast.walk(node) if inner not in renderer.live)
