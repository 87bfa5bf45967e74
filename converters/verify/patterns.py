"""Texts that the regular expressions of a project's code match: behind `re.match(PATTERN, url)` lies a branch of its own."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any

_FUNCTIONS = frozenset({"compile", "search", "match", "fullmatch", "findall", "finditer", "sub", "split"})
_ESCAPE = re.compile(r"\\[dDwWsSbB]")
_LONGEST = 200
_OF_A_CLASS = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}
_OTHERS = "a1 -./:_A"
"""What is tried where a pattern only says what a character is not."""


def samples(tree: ast.AST) -> Iterator[str]:
    """A short text for each pattern in the code that one could be made up for."""
    for pattern in dict.fromkeys(_patterns(tree)):
        text = sample(pattern)
        if text and len(text) <= _LONGEST:
            yield text


def sample(pattern: str) -> str:
    """A short text that a pattern matches; '' where none is found, as where it looks around itself or is invalid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = "".join(_made(re._parser.parse(pattern), {}))  # type: ignore[attr-defined]
            return text if re.search(pattern, text) else ""
    except (re.error, RecursionError, OverflowError, ValueError, KeyError):
        return ""


def _patterns(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FUNCTIONS:
            of_re = isinstance(node.func.value, ast.Name) and node.func.value.id in ("re", "regex")
            if of_re and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.args[0].value
        elif isinstance(node, ast.List | ast.Tuple | ast.Dict):  # a table of patterns
            items = node.values if isinstance(node, ast.Dict) else node.elts
            yield from (
                item.value
                for item in items
                if isinstance(item, ast.Constant) and isinstance(item.value, str) and _ESCAPE.search(item.value)
            )


def _made(parsed: Any, groups: dict[int, str]) -> Iterator[str]:
    for operation, argument in parsed:
        yield _part(str(operation), argument, groups)


def _part(operation: str, argument: Any, groups: dict[int, str]) -> str:
    if operation == "LITERAL":
        return chr(argument)
    if operation == "ANY":
        return "."  # mostly meant as one: `papers.example/abs`
    if operation == "NOT_LITERAL":
        return next(letter for letter in _OTHERS if letter != chr(argument))
    if operation == "IN":
        return _one_of(argument)
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = argument
        if [str(part[0]) for part in inner] == ["ANY"]:
            return "a" * min(max(int(least), 1), int(most), _LONGEST)
        return "".join(_made(inner, groups)) * min(max(int(least), 1), int(most), _LONGEST)
    if operation == "SUBPATTERN":
        number, _, _, inner = argument
        groups[number] = "".join(_made(inner, groups))
        return groups[number]
    if operation == "BRANCH":
        return "".join(_made(argument[1][0], groups))
    if operation == "GROUPREF":
        return groups[argument]
    if operation == "ATOMIC_GROUP":
        return "".join(_made(argument, groups))
    return ""  # where it is, and what is around it: whether that fits is tried with the whole


def _one_of(choices: Any) -> str:
    (first, argument), *_ = choices
    kind = str(first)
    if kind == "NEGATE":
        excluded = re.compile("[" + "".join(_class(item) for item in choices[1:]) + "]")
        return next((letter for letter in _OTHERS if not excluded.match(letter)), "")
    if kind == "LITERAL":
        return chr(argument)
    return chr(argument[0]) if kind == "RANGE" else _OF_A_CLASS.get(str(argument), "a")


def _class(item: Any) -> str:
    kind, argument = str(item[0]), item[1]
    if kind == "LITERAL":
        return re.escape(chr(argument))
    if kind == "RANGE":
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    return {"CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s", "CATEGORY_WORD": r"\w"}.get(str(argument), "")
