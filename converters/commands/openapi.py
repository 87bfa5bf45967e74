"""`--openapi FILE|URL`: an OpenAPI document that takes the place of the one that is read from the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from converters.errors import Unreadable, UsageError
from converters.options import OpenApi
from converters.project import SourceFile

MAX_SIZE = 16 * 2**20
"""Bytes of a document that is still read."""
TIMEOUT = 20.0
"""Seconds for an answer from a URL."""
HINT = "Give an OpenAPI 3 document, as JSON or YAML."


def load(stated: str) -> OpenApi:
    """The document in a file or at an http(s) URL, which is asked only here.

    Raises `UsageError` for a file or URL that does not answer, `Unreadable` for what is no OpenAPI 3 document.
    """
    url = stated.startswith(("http://", "https://"))
    data = _fetched(stated) if url else _read(Path(stated))
    document = _parsed(stated, data)
    if not isinstance(document, dict):
        raise Unreadable("is no OpenAPI document.", file=stated, hint=HINT)
    if "swagger" in document and "openapi" not in document:
        raise Unreadable(f"is a Swagger {document['swagger']} document.", file=stated, hint=f"{HINT} A converter to version 3 makes one.")
    if not str(document.get("openapi", "")).startswith("3.") or not isinstance(document.get("paths"), dict):
        raise Unreadable("is no OpenAPI 3 document: it needs `openapi: 3.x` and `paths`.", file=stated, hint=HINT)
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))  # YAML has values that JSON does not know
    return OpenApi(_shown(stated) if url else stated, plain)


def _shown(url: str) -> str:
    """The URL without what may be a secret: the login and the query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError("is no file.", file=str(path), hint="--openapi takes a file, or a URL with http:// or https://.")
    try:
        if path.stat().st_size > MAX_SIZE:
            raise Unreadable(f"is larger than {MAX_SIZE // 2**20} MiB.", file=str(path), hint=HINT)
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}.", file=str(path), hint="Check its permissions.") from error


def _fetched(url: str) -> bytes:
    from http.client import HTTPException
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    request = Request(url, headers={"Accept": "application/json, application/yaml"})
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            data: bytes = answer.read(MAX_SIZE + 1)
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UsageError(f"does not answer: {reason}.", file=url, hint="Start the server, or give a file.") from error
    if len(data) > MAX_SIZE:
        raise Unreadable(f"answers more than {MAX_SIZE // 2**20} MiB.", file=url, hint=HINT)
    return data


def _parsed(stated: str, data: bytes) -> Any:
    try:
        return json.loads(data)
    except RecursionError as error:
        raise Unreadable("is nested too deeply.", file=stated, hint=HINT) from error
    except ValueError as error:
        if data.lstrip()[:1] in (b"{", b"["):
            line = getattr(error, "lineno", 1)
            raise Unreadable(f"is not valid JSON: {getattr(error, 'msg', error)}.", file=stated, line=line, hint=HINT) from error
    from converters.containers.yaml_lines import load as load_yaml

    file = SourceFile(stated, Path(stated), len(data), False)
    file.__dict__["data"] = data
    return load_yaml(file)
