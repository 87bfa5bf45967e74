"""Follows the job and its input through the handler and the project's own functions, and lists every read of a key."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Literal

from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import Module, own_nodes
from converters.sources.runpod.calls import all_nodes, assignments, callee, handed_back, passed_to
from converters.sources.runpod.certain import always_fails, certain_nodes
from converters.sources.runpod.conversions import conversion
from converters.sources.runpod.handler import Callable
from converters.sources.runpod.job_reads import Flow, How, Part, PartChange, Path, Read, Validation
from converters.sources.runpod.roles import Names, Roles, text

MAX_DEPTH = 5
HARMLESS = frozenset({"print", "len", "isinstance", "type", "bool", "repr", "id"})
LOGGING = frozenset({"debug", "info", "warn", "warning", "error", "exception", "log", "critical"})


def follow(code: Code, module: Module, function: Callable, job: str) -> Flow:
    """Follow the parameter `job` of the handler."""
    flow = Flow()
    _Walk(code, module, function, Names(job={job}), flow, 0, True).run()
    return flow


@dataclass
class _Walk:
    code: Code
    module: Module
    function: Callable
    names: Names
    flow: Flow
    depth: int
    definite: bool
    given: dict[str, ast.Constant] = field(default_factory=dict)
    """Constants that the call passes for parameters of the function: `read(job_input, "width", 1024)`."""
    hands_back: bool = False
    """Whether the caller goes on with what the function returns, which is its input."""
    calls: Path = ()
    """The calls that lead from the handler to this function."""
    roles: Roles = field(init=False)

    def __post_init__(self) -> None:
        self.roles = Roles(self.code, self.module, self.function, self.names)

    @property
    def answers(self) -> bool:
        """Whether what the function returns is the answer: it is the handler, and no generator."""
        return self.depth == 0 and not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(self.function))

    def run(self) -> None:
        certain = certain_nodes(self.function, answers=self.answers) if self.definite else set()
        for node in all_nodes(self.function):
            if isinstance(node, ast.expr):
                if self.roles.is_job(node):
                    self._job_use(node, certain)
                elif self.roles.is_input(node) and not self.roles.inside_input(node):
                    self._input_use(node, certain)
                elif isinstance(node, ast.Call) and (part := self.roles.validated_part(node)) is not None:
                    self._part_validation(node, part)
                elif isinstance(node, ast.Name) and node.id in self.names.parts and (key := _changed_key(self.module, node)) is not None:
                    self.flow.part_changes.append(PartChange(self.names.parts[node.id], key, (*self.calls, node)))

    def _part_validation(self, call: ast.Call, part: Part) -> None:
        if not any(known.call is call for known in self.flow.validations):
            certain = certain_nodes(self.function, answers=self.answers, given=lambda statement: self.roles.has_part(statement, part))
            definite = self.definite and call in certain
            self.flow.validations.append(Validation(self.module, call, call.args[1], definite, part, path=(*self.calls, call)))

    def _job_use(self, node: ast.expr, certain: set[ast.AST]) -> None:
        parent = self.module.parents.get(node)
        if isinstance(parent, ast.Subscript) and parent.value is node:
            key = text(parent.slice)
            if key is None:
                self.flow.job_escapes.append((self.module, parent))
            elif key != "input":
                self.flow.envelope.append(Read(key, "subscript", self.module, parent, None, parent in certain))
        elif isinstance(parent, ast.Attribute) and isinstance(call := self.module.parents.get(parent), ast.Call) and call.func is parent:
            key = text(call.args[0]) if call.args else None
            if parent.attr in ("get", "pop") and key is not None:
                if key != "input":
                    self.flow.envelope.append(Read(key, "get", self.module, call, call.args[1] if len(call.args) > 1 else None))
            elif parent.attr == "get" or parent.attr not in ("keys",):
                self.flow.job_escapes.append((self.module, call))
        elif isinstance(parent, ast.Compare) and len(parent.ops) == 1 and isinstance(parent.ops[0], ast.In | ast.NotIn):
            key = text(parent.left)
            if key is not None and key != "input":
                self.flow.envelope.append(Read(key, "in", self.module, parent))
        elif isinstance(parent, ast.Call | ast.keyword | ast.Starred):
            self._passed(node, "job", node in certain)
        elif not isinstance(
            parent, ast.Assign | ast.AnnAssign | ast.FormattedValue | ast.Expr | ast.If | ast.UnaryOp | ast.BoolOp | ast.NamedExpr
        ):
            self.flow.job_escapes.append((self.module, node))

    def _input_use(self, node: ast.expr, certain: set[ast.AST]) -> None:
        parent = self.module.parents.get(node)
        if self.hands_back and any(isinstance(up, ast.Return) and handed_back(up.value) is node for up in self.module.ancestors(node)):
            return
        if isinstance(parent, ast.Subscript) and parent.value is node:
            self._subscript(parent, certain)
        elif isinstance(parent, ast.Attribute) and isinstance(call := self.module.parents.get(parent), ast.Call) and call.func is parent:
            self._method(node, parent, call, certain)
        elif isinstance(parent, ast.Compare) and node in parent.comparators:
            if isinstance(parent.ops[0], ast.In | ast.NotIn):
                needed = self._turns_away(parent) and (parent in certain or self._in_certain_loop(parent, certain))
                self._add(parent.left, "needed" if needed else "in", parent, definite=needed)
        elif isinstance(
            parent, ast.Compare | ast.If | ast.UnaryOp | ast.BoolOp | ast.IfExp | ast.While | ast.FormattedValue | ast.Expr | ast.Delete
        ):
            pass
        elif isinstance(parent, ast.Call | ast.keyword | ast.Starred):
            self._passed(node, "input", node in certain)
        elif not (isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr) and _plain_targets(parent)):
            self.flow.escapes.append((self.module, node))

    def _turns_away(self, test: ast.Compare) -> bool:
        """`if "train" not in job_input:` with a failure below it."""
        parent = self.module.parents.get(test)
        return isinstance(test.ops[0], ast.NotIn) and isinstance(parent, ast.If) and always_fails(parent.body, answers=self.answers)

    def _in_certain_loop(self, test: ast.Compare, certain: set[ast.AST]) -> bool:
        """`for key in ("a", "b"):` over constants, whose body asks for the key first."""
        statement = self.module.parents.get(test)
        loop = self.module.parents.get(statement) if statement is not None else None
        return (
            isinstance(loop, ast.For)
            and loop.body[:1] == [statement]
            and loop.iter in certain
            and isinstance(loop.target, ast.Name)
            and isinstance(test.left, ast.Name)
            and test.left.id == loop.target.id
        )

    def _subscript(self, node: ast.Subscript, certain: set[ast.AST]) -> None:
        if isinstance(node.ctx, ast.Load):
            self._add(node.slice, "subscript", node, definite=node in certain)
        elif isinstance(node.ctx, ast.Del):
            self._add(node.slice, "pop", node, definite=node in certain)
        else:
            self._add(node.slice, "set", node)

    def _method(self, owner: ast.expr, attribute: ast.Attribute, call: ast.Call, certain: set[ast.AST]) -> None:
        if attribute.attr in ("get", "pop", "setdefault") and call.args:
            how: How = "pop" if attribute.attr == "pop" else "get"
            default = call.args[1] if len(call.args) > 1 else None
            self._add(call.args[0], how, call, default=default, definite=how == "pop" and default is None and call in certain)
            if attribute.attr == "setdefault":
                self._add(call.args[0], "set", call)
        elif attribute.attr == "update":
            self._update(call)
        elif attribute.attr in ("clear", "popitem"):
            self.flow.open_changes.append((*self.calls, call))
        elif attribute.attr not in ("keys",) or not _only_shown(self.module, call):
            self.flow.escapes.append((self.module, call))

    def _update(self, call: ast.Call) -> None:
        """`job_input.update({"steps": 4}, size=8)`."""
        for keyword in call.keywords:
            if keyword.arg is not None:
                self._add(ast.copy_location(ast.Constant(keyword.arg), call), "set", call)
        given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg is None)]
        for argument in given:
            keys = argument.keys if isinstance(argument, ast.Dict) else [None]
            for key in keys:
                if key is None or self._keys(key) is None:
                    self.flow.open_changes.append((*self.calls, call))
                else:
                    self._add(key, "set", call)

    def _add(self, key: ast.expr, how: How, node: ast.AST, *, default: ast.expr | None = None, definite: bool = False) -> None:
        if isinstance(default, ast.Name):
            default = self.given.get(default.id, default)
        keys = self._keys(key)
        if keys is None:
            self.flow.escapes.append((self.module, node))
            if how in ("set", "pop"):
                self.flow.open_changes.append((*self.calls, node))
            return
        for name in keys:
            certain = definite and (len(keys) == 1 or how == "needed")
            coerced = conversion(self.code, self.module, self.function, node) if isinstance(node, ast.expr) else ""
            self.flow.reads.append(Read(name, how, self.module, node, default, certain, coerced, path=(*self.calls, node)))

    def _keys(self, node: ast.expr) -> list[str] | None:
        """The key, or the keys that a loop variable over constants takes."""
        if isinstance(node, ast.Name):
            node = self.given.get(node.id, node)
        if isinstance(node, ast.Name):
            for inner in all_nodes(self.function):
                comprehension = isinstance(inner, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
                loops: list[ast.AST] = list(inner.generators) if comprehension else [inner]  # type: ignore[attr-defined]
                for loop in loops:
                    if isinstance(loop, ast.For | ast.comprehension) and isinstance(loop.target, ast.Name) and loop.target.id == node.id:
                        try:
                            values = constant(self.code, self.module, self._local_value(loop.iter))
                        except NotConstant:
                            return None
                        keys = list(values)
                        return keys if all(isinstance(key, str) for key in keys) else None
        try:
            value = constant(self.code, self.module, node)
        except NotConstant:
            return None
        return [value] if isinstance(value, str) else None

    def _local_value(self, node: ast.expr) -> ast.expr:
        """What a name stands for that the function assigns once, or the expression itself."""
        if isinstance(node, ast.Name):
            values = [value for inner in all_nodes(self.function) for name, value in assignments(inner) if name == node.id]
            return values[0] if len(values) == 1 else node
        return node

    def _passed(self, node: ast.expr, what: Literal["job", "input"], definite: bool) -> None:
        """The job or the input is an argument of a call: follow it into a function of the project."""
        holder = self.module.parents.get(node)
        spread = isinstance(holder, ast.keyword) and holder.arg is None
        call = holder if isinstance(holder, ast.Call) else self.module.parents.get(holder) if holder else None
        if not isinstance(call, ast.Call) or self._ignored(call, node):
            return
        if isinstance(holder, ast.Starred):
            self._escape(what, node)
            return
        target = callee(self.code, self.module, call.func, self.function)
        if target is None:
            self._escape(what, node)
            return
        function, home, bound = target
        if spread:
            self._spread(function, home, bound, definite)
            return
        parameter = passed_to(function, call, holder, node, bound)
        given = self._constants(function, call, bound)
        key = (home.path, function.lineno, what, *(f"{name}={constant.value!r}" for name, constant in given.items()))
        if parameter is None or self.depth >= MAX_DEPTH:
            self._escape(what, node)
        elif key not in self.flow.followed:
            self.flow.followed.add(key)
            names = Names(job={parameter}) if what == "job" else Names(input={parameter})
            calls = (*self.calls, call)
            _Walk(self.code, home, function, names, self.flow, self.depth + 1, definite, given, self.roles.passes(call), calls=calls).run()

    def _constants(self, function: Callable, call: ast.Call, bound: bool) -> dict[str, ast.Constant]:
        """The constants that a call passes, by parameter; without those that the function assigns anew."""
        changed = {name for node in all_nodes(function) for name, _ in assignments(node)}
        found: dict[str, ast.Constant] = {}
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            name = passed_to(function, call, self.module.parents[argument], argument, bound)
            if name is None or name in changed or isinstance(argument, ast.Starred):
                continue
            if isinstance(argument, ast.Name) and argument.id in self.given:
                found[name] = self.given[argument.id]
                continue
            try:
                value = constant(self.code, self.module, argument)
            except NotConstant:
                continue
            if value is None or isinstance(value, str | int | float):
                found[name] = ast.copy_location(ast.Constant(value), argument)
        return found

    def _ignored(self, call: ast.Call, node: ast.expr) -> bool:
        """Calls that only look at the value: printing, logging, `len`, a validation, a progress update."""
        if call.func is node or self.roles.is_validation(call):
            if self.roles.is_validation(call) and len(call.args) > 1:
                self._validation(call)
            return True
        if isinstance(call.func, ast.Name) and call.func.id in HARMLESS:
            return True
        if isinstance(call.func, ast.Attribute) and call.func.attr in LOGGING:
            return True
        dotted = self.code.dotted(self.module, call.func) or ""
        if dotted in ("json.dumps", "pprint.pformat") and _only_shown(self.module, call):
            return True
        return (dotted.startswith("runpod.") and dotted.endswith("progress_update")) or (
            self.roles.is_input(call) and not self.roles.passes(call)
        )

    def _validation(self, call: ast.Call) -> None:
        if not any(known.call is call for known in self.flow.validations):
            definite = self.definite and call in certain_nodes(self.function, answers=self.answers)
            self.flow.validations.append(
                Validation(self.module, call, call.args[1], definite, path=(*self.calls, call), answered=self._is_answered())
            )

    def _is_answered(self) -> bool:
        """Whether the handler returns the outcome of a validation, or its errors under another key than `error`."""
        if not self.answers:
            return False
        uses = [node for node in own_nodes(self.function) if isinstance(node, ast.expr) and self.roles.is_checked(node)]
        first = min((use.lineno for use in uses if self.roles.is_input(self.module.parents.get(use) or use)), default=10**9)
        returned = [node for node in own_nodes(self.function) if isinstance(node, ast.Return) and node.lineno <= first]
        return any(self._hands_out(node.value) for node in returned)

    def _hands_out(self, node: ast.expr | None) -> bool:
        if node is None or (isinstance(node, ast.Dict) and any(text(key) == "error" for key in node.keys if key)):
            return False
        values = node.values if isinstance(node, ast.Dict) else [node]
        for value in values:
            owner = value.value if isinstance(value, ast.Subscript) else value.func if isinstance(value, ast.Call) else value
            owner = owner.value if isinstance(owner, ast.Attribute) else owner
            if not self.roles.is_input(value) and (self.roles.is_checked(value) or self.roles.is_checked(owner)):
                return True
        return False

    def _spread(self, function: Callable, home: Module, bound: bool, definite: bool) -> None:
        """`f(**job_input)`: the parameters of `f` are the keys."""
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args][1 if bound else 0 :]
        padded: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
        pairs = [*zip(positional, padded, strict=False), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        for argument, default in pairs:
            annotation = home.source(argument.annotation) if argument.annotation is not None else ""
            self.flow.reads.append(Read(argument.arg, "parameter", home, argument, default, definite and default is None, "", annotation))
        if arguments.kwarg is not None:
            self.flow.escapes.append((home, function))

    def _escape(self, what: str, node: ast.expr) -> None:
        (self.flow.escapes if what == "input" else self.flow.job_escapes).append((self.module, node))


def _changed_key(module: Module, node: ast.Name) -> str | None:
    """The key of the mapping under a name that is set or deleted here; '' where it is not constant, None where nothing changes."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return None if isinstance(parent.ctx, ast.Load) else text(parent.slice) or ""
    call = module.parents.get(parent) if isinstance(parent, ast.Attribute) else None
    if isinstance(parent, ast.Attribute) and isinstance(call, ast.Call) and call.func is parent:
        if parent.attr in ("pop", "setdefault"):
            return text(call.args[0]) or "" if call.args else ""
        return "" if parent.attr in ("update", "popitem", "clear") else None
    return None


def _plain_targets(node: ast.AST) -> bool:
    targets: list[Any] = list(node.targets) if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return all(isinstance(target, ast.Name) for target in targets)


def _only_shown(module: Module, node: ast.AST) -> bool:
    """Whether an expression ends up in a print, a log call or an f-string."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Call):
            func = ancestor.func
            if (isinstance(func, ast.Name) and func.id in HARMLESS) or (isinstance(func, ast.Attribute) and func.attr in LOGGING):
                return True
        if isinstance(ancestor, ast.stmt):
            return False
        if isinstance(ancestor, ast.JoinedStr):
            return True
    return False
