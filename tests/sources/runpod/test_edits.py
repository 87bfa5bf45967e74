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
from converters.python.edits import apply


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
        apply("0123456789", [edit(1, 5, ""), edit(3, 7, "")])


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
