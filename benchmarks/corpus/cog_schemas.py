"""Compare the inputs of converted Cog predictors with the schemas that Cog's own generator makes of them.

    python -m benchmarks.corpus.cog_schemas UNITS.jsonl SCHEMAS [--markdown FILE]

UNITS.jsonl: one JSON object a line with `unit` (folder), `uid` and `static_schema_file` (a file name; the text after the last `/` is
looked up in SCHEMAS). For every input: the same name, type, choices, bounds and default. Two differences are wanted and listed one by
one: an input whose default is None is optional here and required in Cog's schema since 0.17 (Cog's own documentation says optional),
and inputs of a signature that the code rewrites at run time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converters.convert import convert
from converters.ir import App
from converters.options import Options
from converters.outcome import Converted
from converters.reports.schemas import input_schema

from .against_schemas import main, schema_of

BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "pattern")


@dataclass
class Comparison:
    """What one project came to."""

    uid: str
    inputs: int = 0
    same: int = 0
    wanted: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)


def compare(uid: str, app: App, schema: dict[str, Any], *, rewritten: bool) -> Comparison:
    """Compare an app's input with Cog's schema of the same predictor."""
    found = Comparison(uid)
    theirs = schema["components"]["schemas"]["Input"]
    ours = input_schema(app.endpoints[0].input)
    wanted = theirs.get("properties", {})
    for name in sorted(set(wanted) | set(ours["properties"])):
        found.inputs += 1
        left, right = _plain(ours["properties"].get(name)), _plain(wanted.get(name), schema)
        required = (name in ours.get("required", []), name in theirs.get("required", []))
        optional_by_none = required == (False, True) and left is not None and left.get("default") is None
        if left == right and required[0] == required[1]:
            found.same += 1
        elif left == right and optional_by_none:
            found.same += 1
            found.wanted.append(f"`{name}`: default None, optional here")
        elif rewritten and (left is None or right is None):
            found.wanted.append(f"`{name}`: the signature is rewritten at run time")
        else:
            found.different.append(f"`{name}`: {json.dumps(left)} {required[0]} here, {json.dumps(right)} {required[1]} in Cog's schema")
    return found


def _plain(schema: dict[str, Any] | None, document: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Type, choices, bounds and default, in one spelling: without null, titles and references."""
    if schema is None:
        return None
    merged = dict(schema)
    for part in schema.get("allOf", []):
        name = part["$ref"].rpartition("/")[2]
        merged = {**(document or {})["components"]["schemas"][name], **merged}
    members = [member for member in merged.get("anyOf", []) if member != {"type": "null"}]
    if len(members) == 1:
        merged = {**members[0], **{key: value for key, value in merged.items() if key != "anyOf"}}
    kind = merged.get("type") or sorted(str(member.get("type")) for member in members) or None
    if merged.get("enum") and not merged.get("type"):
        kind = "integer" if all(isinstance(choice, int) for choice in merged["enum"]) else "string"
    plain = {"type": kind, "enum": merged.get("enum"), "default": merged.get("default")}
    plain.update({key: merged.get(key) for key in BOUNDS})
    if kind == "array":
        plain["items"] = (_plain(merged.get("items") or {}, document) or {}).get("type")
    return {key: value for key, value in plain.items() if value is not None}


def one(unit: dict[str, Any], schemas: Path) -> Comparison | None:
    """The comparison of one project; None where Cog's generator made no schema of it."""
    path = schema_of(unit, schemas)
    if path is None:
        return None
    folder = Path(unit["unit"])
    outcome = convert(folder / "cog.yaml" if (folder / "cog.yaml").is_file() else folder, Options())
    if not isinstance(outcome, Converted) or outcome.application.platform != "replicate":
        return Comparison(unit["uid"], different=[f"not converted: {getattr(outcome, 'message', 'another platform')}"])
    rewritten = any(b"__signature__" in path.read_bytes() for path in Path(unit["unit"]).glob("*.py"))
    return compare(unit["uid"], outcome.application.apps[0], json.loads(path.read_text()), rewritten=rewritten)


def table(rows: list[Comparison]) -> str:
    lines = ["| project | inputs | same | remark |", "|---|---|---|---|"]
    for row in rows:
        remark = "; ".join([*row.different, *row.wanted]).replace("|", "/")
        lines.append(f"| {row.uid} | {row.inputs} | {row.same} | {remark} |")
    total, same = sum(row.inputs for row in rows), sum(row.same for row in rows)
    tolerated = sum("run time" in text for row in rows for text in row.wanted)
    lines.append(
        f"| **all {len(rows)}** | {total} | {same} | {tolerated} more tolerated; {100 * (same + tolerated) / max(total, 1):.1f} % |"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main(__doc__, one, table)
