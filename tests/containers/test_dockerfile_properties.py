"""Our reader against BuildKit's own parser (PyPI `dockerfile`), on generated files.

`HYPOTHESIS_EXAMPLES=10000` in the environment asks for that many examples of every property.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from converters.containers.dockerfile import command_line, env_names, parse
from converters.containers.dockerfile_model import Dockerfile
from converters.containers.dockerfile_words import json_words, pairs, split_words
from converters.containers.expansion import WordError
from converters.containers.instruction_options import blank_words
from converters.containers.shell import expand, split

buildkit = pytest.importorskip("dockerfile")

EXAMPLES = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

KEYWORDS = ["FROM", "RUN", "COPY", "ADD", "ENV", "ARG", "LABEL", "CMD", "ENTRYPOINT", "EXPOSE", "USER", "WORKDIR", "VOLUME"]
KEYWORDS += ["HEALTHCHECK", "SHELL", "STOPSIGNAL", "ONBUILD", "ONBUILD RUN", "MAINTAINER", "run", "Copy", "from", "NONSENSE"]
PIECES = [
    "a",
    "b=1",
    "A=$B",
    "${C:-d}",
    "'x y'",
    '"x y"',
    '"',
    "'",
    "\\",
    "\\\\",
    "`",
    "#",
    "# c",
    " ",
    "  ",
    "\t",
    "c=",
    "--from=a",
    "--mount=type=x,y=z",
]
PIECES += [
    "\u00a0",
    "\u2028",
    "\x0b",
    "--",
    "<<EOF",
    "<<-EOF",
    "<<'EOF'",
    '<<-"E F"',
    "3<<EOF",
    "[",
    "]",
    '["a", "b"]',
    "[1]",
    '["a",',
    "é",
    "&&",
    "$(x)",
    "CMD",
]
LINES = [
    "\n",
    "\\\n",
    " \\ \t\n",
    "`\n",
    "\r\n",
    "\\\r\n",
    "\n\n",
    "\n# comment\n",
    "\\\n\n",
    "\\\n  # c\n",
    "\nEOF\n",
    "\n\tEOF\n",
    "\nE F\n",
    "\\",
]

instruction = st.tuples(
    st.sampled_from(["", " ", "\t"]),
    st.sampled_from(KEYWORDS),
    st.lists(st.sampled_from(PIECES + [" "] * 12 + LINES[:9]), max_size=9).map("".join),
    st.sampled_from(LINES),
).map(lambda parts: f"{parts[0]}{parts[1]} {parts[2]}{parts[3]}")
heads = st.sampled_from(
    ["", "", "", "\ufeff", "# syntax=docker/dockerfile:1\n", "# escape=`\n", "#escape = \\\n", "# comment\n# escape=`\n", "\n# escape=`\n"]
)
files = st.tuples(heads, st.lists(instruction, min_size=1, max_size=8).map("".join)).map("".join)


def read_by_us(file: Dockerfile) -> list[tuple[Any, ...]]:
    return [
        (item.keyword, item.line, item.end_line, item.flags, tuple((doc.name, doc.content, doc.fd) for doc in item.heredocs))
        for item in file.instructions
    ]


def read_by_buildkit(text: str) -> list[tuple[Any, ...]]:
    return [
        (
            item.cmd.upper(),
            item.start_line,
            item.end_line,
            whole_characters(item.flags),
            tuple((doc.name, doc.content, doc.file_descriptor) for doc in item.heredocs),
        )
        for item in buildkit.parse_string(text)
        if item.cmd
    ]


def whole_characters(flags: tuple[str, ...]) -> tuple[str, ...]:
    """BuildKit takes flags apart byte by byte and so breaks letters beyond ASCII; this puts them together again.

    A letter with the byte 85 or A0 is cut in two, since these bytes are spaces there: such a file says nothing about ours.
    """
    try:
        return tuple(flag.encode("latin-1").decode() for flag in flags)
    except UnicodeDecodeError:
        reject()


def arguments_by_us(file: Dockerfile) -> list[tuple[str, ...]]:
    """The arguments of every instruction in the form in which BuildKit's parser keeps them."""
    found: list[tuple[str, ...]] = []
    for item in file.instructions:
        if item.keyword in ("CMD", "ENTRYPOINT", "RUN", "SHELL", "COPY", "ADD", "VOLUME") and json_words(item.value) is not None:
            found.append(json_words(item.value) or ())
        elif item.keyword in ("COPY", "ADD", "VOLUME", "EXPOSE", "FROM"):
            found.append(tuple(word for _, word in blank_words(item.value)))
        elif item.keyword == "ARG":
            found.append(tuple(word for _, word in split_words(item.value, item.escape)))
        elif item.keyword in ("ENV", "LABEL"):
            named = pairs(item.value, item.escape) if split_words(item.value, item.escape) else []
            found.append(tuple(part for _, name, value in named for part in (name, value)))
        elif item.keyword in ("CMD", "ENTRYPOINT", "RUN", "SHELL", "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"):
            found.append((item.value,) if item.value else ())
    return found


def arguments_by_buildkit(text: str) -> list[tuple[str, ...]]:
    known = {
        "CMD",
        "ENTRYPOINT",
        "RUN",
        "SHELL",
        "COPY",
        "ADD",
        "VOLUME",
        "EXPOSE",
        "FROM",
        "ARG",
        "ENV",
        "LABEL",
        "USER",
        "WORKDIR",
        "STOPSIGNAL",
        "MAINTAINER",
    }
    return [item.value for item in buildkit.parse_string(text) if (item.cmd or "").upper() in known]


def accepted(text: str) -> bool:
    """Whether BuildKit's parser takes the text; one in which it cuts a letter in two says nothing (see `whole_characters`)."""
    try:
        buildkit.parse_string(text)
    except buildkit.GoParseError:
        return False
    except UnicodeDecodeError:
        reject()
    return True


@EXAMPLES
@given(files)
def test_instructions_lines_flags_and_heredocs_are_those_of_buildkit(text: str) -> None:
    file = parse(text.encode())
    if accepted(text):
        assert [comparable(item, file) for item in read_by_us(file)] == [comparable(item, file) for item in read_by_buildkit(text)]


def comparable(item: tuple[Any, ...], file: Dockerfile) -> tuple[Any, ...]:
    """Without what the oracle gets wrong: it drops the heredocs of an ONBUILD, and `escape` does not reach its flags."""
    keyword, line, end_line, flags, heredocs = item
    return (keyword, line, end_line, flags if file.escape == "\\" else (), () if keyword == "ONBUILD" else heredocs)


@EXAMPLES
@given(files)
def test_arguments_are_those_of_buildkit(text: str) -> None:
    file = parse(text.encode())
    if accepted(text) and (file.escape == "\\" or "--" not in text):  # `escape` does not reach the oracle's flags
        assert arguments_by_us(file) == arguments_by_buildkit(text)


@EXAMPLES
@given(files)
def test_what_buildkit_refuses_is_reported(text: str) -> None:
    if not accepted(text):
        assert parse(text.encode()).diagnostics


@EXAMPLES
@given(st.one_of(files.map(str.encode), st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_byte_ranges_are_disjoint_whole_lines_and_leave_only_blanks_and_comments(data: bytes) -> None:
    file = parse(data)
    position, rest = 0, b""
    for item in file.instructions:
        assert position <= item.start < item.end <= len(data)
        assert item.start in (0, 3) or data[item.start - 1 : item.start] == b"\n"
        assert item.end == len(data) or data[item.end - 1 : item.end] == b"\n"
        rest += data[position : item.start]
        position = item.end
    again = parse(rest + data[position:])
    assert not again.instructions


@EXAMPLES
@given(files)
def test_every_character_of_a_value_is_found_at_its_byte(text: str) -> None:
    data = text.encode()
    for item in parse(data).instructions:
        for offset, character in enumerate(item.value):
            byte = item.byte_at(offset)
            assert data[byte:].startswith(character.encode())
            assert data.count(b"\n", 0, byte) + 1 == item.line_at(offset)


@EXAMPLES
@given(st.one_of(st.binary(max_size=300), files.map(str.encode), st.text(max_size=300).map(str.encode)))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    file = parse(data, {"A": "1"})
    for stage in file.stages:
        command_line(stage)
        for run in stage.runs:
            for command in run.commands():
                assert run.line <= command.line <= command.end_line <= run.end_line
                expand(command.raw_words, run.env)
    for item in file.instructions:
        env_names(item)


@EXAMPLES
@given(
    st.lists(
        st.sampled_from([*"ab'\"`$(){}[]<>&|;#\\\n =!-", "if ", "fi", "; then", "do", "done", "case", "esac", "<<E\n", "E\n", "${a:-b}"])
    ).map("".join)
)
def test_no_text_makes_the_shell_reader_raise_and_no_character_is_read_twice(text: str) -> None:
    position = 0
    for command in split(text, 7):
        assert position <= command.start <= command.end <= len(text)
        assert command.text == text[command.start : command.end]
        assert 7 <= command.line <= command.end_line <= 7 + text.count("\n")
        position = command.end
        expand(command.raw_words, {"a": "x y", "b": ""})


@pytest.mark.parametrize("line", ["ENV =", "ENV =1", "LABEL =", "ENV A=1 =2"])
def test_a_name_that_is_blank_is_reported(line: str) -> None:
    """BuildKit's parser takes it, and its evaluation refuses it ("names can not be blank")."""
    assert accepted(f"FROM a\n{line}\n")
    assert [item.line for item in parse(f"FROM a\n{line}\n".encode()).diagnostics] == [2]


def test_word_errors_stay_inside() -> None:
    with pytest.raises(WordError):
        pairs("A")
    assert parse(b"FROM a\nENV A").diagnostics
