"""Which parts of a function run for every request."""

from __future__ import annotations

import ast
import collections.abc
from dataclasses import dataclass

from converters.python.module import FunctionNode, own_nodes
from converters.sources.runpod.handler import Callable


def certain_nodes(
    function: Callable, *, answers: bool, given: collections.abc.Callable[[ast.If | ast.For], bool | None] = lambda statement: None
) -> set[ast.AST]:
    """Nodes that run for every request that does not fail before: not below a condition, not after an early way out.

    `answers`: what the function returns is the answer, so that `return {"error": ...}` fails the request. `given` says of a condition or a
    loop whether its body is taken to run; None where that is open.
    """
    if isinstance(function, ast.Lambda):
        return set(ast.walk(function.body))
    found: set[ast.AST] = set()
    _Certain(found, answers, given).block(function.body)
    return found


@dataclass
class _Certain:
    found: set[ast.AST]
    answers: bool
    given: collections.abc.Callable[[ast.If | ast.For], bool | None]

    def block(self, body: list[ast.stmt]) -> bool:
        """Collect the certain nodes of a block; False once the block may have been left."""
        return all(self._statement(statement) for statement in body)

    def _statement(self, statement: ast.stmt) -> bool:
        """Collect the nodes of one statement; False where the block may end with it."""
        if isinstance(statement, FunctionNode | ast.ClassDef):
            return True
        if isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                self.found.update(_unconditional(item.context_expr))
            return self.block(statement.body)
        if isinstance(statement, ast.Try):
            return all(always_fails(handler.body, answers=self.answers) for handler in statement.handlers) and self.block(statement.body)
        if isinstance(statement, ast.If | ast.While):
            self.found.update(_unconditional(statement.test))
            if isinstance(statement, ast.If) and (runs := self.given(statement)) is not None:
                return self.block(statement.body if runs else statement.orelse)
            return not _may_leave(statement, self.answers)
        if isinstance(statement, ast.For | ast.AsyncFor):
            self.found.update(_unconditional(statement.iter))
            if isinstance(statement, ast.For) and self.given(statement):
                self.block(statement.body)
            return not _may_leave(statement, self.answers)
        self.found.update(_unconditional(statement))
        return not isinstance(statement, ast.Return | ast.Raise)


def _unconditional(node: ast.AST) -> set[ast.AST]:
    """A node and what is evaluated with it whatever happens: not the arms of `and`, `or`, conditions, comprehensions, lambdas."""
    found: set[ast.AST] = {node}
    if isinstance(node, ast.BoolOp):
        return found | _unconditional(node.values[0])
    if isinstance(node, ast.IfExp):
        return found | _unconditional(node.test)
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return found
    for child in ast.iter_child_nodes(node):
        found |= _unconditional(child)
    return found


def _may_leave(node: ast.AST, answers: bool) -> bool:
    """Whether a statement may end the function or loop around it without failing the request."""
    return any(
        isinstance(inner, ast.Break | ast.Continue) or (isinstance(inner, ast.Return) and not (answers and _is_failure(inner)))
        for inner in (node, *own_nodes(node))
    )


def always_fails(body: list[ast.stmt], *, answers: bool) -> bool:
    """Whether a block ends in a failure of the request, and nowhere in another way."""
    last = body[-1]
    if isinstance(last, ast.If) and last.orelse:
        ends = always_fails(last.body, answers=answers) and always_fails(last.orelse, answers=answers)
    elif isinstance(last, ast.With):
        ends = always_fails(last.body, answers=answers)
    else:
        ends = isinstance(last, ast.Raise) or (answers and isinstance(last, ast.Return) and _is_failure(last))
    return ends and not any(_may_leave(statement, answers) for statement in body)


def _is_failure(node: ast.Return) -> bool:
    """`return {"error": ...}`."""
    return isinstance(node.value, ast.Dict) and any(isinstance(key, ast.Constant) and key.value == "error" for key in node.value.keys)
