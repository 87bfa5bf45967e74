"""How a handler reads its input, where every read becomes a field of the request."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence, Set
from typing import Literal

from converters.concepts.literals import source_of
from converters.concepts.native import NotNative
from converters.ir import InputSchema
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import own_nodes
from converters.python.unparsed import unparse
from converters.sources.runpod.job_reads import Flow

Handler = ast.FunctionDef | ast.AsyncFunctionDef
LOAD = ast.Load()


def read_by_key(code: Code, flow: Flow, schema: InputSchema, handler: Handler, job: str) -> set[str]:
    """Local names of the input, where every use of it is a read of one key with one default. Raises `NotNative` where one is not."""
    aliases: set[str] = set()
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
        if isinstance(node, ast.Assign) and is_input(node.value, job) and isinstance(node.targets[0], ast.Name) and len(node.targets) == 1:
            aliases.add(node.targets[0].id)
    _only_key_reads(handler, aliases, job)
    stores = [
        node.id
        for node in ast.walk(handler)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in aliases | {job}
    ]
    if len(stores) != len(aliases):
        raise NotNative("a name for the input is assigned more than once")
    return aliases


def whole(body: Sequence[ast.stmt], job: str) -> Literal["input", "job"]:
    """What the endpoint has to make for a handler that does more than to read keys: the input as a dict, or the whole job."""
    parents = {child: parent for statement in body for parent in ast.walk(statement) for child in ast.iter_child_nodes(parent)}
    inputs = 0
    for node in (node for statement in body for node in ast.walk(statement)):
        if not isinstance(node, ast.Name) or node.id != job:
            continue
        read = parents.get(node)
        read = parents.get(read) if isinstance(read, ast.Attribute) else read
        if not isinstance(read, ast.Subscript | ast.Call) or not isinstance(getattr(read, "ctx", LOAD), ast.Load):
            return "job"
        if is_input(read, job):
            inputs += 2 if _runs_again(read, parents) else 1
        elif not _is_id(read, job):
            return "job"
    return "input" if inputs <= 1 else "job"


def uses_input(handler: Handler, gone: Set[int], job: str) -> bool:
    """Whether more than the lines that go uses the input as it was sent, which older validators change."""
    nodes = [node for statement in handler.body if statement.lineno not in gone for node in ast.walk(statement)]
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    taken = [node for node in nodes if isinstance(node, ast.Subscript | ast.Call) and _is_id(node, job)]
    return len(taken) < sum(isinstance(node, ast.Name) and node.id == job for node in nodes) if job in named else False


def _runs_again(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether an expression may be evaluated more than once in one call of the handler."""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.Lambda | ast.comprehension | ast.FunctionDef | ast.AsyncFunctionDef):
            return True
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            return True
    return False


def _is_id(node: ast.expr, job: str) -> bool:
    return unparse(node) in (f"{job}['id']", f"{job}.get('id')")


def _only_key_reads(handler: ast.AST, aliases: set[str], job: str) -> None:
    """The job and its input are used in no other way than by the reads that become fields."""
    parents = {child: parent for parent in ast.walk(handler) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(handler):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id not in aliases | {job}:
            continue
        parent = parents[node]
        if isinstance(parent, ast.Attribute) and isinstance(call := parents.get(parent), ast.Call) and parent.attr == "get" and call.args:
            name = _constant_text(call.args[0])
        else:
            name = _constant_text(parent.slice) if isinstance(parent, ast.Subscript) else None
        if name is None or (node.id == job and name not in ("input", "id")):
            raise NotNative(f"`{node.id}` is used as a whole")
        if node.id == job and name == "input":
            read = parents.get(parents[node]) if isinstance(parent, ast.Attribute) else parent
            holder = parents.get(read) if read is not None else None
            alias = isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name)
            if not alias and not (read is not None and _is_key_read(read, parents)):
                raise NotNative("its input is used as a whole")


def _is_key_read(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a dict is read by one key that stands there: `node["key"]`, `node.get("key", ...)`."""
    parent = parents.get(node)
    if isinstance(parent, ast.Subscript):
        return parent.value is node and _constant_text(parent.slice) is not None
    call = parents.get(parent) if isinstance(parent, ast.Attribute) and parent.attr == "get" else None
    return isinstance(call, ast.Call) and bool(call.args) and _constant_text(call.args[0]) is not None


def _constant_text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _source(key: str, value: object) -> str:
    try:
        return source_of(value)
    except TypeError:
        raise NotNative(f"the default of `{key}` is no plain value") from None


def is_input(node: ast.expr, job: str) -> bool:
    """Whether an expression is the input of the job: `job["input"]`, `job.get("input", ...)`."""
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
