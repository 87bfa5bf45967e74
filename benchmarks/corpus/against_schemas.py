"""The command line of what compares conversions with Cog's own schemas."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Row = TypeVar("Row")


def schema_of(unit: dict[str, Any], schemas: Path) -> Path | None:
    """The file of Cog's schema for a unit; None where its generator made none."""
    file = schemas / str(unit.get("static_schema_file") or "-").rpartition("/")[2]
    return file if file.is_file() else None


def main(description: str | None, one: Callable[[dict[str, Any], Path], Row | None], table: Callable[[list[Row]], str]) -> None:
    """Print the table of what ``one`` finds for each unit, given the folder of schemas; None leaves a unit out."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=Path, help="one JSON object a line with `unit` (folder) and `uid`")
    parser.add_argument("schemas", type=Path, help="folder of schemas that Cog generated")
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    units = [json.loads(line) for line in arguments.units.read_text().splitlines()]
    text = table([row for unit in units if (row := one(unit, arguments.schemas)) is not None])
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text + "\n")
