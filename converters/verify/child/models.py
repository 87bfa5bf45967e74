"""Model files that an image or a volume would hold: where the project looks for one, a placeholder is found.

A placeholder lies in a scratch folder; nothing is written where the project looked.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

from . import frames, record
from .describe import described

SUFFIXES = (
    ".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".bin", ".gguf", ".ggml", ".engine", ".trt", ".plan", ".h5", ".tflite", ".caffemodel",
    ".pkl", ".joblib", ".npz", ".th", ".ptl", ".keras", ".weights",
)  # fmt: skip
"""What files with a model's weights are called."""

CONFIGURATION = (
    "config.json", "model_index.json", "pipeline.json", "tokenizer.json", "tokenizer_config.json", "preprocessor_config.json",
    "generation_config.json", "model.safetensors.index.json", "scheduler_config.json",
)  # fmt: skip
"""Files that lie beside a model's weights. Only their being there is made up: they hold an empty object."""


_LOOKING = threading.local()
"""Whether a thread is about to find a placeholder."""


def install(folder: str) -> None:
    """Find model files that are missing in ``folder``."""
    stat, opened, unlinked = os.stat, builtins.open, os.unlink

    def status(path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        try:
            return stat(path, *args, **kwargs)
        except FileNotFoundError:
            found = _placeholder(path, folder)
            if found is None:
                raise
            return stat(found)

    def opening(file: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> Any:
        try:
            return opened(file, mode, *args, **kwargs)
        except FileNotFoundError:
            found = _placeholder(file, folder) if isinstance(mode, str) and "r" in mode else None
            if found is None:
                raise
            return opened(found, mode, *args, **kwargs)

    def removing(path: Any, *args: Any, **kwargs: Any) -> None:
        try:
            unlinked(path, *args, **kwargs)
        except FileNotFoundError:
            if _placeholder(path, folder) is None:
                raise

    os.stat = status
    os.unlink = os.remove = removing  # what was said to be there can be removed
    builtins.open = io.open = opening  # pathlib calls the latter


def _placeholder(path: Any, folder: str) -> str | None:
    if not isinstance(path, str | os.PathLike):
        return None
    name = os.fspath(path)
    if not isinstance(name, str) or name.startswith(folder) or not (name.endswith(SUFFIXES) or name.rpartition("/")[2] in CONFIGURATION):
        return None
    if getattr(_LOOKING, "up", False) or not frames.asked_by_project():
        return None
    _LOOKING.up = True  # to describe a path, files are opened
    try:
        return _made(name, folder)
    finally:
        _LOOKING.up = False


def _made(name: str, folder: str) -> str:
    record.write("file", f"model {described(name)}")
    target = Path(folder) / (hashlib.sha256(described(name).encode(errors="replace")).hexdigest()[:16] + os.path.splitext(name)[1])
    target.write_text("{}" if name.endswith(".json") else f"placeholder of {Path(name).name}")
    return str(target)
