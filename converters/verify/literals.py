"""Texts and numbers that a project's code compares with: the values at which it may behave differently."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .parsed import parsed
from .patterns import samples

_MOST = 12
_OF_A_HOST = 2
_ADDRESS = re.compile(r"(?<![(\[])https?://[^\s)\]}>'\"`,;|]+[^\s)\]}>'\"`,;|.:]")
"""Not the target of a link in Markdown, which leads elsewhere."""
_PICTURES = (".svg", ".png", ".jpg", ".gif", ".webp")


@dataclass(frozen=True)
class Literals:
    """What was found, in the order of the code."""

    words: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()
    """Web addresses that its documentation shows."""
    matches: tuple[str, ...] = ()
    """Texts that its regular expressions match."""


NONE = Literals()


def literals(files: Iterable[bytes]) -> Literals:
    """The literals in comparisons, what patterns match, and the numbers that constants of modules and compared names are set to.

    Files that cannot be read are passed over.
    """
    words: dict[str, None] = {}
    numbers: dict[int, None] = {}
    matches: dict[str, None] = {}
    for data in files:
        tree = parsed(data)
        matches.update(dict.fromkeys(samples(tree)) if tree is not None else {})
        for constant in _constants(tree) if tree is not None else ():
            if isinstance(constant.value, str) and 0 < len(constant.value) <= 40 and not constant.value.startswith("__"):
                words.setdefault(constant.value)
            elif type(constant.value) is int and abs(constant.value) <= 10**6:
                numbers.setdefault(constant.value)
    return Literals(tuple(words)[:_MOST], tuple(numbers)[:_MOST], matches=tuple(matches)[:_MOST])


_SUFFIX = re.compile(r"(?:\*|^)(\.[A-Za-z][A-Za-z0-9]{0,9})")
_LOOKS = frozenset({"endswith", "glob", "rglob", "iglob"})


def suffixes(files: Iterable[bytes]) -> tuple[str, ...]:
    """The kinds of files that code looks for: ``name.endswith(".tex")``, ``folder.glob("*.tex")``."""
    found: dict[str, None] = {}
    for data in files:
        for node in ast.walk(parsed(data) or ast.Module([], [])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKS:
                texts = (part.value for part in ast.walk(ast.Tuple(node.args, ast.Load())) if isinstance(part, ast.Constant))
                found.update({kind[1].lower(): None for text in texts if isinstance(text, str) and (kind := _SUFFIX.fullmatch(text))})
    return tuple(found)[:_MOST]


def addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Web addresses in documents, in their order: at most two of a host, and none of pictures that a page shows."""
    found: dict[str, str] = {}
    hosts: Counter[str] = Counter()
    for text in texts:
        for address in _ADDRESS.findall(text):
            host = address.split("/")[2]
            if address not in found and hosts[host] < _OF_A_HOST and not address.lower().endswith(_PICTURES):
                hosts[host] += 1
                found[address] = host
    return tuple(found)[:_MOST]


def _constants(tree: ast.AST) -> Iterator[ast.Constant]:
    compared: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            compared |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            for part in (node.left, *node.comparators):
                parts = part.elts if isinstance(part, ast.List | ast.Tuple | ast.Set) else [part]
                yield from (item for item in parts if isinstance(item, ast.Constant))
    in_module = set(getattr(tree, "body", ()))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and type(node.value.value) is int:
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            if node in in_module or (names & compared and node.value.value > 1):  # not a counter's start
                yield node.value
