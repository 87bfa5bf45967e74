"""The Dockerfile reader, rule by rule (https://docs.docker.com/reference/dockerfile/)."""

from __future__ import annotations

import re

import pytest

from converters.containers.dockerfile import command_line, env_names, parse
from converters.containers.dockerfile_model import Copy, Dockerfile, Run, Stage
from converters.containers.dockerfile_words import split_flags


def read(text: str, **build_args: str) -> Dockerfile:
    return parse(text.encode(), build_args)


def last(text: str, **build_args: str) -> Stage:
    stage = read(text, **build_args).stage()
    assert stage is not None
    return stage


def env(text: str, **build_args: str) -> dict[str, str]:
    return {name: value.value for name, value in last(text, **build_args).env.items()}


def instructions(data: bytes) -> list[tuple[str, str, int, int]]:
    return [(item.keyword, item.value, item.line, item.end_line) for item in parse(data).instructions]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"FROM a\n\n# RUN b\n   \n", [("FROM", "a", 1, 1)], id="comments and empty lines are nothing"),
        pytest.param(b"from a", [("FROM", "a", 1, 1)], id="keywords in lower case"),
        pytest.param(b"\xef\xbb\xbfFROM a", [("FROM", "a", 1, 1)], id="a byte order mark is not part of FROM"),
        pytest.param(b"FROM a\r\nRUN b \\\r\n  c\r\n", [("FROM", "a", 1, 1), ("RUN", "b   c", 2, 3)], id="CRLF"),
        pytest.param(
            b"RUN a \\\n# c\n\n  # d\n b\nUSER x", [("RUN", "a  b", 1, 5), ("USER", "x", 6, 6)], id="blanks and comments in a continuation"
        ),
        pytest.param(b"RUN echo '# a' # b", [("RUN", "echo '# a' # b", 1, 1)], id="a # within a line stays"),
        pytest.param(b"ENTRYPOINT a \\", [("ENTRYPOINT", "a", 1, 1)], id="backslash at the end of the file"),
        pytest.param(b"RUN a \\\\\nUSER x", [("RUN", "a \\\\", 1, 1), ("USER", "x", 2, 2)], id="an escaped backslash does not continue"),
        pytest.param(
            b"RUN a \\ x\nUSER x", [("RUN", "a \\ x", 1, 1), ("USER", "x", 2, 2)], id="a backslash within the line does not continue"
        ),
        pytest.param(b"#escape=`\nRUN a `\n b \\\nUSER x", [("RUN", "a  b \\", 2, 3), ("USER", "x", 4, 4)], id="escape directive"),
        pytest.param(b"# c\n# escape=`\nRUN a `\nUSER x", [("RUN", "a `", 3, 3), ("USER", "x", 4, 4)], id="no directive after a comment"),
        pytest.param(b"# syntax=x\n# escape=`\nRUN a `\n b", [("RUN", "a  b", 3, 4)], id="escape after syntax"),
        pytest.param(b"RUN <<E\nFROM x\nE\nUSER x", [("RUN", "<<E", 1, 3), ("USER", "x", 4, 4)], id="a heredoc holds no instructions"),
        pytest.param(
            b"COPY <<A <<B /d/\nRUN a\nA\nRUN b\nB\nUSER x", [("COPY", "<<A <<B /d/", 1, 5), ("USER", "x", 6, 6)], id="two heredocs"
        ),
        pytest.param(b"RUN <<-E\n\tx\n\tE\nUSER x", [("RUN", "<<-E", 1, 3), ("USER", "x", 4, 4)], id="indented terminator"),
        pytest.param(b"RUN <<'a b'\nx\na b\nUSER x", [("RUN", "<<'a b'", 1, 3), ("USER", "x", 4, 4)], id="quoted name"),
        pytest.param(b"RUN cat << E\nx\nE\nUSER x", [("RUN", "cat << E", 1, 3), ("USER", "x", 4, 4)], id="blank before the name"),
        pytest.param(b"RUN a <<<b\nUSER x", [("RUN", "a <<<b", 1, 1), ("USER", "x", 2, 2)], id="a here-string is no heredoc"),
        pytest.param(b"RUN echo '<<E'\nUSER x", [("RUN", "echo '<<E'", 1, 1), ("USER", "x", 2, 2)], id="quoted << is no heredoc"),
        pytest.param(b'RUN ["a", "<<E"]\nUSER x', [("RUN", '["a", "<<E"]', 1, 1), ("USER", "x", 2, 2)], id="the exec form has no heredoc"),
        pytest.param(b"ENV A=<<E\nUSER x", [("ENV", "A=<<E", 1, 1), ("USER", "x", 2, 2)], id="ENV has no heredoc"),
        pytest.param(
            b"RUN <<E\nx\nUSER x", [("RUN", "<<E", 1, 1), ("X", "", 2, 2), ("USER", "x", 3, 3)], id="an open heredoc swallows nothing"
        ),
    ],
)
def test_instructions(data: bytes, expected: list[tuple[str, str, int, int]]) -> None:
    assert instructions(data) == expected


def test_bytes_that_are_no_utf8_are_latin1() -> None:
    file = parse(b"FROM a\nENV A=caf\xe9\n")
    assert file.encoding == "latin-1"
    assert file.stages[0].env["A"].value == "caf\xe9"
    assert (file.instructions[1].start, file.instructions[1].end) == (7, 18)


def test_byte_ranges_cut_out_whole_instructions() -> None:
    data = "# é\nFROM a\n\n  RUN b \\\n # x\n  c\n# end\nCMD d".encode()
    found = parse(data).instructions
    assert [data[item.start : item.end] for item in found] == [b"FROM a\n", b"  RUN b \\\n # x\n  c\n", b"CMD d"]
    assert data[: found[1].start] + data[found[1].end :] == "# é\nFROM a\n\n# end\nCMD d".encode()


def test_characters_of_a_value_know_their_line_and_byte() -> None:
    data = "FROM a\nENV É=1 \\\n # x\n  B=2".encode()
    item = parse(data).instructions[1]
    offset = item.value.index("B")
    assert item.line_at(offset) == 4
    assert data[item.byte_at(offset) :] == b"B=2"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("RUN a", 1, "before the first FROM"),
        ("# nothing\n", 1, "no FROM"),
        ("FROM a\nNONSENSE x", 2, "unknown instruction"),
        ("FROM a\nRUN <<E\nx", 2, "not terminated"),
        ("FROM a b", 1, "one or three"),
        ("FROM a\nENV A", 2, "no value"),
        ("FROM a\nENV A=1 B", 2, "name=value"),
        ("FROM a\nENV A=${B", 2, "missing"),
        ("FROM a\nENV A='x", 2, "name=value|single quote"),
        ("FROM a\nCMD [1]", 2, "strings only"),
        ('FROM a\nCMD ["a"] # c', 2, "after the JSON array"),
        ("FROM a\nEXPOSE x", 2, "no port"),
        ("FROM a\nEXPOSE 70000", 2, "no port"),
        ("FROM $B", 1, "empty without a build argument"),
        ("FROM a\nCOPY x", 2, "source and a destination"),
        ("FROM a\nSHELL sh", 2, "JSON"),
        ("FROM a\nONBUILD FROM b", 2, "not allowed"),
        ("FROM a\nHEALTHCHECK curl x", 2, "NONE"),
        ("FROM a\nWORKDIR", 2, "one argument"),
        ("# escape=x\nFROM a", 1, "escape"),
        ("# escape=`\n# escape=`\nFROM a", 2, "only one"),
        ("FROM a\nENV A=${B:?needed}", 2, "B: needed"),
        ('FROM a\nCOPY "a b" c', 2, "double quote"),
    ],
)
def test_what_docker_refuses_is_reported_with_its_line(text: str, line: int, message: str) -> None:
    found = read(text).diagnostics
    assert any(item.line == line and re.search(message, item.message) for item in found), found


@pytest.mark.parametrize(
    "text",
    [
        "FROM a",
        "ARG V=1\nFROM a:$V",
        'FROM scratch\nCMD []\nENTRYPOINT ["a"]',
        "FROM a\nMAINTAINER someone else",
        "FROM a\nRUN <<E\nE",
        "FROM --platform=$BUILDPLATFORM a AS b",
        "FROM a\nHEALTHCHECK NONE",
        "FROM a\nEXPOSE 80/udp 90-99",
        "FROM a\nONBUILD RUN b",
    ],
)
def test_a_good_file_has_no_diagnostics(text: str) -> None:
    assert not read(text).diagnostics


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("$A", "1", id="plain"),
        pytest.param("${A}x", "1x", id="braces"),
        pytest.param("$A/$B-$A", "1/-1", id="unknown is empty"),
        pytest.param("${B:-x}", "x", id="default"),
        pytest.param("${A:-x}", "1", id="default not needed"),
        pytest.param("${E:-x}", "x", id=":- counts empty as unset"),
        pytest.param("${E-x}", "", id="- does not"),
        pytest.param("${A:+x}", "x", id="alternative"),
        pytest.param("${B:+x}", "", id="alternative of unset"),
        pytest.param("${E:+x}", "", id=":+ counts empty as unset"),
        pytest.param("${E+x}", "x", id="+ does not"),
        pytest.param("${B:-${C:-$A}}", "1", id="nested"),
        pytest.param("${B:-a}b}", "ab}", id="a brace behind stays"),
        pytest.param(r"\$A", "$A", id="escaped dollar"),
        pytest.param(r"\${A}", "${A}", id="escaped braces"),
        pytest.param("'$A'", "$A", id="single quotes"),
        pytest.param('"$A b"', "1 b", id="double quotes"),
        pytest.param(r'"\$A \x \""', r'$A \x "', id="escapes in double quotes"),
        pytest.param(r"a\ b", "a b", id="escaped blank"),
        pytest.param("a$", "a$", id="lone dollar"),
        pytest.param("${P#*/}", "b/c.d", id="shortest prefix"),
        pytest.param("${P##*/}", "c.d", id="longest prefix"),
        pytest.param("${P%/*}", "a/b", id="shortest suffix"),
        pytest.param("${P%%/*}", "a", id="longest suffix"),
        pytest.param("${P#x}", "a/b/c.d", id="prefix that does not match"),
        pytest.param("${P/b/x}", "a/x/c.d", id="replace"),
        pytest.param("${P//?./x}", "a/b/xd", id="replace with a wildcard"),
    ],
)
def test_expansion(word: str, expected: str) -> None:
    assert env(f"FROM a\nENV A=1 E= P=a/b/c.d\nENV X={word}")["X"] == expected


def test_all_pairs_of_one_env_see_the_values_before_it() -> None:
    assert env("FROM a\nENV A=1\nENV A=2 B=$A\nENV C=$A") == {"A": "2", "B": "1", "C": "2"}


def test_env_forms() -> None:
    assert env("FROM a\nENV A one  two\nENV B='x y' C=\"z\" D=a\\ b") == {"A": "one  two", "B": "x y", "C": "z", "D": "a b"}


def test_env_values_know_their_line_and_what_the_base_image_must_give() -> None:
    value = last("FROM a\nENV A=1 \\\n  PATH=/x:$PATH").env["PATH"]
    assert (value.value, value.line, value.raw, value.unresolved) == ("/x:", 3, "/x:$PATH", ("PATH",))


def test_env_names() -> None:
    file = read("FROM a\nENV A=1 \\\n  # c\n  'B'=2 C=3\nENV D 4\nENV E\nLABEL l=1")
    assert [env_names(item) for item in file.instructions] == [(), (("A", 2), ("'B'", 4), ("C", 4)), (("D", 5),), (), (("l", 7),)]


def test_variables_cannot_grow_without_bounds() -> None:
    file = read("FROM a\nENV A=0123456789\n" + "ENV A=$A$A\n" * 100)
    assert file.diagnostics
    assert len(file.stages[0].env["A"].value) < 1 << 18


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        pytest.param("ARG V=1\nFROM a\nENV X=$V", {}, "", id="a global ARG does not reach into a stage"),
        pytest.param("ARG V=1\nFROM a\nARG V\nENV X=$V", {}, "1", id="unless the stage declares it"),
        pytest.param("ARG V=1\nFROM a\nARG V=2\nENV X=$V", {}, "2", id="the stage's own default wins"),
        pytest.param("ARG V=1\nFROM a\nARG V=2\nENV X=$V", {"V": "3"}, "3", id="a build argument wins over both"),
        pytest.param("FROM a\nENV X=$V", {"V": "3"}, "", id="a build argument nobody declares is nothing"),
        pytest.param("FROM a\nENV X=$V\nARG V=1", {}, "", id="an ARG counts from its line on"),
        pytest.param("FROM a AS b\nARG V=1\nFROM c\nENV X=$V", {}, "", id="an ARG ends with its stage"),
        pytest.param("FROM a AS b\nARG V=1\nFROM b\nENV X=$V", {}, "1", id="but a stage based on it has it"),
        pytest.param("FROM a\nARG V=1\nENV V=2\nENV X=$V", {"V": "3"}, "2", id="ENV wins over ARG"),
        pytest.param("FROM a\nARG A=1 B=$A\nENV X=$A$B", {}, "11", id="several names in one ARG"),
        pytest.param("FROM a\nARG TARGETARCH\nENV X=$TARGETARCH", {}, "amd64", id="predefined"),
        pytest.param("FROM a\nENV X=$TARGETARCH", {}, "", id="predefined but not declared"),
    ],
)
def test_arguments(text: str, args: dict[str, str], expected: str) -> None:
    assert env(text, **args)["X"] == expected


@pytest.mark.parametrize(
    ("text", "args", "base"),
    [
        ("ARG T=1\nFROM a:$T", {}, "a:1"),
        ("ARG T=1\nFROM a:${T}", {"T": "2"}, "a:2"),
        ("ARG A=1\nARG T=x$A\nFROM a:$T", {}, "a:x1"),
        ("FROM a:${T:-9}", {}, "a:9"),
        ("FROM a AS x\nFROM b AS y\nFROM X", {}, "a"),
        ("FROM a AS x\nFROM x AS y\nFROM y", {}, "a"),
        ("FROM a AS a\nFROM a", {}, "a"),
        ("FROM a@sha256:00", {}, "a@sha256:00"),
        ("FROM scratch", {}, "scratch"),
    ],
)
def test_base_image(text: str, args: dict[str, str], base: str) -> None:
    assert last(text, **args).base_image == base


def test_targets() -> None:
    file = read("FROM a AS One\nFROM b AS two\nFROM c")
    assert [stage.name for stage in file.stages] == ["one", "two", None]
    assert [file.stage(target) for target in (None, "ONE", "1", "2")] == [file.stages[2], file.stages[0], file.stages[1], file.stages[2]]
    assert [file.stage(target) for target in ("three", "3", "-1", "")] == [None, None, None, None]
    assert read("").stage() is None


def test_a_stage_inherits_everything_from_the_stage_it_is_from() -> None:
    stage = last(
        "FROM a AS b\nENV PORT=80\nWORKDIR /x\nUSER u\nEXPOSE 80\nVOLUME /v\nLABEL l=1\nSTOPSIGNAL INT\nSHELL ["
        '"/bin/bash", "-c"]\nHEALTHCHECK CMD x\nENTRYPOINT ["e"]\nCMD ["c"]\nCOPY s d\nRUN r\nFROM b\nWORKDIR y\nCMD z'
    )
    assert (stage.env["PORT"].value, stage.workdir, stage.user, stage.volumes, stage.stopsignal) == ("80", "/x/y", "u", ("/v",), "INT")
    assert (stage.expose[0].port, stage.labels["l"].value, stage.healthcheck is not None) == (80, "1", True)
    assert [(copy.dest, copy.stage) for copy in stage.copies] == [("/x/d", 0)]
    assert [(run.script, run.stage) for run in stage.runs] == [("r", 0)]
    assert command_line(stage) == ("e", "/bin/bash", "-c", "z")


def test_a_stage_takes_nothing_from_other_stages() -> None:
    stage = last("FROM a AS b\nENV A=1\nCMD x\nCOPY s d\nRUN y\nFROM c\nCOPY --from=b /s /d")
    assert (dict(stage.env), stage.cmd, stage.runs, len(stage.copies)) == ({}, None, (), 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('CMD ["a", "b"]', ("a", "b"), id="exec"),
        pytest.param("CMD a $B", ("/bin/sh", "-c", "a $B"), id="shell, variables untouched"),
        pytest.param("CMD ['a', 'b']", ("/bin/sh", "-c", "['a', 'b']"), id="single quotes are no JSON"),
        pytest.param('CMD ["a", "b"', ("/bin/sh", "-c", '["a", "b"'), id="broken JSON is shell"),
        pytest.param('CMD ["a", "b",]', ("/bin/sh", "-c", '["a", "b",]'), id="a trailing comma is no JSON"),
        pytest.param('CMD [ "a" \\\n , "b" ]', ("a", "b"), id="JSON over lines"),
        pytest.param('CMD ["a"] # c', ("a",), id="text behind the JSON"),
        pytest.param("CMD a\nCMD b", ("/bin/sh", "-c", "b"), id="the last one counts"),
        pytest.param('ENTRYPOINT ["e"]\nCMD ["c"]', ("e", "c"), id="CMD gives arguments"),
        pytest.param('CMD ["c"]\nENTRYPOINT ["e"]', ("e", "c"), id="in either order"),
        pytest.param('ENTRYPOINT ["e"]\nCMD c', ("e", "/bin/sh", "-c", "c"), id="exec and shell"),
        pytest.param('ENTRYPOINT e\nCMD ["c"]', ("/bin/sh", "-c", "e"), id="a shell ENTRYPOINT takes no CMD"),
        pytest.param('ENTRYPOINT ["/bin/sh", "-c"]\nCMD ["c d"]', ("/bin/sh", "-c", "c d"), id="shell by hand"),
        pytest.param('SHELL ["bash", "-lc"]\nCMD a', ("bash", "-lc", "a"), id="SHELL"),
        pytest.param('ENTRYPOINT []\nCMD ["c"]', ("c",), id="an empty ENTRYPOINT"),
        pytest.param("RUN a", None, id="nothing"),
    ],
)
def test_command_line(text: str, expected: tuple[str, ...] | None) -> None:
    assert command_line(last(f"FROM a\n{text}")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('FROM a AS b\nCMD ["c"]\nFROM b', ("c",), id="CMD is inherited"),
        pytest.param('FROM a AS b\nCMD ["c"]\nFROM b\nENTRYPOINT ["e"]', ("e",), id="ENTRYPOINT resets an inherited CMD"),
        pytest.param('FROM a AS b\nENTRYPOINT ["e"]\nFROM b\nCMD ["c"]', ("e", "c"), id="CMD keeps an inherited ENTRYPOINT"),
        pytest.param('FROM a AS b\nENTRYPOINT ["e"]\nFROM b\nENTRYPOINT []', None, id="an empty ENTRYPOINT resets"),
    ],
)
def test_inherited_commands(text: str, expected: tuple[str, ...] | None) -> None:
    assert command_line(last(text)) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", ("/", None)),
        ("WORKDIR /a", ("/a", 2)),
        ("WORKDIR a", ("/a", 2)),
        ("WORKDIR /a\nWORKDIR b/\nWORKDIR ../c", ("/a/c", 4)),
        ("ENV D=/x\nWORKDIR $D/y", ("/x/y", 3)),
        ("WORKDIR /../..//a", ("/a", 2)),
    ],
)
def test_workdir(lines: str, expected: tuple[str, int | None]) -> None:
    stage = last(f"FROM a\n{lines}")
    assert (stage.workdir, stage.workdir_line) == expected


def copy_of(line: str) -> Copy:
    return last(f"FROM a AS b\nFROM c\nWORKDIR /w\nENV V=v\n{line}").copies[0]


@pytest.mark.parametrize(
    ("line", "sources", "dest"),
    [
        ("COPY a b c/", ("a", "b"), "/w/c/"),
        ("COPY . .", (".",), "/w/"),
        ("COPY a /", ("a",), "/"),
        ("COPY $V/a ./b", ("v/a",), "/w/b"),
        ('COPY ["a b", "/c d"]', ("a b",), "/c d"),
        ("ADD https://x/y /z", ("https://x/y",), "/z"),
        ("COPY --chown=u:g --from=b a /b", ("a",), "/b"),
    ],
)
def test_copy(line: str, sources: tuple[str, ...], dest: str) -> None:
    assert (copy_of(line).sources, copy_of(line).dest) == (sources, dest)


@pytest.mark.parametrize(
    ("flag", "name", "index"),
    [("--from=B", "B", 0), ("--from=0", "0", 0), ("--from=nginx:1", "nginx:1", None), ("--from=7", "7", None), ("--link", None, None)],
)
def test_copy_from(flag: str, name: str | None, index: int | None) -> None:
    found = copy_of(f"COPY {flag} a b")
    assert (found.from_stage, found.from_index, found.flags) == (name, index, (flag,))


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("--a='b c' é d", ("--a=b c",), "é d"),
        ("--x=ü y", ("--x=ü",), "y"),
        ("--\xa0a", ("--\ufffd",), "a"),  # the second byte of a no-break space is a space to BuildKit
        ("--from=à b", ("--from=\ufffd",), "b"),  # and so is that of this letter
    ],
)
def test_flags_end_as_buildkit_ends_them(text: str, flags: tuple[str, ...], rest: str) -> None:
    found, at = split_flags(text)
    assert (found, text[at:]) == (flags, rest)


def test_copy_of_heredocs() -> None:
    found = copy_of('COPY <<"a.txt" x <<-b /d/\n$V\na.txt\n\t1\n\t2\n\tb\n')
    assert found.sources == ("x",)
    assert [(doc.name, doc.data, doc.expand, doc.line, doc.end_line) for doc in found.files] == [
        ("a.txt", "$V\n", False, 6, 7),
        ("b", "1\n2\n", True, 8, 10),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", [(80, 80, "tcp")]),
        ("80/UDP 90", [(80, 80, "udp"), (90, 90, "tcp")]),
        ("8000-8002", [(8000, 8002, "tcp")]),
        ("$P ${Q:-9}", [(7, 7, "tcp"), (9, 9, "tcp")]),
        ("$NONE", []),
        ("x", [(None, None, "tcp")]),
    ],
)
def test_expose(text: str, expected: list[tuple[int | None, int | None, str]]) -> None:
    assert [(port.port, port.last, port.protocol) for port in last(f"FROM a\nENV P=7\nEXPOSE {text}").expose] == expected


def test_healthcheck() -> None:
    check = last(
        "FROM a\nHEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 \\\n  CMD curl -f http://localhost:$PORT || exit 1"
    ).healthcheck
    assert check is not None and check.command is not None
    assert (check.interval, check.timeout, check.start_period, check.retries) == (90.0, 0.5, None, 3)
    assert check.command.words == ("/bin/sh", "-c", "curl -f http://localhost:$PORT || exit 1")


def test_healthcheck_none_takes_an_earlier_one_away() -> None:
    check = last('FROM a\nHEALTHCHECK CMD ["x"]\nHEALTHCHECK NONE').healthcheck
    assert check is not None and check.command is None


def runs(text: str) -> tuple[Run, ...]:
    return last(f"FROM a\n{text}").runs


def test_run_commands_keep_their_lines() -> None:
    (run,) = runs("RUN a && \\\n  # c\n  'b\\\nc' ; \\\n  d")
    assert [(command.words, command.line, command.end_line, command.operator) for command in run.commands()] == [
        (("a",), 2, 2, None),
        (("bc",), 4, 5, "&&"),
        (("d",), 6, 6, ";"),
    ]


def test_a_run_sees_the_variables_set_before_it() -> None:
    first, second = runs("ARG A=1\nRUN x\nENV A=2 B=3\nRUN y")
    assert (first.env, second.env) == ({"A": "1"}, {"A": "2", "B": "3"})


def test_run_of_a_heredoc() -> None:
    (run,) = runs("RUN <<EOF\npip install a\n\npip install b\nEOF")
    assert [(command.words[-1], command.line) for command in run.commands()] == [("a", 3), ("b", 5)]


def test_run_of_a_heredoc_with_an_interpreter() -> None:
    (run,) = runs("RUN <<EOF\n#!/usr/bin/env python3\nimport os; print(1)\nEOF")
    (command,) = run.commands()
    assert (run.shell, command.words, command.line, command.end_line) == (("/usr/bin/env", "python3"), ("/usr/bin/env", "python3"), 2, 5)


def test_run_with_a_heredoc_as_input() -> None:
    (run,) = runs("RUN python - <<EOF && b\nimport a\nEOF")
    first, second = run.commands()
    assert (first.words, first.heredocs, first.line, first.end_line) == (("python", "-"), ("import a\n",), 2, 4)
    assert (second.words, second.line) == (("b",), 2)


def test_run_in_exec_form() -> None:
    (run,) = runs('RUN ["pip", "install", "a && b"]')
    assert run.commands()[0].words == ("pip", "install", "a && b")


def test_run_mounts() -> None:
    (run,) = runs("ENV D=/d\nRUN --mount=type=bind,source=s,target=$D,from=b --mount=target=/t --network=none x")
    assert [(mount.type, mount.source, mount.target, mount.from_stage) for mount in run.mounts] == [
        ("bind", "s", "/d", "b"),
        ("bind", None, "/t", None),
    ]
    assert (run.script, len(run.flags)) == ("x", 3)


def test_onbuild_runs_in_the_next_stage_only() -> None:
    file = read("FROM a AS b\nONBUILD ENV A=1\nONBUILD COPY . /x\nFROM b AS c\nENV B=$A\nFROM c")
    first, second, third = file.stages
    assert (dict(first.env), [item.keyword for item in first.onbuild]) == ({}, ["ENV", "COPY"])
    assert (second.env["B"].value, len(second.copies), second.onbuild) == ("1", 1, ())
    assert len(third.copies) == 1


def test_volumes_labels_user_and_stopsignal() -> None:
    stage = last('FROM a\nENV U=me\nVOLUME /a /b\nVOLUME ["/c d"]\nLABEL a="x y" b=$U\nUSER $U:1\nSTOPSIGNAL SIGINT')
    assert stage.volumes == ("/a", "/b", "/c d")
    assert {name: value.value for name, value in stage.labels.items()} == {"a": "x y", "b": "me"}
    assert (stage.user, stage.user_line, stage.stopsignal) == ("me:1", 6, "SIGINT")


def test_more_stages_than_anyone_writes_are_read_without_inheritance() -> None:
    file = read("FROM a AS s\n" + "FROM s AS s\nRUN x\n" * 400)
    assert len(file.stages) == 401
    assert file.diagnostics
