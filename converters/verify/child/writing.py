"""Files that calls of doubles leave behind: where a call names one, or has it opened, it is written."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from typing import Any

from . import files
from .describe import Expression

_WRITERS = re.compile(
    r"(?i)^(im)?(save|write|dump|export|to_file|encode_to|mimsave|mimwrite|render)|_to_(video|gif|file|ply|obj)$|_save$|_write$"
)


def is_writer(name: str) -> bool:
    """Whether a call of this name writes."""
    return _WRITERS.search(name) is not None


def write(text: str, name: str, arguments: Iterable[Any]) -> None:
    """Write the files that a call of ``name`` gets as arguments, by their paths or opened."""
    for argument in arguments:
        if not isinstance(argument, (str, os.PathLike)):
            if is_writer(name) and hasattr(argument, "write") and not isinstance(argument, type):
                _write_to(argument, text)
            continue
        path = os.fspath(argument)
        suffix = os.path.splitext(path)[1].lower() if isinstance(path, str) else ""
        if suffix in files.MEDIA and len(path) < 1000 and "\n" not in path and "://" not in path:
            if not os.path.exists(path) or is_writer(name):
                with contextlib.suppress(OSError):
                    files.write(path, text)
        elif name in ("save_pretrained", "snapshot_download", "makedirs", "extractall") and isinstance(path, str) and "/" in path:
            with contextlib.suppress(OSError):
                os.makedirs(path, exist_ok=True)


def downloaded(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """The place at which a download into a folder that the caller chose lies."""
    folder = kwargs.get("local_dir")
    if not name.endswith("_download") or isinstance(folder, Expression) or not isinstance(folder, (str, os.PathLike)):
        return None
    filename = kwargs.get("filename", args[1] if len(args) > 1 else "") if name == "hf_hub_download" else ""
    place = os.path.join(os.fspath(folder), filename) if filename else os.fspath(folder)
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(place) if filename else place, exist_ok=True)
        if filename:
            files.write(place, f"{name}({filename})")
    return place


def _write_to(target: Any, text: str) -> None:
    try:
        target.write(files.content(text, os.path.splitext(str(getattr(target, "name", "")))[1]))
    except TypeError:
        target.write(text)
