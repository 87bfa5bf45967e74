"""Files that calls of doubles leave behind: where a call names one, or has it opened, it is written."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from . import files, frames
from .describe import Expression, described, is_temporary

_WRITERS = re.compile(
    r"(?i)^(im)?(save|write|dump|export|to_file|encode_to|mimsave|mimwrite|render)|_to_(video|gif|file|ply|obj)$|_save$|_write$"
)

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff"})
_MAKERS = frozenset({"save_pretrained", "makedirs", "extractall"})
"""Calls that are told a folder, and make it."""
_INVISIBLE = ("compress_level", "optimize")
"""Options of Pillow's that change how large a file is and not what it shows."""


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
        elif isinstance(path, str) and (name in _MAKERS or (name == "snapshot_download" and "/" in path)):
            with contextlib.suppress(OSError):
                os.makedirs(path, exist_ok=True)
                if name == "save_pretrained":
                    files.write(os.path.join(path, "config.json"), text)


def drawn(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], None] | None:
    """What writes a picture to a temporary file or into a buffer, as Pillow's ``save``; None where a call is something else.

    This is no call of a model, but the way in which an answer comes into being: that is compared by content, whoever writes it. The
    content is the picture's own expression with the options that change what is seen. fal's toolkit has options of its own.
    """
    target, kind = _named(args, kwargs)
    options = {key: value for key, value in kwargs.items() if key not in ("fp", "format", *_INVISIBLE)}
    suffix = _suffix(target, kind)
    if len(args) > 2 or suffix not in _PICTURES:
        return None
    picture = name.removesuffix(".save")
    if options and not frames.asked_by_toolkit(3):
        picture = f"{picture} with {', '.join(f'{key}={described(value)}' for key, value in sorted(options.items()))}"
    if not isinstance(target, (str, os.PathLike)):
        return lambda: _write_to(target, picture, suffix)
    path = os.fspath(target)
    return (lambda: files.write(path, picture, suffix)) if is_temporary(path) and not isinstance(target, Expression) else None


def _named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Where Pillow's ``save(fp, format=None, **options)`` writes, and in which format."""
    given = dict(zip(("fp", "format"), args, strict=False))
    return given.get("fp", kwargs.get("fp")), given.get("format", kwargs.get("format"))


def _suffix(target: Any, kind: Any) -> str:
    """The suffix that tells the format of a picture: by its name, else by that of its file; '' where neither does."""
    if isinstance(kind, str) and not isinstance(kind, Expression):
        return f".{kind.lower()}"
    path = target if isinstance(target, (str, os.PathLike)) else getattr(target, "name", "")
    return os.path.splitext(os.fspath(path))[1].lower() if isinstance(path, (str, os.PathLike)) else ""


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


def _write_to(target: Any, text: str, suffix: str = "") -> None:
    try:
        target.write(files.content(text, suffix or os.path.splitext(str(getattr(target, "name", "")))[1]))
    except TypeError:
        target.write(text)
