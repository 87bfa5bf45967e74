"""Follows the job and its input through the handler and the project's own functions, and lists every read of a key."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Literal

from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import FunctionNode, Module
from converters.sources.runpod.handler import Callable, own_nodes

MAX_DEPTH = 5
HARMLESS = frozenset({"print", "len", "isinstance", "type", "bool", "repr", "id"})
LOGGING = frozenset({"debug", "info", "warn", "warning", "error", "exception", "log", "critical"})
COERCIONS = frozenset({"int", "float", "str", "bool"})
COPIES = frozenset({"dict", "copy.copy", "copy.deepcopy"})
How = Literal["subscript", "get", "pop", "in", "set", "parameter"]


@dataclass(frozen=True)
class Read:
    """One access to a key. `definite`: every request that gets here needs the key."""

    key: str
    how: How
    module: Module
    node: ast.AST
    default: ast.expr | None = None
    definite: bool = False
    coerced: str = ""
    annotation: str = ""


@dataclass(frozen=True)
class Validation:
    """A call of `rp_validator.validate` on the input."""

    module: Module
    call: ast.Call
    schema: ast.expr
    definite: bool


@dataclass
class Flow:
    """Everything that happens to a job on its way through the handler."""

    reads: list[Read] = field(default_factory=list)
    envelope: list[Read] = field(default_factory=list)
    escapes: list[tuple[Module, ast.AST]] = field(default_factory=list)
    """Places where the whole input goes on to something that could not be followed."""
    job_escapes: list[tuple[Module, ast.AST]] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    mutated: bool = False
    followed: set[tuple[str, int, str]] = field(default_factory=set)


@dataclass
class Names:
    """What local names stand for inside one function."""

    job: set[str] = field(default_factory=set)
    input: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    """Names for what `validate` returned."""


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

    def run(self) -> None:
        self._bind_names()
        certain = certain_nodes(self.function) if self.definite else set()
        for node in _all_nodes(self.function):
            if isinstance(node, ast.expr):
                if self._is_job(node):
                    self._job_use(node, certain)
                elif self._is_input(node) and not self._inside_input(node):
                    self._input_use(node, certain)

    def _bind_names(self) -> None:
        """Grow the sets until nothing is added: names assigned from the job, its input, or a validation of it."""
        before = -1
        while before != (before := len(self.names.job) + len(self.names.input) + len(self.names.checked)):
            for node in _all_nodes(self.function):
                for target, value in _assignments(node):
                    if self._is_input(value):
                        self.names.input.add(target)
                    elif self._is_job(value):
                        self.names.job.add(target)
                    elif self._is_validation(value):
                        self.names.checked.add(target)

    def _is_job(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in self.names.job and isinstance(node.ctx, ast.Load)

    def _is_input(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.names.input and isinstance(node.ctx, ast.Load)
        if isinstance(node, ast.Subscript):
            key = _text(node.slice)
            return (key == "input" and self._is_job(node.value)) or (key == "validated_input" and self._is_checked(node.value))
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self._is_input(node.values[0])
        if isinstance(node, ast.IfExp):
            return self._is_input(node.body)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                owner, key = node.func.value, _text(node.args[0]) if node.args else None
                if node.func.attr in ("get", "pop") and key == "input" and self._is_job(owner):
                    return True
                if node.func.attr == "get" and key == "validated_input" and self._is_checked(owner):
                    return True
                if node.func.attr == "copy" and not node.args:
                    return self._is_input(owner)
            name = node.func.id if isinstance(node.func, ast.Name) else self.code.dotted(self.module, node.func) or ""
            return name in COPIES and len(node.args) == 1 and not node.keywords and self._is_input(node.args[0])
        return False

    def _is_checked(self, node: ast.AST) -> bool:
        return (isinstance(node, ast.Name) and node.id in self.names.checked) or self._is_validation(node)

    def _is_validation(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or not node.args or not self._is_input(node.args[0]):
            return False
        dotted = self.code.dotted(self.module, node.func) or ""
        return dotted.startswith("runpod.") and dotted.endswith("validate")

    def _inside_input(self, node: ast.AST) -> bool:
        """An operand of an expression that is itself the input, such as `job_input` in `job_input or {}`."""
        parent = self.module.parents.get(node)
        if isinstance(parent, ast.Attribute):
            parent = self.module.parents.get(parent)
        return parent is not None and isinstance(parent, ast.expr) and self._is_input(parent)

    def _job_use(self, node: ast.expr, certain: set[ast.AST]) -> None:
        parent = self.module.parents.get(node)
        if isinstance(parent, ast.Subscript) and parent.value is node:
            key = _text(parent.slice)
            if key is None:
                self.flow.job_escapes.append((self.module, parent))
            elif key != "input":
                self.flow.envelope.append(Read(key, "subscript", self.module, parent, None, parent in certain))
        elif isinstance(parent, ast.Attribute) and isinstance(call := self.module.parents.get(parent), ast.Call) and call.func is parent:
            key = _text(call.args[0]) if call.args else None
            if parent.attr in ("get", "pop") and key is not None:
                if key != "input":
                    self.flow.envelope.append(Read(key, "get", self.module, call, call.args[1] if len(call.args) > 1 else None))
            elif parent.attr == "get" or parent.attr not in ("keys",):
                self.flow.job_escapes.append((self.module, call))
        elif isinstance(parent, ast.Compare) and len(parent.ops) == 1 and isinstance(parent.ops[0], ast.In | ast.NotIn):
            key = _text(parent.left)
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
        if isinstance(parent, ast.Subscript) and parent.value is node:
            self._subscript(parent, certain)
        elif isinstance(parent, ast.Attribute) and isinstance(call := self.module.parents.get(parent), ast.Call) and call.func is parent:
            self._method(node, parent, call)
        elif isinstance(parent, ast.Compare) and node in parent.comparators:
            if isinstance(parent.ops[0], ast.In | ast.NotIn):
                self._add(parent.left, "in", parent)
        elif isinstance(
            parent, ast.Compare | ast.If | ast.UnaryOp | ast.BoolOp | ast.IfExp | ast.While | ast.FormattedValue | ast.Expr | ast.Delete
        ):
            pass
        elif isinstance(parent, ast.Call | ast.keyword | ast.Starred):
            self._passed(node, "input", node in certain)
        elif not (isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr) and _plain_targets(parent)):
            self.flow.escapes.append((self.module, node))

    def _subscript(self, node: ast.Subscript, certain: set[ast.AST]) -> None:
        if isinstance(node.ctx, ast.Load):
            self._add(node.slice, "subscript", node, definite=node in certain)
        else:
            self.flow.mutated = True
            self._add(node.slice, "set", node)

    def _method(self, owner: ast.expr, attribute: ast.Attribute, call: ast.Call) -> None:
        if attribute.attr in ("get", "pop", "setdefault") and call.args:
            self.flow.mutated |= attribute.attr != "get"
            how: How = "pop" if attribute.attr == "pop" else "get"
            self._add(call.args[0], how, call, default=call.args[1] if len(call.args) > 1 else None)
        elif attribute.attr in ("update", "clear", "popitem"):
            self.flow.mutated = True
        elif attribute.attr not in ("keys",) or not _only_shown(self.module, call):
            self.flow.escapes.append((self.module, call))

    def _add(self, key: ast.expr, how: How, node: ast.AST, *, default: ast.expr | None = None, definite: bool = False) -> None:
        keys = self._keys(key)
        if keys is None:
            self.flow.escapes.append((self.module, node))
            return
        for name in keys:
            certain = definite and len(keys) == 1
            self.flow.reads.append(Read(name, how, self.module, node, default, certain, self._coercion(node)))

    def _keys(self, node: ast.expr) -> list[str] | None:
        """The key, or the keys that a loop variable over constants takes."""
        if isinstance(node, ast.Name):
            for inner in _all_nodes(self.function):
                comprehension = isinstance(inner, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
                loops: list[ast.AST] = list(inner.generators) if comprehension else [inner]  # type: ignore[attr-defined]
                for loop in loops:
                    if isinstance(loop, ast.For | ast.comprehension) and isinstance(loop.target, ast.Name) and loop.target.id == node.id:
                        try:
                            values = constant(self.code, self.module, loop.iter)
                        except NotConstant:
                            return None
                        keys = list(values)
                        return keys if all(isinstance(key, str) for key in keys) else None
        try:
            value = constant(self.code, self.module, node)
        except NotConstant:
            return None
        return [value] if isinstance(value, str) else None

    def _coercion(self, node: ast.AST) -> str:
        parent = self.module.parents.get(node)
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in COERCIONS and parent.args[:1] == [node]:
            return parent.func.id
        return ""

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
        parameter = _parameter(function, call, holder, node, bound)
        key = (home.path, function.lineno, what)
        if parameter is None or self.depth >= MAX_DEPTH:
            self._escape(what, node)
        elif key not in self.flow.followed:
            self.flow.followed.add(key)
            names = Names(job={parameter}) if what == "job" else Names(input={parameter})
            _Walk(self.code, home, function, names, self.flow, self.depth + 1, definite).run()

    def _ignored(self, call: ast.Call, node: ast.expr) -> bool:
        """Calls that only look at the value: printing, logging, `len`, a validation, a progress update."""
        if call.func is node or self._is_validation(call):
            if self._is_validation(call) and len(call.args) > 1:
                self._validation(call)
            return True
        if isinstance(call.func, ast.Name) and call.func.id in HARMLESS:
            return True
        if isinstance(call.func, ast.Attribute) and call.func.attr in LOGGING:
            return True
        dotted = self.code.dotted(self.module, call.func) or ""
        if dotted in ("json.dumps", "pprint.pformat") and _only_shown(self.module, call):
            return True
        return (dotted.startswith("runpod.") and dotted.endswith("progress_update")) or self._is_input(call)

    def _validation(self, call: ast.Call) -> None:
        if not any(known.call is call for known in self.flow.validations):
            definite = self.definite and call in certain_nodes(self.function)
            self.flow.validations.append(Validation(self.module, call, call.args[1], definite))

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


def callee(code: Code, module: Module, func: ast.expr, scope: ast.AST | None = None) -> tuple[Callable, Module, bool] | None:
    """(function, module, takes `self`) of a call inside the project: a function, a class, or a method of a module-level instance."""
    if isinstance(func, ast.Name) and scope is not None:
        for inner in _all_nodes(scope):
            if isinstance(inner, FunctionNode) and inner.name == func.id:
                return inner, module, False
    found = code.function(module, func)
    if found is not None and isinstance(found.node, FunctionNode):
        return found.node, found.module, False
    if found is not None and isinstance(found.node, ast.ClassDef):
        return _member(code, found.module, found.node, "__init__")
    if isinstance(func, ast.Attribute):
        owner = instance_class(code, module, func.value, scope)
        if owner is not None:
            return _member(code, owner[0], owner[1], func.attr)
    return None


def instance_class(code: Code, module: Module, node: ast.expr, scope: ast.AST | None = None) -> tuple[Module, ast.ClassDef] | None:
    """The class of the instance that an expression names, where it is assigned from a call of a class of the project."""
    if isinstance(node, ast.Name) and node.id == "self":
        for ancestor in module.ancestors(node):
            if isinstance(ancestor, ast.ClassDef):
                return module, ancestor
        return None
    values: list[tuple[Module, ast.expr]] = [(module, node)] if isinstance(node, ast.Call) else []
    if isinstance(node, ast.Name):
        if scope is not None:
            values += [(module, value) for inner in _all_nodes(scope) for name, value in _assignments(inner) if name == node.id]
        definition = code.definition(module, node.id)
        if definition is not None and isinstance(definition.node, ast.expr):
            values.append((definition.module, definition.node))
        values += [(module, value) for inner in ast.walk(module.tree) for name, value in _assignments(inner) if name == node.id]
    for home, value in values:
        if isinstance(value, ast.Call):
            found = code.function(home, value.func)
            if found is not None and isinstance(found.node, ast.ClassDef):
                return found.module, found.node
    return None


def _member(code: Code, module: Module, node: ast.ClassDef, name: str, depth: int = 0) -> tuple[Callable, Module, bool] | None:
    for statement in node.body:
        if isinstance(statement, FunctionNode) and statement.name == name:
            static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in statement.decorator_list)
            return statement, module, not static
    for base in node.bases:
        found = code.function(module, base)
        if found is not None and isinstance(found.node, ast.ClassDef) and depth < MAX_DEPTH:
            inherited = _member(code, found.module, found.node, name, depth + 1)
            if inherited:
                return inherited
    return None


def _parameter(function: Callable, call: ast.Call, holder: ast.AST | None, node: ast.expr, bound: bool) -> str | None:
    if isinstance(holder, ast.keyword):
        return holder.arg
    positional = [*function.args.posonlyargs, *function.args.args][1 if bound else 0 :]
    index = call.args.index(node) if node in call.args else len(positional)
    if any(isinstance(argument, ast.Starred) for argument in call.args[:index]):
        return None
    return positional[index].arg if index < len(positional) else None


def certain_nodes(function: Callable) -> set[ast.AST]:
    """Nodes that run for every request that does not fail before: not below a condition, not after an early way out."""
    if isinstance(function, ast.Lambda):
        return set(ast.walk(function.body))
    found: set[ast.AST] = set()
    _certain(function.body, found)
    return found


def _certain(body: list[ast.stmt], found: set[ast.AST]) -> bool:
    """Collect the certain nodes of a block; False once the block may have been left."""
    for statement in body:
        if isinstance(statement, FunctionNode | ast.ClassDef):
            continue
        if isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                found.update(_unconditional(item.context_expr))
            if not _certain(statement.body, found):
                return False
        elif isinstance(statement, ast.Try):
            if not all(_fails(handler.body) for handler in statement.handlers) or not _certain(statement.body, found):
                return False
        elif isinstance(statement, ast.If | ast.While):
            found.update(_unconditional(statement.test))
            if _may_leave(statement):
                return False
        elif isinstance(statement, ast.For | ast.AsyncFor):
            found.update(_unconditional(statement.iter))
            if _may_leave(statement):
                return False
        else:
            found.update(_unconditional(statement))
            if isinstance(statement, ast.Return | ast.Raise):
                return False
    return True


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


def _may_leave(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Return | ast.Raise | ast.Break | ast.Continue) for inner in own_nodes(node))


def _fails(body: list[ast.stmt]) -> bool:
    """Whether an `except` block ends in a failure of the request: it raises or returns a dict with `error`."""
    last = body[-1]
    if isinstance(last, ast.Raise):
        return True
    return (
        isinstance(last, ast.Return) and isinstance(last.value, ast.Dict) and any(_text(key) == "error" for key in last.value.keys if key)
    )


def _all_nodes(function: ast.AST) -> list[ast.AST]:
    """Nodes of a function including nested functions and comprehensions, in source order."""
    body = [function.body] if isinstance(function, ast.Lambda) else getattr(function, "body", [])
    return [node for part in body for node in ast.walk(part)]


def _assignments(node: ast.AST) -> list[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return [(node.target.id, node.value)]
    if isinstance(node, ast.NamedExpr):
        return [(node.target.id, node.value)]
    return []


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


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
