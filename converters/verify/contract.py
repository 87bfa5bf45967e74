"""What the schemas of the source promise to its callers, and where the app breaks it: one model for inputs and outputs.

A caller sends what the source's input accepts, and reads what its output allows. So the app must accept every such request (inputs are
contravariant) and answer within the source's output (outputs are covariant): what breaks that is a difference, shown by the smallest
value that does. The other way round, an app that takes more or answers less, is said and is no difference. Beside what a schema
accepts, it tells what is done where nothing is sent: another default, or a field that the app does not know, is a difference too.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from converters.ir import App
from converters.reports.schemas import input_schema, output_schema

from .certificate import Breach, Schemas, plain
from .outcome import File, LocalPath, Outcome
from .schemas.dialect import UNTYPED, NotUnderstood, Schema
from .schemas.instances import size
from .schemas.subsumption import NotProven, Outside, each_outside, misfit

_SHOWN = 8
"""Breaches of one kind that are looked for."""
_MEDIA = ("File", "Image", "Video", "Audio")
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_ANNOTATIONS = ("title", "description", "examples", "example", "deprecated", "components", "$defs")


@dataclass(frozen=True)
class Contract:
    """``where`` it was read; ``output``: None where the platform knows no schema of an output, as RunPod."""

    where: str
    input: Schema
    output: Schema | None

    @property
    def is_own(self) -> bool:
        """Whether it is the source platform's own word, and not what the conversion read in the code."""
        return self.where != _CODE


_CODE = "what the converter read in the code"


def of_source(app: App, schema: Path | None, document: Any, *, says_null: bool) -> Contract:
    """The best word that there is: ``schema`` (the file of Cog's build), the ``document`` that the source's server answers, the code.

    Raises ValueError where the file is not Cog's schema.
    """
    predictor = app.predictor
    train = predictor is not None and predictor.trains
    found = of_file(schema, train=train) if schema is not None and predictor is not None else None
    if found is None and not (train and schema is not None):  # the server answers what that file says, which is of predictions
        found = of_document(document, "what the source's server answers at /openapi.json", train=train, says_null=says_null)
    if found is None:
        return of_code(app)
    answers_nothing = any(field.optional for field in app.endpoints[0].output.fields) and bool(app.endpoints[0].output.wrap)
    if found.output is not None and answers_nothing:  # the code returns None beside what it declares, and Cog lets it
        places = {"components": found.output["components"]}
        found = replace(
            found, output={"anyOf": [{key: part for key, part in found.output.items() if key not in places}, {"type": "null"}], **places}
        )
    return found


def of_code(app: App) -> Contract:
    """What the conversion read: it must have been written down as it was read."""
    endpoint = app.endpoints[0]
    declared = app.predictor is not None
    return Contract(
        _CODE, input_schema(endpoint.input), unmapped(output_schema(endpoint.output), endpoint.output.wrap) if declared else None
    )


def of_document(document: Any, where: str, *, train: bool = False, says_null: bool = True) -> Contract | None:
    """What Cog's own OpenAPI document says; None where it has no input.

    ``says_null``: it tells which values may be null. Releases up to 0.16 with pydantic 1 do not: what is not required and has no default
    may be (seen with 0.9.26).
    """
    schemas = document.get("components", {}).get("schemas", {}) if isinstance(document, dict) else {}
    found = [schemas.get(f"Training{name}", schemas.get(name)) if train else schemas.get(name) for name in ("Input", "Output")]
    taken, answered = ({**part, "components": {"schemas": schemas}} if isinstance(part, dict) else None for part in found)
    if taken is None:
        return None
    if not says_null:
        taken, answered = _with_null(taken), answered and _with_null(answered)
    return Contract(where, taken, answered)


def of_file(path: Path, *, train: bool = False) -> Contract | None:
    """What the schema file of Cog's build says; None where it says nothing of training (``train``).

    Raises ValueError where it is none; the message says what is wrong with it.
    """
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from error
    found = of_document(document, f"{path.name} (--schema)")
    if found is not None and train:
        told = "TrainingInput" in document["components"]["schemas"]
        return of_document(document, found.where, train=True) if told else None
    if found is None:
        raise ValueError("holds no input (`components.schemas.Input`).")
    return found


def _with_null(schema: Schema) -> Schema:
    fields, required = schema.get("properties", {}), schema.get("required", [])
    optional = {name: {"nullable": True, **part} for name, part in fields.items() if name not in required and "default" not in part}
    return {**schema, "properties": {**fields, **optional}} if optional else schema


def as_declared(source: Contract, taken: Schema) -> Contract:
    """What the converter read in the code, as far as an app that a person wrote can be held to it.

    A field whose values the code does not tell, or of which it only does not say that it is never null, may be declared more narrowly;
    so may the items of a list and the keys of an object.
    The default of one that is left out is seen in what is done without it, and not read in the schema.
    """
    fields = taken.get("properties", {})

    def told(name: str, part: Any) -> Any:
        declared = fields.get(name)
        if not isinstance(part, dict) or not isinstance(declared, dict):
            return part
        known = {key: value for key, value in part.items() if key not in _ANNOTATIONS and key != "default"}
        default = {key: declared[key] for key in ("default",) if key in declared}
        found = _narrowed(part, _alternatives(declared, taken)) if known and UNTYPED not in known else declared
        return {**(found if _is_nullable(declared) else _without_null(found)), **default}

    properties = {name: told(name, part) for name, part in source.input.get("properties", {}).items()}
    return replace(source, input={**source.input, "properties": properties, "components": taken.get("components", {})})


def _alternatives(declared: Schema, document: Schema) -> list[tuple[Schema, Schema]]:
    """Each alternative as it is declared, and what it refers to."""
    return [(one, _resolved(one, document)) for one in declared.get("anyOf", [declared]) if isinstance(one, dict)]


def _narrowed(part: Schema, declared: Sequence[tuple[Schema, Schema]]) -> Schema:
    """A list or an object of which nothing more is known, with the items and keys that are declared."""
    if "anyOf" in part:
        return {**part, "anyOf": [_narrowed(one, declared) for one in part["anyOf"]]}
    kind = part.get("type")
    if kind == "array" and part.get("items", True) in (True, {}, {UNTYPED: True}):
        items = [inner["items"] for _, inner in declared if inner.get("type") == "array" and "items" in inner]
        return {**part, "items": items[0] if len(items) == 1 else {"anyOf": items}} if items else part
    if kind == "object" and not part.keys() & {"properties", "patternProperties", "additionalProperties"}:
        objects = [stated for stated, inner in declared if inner.get("type") == "object"]
        rest = {key: part[key] for key in _ANNOTATIONS if key in part}
        return {**rest, **(objects[0] if len(objects) == 1 else {"anyOf": objects})} if objects else part
    return part


def _is_nullable(part: Schema) -> bool:
    return any(one == {"type": "null"} or one.get("nullable") for one in (part, *part.get("anyOf", [])) if isinstance(one, dict))


def _without_null(part: Schema) -> Schema:
    """The schema of a value without null among its alternatives."""
    kept = [one for one in part.get("anyOf", []) if one != {"type": "null"}]
    return {**part, "anyOf": kept} if kept else part


def unmapped(schema: Schema, wrap: str) -> Schema:
    """The schema of an app's answer in the terms of its source.

    The key that the conversion put around a bare value (``wrap``) is taken away, and fal's file objects are the addresses that Cog
    answers. A value of which nothing is declared becomes one of which nothing is known, and an object that declares keys has no others.
    """
    places = {key: schema[key] for key in ("components", "$defs") if key in schema}
    if wrap and wrap in schema.get("properties", {}):
        schema = {**places, **schema["properties"][wrap]}
    found: Schema = _unmapped(schema)
    return found


def _unmapped(schema: Any) -> Any:
    if schema is True or (isinstance(schema, dict) and not [key for key in schema if key not in _ANNOTATIONS and not key.startswith("x-")]):
        places = _unmapped_parts({key: schema[key] for key in ("components", "$defs") if key in schema}) if schema is not True else {}
        return {UNTYPED: True, **places}
    if not isinstance(schema, dict):
        return schema
    if schema.get("title") in _MEDIA and "url" in schema.get("properties", {}):
        return dict(_ADDRESS)
    found = _unmapped_parts(schema)
    if "properties" in found and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found


def _unmapped_parts(schema: Schema) -> Schema:
    found = dict(schema)
    for key in ("items", "additionalProperties"):
        if key in found:
            found[key] = _unmapped(found[key])
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if key in found:
            found[key] = [_unmapped(part) for part in found[key]]
    for key in ("properties", "$defs"):
        if key in found:
            found[key] = {name: _unmapped(part) for name, part in found[key].items()}
    if "components" in found:
        found["components"] = {"schemas": {name: _unmapped(part) for name, part in found["components"].get("schemas", {}).items()}}
    return found


def compared(source: Contract, taken: Schema, answered: Schema, *, envelope: Collection[str] = ()) -> Schemas:
    """Where an app that takes ``taken`` and answers ``answered`` (see `unmapped`) breaks the contract of its source.

    ``envelope``: fields that the app takes beside the source's input, because the source read them beside it.
    """
    taken = _without([name for name in envelope if name not in source.input.get("properties", {})], taken)
    refused, unclear = _breaches(source.input, taken)
    not_proven = [f"that the app takes every request that the source takes: {why}" for why in unclear]
    takes_more, _ = _breaches(taken, source.input)
    found = Schemas(source=source.where, refused=refused, changed=list(_changed(source.input, taken)), takes_more=takes_more)
    if source.output is not None:
        found.outside, unclear = _breaches(answered, source.output)
        not_proven += [f"that every answer is as the source's schema says: {why}" for why in unclear]
        if source.is_own:
            found.answers_less, _ = _breaches(unmapped(source.output, ""), answered)
    found.not_proven = not_proven
    return found


def _breaches(inner: Schema, outer: Schema) -> tuple[list[Breach], list[str]]:
    found = list(itertools.islice(each_outside(inner, outer), _SHOWN))
    return [_breach(one) for one in found if isinstance(one, Outside)], [one.why for one in found if isinstance(one, NotProven)]


def _breach(found: Outside) -> Breach:
    return Breach(value=found.value, path=found.path, why=found.why)


def _changed(source: Schema, target: Schema) -> Iterator[str]:
    """Fields that the app does not know, and other defaults. A default that stands in one schema alone is made anew in the other."""
    fields = target.get("properties", {})
    yield from _other_defaults("", source, target, (source, target), frozenset())
    yield from (f"{name}: the app does not know it" for name in source.get("properties", {}) if name not in fields)


def _other_defaults(at: str, source: Schema, target: Schema, documents: tuple[Schema, Schema], seen: frozenset[str]) -> Iterator[str]:
    """Defaults that differ in fields of both, and in fields of those."""
    fields = target.get("properties", {})
    for name, before in source.get("properties", {}).items():
        if not isinstance(before, dict) or not isinstance(after := fields.get(name), dict):
            continue
        if "default" in before and "default" in after and after["default"] not in _meant(before["default"]):
            yield f"{at}{name}: default {before['default']!r} became {after['default']!r}"
        reference = str(after.get("$ref", ""))
        if reference not in seen:
            inner, outer = _resolved(before, documents[0]), _resolved(after, documents[1])
            yield from _other_defaults(f"{at}{name}.", inner, outer, documents, seen | {reference} if reference else seen)


def _resolved(schema: Schema, document: Schema) -> Schema:
    """What a reference of OpenAPI or of pydantic refers to."""
    place, _, name = str(schema.get("$ref", "")).rpartition("/")
    tables = {"#/$defs": document.get("$defs", {}), "#/components/schemas": document.get("components", {}).get("schemas", {})}
    found = tables.get(place, {}).get(name, schema)
    return found if isinstance(found, dict) else {}


def _meant(default: Any) -> list[Any]:
    """What a default may be: of a text in Cog's schema file also what its escapes stand for, which Cog's generator leaves as they are."""
    if not isinstance(default, str) or "\\" not in default:
        return [default]
    try:
        return [default, default.encode("latin-1", "backslashreplace").decode("unicode_escape")]
    except UnicodeDecodeError:
        return [default]


def _without(names: Collection[str], schema: Schema) -> Schema:
    fields = {name: part for name, part in schema.get("properties", {}).items() if name not in names}
    return {**schema, "properties": fields, "required": [name for name in schema.get("required", []) if name not in names]}


def answers_outside(output: Schema, answers: Iterable[tuple[Outcome, Outcome]]) -> list[Breach]:
    """What the app answered outside the source's schema while the source kept to it: for each path the smallest part that does not fit.

    ``answers``: pairs of the source's and the app's outcome.
    """
    found: dict[str, Outside] = {}
    for before, after in answers:
        for one, other in zip(_values(before), _values(after), strict=False):
            try:
                outside = misfit(other, output) if misfit(one, output) is None else None
            except NotUnderstood:
                continue
            if outside is not None and (outside.path not in found or size(outside.part) < size(found[outside.path].part)):
                found[outside.path] = outside
    return [Breach(value=plain(outside.part), path=outside.path, why=outside.why) for outside in list(found.values())[:_SHOWN]]


def _values(outcome: Outcome) -> list[Any]:
    """What a caller reads of an outcome: the result, or the chunks of a stream as the list that they are without one."""
    if outcome.kind != "result":
        return []
    return [_as_json(outcome.value if outcome.chunks is None else list(outcome.chunks))]


def _as_json(value: Any) -> Any:
    if isinstance(value, File | LocalPath):
        return "https://files.example/file"
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list | tuple) else value
