"""Follows what a call of a platform gives through the names of a module, and decides for each group of values as a whole.

A group is what hangs together: an endpoint, the jobs it starts, their statuses, the variables that hold them. Where every use of
every value in it has one meaning on fal, all of it is rewritten; else nothing of it is touched, and each call says what is in the way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from converters.callers import makers
from converters.callers.apps import Apps
from converters.callers.contract import Contract
from converters.callers.variables import Variable, Variables
from converters.ir import Scope
from converters.python.code import Code
from converters.python.module import FunctionNode, Module


@dataclass(frozen=True)
class Moved:
    """A node whose continuation lines stand `dedent` columns further left than in the source."""

    node: ast.expr
    dedent: int


Part = str | ast.expr | Moved
Kind = Literal[
    "plain",
    "client",
    "endpoint",
    "job",
    "prediction",
    "status",
    "output",
    "items",
    "events",
    "run",
    "body",
    "sync",
    "answer",
    "poll",
    "ack",
    "result",
    "deployment",
    "address",
]
DISPLAY = frozenset({"print", "pprint", "str", "repr"})
HTTP_CLIENTS = ("requests.", "httpx.", "aiohttp.", "urllib3.")
MADE = frozenset({"client", "endpoint"})
"""What functions of a program make for its calls."""
LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})


@dataclass(frozen=True)
class Value:
    """What an expression gives: `plain` is what the source's own code takes from here on."""

    kind: Kind
    asynchronous: bool = False
    application: tuple[Part, ...] = ()
    request: tuple[Part, ...] = ()
    """The id of the request that a poll asks for."""
    key: str | None = None
    """Under which key the app answers a model's output; None where nobody knows."""
    contract: Contract | None = None
    """What the app that was asked takes and answers, where its folder says so."""
    server: str = ""
    """Of an address: the one that an app was given for."""


@dataclass(frozen=True)
class Step:
    """An expression that was understood. `parts` is its new text; nodes in it are rewritten in turn."""

    value: Value
    parts: tuple[Part, ...]
    rule: str
    name: str
    """What stands here, for the ledger: `endpoint.run_sync`; '' where it is no call of the platform."""
    message: str = ""
    base: ast.expr | None = None
    """The expression that the value was taken from."""


class Dialect(Protocol):
    """A client library or protocol: what its expressions give, and which uses of them are understood."""

    def step(self, flow: Flow, node: ast.expr) -> Step | None:
        """What an expression gives, None where it is none of this dialect's."""

    def use(self, flow: Flow, node: ast.expr, value: Value) -> bool:
        """Rewrite the use of a value by the code around it; False where it has no single meaning."""


@dataclass(frozen=True)
class Rewrite:
    """New text of a node, or the removal of a statement (`parts` is None)."""

    owner: ast.AST
    parts: tuple[Part, ...] | None
    rule: str
    reason: str


@dataclass(frozen=True)
class Remark:
    """What is left to a person where the group of `owner` is rewritten."""

    owner: ast.expr
    rule: str
    message: str
    scope: Scope = Scope.DEPLOY
    place: ast.AST | None = None
    """Where it is to be done, if not at `owner`."""


def node_of(part: ast.expr | Moved) -> ast.expr:
    return part.node if isinstance(part, Moved) else part


class Flow:
    """The values of one module."""

    def __init__(self, code: Code, module: Module, apps: Apps, envelope: Sequence[str], dialects: Sequence[Dialect]) -> None:
        self.code, self.module, self.apps, self.envelope, self.dialects = code, module, apps, envelope, dialects
        self.variables = Variables(module)
        self.steps: dict[ast.expr, Step] = {}
        self.rewrites: dict[ast.AST, Rewrite] = {}
        self.helpers: list[tuple[ast.expr, str]] = []
        """(owner, import line) that rewritten code needs."""
        self.remarks: list[Remark] = []
        self.application_uses: dict[Variable, dict[ast.expr, ast.expr]] = {}
        """Variables that hold the id or address of an endpoint: where they are read for a call, and the call."""
        self.prefix_uses: dict[Variable, dict[ast.expr, tuple[ast.expr, ast.expr]]] = {}
        """Variables that hold the beginning of addresses: where they are read, for which call, and what names the endpoint in them."""
        self._values: dict[ast.expr, Value | None] = {}
        self._parent: dict[ast.AST | Variable, ast.AST | Variable] = {}
        self._refusals: list[tuple[ast.AST, str]] = []

    def trace(self) -> None:
        """Understand every expression of the module, then every use of what was understood."""
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.expr):
                self.value(node)
        for node, value in list(self._values.items()):
            if value is not None and value.kind != "plain":
                self._follow(node, value)
        for node, step in self.steps.items():
            if step.name:
                self._refuse_in_try(node)

    def _refuse_in_try(self, node: ast.expr) -> None:
        """Errors of an HTTP client that are caught around a call would no longer be: fal_client raises others."""
        child: ast.AST = node
        for parent in self.module.ancestors(node):
            if isinstance(parent, ast.Try) and child in parent.body:
                for handler in parent.handlers:
                    for name in ast.walk(handler.type) if handler.type else ():
                        if (self.code.dotted(self.module, name) or "").startswith(HTTP_CLIENTS):
                            self.refuse(
                                node, f"`except {self.brief(name)}` around it does not catch what fal_client raises (FalClientError)"
                            )
                            return
            child = parent

    # What expressions give

    def value(self, node: ast.expr) -> Value | None:
        """The value of an expression, None where it is nothing of the platform."""
        if node not in self._values:
            self._values[node] = None
            self._values[node] = self._value(node)
        return self._values[node]

    def _value(self, node: ast.expr) -> Value | None:
        if isinstance(node, ast.Name | ast.Attribute) and (variable := self.variables.of(node)):
            if not isinstance(node.ctx, ast.Load):
                return None
            if held := self._held(variable):
                return held
        if isinstance(node, ast.Call) and (function := makers.called(self.module, node)) and (made := self._returned(node, function)):
            return made
        for dialect in self.dialects:
            if step := dialect.step(self, node):
                self.steps[node] = step
                self.rewrite(node, node, step.parts, step.rule, step.message)
                if step.base is not None:
                    self.join(node, step.base)
                return step.value
        if isinstance(node, ast.Await) and (value := self.value(node.value)) is not None:
            self.join(node, node.value)
            return value
        return None

    def _held(self, variable: Variable) -> Value | None:
        """What every assignment to a variable gives; it may be None before."""
        origins = [origin for origin in variable.origins if not (isinstance(origin, ast.Constant) and origin.value is None)]
        found = [(origin, value) for origin in origins if (value := self.value(origin)) is not None and value.kind != "plain"]
        if not found:
            return None
        for origin, value in found:
            self.join(variable, origin)
            if len(found) != len(origins) or variable.open:
                self.refuse(origin, f"`{variable.name}` also holds something else")
            elif value.kind != found[0][1].kind or (value.kind == "poll" and not self._same(value, found[0][1])):
                self.refuse(origin, f"`{variable.name}` holds answers of several kinds")
        value = found[0][1]
        return Value("items", value.asynchronous, key=value.key) if variable.elements_of and value.kind == "output" else value

    def _returned(self, node: ast.Call, function: ast.FunctionDef) -> Value | None:
        """What a function of the module gives that only makes a client or an endpoint; it and all of its calls are one group."""
        found = [(origin, self.value(origin)) for origin in makers.returned(function)]
        kinds = {value.kind if value is not None else "plain" for _, value in found}
        if len(kinds) != 1 or not kinds <= MADE or self.is_read_elsewhere(function.name):
            return None
        for origin, _ in found:
            self.join(node, origin)
        return found[0][1]

    def _is_returned(self, node: ast.expr, parent: ast.AST, value: Value) -> bool:
        """Whether a function gives a value to calls that take it for what it is."""
        if not isinstance(parent, ast.Return) or value.kind not in MADE:
            return False
        calls = makers.calls(self.module, parent)
        return bool(calls) and all((made := self.value(call)) is not None and made.kind == value.kind for call in calls)

    def _same(self, one: Value, other: Value) -> bool:
        return self.text(one.application) == self.text(other.application) and self.text(one.request) == self.text(other.request)

    # What becomes of them

    def _follow(self, node: ast.expr, value: Value) -> None:
        if isinstance(node, ast.Name | ast.Attribute) and (variable := self.variables.of(node)):
            self.join(node, variable)
        parent = self.module.parents[node]
        taker = parent
        while isinstance(taker, ast.Attribute) and taker not in self.steps:
            taker = self.module.parents[taker]
        if isinstance(taker, ast.keyword):
            taker = self.module.parents[taker]
        if isinstance(taker, ast.expr) and (step := self.steps.get(taker)) and step.base is node:
            return
        if isinstance(parent, ast.Await) or (isinstance(parent, ast.expr) and self._values.get(parent) is not None):
            return
        if self._is_bound(node, parent) or self._is_returned(node, parent, value):
            return
        if not any(dialect.use(self, node, value) for dialect in self.dialects):
            shown = parent if taker is not parent and not isinstance(taker, ast.Call) else taker
            self.refuse(node, f"`{self.brief(shown)}` uses it in a way that has no single meaning on fal")

    def _is_bound(self, node: ast.expr, parent: ast.AST) -> bool:
        """Whether a variable takes the value; one that other files of the project read is refused."""
        match parent:
            case ast.Assign(targets=targets):
                pass
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target) | ast.withitem(optional_vars=ast.expr() as target):
                targets = [target]
            case ast.For(target=target) | ast.AsyncFor(target=target) | ast.comprehension(target=target) if parent.iter is node:
                targets = [target]
            case _:
                return False
        for target in targets:
            variable = self.variables.of(target)
            if variable is None:
                return False
            self.join(node, variable)
            if variable.open:
                self.refuse(node, f"`{variable.name}` is read or set in ways that are not followed")
            if variable.scope is self.module.tree and self.is_read_elsewhere(variable.name):
                self.refuse(node, f"another file of the project reads `{variable.name}`")
        return True

    def is_read_elsewhere(self, name: str) -> bool:
        for path in self.code.project.files:
            other = self.code.module(path) if path.endswith(".py") and path != self.module.path else None
            if other is None or name not in other.text:
                continue
            for bound in self.code.imports(other).values():
                if isinstance(bound.node, ast.ImportFrom) and bound.alias.name == name:
                    if self.code.resolve(other, bound.node.module or "", bound.level) == self.module.path:
                        return True
                elif self.code.resolve(other, bound.dotted, bound.level) == self.module.path and f"{bound.name}.{name}" in other.text:
                    return True
        return False

    # Groups

    def join(self, one: ast.AST | Variable, other: ast.AST | Variable) -> None:
        self._parent[self._root(one)] = self._root(other)

    def _root(self, node: ast.AST | Variable) -> ast.AST | Variable:
        while (parent := self._parent.get(node, node)) is not node:
            node = parent
        return node

    def is_together(self, one: ast.AST, other: ast.AST) -> bool:
        """Whether two nodes are rewritten together or not at all."""
        return self._root(one) is self._root(other)

    def refuse(self, node: ast.AST, why: str) -> None:
        """Leave the whole group of a node to a person."""
        self._refusals.append((node, why))

    def refusal(self, node: ast.AST) -> str:
        """Why the group of a node is left as it is, with the line; '' where it is rewritten."""
        root = self._root(node)
        found = sorted((getattr(at, "lineno", 0), why) for at, why in self._refusals if self._root(at) is root)
        return f"{found[0][1]} (line {found[0][0]})" if found else ""

    # Rewriting

    def rewrite(self, node: ast.AST, owner: ast.expr, parts: tuple[Part, ...] | None, rule: str, reason: str) -> None:
        """Give a node new text (None removes the statement), together with the group of `owner`."""
        self.rewrites[node] = Rewrite(owner, parts, rule, reason)
        if any(isinstance(part, str) and "await " in part for part in parts or ()) and not self._may_await(node):
            self.refuse(owner, "its result would have to be awaited in a function that is not asynchronous")

    def _may_await(self, node: ast.AST) -> bool:
        around = (parent for parent in self.module.ancestors(node) if isinstance(parent, FunctionNode | ast.Lambda | ast.ClassDef))
        return isinstance(next(around, None), ast.AsyncFunctionDef)

    def accepted(self) -> Iterator[tuple[ast.AST, Rewrite]]:
        return ((node, rewrite) for node, rewrite in self.rewrites.items() if not self.refusal(rewrite.owner))

    def brief(self, node: ast.AST) -> str:
        """A node's source, its first line where it is long."""
        while not hasattr(node, "lineno"):
            node = self.module.parents[node]
        first, *rest = self.module.source(node).splitlines()
        return first[:60] + (" ..." if rest or len(first) > 60 else "")

    def text(self, parts: Sequence[Part]) -> str:
        """Parts as they stand in the source."""
        return "".join(part if isinstance(part, str) else self.module.source(node_of(part)) for part in parts)

    def is_shown(self, node: ast.expr) -> bool:
        """Whether a value is only printed, logged or put into a text."""
        parent = self.module.parents[node]
        if isinstance(parent, ast.FormattedValue):
            return parent.value is node
        if not isinstance(parent, ast.Call) or node not in parent.args:
            return False
        match parent.func:
            case ast.Name(id=name):
                return name in DISPLAY
            case ast.Attribute(attr=name):
                return name in LOGGING
        return False

    def is_tested(self, node: ast.expr) -> bool:
        """Whether a value is only asked for being there: `if job`, `job is None`, `not job`."""
        parent = self.module.parents[node]
        match parent:
            case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
                return True
            case ast.UnaryOp(op=ast.Not()):
                return True
            case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
                return test is node
        return False
