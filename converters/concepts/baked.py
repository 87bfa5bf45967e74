"""Build steps that leave model files in the image."""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from pathlib import PurePosixPath

from converters.containers.commands import Step
from converters.ir import Origin, Weights

NAMED = re.compile(r"huggingface\.co|snapshot_download|hf_hub_download|from_pretrained|\.(safetensors|pth|pt|ckpt|gguf|bin|onnx)\b")
FETCHES = re.compile(r"download|fetch|weights|checkpoint", re.IGNORECASE)
LOOKS = frozenset({"print", "makedirs", "mkdir", "version", "is_available", "device_count", "get_device_name", "getenv", "split", "format"})
"""Functions and methods that put no model anywhere."""


def bakes(step: Step) -> bool:
    """Whether a command runs a script, downloads files, or names model files or a hub."""
    program = PurePosixPath(step.command.words[0]).name if step.command.words else ""
    if _leaves_nothing(step, program):
        return False
    return step.purpose in ("download", "script") or bool(NAMED.search(step.command.text) or FETCHES.search(program))


def weights(text: str, origin: Origin) -> Weights:
    """What such a command leaves, by the command's own words."""
    return Weights(what=" ".join(text.split())[:100], where="image", action="image", origin=origin)


def _leaves_nothing(step: Step, program: str) -> bool:
    """Whether a command logs in to a hub, reads its program from a pipe, or is a line of Python that only looks at what is installed."""
    words = step.command.words
    if program in ("hf", "huggingface-cli") and words[1:3] and "login" in words[1:3]:
        return True
    if not re.fullmatch(r"python[\d.]*", program):
        return False
    codes = [code for flag, code in itertools.pairwise(words) if flag == "-c"][:1] or list(step.command.heredocs)
    if not codes:
        return len(words) == 1  # a pipe: what fetched the text is a command of its own
    return all(_only_looks(code) for code in codes)


def _only_looks(code: str) -> bool:
    """Whether Python code imports, prints, asserts and makes folders, and calls nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError, RecursionError):
        return False
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    return all((func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")) in LOOKS for func in calls)
