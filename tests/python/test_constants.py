"""Values are read out of the tree; nothing is ever run."""

from __future__ import annotations

import ast
import contextlib
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters.project import open_project
from converters.python.code import Code
from converters.python.constants import MAX_SIZE, NotConstant, constant
from converters.python.module import parse

from .code import code, module

READ = [
    pytest.param("1 + 2 * 3", 7, id="arithmetic"),
    pytest.param("'a' 'b' + f'{1}c'", "ab1c", id="strings and f-strings"),
    pytest.param("[*(1, 2), 3]", [1, 2, 3], id="unpacking"),
    pytest.param("{**{'a': 1}, 'b': 2}", {"a": 1, "b": 2}, id="merged dicts"),
    pytest.param("3 if 1 < 2 < 3 else 4", 3, id="a condition over a chain"),
    pytest.param("None or 0 or 'x'", "x", id="the first true value"),
    pytest.param("1 and 0 and 2", 0, id="the first false value"),
    pytest.param("[x * y for x in (1, 2) for y in range(3) if y]", [1, 2, 2, 4], id="a comprehension"),
    pytest.param("{k: v for k, v in {'a': 1}.items()}", {"a": 1}, id="a dict comprehension"),
    pytest.param("'A B'.lower().split()", ["a", "b"], id="methods of strings"),
    pytest.param("max(1, len('abc'))", 3, id="builtins"),
    pytest.param("LIMIT", 5, id="a name assigned once"),
    pytest.param("other.NAME", "sd", id="a name of another module"),
    pytest.param("Settings.SIZE", 512, id="a class attribute"),
    pytest.param("(int, str)", (int, str), id="types"),
    pytest.param("-True", -1, id="signs"),
]
NOT_READ = [
    pytest.param("__import__('os').getcwd()", id="an import"),
    pytest.param("open('/etc/hostname').read()", id="a file"),
    pytest.param("eval('1')", id="eval"),
    pytest.param("os.environ.get('HOME')", id="the environment"),
    pytest.param("undefined", id="a name from nowhere"),
    pytest.param("TWICE", id="a name assigned twice"),
    pytest.param("shadowed_len", id="a value of an unknown function"),
    pytest.param("str('x')", id="a builtin that the module defines anew"),
    pytest.param("LOOP", id="a name defined by itself"),
    pytest.param("(lambda: 1)()", id="a call of a lambda"),
    pytest.param("'{0.__class__}'.format(1)", id="attributes in a format string"),
    pytest.param("''.__class__", id="attributes of values"),
    pytest.param("10 ** 10 ** 10", id="a huge power"),
    pytest.param("1 << 10 ** 6", id="a huge shift"),
    pytest.param("'a' * 10 ** 9", id="a huge string"),
    pytest.param("b'a' * 10 ** 9", id="huge bytes"),
    pytest.param("'%1000000000d' % 1", id="a huge padding"),
    pytest.param("'{:1000000000}'.format(1)", id="a huge padding by format"),
    pytest.param("[0] * 10 ** 9", id="a huge list"),
    pytest.param("range(10 ** 12)", id="a huge range"),
    pytest.param("[x for a in range(9999) for b in range(9999) for x in range(9999)]", id="loops in loops"),
    pytest.param("[[[0 for a in range(999)] for b in range(999)] for c in range(999)]", id="loops inside loops"),
    pytest.param("('a' * 9999).replace('a', 'b' * 9999)", id="a growing replacement"),
    pytest.param("('a' * 9999).join(['b'] * 9999)", id="a growing join"),
    pytest.param("'{:{}}'.format(1, 10 ** 9)", id="a width as an argument"),
    pytest.param("'%*d' % (10 ** 9, 1)", id="a width as an argument of %"),
    pytest.param("[1][5]", id="an index out of range"),
    pytest.param("1 / 0", id="a division by zero"),
    pytest.param("1 + 'a'", id="types that do not add"),
    pytest.param("x := 3", id="an assignment expression"),
    pytest.param("await y", id="await"),
]
SOURCE = """
import os
import other

LIMIT = 5
TWICE = 1
TWICE = 2
LOOP = LOOP
shadowed_len = unknown()


def str(value):
    raise SystemExit


class Settings:
    SIZE = 512
"""


@pytest.fixture
def project(tmp_path: Path) -> Code:
    return code(tmp_path, main=SOURCE, other="NAME = 'sd'\n")


def evaluate(project: Code, text: str) -> Any:
    return constant(project, module(project), _parsed(project, text))


def _parsed(project: Code, text: str) -> ast.expr:
    """The expression as if it stood at the end of the module (positions only matter for messages)."""
    node = ast.parse(f"async def f():\n ({text})").body[0]
    assert isinstance(node, ast.AsyncFunctionDef) and isinstance(node.body[0], ast.Expr)
    return node.body[0].value


@pytest.mark.parametrize(("text", "expected"), READ)
def test_a_constant_is_read(project: Code, text: str, expected: object) -> None:
    found = evaluate(project, text)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_constant_or_too_large_is_refused(project: Code, text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(NotConstant):
            evaluate(project, text)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


LEAVES = st.one_of(
    st.integers(-50, 50).map(repr),
    st.booleans().map(repr),
    st.just("None"),
    st.floats(-9, 9, allow_nan=False).map(repr),
    st.text("ab c", max_size=4).map(repr),
)
OPERATORS = st.sampled_from(["+", "-", "*", "//", "%", "/", "<", "<=", "==", "!=", ">", ">=", "and", "or", "in", "not in", "is"])


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({', '.join(parts)},)"),
        inner.map(lambda part: f"{{'k': {part}}}"),
        inner.map(lambda part: f"(not {part})"),
        st.tuples(inner, inner).map(lambda parts: f"[{parts[0]} for i in {parts[1]}]"),
        inner.map(lambda part: f"str({part})"),
        inner.map(lambda part: f"sorted({part})"),
        inner.map(lambda part: f"f'<{{{part}}}>'"),
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.recursive(LEAVES, _deeper, max_leaves=8))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_a_safe_expression_has_the_value_that_python_gives_it(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    project = _empty(tmp_path_factory)
    try:
        node = _parsed(project, text)
    except SyntaxError:  # nested quotes in an f-string, before Python 3.12
        return
    try:
        expected = eval(text, {"__builtins__": {"str": str, "sorted": sorted}})
    except Exception:
        with pytest.raises(NotConstant):
            constant(project, module(project), node)
        return
    try:
        found = constant(project, module(project), node)
    except NotConstant:
        assert "for i in" in text, "only what comprehensions bind may differ"
        return
    assert repr(found) == repr(expected)


@settings(max_examples=150, deadline=None)
@given(text=st.text("ab01'\"()[]{}+*%.,: \n_xor", max_size=40))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_whatever_is_read_stays_small(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    project = _empty(tmp_path_factory)
    try:
        node = _parsed(project, text)
    except (SyntaxError, ValueError, AssertionError):
        return
    try:
        found = constant(project, module(project), node)
    except NotConstant:
        return
    assert not hasattr(found, "__len__") or len(found) <= MAX_SIZE


_kept: list[Code] = []


def _empty(factory: pytest.TempPathFactory) -> Code:
    if not _kept:
        folder = factory.mktemp("constants")
        (folder / "main.py").write_text("\n")
        _kept.append(Code(open_project(folder)))
    return _kept[0]


def test_no_file_is_written_by_reading_a_module(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    project = code(tmp_path, main=f"X = open({str(marker)!r}, 'w').write('x')\nY = [exec for exec in (1,)]\n")
    for values in module(project).assignments.values():
        for value in values:
            with contextlib.suppress(NotConstant):
                constant(project, module(project), value)
    assert not marker.exists()
    assert parse(project.project.files["main.py"]).assignments.keys() == {"X", "Y"}
