"""A document that a command writes to a file of the user's choice, beside what it prints."""

from __future__ import annotations

from pathlib import Path

from converters.errors import UsageError


def write_document(text: str, place: Path | None) -> None:
    """Write a document where a place was named. Raises `UsageError` where that cannot be done."""
    if place is None:
        return
    try:
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}.", file=str(place), hint="Name another file.") from error
