"""Build steps that leave model files in the image."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from converters.containers.commands import Step
from converters.ir import Origin, Weights

NAMED = re.compile(r"huggingface\.co|snapshot_download|hf_hub_download|from_pretrained|\.(safetensors|pth|pt|ckpt|gguf|bin|onnx)\b")
FETCHES = re.compile(r"download|fetch|weights|checkpoint", re.IGNORECASE)


def bakes(step: Step) -> bool:
    """Whether a command runs a script, downloads files, or names model files or a hub."""
    program = PurePosixPath(step.command.words[0]).name if step.command.words else ""
    return step.purpose in ("download", "script") or bool(NAMED.search(step.command.text) or FETCHES.search(program))


def weights(text: str, origin: Origin) -> Weights:
    """What such a command leaves, by the command's own words."""
    return Weights(what=" ".join(text.split())[:100], where="image", action="image", origin=origin)
