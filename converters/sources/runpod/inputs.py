"""From the reads of the input to the request model: names, types, defaults, bounds, and what becomes of unknown keys."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import Any

from converters.concepts import fields
from converters.concepts.literals import source_of
from converters.ir import InputField, InputSchema, Origin
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.sources.runpod.flow import Flow, Read, Validation
from converters.sources.runpod.validator import input_field, read_schema

PLAIN = frozenset({"str", "int", "float", "bool", "dict", "list"})


@dataclass(frozen=True)
class Examples:
    """Values that example requests give a key."""

    requests: list[dict[str, Any]]

    def values(self, key: str) -> list[Any]:
        return [request[key] for request in self.requests if key in request]


def schema(code: Code, flow: Flow, examples: list[dict[str, Any]], *, defaults_skip_checks: bool) -> tuple[InputSchema, list[str]]:
    """The request model, and remarks for the ledger about what could not be read."""
    known = Examples(examples)
    if flow.validations:
        return _validated(code, flow, known, defaults_skip_checks)
    names = list(dict.fromkeys(read.key for read in flow.reads))
    found = [_field(code, name, [read for read in flow.reads if read.key == name], known) for name in names]
    found = [entry for entry in found if entry is not None]
    remarks: list[str] = []
    if not found and flow.escapes:
        return _of_examples(known), remarks
    return InputSchema(fields=[entry for entry in found if entry], extra="allow", known=bool(found), evidence="reads of the input"), remarks


def _validated(code: Code, flow: Flow, examples: Examples, defaults_skip_checks: bool) -> tuple[InputSchema, list[str]]:
    remarks: list[str] = []
    merged: dict[str, InputField] = {}
    changed = {read.key for read in flow.reads if any(_before(read, validation) for validation in flow.validations)}
    strict = len(flow.validations) == 1 and flow.validations[0].definite and not changed
    for validation in flow.validations:
        found = read_schema(code, validation.module, validation.schema)
        where = f"{validation.module.path}:{validation.call.lineno}"
        open_parts = "so the request model leaves it open; the worker checks it itself"
        remarks += [f"{where}: the validator schema holds `{text}`, {open_parts}" for text in found.unread]
        strict = strict and not found.unread
        for entry in found.fields:
            made = input_field(entry, code, defaults_skip_checks=defaults_skip_checks)
            if not strict:
                annotation = "Any" if made.name in changed else _loose(made)
                made = made.model_copy(update={"required": False, "default": made.default or "None", "annotation": annotation})
            merged[made.name] = merged.get(made.name) or made
            if not entry.has_required and entry.type is not None:
                remarks.append(
                    f"{entry.origin}: `{entry.name}` has no `required` key, so the validator reports it missing whatever is sent"
                )
    if not strict:
        for name in dict.fromkeys(read.key for read in flow.reads if read.how != "set"):
            if name not in merged:
                made_field = _field(code, name, [read for read in flow.reads if read.key == name], examples)
                if made_field is not None:
                    merged[name] = made_field
    return InputSchema(fields=list(merged.values()), extra="forbid" if strict else "allow", evidence="rp_validator schema"), remarks


def _before(read: Read, validation: Validation) -> bool:
    """Whether a key is set or taken out before the validator sees the input."""
    line = getattr(read.node, "lineno", 0)
    return read.how in ("set", "pop") and read.module.path == validation.module.path and line < validation.call.lineno


def _loose(made: InputField) -> str:
    return made.annotation if made.default not in (None, "None") else fields.nullable(made.annotation)


def _of_examples(examples: Examples) -> InputSchema:
    """The input goes on as a whole: example requests are the only evidence, so every field is optional."""
    names = list(dict.fromkeys(name for request in examples.requests for name in request if name.isidentifier()))
    found = [
        InputField(name=name, annotation="Any", required=False, default="None", description="", evidence="example request")
        for name in names
    ]
    return InputSchema(fields=found, extra="allow", known=False, evidence="the input is passed on whole")


def _field(code: Code, name: str, reads: list[Read], examples: Examples) -> InputField | None:
    if all(read.how == "set" for read in reads):
        return None
    required = any(read.definite for read in reads) and not any(read.how in ("get", "in", "set", "pop") for read in reads)
    defaults, open_default = _defaults(code, reads)
    coerced = next((read.coerced for read in reads if read.coerced), "")
    annotation, evidence, lax = _annotation(name, reads, defaults, coerced, examples)
    default: str | None = None
    if not required:
        distinct = {source_of(value) for value in defaults if _plain(value)}
        if len(distinct) == 1 and not open_default:
            default = distinct.pop()
            if default == "None":
                annotation = fields.nullable(annotation)
        else:
            default, annotation = "None", fields.nullable(annotation)
    first = next((read for read in reads if read.how != "in"), reads[0])
    origin = Origin(file=first.module.path, line=getattr(first.node, "lineno", 1), end_line=getattr(first.node, "end_lineno", 0) or 0)
    return InputField(name=name, annotation=annotation, required=required, default=default, lax=lax, origin=origin, evidence=evidence)


def _defaults(code: Code, reads: list[Read]) -> tuple[list[Any], bool]:
    """Constant defaults of the reads, and whether another one depends on something that only runs tell."""
    values: list[Any] = []
    unknown = False
    for read in reads:
        if read.default is not None:
            try:
                values.append(constant(code, read.module, read.default))
            except NotConstant:
                unknown = True
        elif read.how == "get":
            values.append(None)
    return values, unknown


def _annotation(name: str, reads: list[Read], defaults: list[Any], coerced: str, examples: Examples) -> tuple[str, str, bool]:
    """(annotation, the evidence for it, whether other forms of a number are welcome)."""
    given = examples.values(name)
    for read in reads:
        if read.annotation in PLAIN:
            plain = {"float": fields.NUMBER, "dict": "dict[str, Any]", "list": "list[Any]"}.get(read.annotation, read.annotation)
            return _widen(plain, given), "parameter annotation", False
    if coerced in ("int", "float"):
        return _widen(coerced, given), f"{coerced}() at the read", True
    if coerced == "bool":
        return "Any", "", False
    kinds = {fields.of_default(name, value) for value in defaults if value is not None}
    if len(kinds) == 1 and coerced != "str":
        return _widen(kinds.pop(), given), "default value", False
    if kinds:
        return "Any", "", False
    annotation = fields.of_examples(name, given)
    if annotation != "Any" and len(annotation) > 0:
        return annotation, "example request", False
    annotation = fields.of_name(name) if not given and coerced != "str" else "Any"
    return annotation, "name" if annotation != "Any" else "", False


def _widen(annotation: str, given: list[Any]) -> str:
    """The annotation, made wider where an example request of the project would not fit."""
    for value in given:
        if not fields.accepts(annotation, value):
            annotation = fields.nullable(annotation) if value is None else "Any"
    return annotation


def _plain(value: Any) -> bool:
    if isinstance(value, list | tuple | set):
        return all(_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    return value is None or isinstance(value, str | int | float | bool)


def is_identifier(name: str) -> bool:
    """Whether a key can be a field name as it is (others get an alias)."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_") and not name.startswith("model_")
