"""Names that a program reads and nothing defines.

Many a library has functions with such names that nobody calls, and reading takes a function for called as soon as its name is mentioned:
only what surely runs is looked at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.running import Running, Scope
from converters.python.module import FunctionNode
from converters.python.undefined import undefined
from converters.python.unparsed import unparse


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF011: what every start or every request comes to; what stands under a condition is passed over."""
    loaded, called = _of_app(deployment.running)
    for unit in deployment.running.units.values():
        try:
            names = undefined(unit.module.text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for name in sorted(names):
            scopes = (scope for scope in unit.scopes if _runs(scope, loaded, called))
            line = next((line for scope in scopes if (line := _certain(scope, name))), 0)
            if line:
                message = f"`{name}` is read, and nothing defines or imports it, so that this fails when it is reached: "
                message += "define it, or import it."
                yield Finding(unit.path, line, rules.PF011, message, about=name)


def _of_app(running: Running) -> tuple[set[str], set[str]]:
    """The modules that an app itself imports, by their own names, and what it takes out of them."""
    nodes = [node for unit in running.units.values() if unit.app for scope in unit.scopes for node in scope.nodes]
    loaded = {alias.name.rpartition(".")[2] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    loaded |= {(node.module or "").rpartition(".")[2] for node in nodes if isinstance(node, ast.ImportFrom)}
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return loaded, named | {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}


def _runs(scope: Scope, loaded: set[str], called: set[str]) -> bool:
    """Whether a scope runs at each start or request: a module, or what the app calls of the modules that it loads itself."""
    if not isinstance(scope.node, FunctionNode):
        return True
    return scope.unit.app or (PurePosixPath(scope.unit.path).stem in loaded and scope.node.name in called)


def _certain(scope: Scope, name: str) -> int:
    """The line at which a scope reads a name under no condition; 0 where it does not."""
    for node in scope.nodes:
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) and not _is_optional(scope, node):
            return node.lineno
    return 0


def _is_optional(scope: Scope, node: ast.Name) -> bool:
    """Whether the code gets there only sometimes, or goes on without the name."""
    child: ast.AST = node
    for above in scope.unit.module.ancestors(node):
        if isinstance(above, ast.If | ast.IfExp | ast.While | ast.ExceptHandler | ast.BoolOp | ast.match_case | ast.Lambda | ast.Assert):
            return True
        if isinstance(above, ast.comprehension | ast.For | ast.AsyncFor) and child is not getattr(above, "iter", None):
            return True
        if isinstance(above, ast.Try) and child in above.body and any(_takes_it(handler) for handler in above.handlers):
            return True
        if isinstance(above, FunctionNode):
            return above is not scope.node or child not in above.body
        child = above
    return False


def _takes_it(handler: ast.ExceptHandler) -> bool:
    return "NameError" in (unparse(handler.type) if handler.type is not None else "")
