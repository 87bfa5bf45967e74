"""Where a line of an output comes from: by the account of the conversion that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .result import Place, Rehearsal


def with_source(rehearsal: Rehearsal, document: Mapping[str, Any]) -> Rehearsal:
    """A rehearsal whose failure also names the line of the source, where the report of the conversion (`schema.json`) tells it."""
    failure = rehearsal.failure
    if failure is None or failure.place is None:
        return rehearsal
    source = origin(failure.place, document)
    return rehearsal if source is None else rehearsal.model_copy(update={"failure": failure.model_copy(update={"source": source})})


def origin(place: Place, document: Mapping[str, Any]) -> Place | None:
    """The line of the source of a line of the output: the same one in a file that was copied, else that of the ledger item whose result
    stands there."""
    if any(file["path"] == place.file and file["action"] == "copied" for file in document["files"]):
        return place
    for item in document["ledger"]["items"]:
        output = item.get("output")
        if output and (output["file"], output["line"]) == (place.file, place.line):
            return Place(file=item["file"], line=item["line"])
    return None
