"""From the `handler` option of `start` to the function that answers a job."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from converters.ir import HandlerKind
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, assigned, own_nodes
from converters.sources.runpod.start import Option, Start

Callable = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Resolved:
    """What the handler expression is.

    `name` reaches it from the module that calls `start` ('' where an assignment must be made, as for a lambda); `node` is the
    function where one was found, in `module`; `given` is how many of its first parameters are filled without the job:
    `self`, and the arguments of a partial.
    """

    expression: str
    value: ast.expr
    name: str
    kind: HandlerKind
    module: Module
    node: Callable | None
    given: int = 0
    local: bool = False
    """The expression uses names that only the function or the `__main__` block around `start` knows."""
    coroutine: bool = False
    """Its kind is `sync`, and calling it makes a coroutine, which never awaits."""

    @property
    def job(self) -> str | None:
        """Name of the parameter that receives the job."""
        if self.node is None:
            return None
        parameters = [*self.node.args.posonlyargs, *self.node.args.args]
        return parameters[self.given].arg if len(parameters) > self.given else None

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or "" if isinstance(self.node, FunctionNode) else ""


def resolve(code: Code, start: Start, option: Option) -> Resolved:
    """Follow the handler expression to its function; where that fails, a synchronous callable is assumed (`node` is None)."""
    module, node = option.module, option.value
    expression = module.source(node)
    local = _uses_local_names(start, node)
    function, home, given = _callable(code, module, node, start)
    name = "" if local or not _is_path(node) else expression
    made = kind(function, home)
    if made == "sync" and function is not None and _returns_coroutine(code, home, function):
        made = "async"
    return Resolved(expression, node, name, made, home, function, given, local)


def _is_path(node: ast.expr) -> bool:
    """Whether an expression is names with dots between them, which mean the same behind the name of their module."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _returns_coroutine(code: Code, module: Module, function: Callable) -> bool:
    """`def handler(job): return work(job)` with `async def work`: RunPod awaits what comes back."""
    if isinstance(function, ast.Lambda):
        values: list[ast.expr | None] = [function.body]
    else:
        values = [inner.value for inner in own_nodes(function) if isinstance(inner, ast.Return)]
    found = [code.function(module, value.func) if isinstance(value, ast.Call) else None for value in values]
    return bool(found) and all(
        one is not None and isinstance(one.node, ast.AsyncFunctionDef) and kind(one.node) == "async" for one in found
    )


def kind(node: Callable | None, module: Module | None = None) -> HandlerKind:
    """The kind that the SDK's own test gives (`inspect.isgeneratorfunction`, `isasyncgenfunction`, a coroutine)."""
    if isinstance(node, FunctionNode):
        yields = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node))
        if isinstance(node, ast.AsyncFunctionDef):
            return "async_generator" if yields else "async"
        return "generator" if yields else "sync"
    return "sync"


def _callable(code: Code, module: Module, node: ast.expr, start: Start, depth: int = 0) -> tuple[Callable | None, Module, int]:
    """(function, its module, how many of its first parameters are filled already) behind an expression."""
    if depth > 6:
        return None, module, 0
    if isinstance(node, ast.Lambda):
        return _through_lambda(code, module, node, start, depth)
    if isinstance(node, ast.Call):
        return _through_call(code, module, node, start, depth)
    if isinstance(node, ast.Attribute):
        found = code.function(module, node)
        if found is not None and isinstance(found.node, FunctionNode):
            return found.node, found.module, 0
        return _method(code, module, node.value, node.attr, start)
    if isinstance(node, ast.Name):
        inner = _local(start, node.id)
        if isinstance(inner, FunctionNode):
            return inner, module, 0
        if isinstance(inner, ast.expr):
            return _callable(code, module, inner, start, depth + 1)
        definition = code.definition(module, node.id)
        if definition is not None and isinstance(definition.node, FunctionNode):
            return definition.node, definition.module, 0
        if definition is not None and isinstance(definition.node, ast.expr):
            return _callable(code, definition.module, definition.node, start, depth + 1)
    return None, module, 0


def _through_lambda(code: Code, module: Module, node: ast.Lambda, start: Start, depth: int) -> tuple[Callable | None, Module, int]:
    """`lambda job: handler(job)` is `handler`."""
    parameters = [argument.arg for argument in node.args.args]
    body = node.body
    if isinstance(body, ast.Call) and not body.keywords and [_name_of(argument) for argument in body.args] == parameters:
        function, home, given = _callable(code, module, body.func, start, depth + 1)
        if function is not None and kind(function) in ("sync", "async"):
            return function, home, given
    return node, module, 0


def _through_call(code: Code, module: Module, node: ast.Call, start: Start, depth: int) -> tuple[Callable | None, Module, int]:
    """An instance with `__call__`, `functools.partial(f, ...)`, or a decorator that is called."""
    dotted = code.dotted(module, node.func)
    if dotted == "functools.partial" and node.args:
        function, home, given = _callable(code, module, node.args[0], start, depth + 1)
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return None, module, 0
        return function, home, given + len(node.args) - 1
    found = code.function(module, node.func)
    if found is not None and isinstance(found.node, ast.ClassDef):
        call = _class_method(code, found.module, found.node, "__call__")
        return (call[0], call[1], 1) if call else (None, module, 0)
    if found is not None and isinstance(found.node, FunctionNode):
        inner = {child.name: child for child in ast.walk(found.node) if isinstance(child, FunctionNode) and child is not found.node}
        for statement in own_nodes(found.node):
            if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name) and statement.value.id in inner:
                return inner[statement.value.id], found.module, 0
    return None, module, 0


def _method(code: Code, module: Module, owner: ast.expr, attribute: str, start: Start) -> tuple[Callable | None, Module, int]:
    """`service.handle`, where `service = Service()` at module level or in the function around `start`."""
    value: ast.AST | None = owner
    home = module
    if isinstance(owner, ast.Name):
        value = _local(start, owner.id)
        if value is None:
            definition = code.definition(module, owner.id)
            value, home = (definition.node, definition.module) if definition else (None, module)
    if isinstance(value, ast.Call):
        found = code.function(home, value.func)
        if found is not None and isinstance(found.node, ast.ClassDef):
            method = _class_method(code, found.module, found.node, attribute)
            if method:
                static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in method[0].decorator_list)
                return method[0], method[1], 0 if static else 1
    return None, module, 0


def _class_method(
    code: Code, module: Module, node: ast.ClassDef, name: str, depth: int = 0
) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, Module] | None:
    for statement in node.body:
        if isinstance(statement, FunctionNode) and statement.name == name:
            return statement, module
    for base in node.bases:
        found = code.function(module, base)
        if found is not None and isinstance(found.node, ast.ClassDef) and depth < 6:
            method = _class_method(code, found.module, found.node, name, depth + 1)
            if method:
                return method
    return None


def _local(start: Start, name: str) -> ast.AST | None:
    """A function or value that the function or `__main__` block around `start` gives a name."""
    scope = start.function or start.main_block
    if scope is None:
        return None
    for node in own_nodes(scope):
        if isinstance(node, FunctionNode) and node.name == name:
            return node
    values = [value for node in own_nodes(scope) for found, value in assigned(node) if found == name]
    return values[-1] if values else None


def _uses_local_names(start: Start, node: ast.expr) -> bool:
    """Whether the expression needs a name that only the code around `start` binds: its function, or its `__main__` block."""
    scope = start.function or start.main_block
    if scope is None:
        return False
    shared = {name for inner in own_nodes(scope) if isinstance(inner, ast.Global) for name in inner.names}
    bound = _bound_names(scope)
    if start.function is not None:
        arguments = start.function.args
        bound |= {argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return bool(used & (bound - shared))


def _bound_names(scope: ast.AST) -> set[str]:
    """Names that the statements of a function or block bind."""
    bound: set[str] = set()
    for inner in own_nodes(scope):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            bound.add(inner.id)
        elif isinstance(inner, FunctionNode | ast.ClassDef):
            bound.add(inner.name)
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in inner.names}
    return bound


def _name_of(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None
