"""Whether converted Cog predictors keep the contract of Cog's own schemas: inputs the one way, outputs the other. Nothing is run.

    python -m benchmarks.corpus.cog_contracts UNITS.jsonl SCHEMAS [--markdown FILE]

The arguments are those of `benchmarks.corpus.cog_schemas`. Every project is converted, its app is loaded as `fal deploy` loads it, and
what its OpenAPI document says is held against Cog's schema as `migrate verify --schema` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output import write
from converters.verify.certificate import Schemas
from converters.verify.contract import compared, of_source, unmapped
from converters.verify.target import published

from .against_schemas import main, schema_of

ROOT = Path(__file__).resolve().parents[2]


def one(unit: dict[str, Any], schemas: Path) -> tuple[str, Schemas | str] | None:
    """The name of a project, and how its schemas stand to Cog's or why that is not known; None where Cog's generator made no schema."""
    file = schema_of(unit, schemas)
    return None if file is None else (unit["uid"], _compared(Path(unit["unit"]), file))


def _compared(folder: Path, file: Path) -> Schemas | str:
    outcome = convert(folder / "cog.yaml" if (folder / "cog.yaml").is_file() else folder, Options())
    if not isinstance(outcome, Converted) or outcome.application.apps[0].predictor is None:
        return f"not converted: {getattr(outcome, 'message', 'another platform')}"
    app = outcome.application.apps[0]
    with tempfile.TemporaryDirectory() as work:
        written = write(outcome, Path(work) / "out").path
        command = [sys.executable, "-m", "benchmarks.corpus.deploy", str(written), f"{app.app_file}::{app.class_name}", f"{work}/payload"]
        loaded = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120)
    if loaded.returncode:
        return f"not loaded: {loaded.stderr.decode()[-200:]}"
    endpoint = app.endpoints[0]
    taken, answered = published(json.loads(loaded.stdout.splitlines()[-1])["openapi"], endpoint.path)
    source = of_source(app, file, None, says_null=True)
    return compared(source, taken, unmapped(answered, endpoint.output.wrap), envelope=app.envelope)


def table(rows: Iterable[tuple[str, Schemas | str]]) -> str:
    """A row for each project, and how many hold."""
    lines = ["| project | takes all | answers within | remark |", "|---|---|---|---|"]
    holds = [0, 0]
    for uid, found in rows:
        if isinstance(found, str):
            lines.append(f"| {uid} | ? | ? | {found} |")
            continue
        unclear = [any(text.startswith(about) for text in found.not_proven) for about in ("that the app takes", "that every answer")]
        signs = [
            "no" if wrong else "?" if unknown else "yes" for wrong, unknown in zip((found.refused, found.outside), unclear, strict=True)
        ]
        holds = [count + (sign == "yes") for count, sign in zip(holds, signs, strict=True)]
        remark = [*found.changed, *(f"{said}: `{breach.said}`" for said, breach in found.breaches), *found.not_proven]
        lines.append(f"| {uid} | {signs[0]} | {signs[1]} | {'; '.join(remark).replace('|', '/')} |")
    return "\n".join([*lines, f"| **all {len(lines) - 2}** | {holds[0]} | {holds[1]} | |"])


if __name__ == "__main__":
    main(__doc__, one, table)
