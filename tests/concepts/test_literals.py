"""Values of a project become Python source that holds exactly them, whatever is in them."""

from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.concepts.literals import source_of, string

TEXT = (
    st.text()
    | st.text("\"'\\\n\r\t\0#{}$ab\u2028\u202e\ud7ff", max_size=12)
    | st.sampled_from(['"""', "'''", "\\", '\\"', '"); import os; ("', "{x}", "\x85"])
)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT | st.binary(max_size=8)
VALUES = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(SCALAR, inner, max_size=3)
        | st.sets(SCALAR, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


def same(first: object, second: object) -> bool:
    return repr(first) == repr(second) or (first == second and type(first) is type(second))


@given(VALUES)
def test_the_source_of_a_value_is_that_value(value: object) -> None:
    assert same(ast.literal_eval(source_of(value)), value)


@given(TEXT)
def test_a_text_is_one_literal_on_one_line(value: str) -> None:
    made = string(value)
    (statement,) = ast.parse(f"x = {made}\n").body
    assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant) and statement.value.value == value
    assert len(made.splitlines()) == 1


@given(TEXT)
def test_a_text_cannot_end_the_call_that_it_stands_in(value: str) -> None:
    tree = ast.parse(f"f({source_of(value)}, name={source_of([value])})")
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Import | ast.Attribute)] == ["Call"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("a", '"a"', id="double quotes as formatted code has them"),
        pytest.param("it's", '"it\'s"', id="an apostrophe needs no escape"),
        pytest.param('say "x"', "'say \"x\"'", id="quotes inside take single quotes"),
        pytest.param((1,), "(1,)", id="a tuple of one"),
        pytest.param(set(), "set()", id="the empty set"),
        pytest.param(str, "str", id="a type by its name"),
        pytest.param(-0.0, "-0.0", id="the sign of zero"),
    ],
)
def test_how_values_are_written(value: object, expected: str) -> None:
    assert source_of(value) == expected


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_float_without_a_literal_is_made_from_text(value: float) -> None:
    assert repr(eval(source_of(value), {"float": float})) == repr(value)


@pytest.mark.parametrize(
    "value",
    [object(), len, [object()], {"a": ...}, 1j],
    ids=["an object", "a function", "inside a list", "inside a dict", "a complex number"],
)
def test_what_is_no_plain_data_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        source_of(value)
