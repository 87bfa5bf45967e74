"""Downloads by Replicate's `pget` tool in kept code: the same download into /data, once, by a small module that goes along."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from converters import rules
from converters.ir import Disposition, Edit
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.edits import below_imports
from converters.python.module import FunctionNode, Module, assigned

MODULE = "fal_weights"
STARTERS = frozenset({"subprocess.run", "subprocess.check_call", "subprocess.call", "subprocess.check_output"})
WORD = re.compile(r"(^|/)pget$")
MESSAGE = "pget's download goes into /data, once for all runners, and is linked to where the code expects it"


@dataclass
class Downloads:
    """`left`: places where pget is started in another way, so that the tool itself is needed."""

    edits: list[Edit] = field(default_factory=list)
    left: list[tuple[Module, int]] = field(default_factory=list)

    @property
    def used(self) -> bool:
        return bool(self.edits)


def read(code: Code, files: list[str], ledger: Ledger) -> Downloads:
    """Find every start of pget and replace those that can be read."""
    found = Downloads()
    for path in files:
        module = code.module(path)
        if module is not None and "pget" in module.text:
            _module(code, module, found, ledger)
    return found


def _module(code: Code, module: Module, found: Downloads, ledger: Ledger) -> None:
    edits: list[Edit] = []
    understood: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and code.dotted(module, node.func) in STARTERS and node.args:
            command = _command(module, node)
            if command is not None and isinstance(module.parents.get(node), ast.Expr):
                understood.add(id(command))
                edits.append(_replaced(module, node))
                construct = ledger.record("command", "pget", module.origin(node), offset=node.col_offset)
                ledger.settle(construct, rules.RC033, Disposition.CONVERTED, MESSAGE)
    for node in ast.walk(module.tree):
        if _starts_pget(node) and id(node) not in understood:
            found.left.append((module, node.lineno))  # type: ignore[attr-defined]
    if edits:
        found.edits += [*edits, _import(module)]


def _command(module: Module, call: ast.Call) -> ast.List | None:
    """The list that starts with `pget`: in the call, or assigned to the name that it passes."""
    first = call.args[0]
    if isinstance(first, ast.Name):
        function = next((parent for parent in module.ancestors(call) if isinstance(parent, FunctionNode)), module.tree)
        values = [value for node in ast.walk(function) for name, value in assigned(node) if name == first.id]
        if len(values) != 1:
            return None
        first = values[0]
    return first if isinstance(first, ast.List) and _starts_pget(first) else None


def _starts_pget(node: ast.AST) -> bool:
    """A command list or a command line that begins with pget."""
    if isinstance(node, ast.List) and node.elts:
        first = node.elts[0]
        return isinstance(first, ast.Constant) and isinstance(first.value, str) and bool(WORD.search(first.value))
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value).startswith("pget ")
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("pget ")


def _replaced(module: Module, call: ast.Call) -> Edit:
    start, end = module.span(call)
    return Edit(
        file=module.path, start=start, end=end, replacement=f"pget({module.source(call.args[0])})", rule=rules.RC033, reason=MESSAGE
    )


def _import(module: Module) -> Edit:
    """`from fal_weights import pget` behind the last import at the top of the file."""
    at = below_imports(module)
    text = f"from {MODULE} import pget{module.newline}"
    return Edit(file=module.path, start=at, end=at, replacement=text, rule=rules.RC033, reason=MESSAGE)
