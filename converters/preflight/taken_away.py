"""What code uses of a distribution that later releases took away, or that other distributions need of an earlier one.

Read off the distributions themselves on 2026-12-01: the public names of Pillow 9.5, 10.0, 10.2, 11.0, 11.3, 12.0, 12.3 and 13.0, those of
FastAPI 0.63 and of 0.136.3 beside Starlette 1.10, and the requirements and sources of the releases of other distributions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from converters.preflight.deployment import Deployment
from converters.python import pip
from converters.python.unparsed import unparse

ANY = re.compile(r".*", re.DOTALL)
IMAGE = re.compile(r"(.*\.)?Image")


@dataclass(frozen=True)
class Removal:
    """Names that a release took away; `owner`: the expressions before the dot that can mean the distribution."""

    release: str
    names: frozenset[str]
    owner: re.Pattern[str] = ANY


REMOVALS: dict[str, tuple[Removal, ...]] = {
    "pillow": (
        Removal("10.0", frozenset({"ANTIALIAS", "textsize", "multiline_textsize", "getsize_multiline", "getoffset", "coerce_e"})),
        Removal("10.0", frozenset({"getsize"}), re.compile(r"(?!(os\.)?path$).*", re.DOTALL)),
        Removal("10.0", frozenset({"LINEAR", "CUBIC", "NORMAL", "SEQUENCE", "CONTAINER"}), IMAGE),
        Removal("11.0", frozenset({"USE_CFFI_ACCESS", "PyAccess", "PSFile", "IFD_LEGACY_API"})),
        Removal("12.0", frozenset({"raise_oserror"})),
        Removal("12.0", frozenset({"eval"}), re.compile(r"(.*\.)?ImageMath")),
        Removal("12.0", frozenset({"isImageType"}), IMAGE),
        Removal("13.0", frozenset({"get_child_images"})),
    ),
    "fastapi": (Removal("0.136", frozenset({"add_event_handler", "add_websocket_route"})),),
}
"""Distribution -> what its releases took away. Of a distribution that is not here, nothing is known."""
NEEDING: dict[str, dict[str, tuple[str, str]]] = {
    "pydantic": {
        "chromadb": ("0.4.13", "2"),
        "cog": ("0.11.0", "2"),
        "confection": ("0.1.1", "2"),
        "langchain": ("0.0.267", "2"),
        "spacy": ("3.6.1", "2"),
        "vllm": ("0.3.0", "2"),
    },
    "pillow": {"detectron2": ("", "10.0"), "easyocr": ("1.7.1", "10.0"), "moviepy": ("2.0", "10.0")},
}
"""Distribution -> another -> (the release of that which needs it no more, '' for none; the release that it does not work with)."""


def uses(deployment: Deployment, name: str, newest: Version) -> Iterator[tuple[str, int, str]]:
    """(file, line, code) of what the code that runs uses and releases behind the newest that a pin takes have no more."""
    gone = [removal for removal in REMOVALS.get(name, ()) if Version(removal.release) > newest]
    for unit in deployment.running.units.values():
        for node in ast.walk(unit.module.tree):
            if isinstance(node, ast.Attribute) and any(node.attr in one.names and one.owner.fullmatch(unparse(node.value)) for one in gone):
                yield unit.path, node.lineno, unparse(node)
            elif isinstance(node, ast.ImportFrom):
                owner = (node.module or "").rpartition(".")[2]
                for alias in node.names:
                    if any(alias.name in one.names and (one.owner is ANY or one.owner.fullmatch(owner)) for one in gone):
                        yield unit.path, node.lineno, alias.name


def needing(deployment: Deployment, name: str, installed: Version) -> str:
    """A pinned requirement that needs an earlier release of a distribution than the installed one; '' for none that is known."""
    for other, (free, broken) in NEEDING.get(name, {}).items():
        spec = deployment.packages.find(other)
        pinned = pip.pinned(spec.text) if spec is not None else None
        if spec is None or installed < Version(broken):
            continue
        try:
            if not free or (pinned and Version(pinned) < Version(free)):
                return spec.text
        except InvalidVersion:
            return spec.text
    return ""
