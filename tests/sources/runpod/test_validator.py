"""Validator schemas, however they are written."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from converters.sources.runpod.validator import bounds, input_field, read_schema
from tests.python.code import code, module

ENTRY = "{'type': int, 'required': False, 'default': 1}"
WRITTEN = [
    pytest.param(f"S = {{'a': {ENTRY}}}", id="a literal"),
    pytest.param(f"S = dict(a={ENTRY})", id="dict()"),
    pytest.param(f"A = {ENTRY}\nS = {{'a': A}}", id="a named entry"),
    pytest.param(f"KEY = 'a'\nS = {{KEY: {ENTRY}}}", id="a named key"),
    pytest.param(f"BASE = {{'a': {ENTRY}}}\nS = {{**BASE}}", id="a base"),
    pytest.param(f"BASE = {{'a': {ENTRY}}}\nS = BASE.copy()", id="a copy"),
    pytest.param(f"import copy\nBASE = {{'a': {ENTRY}}}\nS = copy.deepcopy(BASE)", id="a deep copy"),
    pytest.param(f"BASE = {{'a': {ENTRY}}}\nS = {{'a': BASE['a']}}", id="an entry of another"),
    pytest.param(f"S = {{}}\nS['a'] = {ENTRY}", id="an item"),
    pytest.param(f"S = {{}}\nS.update({{'a': {ENTRY}}})", id="update"),
    pytest.param(f"S = {{}} | {{'a': {ENTRY}}}", id="|"),
    pytest.param("from other import S", id="another module"),
    pytest.param("import other\nS = other.S", id="of another module"),
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_a_schema_is_read_however_it_is_written(tmp_path: Path, text: str) -> None:
    project = code(tmp_path, main=text, other=f"S = {{'a': {ENTRY}}}\n")
    found = read_schema(project, module(project), ast.parse("S", mode="eval").body)
    assert found.unread == []
    (entry,) = found.fields
    assert (entry.name, entry.type, entry.required, entry.has_default, entry.default) == ("a", int, False, True, 1)


OPEN = [
    pytest.param("S = build()", id="a call"),
    pytest.param("S = {'a': make(int)}", id="an entry by a call"),
    pytest.param("S = {name(): {'type': int, 'required': True}}", id="a key by a call"),
    pytest.param("S = {'a': {'type': kind(), 'required': True}}", id="a type by a call"),
    pytest.param("S = {}\nfor n in 'ab':\n    S[n] = {'type': int, 'required': True}", id="a loop"),
    pytest.param("S = {}\nif DEBUG:\n    S['a'] = {'type': int, 'required': True}", id="a condition"),
    pytest.param("import elsewhere\nS = elsewhere.S", id="a module that is not there"),
]


@pytest.mark.parametrize("text", OPEN)
def test_what_only_runs_tell_is_named(tmp_path: Path, text: str) -> None:
    project = code(tmp_path, main=text)
    assert read_schema(project, module(project), ast.parse("S", mode="eval").body).unread


BOUNDS: list[tuple[str, dict[str, Any] | None]] = [
    ("x > 0", {"gt": 0}),
    ("0 < x <= 16", {"gt": 0, "le": 16}),
    ("16 >= x", {"le": 16}),
    ("x >= 1 and x < 5", {"ge": 1, "lt": 5}),
    ("x in ['a', 'b']", {"choices": ["a", "b"]}),
    ("x in ('a',)", {"choices": ["a"]}),
    ("x in NAMES", {"choices": ["a", "b"]}),
    ("x < LIMIT", {"lt": 9}),
    ("x in 'abc'", None),
    ("x in False", None),
    ("x in range(1, 3)", {"choices": [1, 2]}),
    ("len(x) > 0", None),
    ("x > 0 or x == -1", None),
    ("x % 8 == 0", None),
    ("x not in ['a']", None),
    ("x > other()", None),
    ("x > 1 and x > 2", None),
    ("x > True", None),
]


@pytest.mark.parametrize(("text", "expected"), BOUNDS)
def test_bounds_of_a_constraint(tmp_path: Path, text: str, expected: dict[str, Any] | None) -> None:
    project = code(tmp_path, main="NAMES = ['a', 'b']\nLIMIT = 9\n")
    assert bounds(project, module(project), ast.parse(text, mode="eval").body, "x") == expected


CHECKS = [
    pytest.param("'type': int, 'required': False, 'default': 1, 'constraints': lambda x: x > 0", True, {}, id="skipped for a default of the type"),
    pytest.param("'type': int, 'required': False, 'default': 1, 'constraints': lambda x: x > 0", False, {"gt": 0}, id="made by an older release"),
    pytest.param("'type': int, 'required': True, 'constraints': lambda x: x > 0", True, {"gt": 0}, id="made without a default"),
    pytest.param("'type': int, 'required': False, 'default': None, 'constraints': lambda x: x > 0", True, {"gt": 0}, id="made for a default of None"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "skips", "expected"), CHECKS)
def test_constraints_are_made_where_the_sdk_makes_them(tmp_path: Path, entry: str, skips: bool, expected: dict[str, Any]) -> None:
    project = code(tmp_path, main=f"S = {{'a': {{{entry}}}}}")
    (field,) = read_schema(project, module(project), ast.parse("S", mode="eval").body).fields
    assert input_field(field, project, defaults_skip_checks=skips).constraints == expected


REQUIRED = [
    ("'type': int, 'required': True", True),
    ("'type': int, 'required': False, 'default': 1", False),
    ("'type': int, 'required': False", True),
    ("'type': int", True),
    ("'type': int, 'required': True, 'default': 1", True),
]


@pytest.mark.parametrize(("entry", "required"), REQUIRED)
def test_a_key_is_required_where_the_sdk_asks_for_it(tmp_path: Path, entry: str, required: bool) -> None:
    project = code(tmp_path, main=f"S = {{'a': {{{entry}}}}}")
    (field,) = read_schema(project, module(project), ast.parse("S", mode="eval").body).fields
    assert input_field(field, project, defaults_skip_checks=True).required == required
