"""From the reads of the input to the request model: names, types, defaults, bounds, and what becomes of unknown keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from converters.concepts import fields
from converters.concepts.literals import source_of
from converters.ir import InputField, InputSchema, Origin
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.sources.runpod.conversions import ANYTHING
from converters.sources.runpod.job_reads import Flow, Read, Validation, stands_before
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
    whole = [validation for validation in flow.validations if validation.part is None]
    if whole:
        changed = _changed(flow, whole)
        made, remarks = _validated(code, whole, changed, defaults_skip_checks, is_open=_is_open(flow, whole))
        if made.extra == "forbid":
            merged = {entry.name for entry in made.fields}
            made.fields += [entry for entry in _of_reads(code, flow, known) if entry.name in changed - merged]
        if any(validation.answered for validation in whole):
            _left_to_the_worker(made)
        if made.extra == "allow":
            merged = {entry.name for entry in made.fields}
            made.fields += [entry for entry in _of_reads(code, flow, known) if entry.name not in merged]
    else:
        found = _of_reads(code, flow, known)
        remarks = []
        if not found and flow.escapes:
            return _of_examples(known), remarks
        made = InputSchema(fields=found, extra="allow", known=bool(found), evidence="reads of the input")
    for key in dict.fromkeys(validation.part.key for validation in flow.validations if validation.part is not None):
        remarks += _nest(code, flow, key, made, defaults_skip_checks)
    return made, remarks


def _of_reads(code: Code, flow: Flow, examples: Examples) -> list[InputField]:
    """A field for every key that is read, in the order of the reads."""
    names = dict.fromkeys(read.key for read in flow.reads)
    found = [_field(code, name, [read for read in flow.reads if read.key == name], examples) for name in names]
    return [entry for entry in found if entry is not None]


def _nest(code: Code, flow: Flow, key: str, made: InputSchema, defaults_skip_checks: bool) -> list[str]:
    """Give the field of a key the schemas that the value (or each item of it) is checked with. Returns remarks for the ledger."""
    validations = [validation for validation in flow.validations if validation.part is not None and validation.part.key == key]
    parts = {validation.part for validation in validations}
    outer = next((entry for entry in made.fields if entry.name == key), None)
    if len(parts) != 1 or outer is None:
        return []
    (part,) = parts
    changes = [change for change in flow.part_changes if change.part == part]
    changed = {change.key for change in changes if any(stands_before(change.path, one.path) for one in validations)}
    inner, remarks = _validated(code, validations, changed, defaults_skip_checks, is_open=bool(changed))
    annotation = "list[dict[str, Any]]" if part is not None and part.item else "dict[str, Any]"
    outer.annotation = annotation if outer.required or outer.default not in (None, "None") else fields.nullable(annotation)
    outer.model = inner
    outer.evidence = inner.evidence
    return remarks


def _validated(
    code: Code, validations: list[Validation], changed: set[str], defaults_skip_checks: bool, *, is_open: bool
) -> tuple[InputSchema, list[str]]:
    """The fields of validator schemas. It is strict where one schema alone decides and all of it was read.

    `changed` are the keys that the worker itself sets or takes out before, which say nothing about the request; `is_open`: it changes
    others, too.
    """
    remarks: list[str] = []
    merged: dict[str, InputField] = {}
    strict = len(validations) == 1 and validations[0].definite and not is_open
    for validation in validations:
        found = read_schema(code, validation.module, validation.schema)
        where = f"{validation.module.path}:{validation.call.lineno}"
        open_parts = "so the request model leaves it open; the worker checks it itself"
        remarks += [f"{where}: the validator schema holds `{text}`, {open_parts}" for text in found.unread]
        strict = strict and not found.unread
        for entry in found.fields:
            old = validation.is_old(code)
            made = input_field(entry, code, defaults_skip_checks=defaults_skip_checks and not old)
            if old and not entry.required:
                made = made.model_copy(update={"required": False, "default": "None", "annotation": fields.nullable(made.annotation)})
            if not strict or made.name in changed:
                annotation = "Any" if made.name in changed else _loose(made)
                made = made.model_copy(update={"required": False, "default": made.default or "None", "annotation": annotation})
            merged[made.name] = merged.get(made.name) or made
            if not entry.has_required and entry.type is not None:
                remarks.append(
                    f"{entry.origin}: `{entry.name}` has no `required` key, so the validator reports it missing whatever is sent"
                )
    return InputSchema(fields=list(merged.values()), extra="forbid" if strict else "allow", evidence="rp_validator schema"), remarks


def _left_to_the_worker(schema: InputSchema) -> None:
    """The worker answers what is wrong as a result, so no request may fail before it gets there: types are only told."""
    for entry in schema.fields:
        told = f"{entry.annotation}{', required' if entry.required else ''} (the worker checks it itself)"
        entry.description = ". ".join(part for part in (entry.description, told) if part)
        entry.annotation, entry.required, entry.constraints = "Any", False, {}
        entry.default = entry.default or "None"
    schema.extra = "allow"


def _changed(flow: Flow, validations: list[Validation]) -> set[str]:
    """Keys that are set or taken out before the validator sees the input."""
    changes = [read for read in flow.reads if read.how in ("set", "pop")]
    return {read.key for read in changes if any(stands_before(read.path, validation.path) for validation in validations)}


def _is_open(flow: Flow, validations: list[Validation]) -> bool:
    """Whether keys that only running code tells are changed before the validator sees the input."""
    return any(stands_before(change, validation.path) for change in flow.open_changes for validation in validations)


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
    lenient = any(read.how in ("get", "in", "set") or (read.how == "pop" and not read.definite) for read in reads)
    required = any(read.definite and (read.how == "needed" or not lenient) for read in reads)
    defaults, open_default = _defaults(code, reads)
    coerced = next((read.coerced for read in reads if read.coerced), "")
    annotation, evidence = _annotation(name, reads, defaults, coerced, examples)
    default: str | None = None
    if not required:
        distinct = {source_of(value) for value in defaults if _plain(value)}
        default = distinct.pop() if len(distinct) == 1 and not open_default else "None"
        if annotation not in (fields.TO_INT, fields.TO_FLOAT):
            annotation = fields.nullable(annotation)  # the source's own default only stands in for a key that is not there
    first = next((read for read in reads if read.how not in ("in", "needed")), reads[0])
    origin = Origin(file=first.module.path, line=getattr(first.node, "lineno", 1), end_line=getattr(first.node, "end_lineno", 0) or 0)
    return InputField(name=name, annotation=annotation, required=required, default=default, origin=origin, evidence=evidence)


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


def _annotation(name: str, reads: list[Read], defaults: list[Any], coerced: str, examples: Examples) -> tuple[str, str]:
    """(annotation, the evidence for it)."""
    given = examples.values(name)
    for read in reads:
        if read.annotation in PLAIN:
            plain = {"float": fields.NUMBER, "dict": "dict[str, Any]", "list": "list[Any]"}.get(read.annotation, read.annotation)
            return _widen(plain, given), "parameter annotation"
    if coerced in ("int", "float"):
        return fields.TO_INT if coerced == "int" else fields.TO_FLOAT, f"{coerced}() at the read"
    if coerced in ("bool", ANYTHING):
        return "Any", ""
    kinds = {fields.of_default(name, value) for value in defaults if value is not None}
    if len(kinds) == 1 and coerced != "str":
        return _widen(kinds.pop(), given), "default value"
    if kinds:
        return "Any", ""
    annotation = fields.of_examples(name, given)
    if annotation != "Any" and len(annotation) > 0:
        return annotation, "example request"
    annotation = fields.of_name(name) if not given and coerced != "str" else "Any"
    return annotation, "name" if annotation != "Any" else ""


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
