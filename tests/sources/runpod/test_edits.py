"""Edits change what they name and leave every other byte of the file alone."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.convert import convert
from converters.ir import Edit
from converters.options import Options
from converters.outcome import Converted
from converters.python.applying import apply


def edit(start: int, end: int, replacement: str) -> Edit:
    return Edit(file="a.py", start=start, end=end, replacement=replacement, rule="RP001", reason="")


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(max_size=60))
    marks = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pairs = list(itertools.zip_longest(marks[::2], marks[1::2]))
    return text, [edit(start, end, draw(st.text("<>\n", max_size=4))) for start, end in pairs if end is not None]


@given(edited(), st.randoms())
def test_untouched_text_is_identical(case: tuple[str, list[Edit]], random: object) -> None:
    text, edits = case
    shuffled = list(edits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected, at = "", 0
    for found in edits:
        expected += text[at : found.start] + found.replacement
        at = found.end
    assert apply(text, shuffled) == expected + text[at:]


def test_an_edit_inside_a_larger_one_goes_with_it() -> None:
    assert apply("0123456789", [edit(2, 8, "x"), edit(3, 4, "y")]) == "01x89"


def test_edits_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply("0123456789", [edit(1, 5, "x"), edit(3, 7, "")])


def test_removals_that_cross_are_one() -> None:
    assert apply("0123456789", [edit(1, 5, ""), edit(3, 7, "")]) == "0789"


def test_equal_edits_count_once() -> None:
    assert apply("0123456789", [edit(1, 5, "x"), edit(1, 5, "x")]) == "0x56789"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(0, "new\nafter\n", id="before what is removed"),
        pytest.param(1, "new\nafter\n", id="before it, behind blank lines that go with it"),
        pytest.param(5, "after\n", id="in the middle of it: gone, too"),
    ],
)
def test_what_is_put_in_before_a_removed_statement_stays(at: int, expected: str) -> None:
    assert apply("\nremoved\nafter\n", [edit(0, 9, ""), edit(at, at, "new\n")]) == expected


@pytest.mark.parametrize(
    ("text", "removed", "expected"),
    [
        pytest.param("if x:\n    a\n    b\nc\n", ["    a\n", "    b\n"], "if x:\n    pass\nc\n", id="all statements by several edits"),
        pytest.param("if x:\n    a\n    b\n", ["    a\n"], "if x:\n    b\n", id="some statements"),
        pytest.param("a\nb\n", ["a\n", "b\n"], "", id="a whole module needs none"),
        pytest.param("class C:\n    a\n", ["    a\n"], "class C:\n    pass\n", id="a class"),
        pytest.param("with x:\n    a\n", ["    a\n"], "with x:\n    pass\n", id="a with block"),
        pytest.param("for x in y:\n    a\nelse:\n    b\n", ["    b\n"], "for x in y:\n    a\nelse:\n    pass\n", id="an else branch"),
        pytest.param("if x:\n    a\nelse:\n    b\n", ["else:\n    b\n"], "if x:\n    a\n", id="an else branch with its header"),
        pytest.param("if x:\n    a\nelif y:\n    b\n", ["elif y:\n    b\n"], "if x:\n    a\n", id="an elif branch with its header"),
        pytest.param("try:\n    a\nexcept E:\n    b\n", ["    b\n"], "try:\n    a\nexcept E:\n    pass\n", id="an except block"),
        pytest.param("try:\n    a\nfinally:\n    b\n", ["    a\n", "    b\n"], "try:\n    pass\nfinally:\n    pass\n", id="two blocks"),
        pytest.param("match x:\n    case 1:\n        a\n", ["        a\n"], "match x:\n    case 1:\n        pass\n", id="a case"),
        pytest.param("if x:\n    # why\n    a\n", ["    a\n"], "if x:\n    # why\n    pass\n", id="a comment is no statement"),
        pytest.param("if x:\n    @d\n    def f(): ...\n", ["    @d\n    def f(): ...\n"], "if x:\n    pass\n", id="a decorated function"),
        pytest.param(
            "def f():\n    if x:\n        a\n    b\n", ["    if x:\n        a\n"], "def f():\n    b\n", id="a block that goes itself"
        ),
    ],
)
def test_a_block_from_which_everything_is_removed_keeps_a_pass(text: str, removed: list[str], expected: str) -> None:
    edits = [edit(text.index(part), text.index(part) + len(part), "") for part in removed]
    assert apply(text, edits) == expected


HANDLER = "def handler(job):\n    return {'n': job['input'].get('n', 1) + K}\n"
START = "runpod.serverless.start({'handler': handler})"
MAIN = "if __name__ == '__main__':\n"
KEPT = "class Kept:\n    pass\n\n\nK = 1\n\n\n"
CASES = [
    pytest.param(f"{HANDLER}\n{START}\n", HANDLER, id="a start call at the end"),
    pytest.param(f"{HANDLER}\n{MAIN}    {START}\n", HANDLER, id="a main block that only starts"),
    pytest.param(f"{HANDLER}\n{MAIN}    {START}\nelse:\n    print('imported')\n", HANDLER, id="a branch for the imported file goes too"),
    pytest.param(
        f"{HANDLER}\n{MAIN}    K = 2\n    {START}\n", f"{HANDLER}\ndef load():\n    global K\n    K = 2\n", id="a main block that loads"
    ),
    pytest.param(
        f"{HANDLER}\n{MAIN}    K = 2\n    {START}\nelse:\n    K = 3\n",
        f"{HANDLER}\ndef load():\n    global K\n    K = 2\n",
        id="a main block with else",
    ),
    pytest.param(
        f"{HANDLER}\n{MAIN.strip()}  # only here: loading\n    K = 2\n    {START}\n",
        f"{HANDLER}\ndef load():  # only here: loading\n    global K\n    K = 2\n",
        id="a comment behind the header",
    ),
    pytest.param(
        f"{HANDLER}\n{MAIN.strip()} K = 2; {START}\n", f"{HANDLER}\ndef load(): global K; K = 2; pass\n", id="a main block on one line"
    ),
    pytest.param(
        f"{HANDLER}\n{MAIN}    from os.path import *\n    {START}\n",
        f"{HANDLER}\nif True:\n    from os.path import *\n",
        id="a star import, which may not stand in a function",
    ),
    pytest.param(
        f"{HANDLER}\nif K == 2:\n    K = 3\nelif __name__ == '__main__':\n    K = 2\n    {START}\n",
        f"{HANDLER}\nif K == 2:\n    K = 3\nelif True:\n    K = 2\n",
        id="a main block behind another condition",
    ),
    pytest.param(
        f"{HANDLER}\n{MAIN}    K: int = 2\n    {START}\n",
        f"{HANDLER}\nif True:\n    K: int = 2\n",
        id="an annotated name, which may not be global",
    ),
    pytest.param(f"{HANDLER}\n{MAIN}    K = 2\n\n{START}\n", f"{HANDLER}\nif True:\n    K = 2\n", id="a main block before the start call"),
    pytest.param(
        f"{HANDLER}\nif __name__ == '__main__' and K:\n    K = 2\n    {START}\n",
        f"{HANDLER}\nif True and K:\n    K = 2\n",
        id="a larger condition",
    ),
    pytest.param(
        f"{HANDLER}\ntry:\n    {START}\nfinally:\n    print(1)\n", f"{HANDLER}\ntry:\n    pass\nfinally:\n    print(1)\n", id="a try block"
    ),
    pytest.param(
        f"{HANDLER}\nwhile True:\n    {START}\n", f"{HANDLER}\nwhile True:\n    break\n", id="a loop ends where the call never came back"
    ),
    pytest.param(f"{HANDLER}\n{MAIN}    {START}\n    raise SystemExit\n", HANDLER, id="what is never reached goes"),
    pytest.param(
        f"{HANDLER}\n{START}\n\n\ndef later():\n    pass\n", f"{HANDLER}\n\ndef later():\n    pass\n", id="definitions behind the call stay"
    ),
    pytest.param(f"{HANDLER}\nprint(1); {START}\n", f"{HANDLER}\nprint(1); pass\n", id="a line of two statements"),
    pytest.param(
        "runpod.serverless.start({'handler': (h := lambda job: 1)})\n",
        "handler = (h := lambda job: 1)\n",
        id="an expression that needs parentheses",
    ),
    pytest.param(
        f"def main(k):\n    def handler(job):\n        return k\n    {START}\nmain(2)\n",
        "def main(k):\n    def handler(job):\n        return k\n    return handler\nrunpod_handler = main(2)\n",
        id="a call with arguments makes the handler",
    ),
    pytest.param(
        f"{HANDLER}\ndef main(k):\n    {START}\n{MAIN}    main(2)\n",
        f"{HANDLER}\ndef main(k):\n    pass\ndef load():\n    main(2)\n",
        id="a call with arguments in a main block",
    ),
]


def converted(folder: Path, text: str) -> str:
    (folder / "handler.py").write_bytes(text.encode())
    outcome = convert(folder, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    (data,) = [change.data for change in outcome.files if change.path == "handler.py"]
    assert data is not None
    return data.decode()


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param(f"    import runpod\n\n    {START}\n", "", id="nothing is left of the block"),
        pytest.param(f"    import runpod\n    {START}\n    print('never')\n", "", id="nor of one with a line that is never reached"),
        pytest.param(
            f"    import runpod\n    K = 2\n    {START}\n", "\ndef load():\n    global K\n    K = 2\n", id="a global beside the import"
        ),
        pytest.param(
            f"    K = 2\n    import runpod\n    {START}\n", "\ndef load():\n    global K\n    K = 2\n", id="a global before the import"
        ),
    ],
)
def test_an_import_in_the_main_block_goes_without_what_stands_beside_it(tmp_path: Path, block: str, expected: str) -> None:
    assert converted(tmp_path, f"{KEPT}{HANDLER}\n{MAIN}{block}") == f"{KEPT}{HANDLER}{expected}"


@pytest.mark.parametrize(("body", "expected"), CASES)
def test_what_becomes_of_the_start_call(tmp_path: Path, body: str, expected: str) -> None:
    made = converted(tmp_path, f"import runpod\n\n{KEPT}{body}")
    assert made == f"{KEPT}{expected}"


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["line feeds", "carriage returns"])
@pytest.mark.parametrize(("body", "expected"), CASES)
def test_line_endings_and_comments_stay_as_they_are(tmp_path: Path, body: str, expected: str, newline: str) -> None:
    note = "# é \t stays  \n\x0c\n"
    text = f"import runpod\n\n{note}{KEPT}{body}".replace("\n", newline)
    made = converted(tmp_path, text)
    assert made == f"{note}{KEPT}{expected}".replace("\n", newline)
    ast.parse(made)


@pytest.mark.parametrize(
    "line",
    [
        "# runpod.serverless.start({'handler': handler})",
        "TEXT = \"runpod.serverless.start({'handler': handler})\"",
        "PATH = '/runpod-volumes/models'",
        "PATH = '/data/runpod-volume'",
        "if __name__ == '__main__x':\n    K = 4",
        "'''/runpod-volume in a docstring'''",
    ],
    ids=["a comment", "a string", "a folder of a longer name", "a folder below another", "another name", "a bare string"],
)
def test_what_only_looks_like_the_platform_stays(tmp_path: Path, line: str) -> None:
    made = converted(tmp_path, f"import runpod\n\n{KEPT}{line}\n\n\n{HANDLER}\n{START}\n")
    assert made == f"{KEPT}{line}\n\n\n{HANDLER}"
