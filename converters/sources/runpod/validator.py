"""`rp_validator` schemas, with the semantics of the SDK as measured on runpod 1.10 and 1.12.

A field is checked with `isinstance`; `float` takes an int and converts it; an unknown key is refused; a field without `required`
counts as missing whatever is sent. Since 1.7.8 a value of the default's own type skips the type check and the constraints.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from converters.concepts import fields
from converters.concepts.literals import source_of
from converters.ir import InputField, Origin
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import Module

ANNOTATIONS: dict[type, str] = {str: "str", int: fields.INTEGER, float: "float", bool: "bool", list: "list[Any]", dict: "dict[str, Any]"}


@dataclass(frozen=True)
class SchemaField:
    """One entry of a validator schema. `problem` says what could not be read, or what the SDK makes of it."""

    name: str
    type: type | tuple[type, ...] | None
    required: bool
    has_required: bool
    has_default: bool
    default: Any
    origin: Origin
    constraint: ast.expr | None = None
    module: Module | None = None
    description: str = ""
    problem: str = ""


@dataclass
class Schema:
    """A schema that could be read. `unread` holds expressions of keys or values that could not."""

    fields: list[SchemaField] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_schema(code: Code, module: Module, node: ast.expr) -> Schema:
    """The schema that an expression stands for: a dict literal, or a name for one in this or another module of the project."""
    schema = Schema()
    for home, key, value in _entries(code, module, node, schema):
        entry = _field(code, home, key, value)
        if entry is None:
            schema.unread.append(home.source(value)[:80])
        else:
            schema.fields = [known for known in schema.fields if known.name != entry.name] + [entry]
    return schema


def _entries(code: Code, module: Module, node: ast.expr, schema: Schema, depth: int = 0) -> Iterator[tuple[Module, str, ast.expr]]:
    if isinstance(node, ast.Name | ast.Attribute) and depth < 6:
        found = _definition(code, module, node)
        if found is None:
            schema.unread.append(module.source(node))
            return
        schema.unread += [
            home.source(change)[:80] for home in {module.path: module, found[0].path: found[0]}.values() for change in _changes(home, node)
        ]
        yield from _entries(code, found[0], found[1], schema, depth + 1)
        yield from _additions(code, found[0], _last_name(node), schema, depth)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args and depth < 6:
        yield from _entries(code, module, node.func.value, schema, depth + 1)
    elif isinstance(node, ast.Call) and code.dotted(module, node.func) in ("copy.copy", "copy.deepcopy") and node.args and depth < 6:
        yield from _entries(code, module, node.args[0], schema, depth + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and depth < 6:
        for argument in node.args:
            yield from _entries(code, module, argument, schema, depth + 1)
        for keyword in node.keywords:
            if keyword.arg is None:
                yield from _entries(code, module, keyword.value, schema, depth + 1)
            else:
                yield module, keyword.arg, keyword.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and depth < 6:
        yield from _entries(code, module, node.left, schema, depth + 1)
        yield from _entries(code, module, node.right, schema, depth + 1)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _entries(code, module, value, schema, depth + 1)
                continue
            try:
                yield module, str(constant(code, module, key)), value
            except NotConstant as error:
                schema.unread.append(str(error))
    else:
        schema.unread.append(module.source(node)[:80])


def _changes(module: Module, node: ast.expr) -> Iterator[ast.AST]:
    """Where a module adds to a schema after its definition: `SCHEMA["x"] = ...`, `SCHEMA.update(...)`, `SCHEMA |= ...`."""
    name = _last_name(node)
    read = {inner for statement in _adding(module, name) for inner in ast.walk(statement)}
    for inner in ast.walk(module.tree):
        if inner in read:
            continue
        if isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store | ast.Del) and _names(inner.value, name):
            yield inner
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and _names(inner.func.value, name):
            if inner.func.attr in ("update", "setdefault", "pop", "popitem", "clear"):
                yield inner
        elif isinstance(inner, ast.AugAssign) and _names(inner.target, name):
            yield inner
    if len(module.assignments.get(name, [])) > 1:
        yield module.assignments[name][-1]


def _names(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


def _additions(code: Code, module: Module, name: str, schema: Schema, depth: int) -> Iterator[tuple[Module, str, ast.expr]]:
    """Entries that statements of the module add later: `SCHEMA["size"] = {...}`, `SCHEMA.update({...})`."""
    for statement in _adding(module, name):
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Subscript):
            assert isinstance(target.slice, ast.Constant)
            yield module, str(target.slice.value), statement.value
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield from _entries(code, module, statement.value.args[0], schema, depth + 1)


def _adding(module: Module, name: str) -> list[ast.stmt]:
    """Unconditional statements of a module that add constant keys to a schema."""
    found: list[ast.stmt] = []
    for statement in module.tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if isinstance(target, ast.Subscript):
            if _names(target.value, name) and isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
                found.append(statement)
        elif isinstance(statement, ast.Expr) and isinstance(call := statement.value, ast.Call) and isinstance(call.func, ast.Attribute):
            update = call.func.attr == "update" and len(call.args) == 1 and not call.keywords
            if update and _names(call.func.value, name):
                found.append(statement)
    return found


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _definition(code: Code, module: Module, node: ast.expr) -> tuple[Module, ast.expr] | None:
    if isinstance(node, ast.Name):
        found = code.definition(module, node.id)
        if found is not None and isinstance(found.node, ast.expr):
            return found.module, found.node
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        target = code.imported_module(module, node.value.id)
        if target is not None and node.attr in target.assignments:
            return target, target.assignments[node.attr][-1]
    return None


def _field(code: Code, module: Module, name: str, node: ast.expr) -> SchemaField | None:
    if isinstance(node, ast.Name):
        found = _definition(code, module, node)
        if found is not None:
            module, node = found
    elif isinstance(node, ast.Subscript):
        module, node = _entry_of(code, module, node) or (module, node)
    origin = module.origin(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _from_json(name, node.value, origin)
    if not isinstance(node, ast.Dict):
        return None
    parts = {key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)}
    try:
        declared = constant(code, module, parts["type"]) if "type" in parts else None
        required = bool(constant(code, module, parts["required"])) if "required" in parts else False
    except NotConstant:
        return None
    if declared is not None and not all(isinstance(one, type) for one in (declared if isinstance(declared, tuple) else (declared,))):
        return None
    has_default, default, problem = "default" in parts, None, ""
    if has_default:
        try:
            default = constant(code, module, parts["default"])
            source_of(default)
        except TypeError:
            default, problem = None, "its default is no plain value"
        except NotConstant as error:
            problem = f"its default depends on {error}"
    description = parts.get("description")
    text = description.value if isinstance(description, ast.Constant) and isinstance(description.value, str) else ""
    return SchemaField(
        name, declared, required, "required" in parts, has_default, default, origin, parts.get("constraints"), module, text, problem
    )


def _entry_of(code: Code, module: Module, node: ast.Subscript) -> tuple[Module, ast.expr] | None:
    """`OTHER["size"]`: the entry of another schema."""
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        rows = [(home, value) for home, key, value in _entries(code, module, node.value, Schema()) if key == node.slice.value]
        return rows[-1] if rows else None
    return None


def _from_json(name: str, text: str, origin: Origin) -> SchemaField | None:
    """The SDK also takes a field as a JSON string; its `type` is then a string, which no value is an instance of."""
    try:
        parts = json.loads(text)
    except ValueError:
        return None
    return SchemaField(name, None, bool(parts.get("required")), "required" in parts, "default" in parts, parts.get("default"), origin)


def input_field(entry: SchemaField, code: Code, *, defaults_skip_checks: bool) -> InputField:
    """The request field for a schema entry; `defaults_skip_checks` is true from runpod 1.7.8 on."""
    types = entry.type if isinstance(entry.type, tuple) else (entry.type,) if entry.type else ()
    names = [ANNOTATIONS.get(declared, "Any") for declared in types] or ["Any"]
    if entry.has_default and not entry.problem:
        if defaults_skip_checks and types == (float,) and type(entry.default) is int:
            names = [fields.REAL]
        if entry.default is None:
            names.append("None")
        elif (
            defaults_skip_checks
            and types
            and not isinstance(entry.default, types)
            and not (float in types and isinstance(entry.default, int))
        ):
            names.append(ANNOTATIONS.get(type(entry.default), "Any"))
    annotation = "Any" if "Any" in names else " | ".join(dict.fromkeys(names))
    required = entry.required or not entry.has_required or not entry.has_default
    enforced = not (defaults_skip_checks and entry.has_default and entry.default is not None)
    constraints, rest = _constraints(code, entry) if enforced else ({}, "")
    default = None if required else source_of(entry.default) if not entry.problem else "None"
    if entry.problem and not required and "None" not in annotation and annotation != "Any":
        annotation += " | None"
    description = ". ".join(part for part in (entry.description.rstrip("."), rest) if part)
    return InputField(
        name=entry.name,
        annotation=annotation,
        required=required,
        default=default,
        description=description,
        constraints=constraints,
        origin=entry.origin,
        evidence="rp_validator schema",
    )


def _constraints(code: Code, entry: SchemaField) -> tuple[dict[str, Any], str]:
    """Bounds and choices of a lambda; a text where it is something else (the handler's own validator still checks it)."""
    node, module = entry.constraint, entry.module
    if node is None or module is None:
        return {}, ""
    if isinstance(node, ast.Lambda) and len(node.args.args) == 1:
        found = bounds(code, module, node.body, node.args.args[0].arg)
        if found is not None:
            return found, ""
    return {}, f"must satisfy `{' '.join(module.source(node).split())}`"


OPPOSITE = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
OPERATORS: dict[type[ast.cmpop], str] = {ast.Gt: "gt", ast.GtE: "ge", ast.Lt: "lt", ast.LtE: "le"}


def bounds(code: Code, module: Module, body: ast.expr, name: str) -> dict[str, Any] | None:
    """`0 < x <= 16` and `x in ["a", "b"]` as `{"gt": 0, "le": 16}` and `{"choices": [...]}`; None for anything else."""
    if isinstance(body, ast.BoolOp) and isinstance(body.op, ast.And):
        merged: dict[str, Any] = {}
        for part in body.values:
            found = bounds(code, module, part, name)
            if found is None or merged.keys() & found.keys():
                return None
            merged.update(found)
        return merged
    if not isinstance(body, ast.Compare):
        return None
    operands = [body.left, *body.comparators]
    result: dict[str, Any] = {}
    for left, op, right in zip(operands, body.ops, operands[1:], strict=False):
        bound = _bound(code, module, left, op, right, name)
        if bound is None or bound[0] in result:
            return None
        result[bound[0]] = bound[1]
    return result


def _bound(code: Code, module: Module, left: ast.expr, op: ast.cmpop, right: ast.expr, name: str) -> tuple[str, Any] | None:
    try:
        if isinstance(left, ast.Name) and left.id == name:
            if isinstance(op, ast.In):
                values = constant(code, module, right)
                if not isinstance(values, list | tuple | set | frozenset | dict | range):
                    return None  # a part of a text, or what nothing is in
                return "choices", sorted(values, key=str) if isinstance(values, set | frozenset) else list(values)
            word, value = OPERATORS.get(type(op)), constant(code, module, right)
        elif isinstance(right, ast.Name) and right.id == name:
            word, value = OPPOSITE.get(OPERATORS.get(type(op), "")), constant(code, module, left)
        else:
            return None
    except NotConstant:
        return None
    return (word, value) if word and isinstance(value, int | float) and not isinstance(value, bool) else None
