"""Whether two JSON Schemas of an input mean the same to a caller."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")


def differences(source: Schema, target: Schema) -> list[str]:
    """What a caller must know: fields that are required, defaults, types, choices and bounds that are not the same, in words.

    A field that is required, or a type or bound that is tighter, makes the target refuse what the source took; a default that is
    another one changes what is computed.
    """
    found = []
    ours, theirs = source.get("properties", {}), target.get("properties", {})
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs or name not in ours:
            found.append(f"{name}: {'not in the app' if name in ours else 'only in the app'}")
            continue
        before, after = _plain(ours[name], source), _plain(theirs[name], target)
        required = (name in source.get("required", []), name in target.get("required", []))
        if required[0] != required[1]:
            found.append(f"{name}: {'required' if required[1] else 'optional'} in the app")
        for key in _KEYS:
            unsaid = key == "default" and not (key in before and key in after)  # a default that is made anew is in no schema
            if before.get(key) != after.get(key) and not unsaid:
                found.append(f"{name}: {key} {before.get(key)!r} became {after.get(key)!r}")
    return found


_KEYS = ("types", "default", "choices", *_BOUNDS)


def _plain(field: Schema, document: Schema) -> Schema:
    """A field as a flat table: its types, default, choices and bounds, wherever they stand."""
    plain: Schema = {"types": set()}
    if "default" in field:
        plain["default"] = field["default"]
    for part in _parts(field, document):
        if "const" in part or "enum" in part:
            plain["choices"] = part.get("enum", [part.get("const")])
        kind = part.get("type")
        plain["types"] |= set(kind if isinstance(kind, list) else [kind]) if kind else set()
        plain.update({bound: part[bound] for bound in _BOUNDS if bound in part})
    if "choices" in plain:
        plain["types"] -= {"string", "integer", "number"}
    whole = {"integer"} if "number" in plain["types"] else set()
    plain["types"] = sorted(plain["types"] - {"null"} - whole)
    return plain


def _parts(field: Schema, document: Schema) -> list[Schema]:
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        schemas = document.get("$defs") or document.get("components", {}).get("schemas", {})
        return _parts(schemas.get(name, {}), document)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in field:
            rest = {name: value for name, value in field.items() if name != key}
            return [rest, *(inner for part in field[key] for inner in _parts(part, document))]
    return [field]
