"""Build arguments that nothing gives a value: whether a build does without."""

from __future__ import annotations

import re

from converters.containers.dockerfile_model import Dockerfile

_STEPS = ("FROM", "RUN", "COPY", "ADD", "WORKDIR", "USER")
"""Instructions in which an empty value changes what is built. ENV and LABEL hand it on, and nothing tells whether that is missed."""


def is_needed(dockerfile: Dockerfile, name: str) -> bool:
    """Whether a step uses an argument as it is, and not for the case alone that it has a value."""
    word = re.escape(name)
    used = re.compile(rf"\$(?:\{{{word}(?:\}}|[#%/?:](?![-+]))|{word}\b)")
    guarded = re.compile(rf"\$\{{{word}:?[-+][^}}]*\}}")
    tested = re.compile(rf"\[\[?\s[^\]]*\$\{{?{word}\b|\bcase\s+[\"']?\$\{{?{word}\b|\btest\s[^;&|]*\$\{{?{word}\b")
    steps = (one for one in dockerfile.instructions if one.keyword in _STEPS)
    return any(used.search(guarded.sub("", one.value)) and not tested.search(one.value) for one in steps)
