"""The values at which a project's code may behave differently are found without running it."""

from __future__ import annotations

import pytest

from converters.verify.literals import NONE, Literals, addresses, literals


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("if action == 'slug': pass", Literals(("slug",)), id="a word"),
        pytest.param("if action in ('a', 'b'): pass", Literals(("a", "b")), id="words of a tuple"),
        pytest.param("if 3 < len(text) <= 10: pass", Literals((), (3, 10)), id="both ends"),
        pytest.param("MOST = 10_000", Literals((), (10_000,)), id="a constant of the module"),
        pytest.param("def f():\n    most = 7", NONE, id="a local variable is none"),
        pytest.param(
            "def f():\n    most = 7\n    count = 0\n    return count < len(x) > most", Literals((), (7,)), id="one that is compared"
        ),
        pytest.param("print('slug', 3)", NONE, id="what is not compared"),
        pytest.param("if __name__ == '__main__': pass", NONE, id="no dunder"),
        pytest.param("if text == '': pass", NONE, id="no empty text"),
        pytest.param("if flag == True or x == 1.5: pass", NONE, id="no bool, no float"),
        pytest.param(f"if text == {'x' * 41!r} or n > 1000001: pass", NONE, id="nothing too long or too large"),
        pytest.param("if a == 'x' or b == 'x': pass", Literals(("x",)), id="once"),
        pytest.param("def (", NONE, id="no Python"),
        pytest.param("+".join(["1"] * 20_000), NONE, id="nested too deeply for a tree"),
        pytest.param("-" * 20_000 + "1", NONE, id="nested too deeply for the parser"),
        pytest.param("a = '\0'", NONE, id="a NUL byte"),
    ],
)
def test_literals_of_one_file(code: str, expected: Literals) -> None:
    assert literals([code.encode()]) == expected


def test_addresses_that_documents_show() -> None:
    page = (
        "[![Badge](https://img.example/x?style=flat)](https://hub.example/a) ![](https://hub.example/b.png)\n"
        "- `https://papers.example/abs/2004.1`, https://papers.example/pdf/2004.1.pdf.\n- https://papers.example/html/3 <https://one.example/>\n"
    )
    assert addresses([page, page]) == ("https://papers.example/abs/2004.1", "https://papers.example/pdf/2004.1.pdf", "https://one.example/")


def test_files_are_taken_together_in_order_up_to_twelve() -> None:
    files = [f"if a == 'w{number}': pass".encode() for number in range(20)]
    assert literals(files).words == tuple(f"w{number}" for number in range(12))
