"""`rp_validator` in a handler, where the request's model takes its place.

    validated = validate(job["input"], SCHEMA)
    if "errors" in validated:
        return {"error": validated["errors"]}
    values = validated["validated_input"]

The model refuses what the validator refuses and fills in the same defaults, so these lines go, and `values["x"]` is `input.x`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, replace

from converters.ir import InputSchema
from converters.python.code import Code
from converters.python.module import Module
from converters.python.names import plain_names
from converters.python.unparsed import unparse
from converters.sources.runpod.job_reads import Flow
from converters.sources.runpod.native.reads import Handler
from converters.sources.runpod.validator import read_schema


@dataclass(frozen=True)
class Validated:
    """The lines of a handler that the model takes the place of."""

    lines: frozenset[int]
    """First lines of the statements that go."""
    name: str
    """The name of what the validator accepted."""
    whole: bool
    """It is used, or changed, as a whole: a dict of the model's values takes its place."""


def validated(code: Code, module: Module, handler: Handler, flow: Flow, schema: InputSchema) -> Validated | None:
    """What to leave out; None where the validator has to stay."""
    if schema.extra != "forbid" or len(flow.validations) != 1:
        return None
    (validation,) = flow.validations
    if validation.part is not None or not validation.definite or validation.answered or validation.is_old(code):
        return None
    if not _says_all(code, module, validation.schema, schema):
        return None
    for position, statement in enumerate(handler.body):
        if isinstance(statement, ast.Assign) and statement.value is validation.call and isinstance(statement.targets[0], ast.Name):
            found = _lines(handler, position, statement.targets[0].id, {entry.name for entry in schema.fields})
            gone = found.lines | _only_checked(handler, found.lines, validation.call.args[:1]) if found is not None else frozenset[int]()
            return replace(found, lines=gone) if found is not None and _stand_alone(handler, gone) else None
    return None


def _stand_alone(handler: Handler, lines: Set[int]) -> bool:
    """Whether nothing else stands on the lines that go."""
    counted = Counter(line for each in handler.body for line in {each.lineno, each.end_lineno or each.lineno})
    gone = [each for each in handler.body if each.lineno in lines]
    return all(counted[line] == 1 for each in gone for line in (each.lineno, each.end_lineno or each.lineno))


def _only_checked(handler: Handler, lines: frozenset[int], checked: list[ast.expr]) -> set[int]:
    """The line that gives the input a name which nothing but the call of the validator uses."""
    if not checked or not isinstance(checked[0], ast.Name):
        return set()
    name = checked[0].id
    left = [statement for statement in handler.body if statement.lineno not in lines]
    using = [statement for statement in left if name in plain_names(statement)]
    if len(using) == 1 and isinstance(using[0], ast.Assign) and unparse(using[0].targets[0]) == name:
        return {using[0].lineno}
    return set()


def _says_all(code: Code, module: Module, node: ast.expr, schema: InputSchema) -> bool:
    """Whether the model refuses exactly what the validator's schema refuses."""
    found = read_schema(code, module, node)
    known = {entry.name: entry for entry in schema.fields}
    if found.unread or {entry.name for entry in found.fields} != set(known):
        return False
    for entry in found.fields:
        made = known[entry.name]
        unsaid = entry.constraint is not None and not made.constraints and made.description != entry.description.rstrip(".")
        if entry.problem or unsaid or "Any" in made.annotation.split(" | ") or made.model is not None or not entry.has_required:
            return False
        if not entry.required and not entry.has_default:
            return False
    return True


def _lines(handler: Handler, position: int, name: str, fields: set[str]) -> Validated | None:
    """The lines from the call on, which must be the three of the idiom."""
    rest = handler.body[position + 1 : position + 3]
    if len(rest) != 2 or not _refuses(rest[0], name):
        return None
    values = rest[1]
    if not isinstance(values, ast.Assign) or len(values.targets) != 1 or not isinstance(target := values.targets[0], ast.Name):
        return None
    if unparse(values.value) != f"{name}['validated_input']":
        return None
    after = [node for statement in handler.body[position + 3 :] for node in ast.walk(statement) if isinstance(node, ast.Name)]
    if name != target.id and any(node.id == name for node in after):
        return None
    if any(node.id == target.id and not isinstance(node.ctx, ast.Load) for node in after):
        return None
    lines = frozenset(statement.lineno for statement in (handler.body[position], *rest))
    return Validated(lines, target.id, whole=not _only_read(handler.body[position + 3 :], target.id, fields))


def _refuses(statement: ast.stmt, name: str) -> bool:
    """`if "errors" in validated: return {"error": validated["errors"]}`."""
    if not isinstance(statement, ast.If) or statement.orelse or len(statement.body) != 1:
        return False
    returned = unparse(statement.body[0])
    tests = {f"'errors' in {name}", f"{name}.get('errors')", f"'errors' in {name}.keys()"}
    return unparse(statement.test) in tests and returned == f"return {{'error': {name}['errors']}}"


def _only_read(body: list[ast.stmt], name: str, fields: set[str]) -> bool:
    """Whether a dict is only read by the names of fields."""
    parents = {child: parent for statement in body for parent in ast.walk(statement) for child in ast.iter_child_nodes(parent)}
    for statement in body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Name) or node.id != name:
                continue
            parent = parents.get(node)
            if isinstance(parent, ast.Subscript) and parent.value is node:
                if not (isinstance(parent.ctx, ast.Load) and isinstance(parent.slice, ast.Constant) and parent.slice.value in fields):
                    return False
            elif isinstance(parent, ast.Attribute) and parent.attr == "get" and isinstance(call := parents.get(parent), ast.Call):
                if call.func is not parent or not call.args or not isinstance(key := call.args[0], ast.Constant) or key.value not in fields:
                    return False
            else:
                return False
    return True
