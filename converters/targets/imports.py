"""The import lines of generated code, by what its text uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

STANDARD: tuple[tuple[str, str], ...] = (
    (r"\basyncio\.", "import asyncio"),
    (r"\bcontextlib\.", "import contextlib"),
    (r"\bctypes\.", "import ctypes"),
    (r"\bdataclasses\.", "import dataclasses"),
    (r"\bimportlib\.", "import importlib"),
    (r"\binspect\.", "import inspect"),
    (r"\bjson\.", "import json"),
    (r"\bmimetypes\.", "import mimetypes"),
    (r"\bos\.", "import os"),
    (r"\bshutil\.", "import shutil"),
    (r"\bsignal\.", "import signal"),
    (r"\bsubprocess\.", "import subprocess"),
    (r"\bsys\.", "import sys"),
    (r"\btempfile\.", "import tempfile"),
    (r"\bthreading\.", "import threading"),
    (r"\btraceback\.", "import traceback"),
    (r"\burllib\.request\.", "import urllib.request"),
)
FROM_STANDARD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("collections.abc", ("AsyncIterable", "AsyncIterator", "Awaitable", "Callable", "Iterable", "Iterator")),
    ("datetime", ("datetime",)),
    ("enum", ("Enum",)),
    ("concurrent.futures", ("ThreadPoolExecutor",)),
    ("functools", ("wraps",)),
    ("pathlib", ("Path", "PurePath")),
    ("typing", ("Annotated", "Any", "Literal")),
    ("urllib.parse", ("unquote_plus", "urlparse")),
)
FROM_THIRD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("fal.container", ("ContainerImage",)),
    ("fal.exceptions", ("RequestCancelledException",)),
    ("fal.toolkit", ("Audio", "AudioField", "File", "FileField", "Image", "ImageField", "Video", "VideoField")),
    ("fastapi", ("HTTPException",)),
    ("fastapi.responses", ("JSONResponse", "StreamingResponse")),
    ("pydantic", ("BaseModel", "ConfigDict", "Field", "SecretStr", "WithJsonSchema")),
)


def complete(body: str, own: Sequence[str] = ()) -> str:
    """Put the imports that the text needs in the place of `@IMPORTS@`, in isort's order.

    ``own``: import statements of the standard library that the text came with; of these, names that it no longer uses are left out.
    """
    code = re.sub(r'(?<!f)"(?:[^"\\\n]|\\.)*"', '""', re.sub(r'"""(?:.|\n)*?"""', '""', body))
    here = bool(re.search(r"\bHERE\b", code))
    code += "\nPath(" if here else ""
    standard = [line for pattern, line in STANDARD if re.search(pattern, code)]
    standard += [line for module, names in FROM_STANDARD if (line := _from(module, names, code))]
    standard = _merged(standard, own, code) if own else standard
    third = ["import fal", *(line for module, names in FROM_THIRD if (line := _from(module, names, code)))]
    block = "\n".join(standard) + ("\n\n" if standard else "") + "\n".join(third) + "\n"
    if here:
        block += "\nHERE = Path(__file__).parent  # where `fal deploy` reads the Dockerfile and its files\n"
    return body.replace("@IMPORTS@", block)


def _merged(standard: list[str], own: Sequence[str], code: str) -> list[str]:
    """Both lists of import statements as one: `import` lines first, then one `from` line a module."""
    lines, parts = set(), dict[str, set[str]]()
    for statement in (node for text in (*standard, *own) for node in ast.parse(text).body):
        assert isinstance(statement, ast.Import | ast.ImportFrom)
        for alias in statement.names:
            bound = (alias.asname or alias.name).split(".")[0]
            name = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
            if not re.search(rf"(?<![\w.]){bound}\b", code):
                continue
            if isinstance(statement, ast.Import):
                lines.add(f"import {name}")
            else:
                parts.setdefault(str(statement.module), set()).add(name)
    return sorted(lines) + [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(parts.items())]


def _from(module: str, names: tuple[str, ...], code: str) -> str:
    used = [name for name in names if re.search(rf"(?<![\w.]){name}\b", code)]
    return f"from {module} import {', '.join(used)}" if used else ""
