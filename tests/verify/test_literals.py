"""The values at which a project's code may behave differently are found without running it."""

from __future__ import annotations

import pytest

from converters.verify.literals import NONE, Literals, addresses, literals, suffixes
from converters.verify.patterns import sample


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
        pytest.param(r"re.match(r'(\d+)x', size)", Literals(matches=("1x",)), id="what a pattern matches"),
        pytest.param(
            r"for one in [r'abs/(\d+\.\d+)', 'plain']: re.search(one, page)", Literals(matches=("abs/1.1",)), id="a table of patterns"
        ),
        pytest.param(r"match('(\d+)x', size), re.escape('a+')", NONE, id="no pattern"),
        pytest.param("def (", NONE, id="no Python"),
        pytest.param("+".join(["1"] * 20_000), NONE, id="nested too deeply for a tree"),
        pytest.param("-" * 20_000 + "1", NONE, id="nested too deeply for the parser"),
        pytest.param("a = '\0'", NONE, id="a NUL byte"),
    ],
)
def test_literals_of_one_file(code: str, expected: Literals) -> None:
    assert literals([code.encode()]) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("name.endswith('.tex')", (".tex",)),
        ("name.endswith(('.JPG', '.png'))", (".jpg", ".png")),
        ("folder.glob('*.bib'), glob.iglob('a/*.bib')", (".bib",)),
        ("name.endswith('/'), name.endswith('_v2.x y'), name.startswith('.tex'), print('.tex')", ()),
        ("def (", ()),
    ],
)
def test_kinds_of_files_that_code_looks_for(code: str, expected: tuple[str, ...]) -> None:
    assert suffixes([code.encode(), code.encode()]) == expected


def test_addresses_that_documents_show() -> None:
    page = (
        "[![Badge](https://img.example/x?style=flat)](https://hub.example/a) ![](https://hub.example/b.png)\n"
        "- `https://papers.example/abs/2004.1`, https://papers.example/pdf/2004.1.pdf.\n- https://papers.example/html/3 <https://one.example/>\n"
    )
    assert addresses([page, page]) == ("https://papers.example/abs/2004.1", "https://papers.example/pdf/2004.1.pdf", "https://one.example/")


def test_files_are_taken_together_in_order_up_to_twelve() -> None:
    files = [f"if a == 'w{number}': pass".encode() for number in range(20)]
    assert literals(files).words == tuple(f"w{number}" for number in range(12))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param(r"https?://x\.example/(\w+)-[0-9]{3}", "https://x.example/a-000", id="repeated"),
        pytest.param(r"(?i)\.(png|jpe?g)$", ".png", id="one of several"),
        pytest.param(r"[^a-z]+", "1", id="what a character is not"),
        pytest.param(r"(['\"])x\1", "'x'", id="what was matched before"),
        pytest.param(r"x.example/(.+)", "x.example/a", id="anything"),
        pytest.param(r"(?<=a)b", "", id="what lies before it"),
        pytest.param(r"(", "", id="no pattern"),
        pytest.param(r"(?!)", "", id="nothing matches"),
    ],
)
def test_a_text_that_a_pattern_matches(pattern: str, text: str) -> None:
    assert sample(pattern) == text
