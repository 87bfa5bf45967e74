"""Certificates over a corpus: how many units are shown to behave like their source.

    python -m benchmarks.corpus.verify UNITS.jsonl [--only TEXT] [--jobs 2] [--seconds 25] [--schemas FOLDER] [--pythons FILE]
                                       [--markdown FILE]

UNITS.jsonl: one JSON object a line with `unit` (folder), `uid`, `difficulty`. `--schemas`: Cog's own schema files, `<uid>.json`.
`--pythons`: a JSON object of unit ids with the interpreter whose SDK the source side is to run under (`migrate verify --source-python`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def one(unit: dict[str, Any], seconds: float, schemas: Path | None, python: str | None) -> dict[str, Any]:
    """The certificate of a unit's first app in short."""
    row = {"uid": _name(unit), "difficulty": unit["difficulty"]}
    schema = schemas / _schema_name(unit) if schemas else None
    extra = ["--schema", str(schema)] if schema is not None and schema.exists() else []
    extra += ["--source-python", python] if python else ["--source-sdk", "own"]
    command = [sys.executable, "-m", "converters.cli", "verify", unit["unit"], "--format", "json", "--seconds", str(seconds), *extra]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=seconds + 150)
    except subprocess.TimeoutExpired:
        return {**row, "verdict": "none", "why": "timeout"}
    try:
        document = json.loads(found.stdout)
    except ValueError:
        return {**row, "verdict": "none", "exit": found.returncode, "why": found.stderr.decode()[-300:]}
    if "certificates" not in document:
        return {**row, "verdict": "none", "exit": found.returncode, "why": str(document.get("message", ""))[:300]}
    wanted = str(unit.get("entry_file", ""))
    certificates = sorted(document["certificates"], key=lambda item: 0 if wanted and item["app"].split("-")[-1] in wanted else 1)
    certificate = certificates[0]
    trials = certificate["trials"]
    different = [trial for trial in trials if not trial["same"]]
    return {
        **row,
        "exit": found.returncode,
        "verdict": certificate["verdict"],
        "sdk": _sdk(certificate),
        "why": certificate["why"],
        "requests": len(trials),
        "proven": sum(trial["same"] and trial["reached"] for trial in trials),
        "calls": sum(trial["source"]["calls"] for trial in trials),
        "narrowed": sum(trial["narrowed"] for trial in trials),
        "seconds": certificate["seconds"],
        "different": [
            {"about": trial["about"], "kind": trial["kind"], "body": trial["body"], "differences": trial["differences"][:2]}
            for trial in sorted(different, key=lambda trial: trial["kind"] != "shrunk")[:3]
        ],
    }


def _sdk(certificate: dict[str, Any]) -> str:
    """Name and release of the SDK under which the source ran; a server runs by itself."""
    if certificate["platform"] == "docker":
        return "itself"
    name = "runpod" if certificate["platform"] == "runpod" else "cog"
    versions = certificate["versions"]
    return f"{name} {versions.get(f'source {name}', versions.get(name))}"


def _name(unit: dict[str, Any]) -> str:
    """The unit's id, else its repository's folder and the folder of its cog.yaml."""
    return str(unit.get("uid") or unit["unit"].partition("/cog/")[2])


def _schema_name(unit: dict[str, Any]) -> str:
    folder = unit.get("cog_yaml", "").rpartition("/")[0]
    return f"{_name(unit).partition('/')[0]}__{folder.replace('/', '_') or '.'}.json"


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| unit | source under | verdict | requests | with a model's result | seconds | remark |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        why = str(row["why"]).replace(sys.prefix, "").replace("|", "/").replace("\n", " ")[:140]
        remark = "" if row["verdict"] == "equivalent" else why
        cells = [row.get(key, "") for key in ("uid", "sdk", "verdict", "requests", "proven", "seconds")] + [remark]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--schemas", type=Path)
    parser.add_argument("--pythons", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    units = [json.loads(line) for line in arguments.units.read_text().splitlines()]
    wanted = [unit for unit in units if arguments.only in _name(unit) and unit["difficulty"] != "refuse"]
    pythons = json.loads(arguments.pythons.read_text()) if arguments.pythons else {}
    rows = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for row in pool.map(lambda unit: one(unit, arguments.seconds, arguments.schemas, pythons.get(_name(unit))), wanted):
            rows.append(row)
            print(json.dumps(row), flush=True)
    certified = [row for row in rows if row["verdict"] == "equivalent" and row["proven"]]
    times = [row["seconds"] for row in rows if "seconds" in row]
    print(json.dumps({"certified": f"{len(certified)}/{len(rows)}", "median seconds": statistics.median(times) if times else None}))
    if arguments.markdown:
        arguments.markdown.write_text(table(rows) + "\n")


if __name__ == "__main__":
    main()
