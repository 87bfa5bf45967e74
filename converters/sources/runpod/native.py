"""Whether a worker can be written natively, as fal's guide writes it: everything in one app file, loading in `setup()`.

It must be provable from the one file that nothing changes: no name is rebound, nothing heavy is needed while the file is
imported, the input is only read key by key, and every result is a dict with the same keys.
"""

from __future__ import annotations

import ast
import keyword
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from converters.concepts import fields, storage
from converters.concepts.native import NotNative
from converters.ir import InputSchema
from converters.python.code import Code, imports
from converters.python.constants import NotConstant, constant
from converters.python.module import FunctionNode, Module, assigned, is_main_test, own_nodes
from converters.sources.runpod.handler import Resolved
from converters.sources.runpod.job_reads import Flow
from converters.sources.runpod.results import Results
from converters.sources.runpod.start import Start
from converters.sources.runpod.units import Unit

Place = Literal["top", "setup", "drop", "handler"]


@dataclass
class NativePlan:
    """Where each top-level statement goes, by its first line, and the names that change."""

    places: dict[int, Place] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    """Names that `setup()` makes: `model` becomes `self.model`."""
    imports: dict[str, str] = field(default_factory=dict)
    """Third-party names -> the statement that imports each."""
    job: str = ""
    aliases: set[str] = field(default_factory=set)
    """Local names for `job["input"]`."""


def plan(
    code: Code, unit: Unit, start: Start, resolved: Resolved, flow: Flow, schema: InputSchema, results: Results, closure: list[str]
) -> NativePlan:
    """The plan for a worker that is safe to write native. Raises `NotNative` with the first reason against it."""
    module, node = resolved.module, resolved.node
    if closure != [unit.entry]:
        raise NotNative("it consists of several modules")
    if not isinstance(node, FunctionNode) or module.path != unit.entry or resolved.kind not in ("sync", "async") or resolved.given:
        raise NotNative("its handler is not a plain function of the entry file")
    if not isinstance(start.statement, ast.Expr):
        raise NotNative("what start() returns is used")
    if start.guard not in ("module", "main") or len(unit.starts) != 1:
        raise NotNative("it is started from inside a function")
    if any(option.key not in ("handler", "return_aggregate_stream") for option in start.options.values()):
        raise NotNative("it is started with options that act on every answer")
    if resolved.coroutine and any(isinstance(inner, ast.Await) for inner in ast.walk(node)):
        raise NotNative("its handler awaits functions that never await")
    _plain_handler(node)
    _free_names(module)
    found = NativePlan(job=resolved.job or "")
    for statement in module.tree.body:
        if statement.lineno in found.places:
            raise NotNative(f"line {statement.lineno} holds several statements")
        found.places[statement.lineno] = _place(code, module, statement, start, node, found)
    _setup_alone(module, node, found)
    _unshadowed(module, found)
    _light_definitions(module, found, node)
    _reads(code, flow, schema, found, node)
    _results(module, results, node)
    if storage.VOLUME in module.text or "sys.argv" in module.text or "argparse" in module.text:
        raise NotNative("it uses the network volume or command-line arguments")
    return found


def _setup_alone(module: Module, handler: ast.FunctionDef | ast.AsyncFunctionDef, found: NativePlan) -> None:
    """What moves to `setup()` cannot name the handler, which becomes a method, nor anything of the SDK."""
    for statement in module.tree.body:
        if found.places[statement.lineno] in ("setup", "top") and statement is not handler:
            used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if used & {handler.name, "runpod"}:
                raise NotNative(f"line {statement.lineno} uses `{sorted(used & {handler.name, 'runpod'})[0]}`")


def _free_names(module: Module) -> None:
    """The worker must not use the names that the app file defines, nor the SDK beyond `start`."""
    own = {
        "Input",
        "Output",
        *fields.ALIASES,
        "Annotated",
        "WithJsonSchema",
        "BaseModel",
        "ConfigDict",
        "Field",
        "HTTPException",
        "fal",
        "failing_with_message",
        "HERE",
        "ContainerImage",
    }
    toolkit = {"Image", "Video", "Audio", "File"}
    for found in imports(module.tree):
        if found.dotted.startswith("runpod.") and found.level == 0:
            raise NotNative("it uses RunPod's SDK beyond start()")
    for node in ast.walk(module.tree):
        name = getattr(node, "id", getattr(node, "attr", getattr(node, "arg", None)))
        if isinstance(name, str) and name.startswith("__") and not name.endswith("__"):
            raise NotNative(f"`{name}` would be another name within a class")
    bound = {found.name for found in imports(module.tree)} | set(module.functions) | set(module.assignments)
    needed = {
        "traceback": "traceback",
        "wraps": "functools.wraps",
        "mimetypes": "mimetypes",
        "os": "os",
        "Path": "pathlib.Path",
        "Any": "typing.Any",
    }
    kept = {found.name for found in imports(module.tree) if needed.get(found.name) == found.dotted and found.level == 0}
    other = set(needed) - (kept - set(module.functions) - set(module.assignments))
    taken = sorted(bound & (own | toolkit | other))
    if taken:
        raise NotNative(f"`{taken[0]}` is also a name of the app file")


def _plain_handler(node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    arguments = node.args
    if node.decorator_list:
        raise NotNative("its handler is decorated")
    if len(arguments.args) != 1 or arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults:
        raise NotNative("its handler takes more than the job")
    for inner in ast.walk(node):
        if isinstance(inner, ast.Global | ast.Nonlocal):
            raise NotNative("its handler rebinds a global name")
        if isinstance(inner, ast.Name) and inner.id in ("input", "self", "locals", "globals", "vars", "exec", "eval"):
            raise NotNative(f"its handler uses the name `{inner.id}`")
        if isinstance(inner, ast.Name) and inner.id == node.name:
            raise NotNative("its handler uses itself")
        if isinstance(inner, FunctionNode | ast.Lambda | ast.ClassDef) and inner is not node:
            raise NotNative("its handler defines functions or classes of its own")


def _place(
    code: Code, module: Module, statement: ast.stmt, start: Start, handler: ast.FunctionDef | ast.AsyncFunctionDef, found: NativePlan
) -> Place:
    if statement is handler:
        return "handler"
    if statement is start.statement or (isinstance(statement, ast.If) and is_main_test(statement.test)):
        if isinstance(statement, ast.If) and (statement.body != [start.statement] or statement.orelse):
            raise NotNative('it loads under `if __name__ == "__main__"`')
        return "drop"
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return _import(module, statement, found)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return "drop" if statement is module.tree.body[0] else "top"
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return "top"
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return _assignment(code, module, statement, found)
    if isinstance(statement, ast.Expr):
        return "setup"
    raise NotNative(f"line {statement.lineno} is {_kind(statement)} at module level")


def _kind(statement: ast.stmt) -> str:
    name = type(statement).__name__.lower()
    return {
        "classdef": "a class",
        "if": "a condition",
        "try": "a try block",
        "with": "a with block",
        "for": "a loop",
        "while": "a loop",
    }.get(name, f"a {name}")


def _import(module: Module, statement: ast.Import | ast.ImportFrom, found: NativePlan) -> Place:
    if isinstance(statement, ast.ImportFrom) and (statement.level or statement.names[0].name == "*"):
        raise NotNative("it imports relatively or with a star")
    tops = (
        {alias.name.split(".")[0] for alias in statement.names}
        if isinstance(statement, ast.Import)
        else {(statement.module or "").split(".")[0]}
    )
    if tops == {"runpod"}:
        return "drop"
    if tops == {"__future__"}:
        raise NotNative("it imports from __future__, which an app file must not")
    if "runpod" in tops or (tops & sys.stdlib_module_names and not tops <= sys.stdlib_module_names):
        raise NotNative("an import statement mixes the standard library and packages")
    if tops <= sys.stdlib_module_names:
        return "top"
    for alias in statement.names:
        found.imports[alias.asname or alias.name.split(".")[0]] = module.source(statement)
    return "setup"


def _assignment(code: Code, module: Module, statement: ast.Assign | ast.AnnAssign, found: NativePlan) -> Place:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if statement.value is None:
        raise NotNative(f"line {statement.lineno} declares a name without a value")
    if all(isinstance(target, ast.Subscript | ast.Attribute) for target in targets):
        return "setup"
    if not all(isinstance(target, ast.Name) for target in targets):
        raise NotNative(f"line {statement.lineno} unpacks into several names")
    names = [name for name, _ in assigned(statement)]
    if any(len(module.assignments.get(name, [])) > 1 for name in names):
        raise NotNative(f"`{names[0]}` is assigned more than once")
    try:
        ast.literal_eval(statement.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        found.loaded.update(names)
        if isinstance(statement, ast.AnnAssign):
            raise NotNative(f"`{names[0]}` is annotated") from None
        return "setup"
    return "top"


def _unshadowed(module: Module, found: NativePlan) -> None:
    """No function may have a local name of its own that is also the name of something loaded or imported."""
    special = found.loaded | set(found.imports)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.arg) and node.arg in special:
            raise NotNative(f"`{node.arg}` is also the name of a parameter")
        if isinstance(node, ast.Global | ast.Nonlocal):
            raise NotNative("a function rebinds a global name")
    for function in ast.walk(module.tree):
        if isinstance(function, FunctionNode):
            for node in ast.walk(function):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del) and node.id in special:
                    raise NotNative(f"`{node.id}` is also a local name in `{function.name}`")
        if isinstance(function, FunctionNode | ast.Lambda) and any(isinstance(inner, ast.Lambda) for inner in ast.walk(function)):
            used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            if used & found.loaded:
                raise NotNative("a lambda uses what is loaded")
    for name in found.loaded:
        if name in ("setup", "handler", "health", "teardown", "current_request", "handle_exit", "provide_hints", "name", "app_name"):
            raise NotNative(f"`{name}` is a name that fal.App uses itself")


def _light_definitions(module: Module, found: NativePlan, handler: ast.AST) -> None:
    """Functions that stay at top level need nothing heavy while they are defined, and nothing that is loaded."""
    for statement in module.tree.body:
        if not isinstance(statement, FunctionNode):
            continue
        outside = [*statement.decorator_list, *statement.args.defaults, *(default for default in statement.args.kw_defaults if default)]
        annotations = [argument.annotation for argument in ast.walk(statement) if isinstance(argument, ast.arg) and argument.annotation]
        if statement.returns is not None:
            annotations.append(statement.returns)
        if statement is not handler:
            outside += annotations
            used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if used & found.loaded:
                raise NotNative(f"`{statement.name}` uses `{sorted(used & found.loaded)[0]}`, which is loaded at module level")
        names = {node.id for part in outside for node in ast.walk(part) if isinstance(node, ast.Name)}
        if names & (found.loaded | set(found.imports)):
            needed = sorted(names & (found.loaded | set(found.imports)))[0]
            raise NotNative(f"the definition of `{statement.name}` needs `{needed}` while the file is imported")
        if statement is not handler and any(isinstance(node, ast.Name) and node.id == "runpod" for node in ast.walk(statement)):
            raise NotNative("it uses RunPod's SDK beyond start()")
    for node in ast.walk(handler):
        if isinstance(node, ast.Name) and node.id == "runpod":
            raise NotNative("it uses RunPod's SDK beyond start()")


def _reads(code: Code, flow: Flow, schema: InputSchema, found: NativePlan, handler: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Every use of the input must be a read of one key with one default."""
    if flow.escapes or flow.job_escapes or flow.validations or flow.mutated:
        raise NotNative("its input is passed on, checked or changed as a whole")
    if any(read.key != "id" for read in flow.envelope):
        raise NotNative("it reads keys of the job beside `input`")
    fields = {entry.name: entry for entry in schema.fields}
    for read in flow.reads:
        entry = fields.get(read.key)
        if entry is None or read.how not in ("subscript", "get") or not read.key.isidentifier():
            raise NotNative(f"`{read.key}` of the input is not simply read")
        if read.how == "subscript" and not entry.required:
            raise NotNative(f"`{read.key}` is only read in some requests")
        if read.how == "get":
            try:
                default = constant(code, read.module, read.default) if read.default is not None else None
            except NotConstant:
                raise NotNative(f"the default of `{read.key}` is no constant") from None
            if entry.default != _source(read.key, default):
                raise NotNative(f"`{read.key}` has several defaults")
    for node in own_nodes(handler):
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and _is_input(node.value, found.job)
        ):
            found.aliases.add(node.targets[0].id)
    _only_key_reads(handler, found)
    stores = [
        node.id
        for node in ast.walk(handler)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in found.aliases | {found.job}
    ]
    if len(stores) != len(found.aliases):
        raise NotNative("a name for the input is assigned more than once")


def _only_key_reads(handler: ast.AST, found: NativePlan) -> None:
    """The job and its input are used in no other way than by the reads that become fields."""
    parents = {child: parent for parent in ast.walk(handler) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(handler):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id not in found.aliases | {found.job}:
            continue
        parent = parents[node]
        if isinstance(parent, ast.Attribute) and isinstance(call := parents.get(parent), ast.Call) and parent.attr == "get" and call.args:
            name = _constant_text(call.args[0])
        else:
            name = _constant_text(parent.slice) if isinstance(parent, ast.Subscript) else None
        if name is None or (node.id == found.job and name not in ("input", "id")):
            raise NotNative(f"`{node.id}` is used as a whole")
        if node.id == found.job and name == "input":
            read = parents.get(parents[node]) if isinstance(parent, ast.Attribute) else parent
            holder = parents.get(read) if read is not None else None
            alias = isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name)
            if not alias and not isinstance(holder, ast.Subscript | ast.Attribute):
                raise NotNative("its input is used as a whole")


def _constant_text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _source(key: str, value: object) -> str:
    from converters.concepts.literals import source_of

    try:
        return source_of(value)
    except TypeError:
        raise NotNative(f"the default of `{key}` is no plain value") from None


def _is_input(node: ast.expr, job: str) -> bool:
    if isinstance(node, ast.Subscript):
        return (
            isinstance(node.value, ast.Name)
            and node.value.id == job
            and isinstance(node.slice, ast.Constant)
            and node.slice.value == "input"
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return (
            isinstance(node.func.value, ast.Name)
            and node.func.value.id == job
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value == "input"
        )
    return False


def _ends(body: list[ast.stmt]) -> bool:
    """Whether a block surely ends with a result or an exception, and never comes to the line behind it."""
    last = body[-1]
    if isinstance(last, ast.If):
        return bool(last.orelse) and _ends(last.body) and _ends(last.orelse)
    if isinstance(last, ast.Try):
        return _ends([*last.body, *last.orelse]) and all(_ends(handler.body) for handler in last.handlers)
    if isinstance(last, ast.With | ast.AsyncWith):
        return _ends(last.body)
    return isinstance(last, ast.Return | ast.Raise)


def _results(module: Module, results: Results, handler: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Results are dicts with the same constant keys, or errors that are raised where nothing would catch them."""
    returns = [node for node in own_nodes(handler) if isinstance(node, ast.Return)]
    if results.opaque or not returns or not _ends(handler.body):
        raise NotNative("not every result is a dict that can be read")
    successes = [row for row in results.dicts if "error" not in row]
    if results.optional or len({frozenset(row) for row in successes}) > 1 or any("refresh_worker" in row for row in results.dicts):
        raise NotNative("its results differ in their keys")
    for node in returns:
        if not isinstance(node.value, ast.Dict):
            if node.value is None or successes or not isinstance(node.value, ast.Constant | ast.JoinedStr):
                raise NotNative("not every result is a dict that can be read")
            continue
        keys = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
        if "error" in keys:
            _error(module, node, keys, handler)
        elif not all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key) for key in keys) or not keys:
            raise NotNative("a result has keys that are no names")


def _error(module: Module, node: ast.Return, keys: Sequence[object], handler: ast.AST) -> None:
    if len(keys) > 1:
        raise NotNative("an error carries other keys beside it")
    assert isinstance(node.value, ast.Dict)
    value = node.value.values[0]
    text = value.values if isinstance(value, ast.JoinedStr) else [value]
    certain = any(isinstance(part, ast.Constant) and part.value for part in text) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str"
    )
    if not certain:
        raise NotNative("whether an error is one depends on its value")
    child: ast.AST = node
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Try) and parent.handlers and any(child is statement for statement in parent.body):
            raise NotNative("an error is returned inside a try block that would catch it")
        if parent is handler:
            return
        child = parent
