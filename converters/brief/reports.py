"""Findings out of documents that other commands printed with `--format json`."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from converters.errors import Unreadable
from converters.findings.finding import Document, Evidence, Finding
from converters.project import MAX_FILE

_HINT = "Give what `migrate PATH`, `verify` or `rehearse` prints with --format json."
_NAMES = {field.name for field in fields(Finding)}


def read(file: Path) -> tuple[Document, list[Finding]]:
    """A document and its findings. Raises `Unreadable` for anything that is none."""
    try:
        if file.stat().st_size > 32 * MAX_FILE:
            raise Unreadable("is too large.", file=str(file), hint=_HINT)
        document: Any = json.loads(file.read_bytes())
        found = [_finding(one) for one in document["findings"]]
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}.", file=str(file), hint=_HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("is no document with findings.", file=str(file), hint=_HINT) from error
    return document, found


def source_of(document: Document) -> str:
    """The folder that was converted; '' where the document does not say."""
    source = document.get("source")
    return str(source["path"]) if isinstance(source, dict) and isinstance(source.get("path"), str) else ""


def _finding(value: Any) -> Finding:
    """A finding of a document. Raises TypeError, KeyError or ValueError for what is none."""
    if value.keys() != _NAMES:
        raise ValueError("a finding has other keys")
    evidence = tuple(Evidence(str(one["text"]), str(one["file"]), int(one["line"])) for one in value["evidence"])
    return Finding(**{**value, "evidence": evidence, "documentation": tuple(map(str, value["documentation"]))})
