"""Shell text into simple commands."""

from __future__ import annotations

import pytest

from converters.containers.shell import ShellCommand, expand, is_shell, split


def words(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in split(text)]


def one(text: str) -> ShellCommand:
    (command,) = split(text)
    return command


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("  \n\t\n", [], id="blank lines"),
        pytest.param("# a; b", [], id="only a comment"),
        pytest.param("a b  c", [("a", "b", "c")], id="one command"),
        pytest.param("a 'b && c; d'", [("a", "b && c; d")], id="single quotes"),
        pytest.param('a "b | c" "d\\"e" "f\ng"', [("a", "b | c", 'd"e', "f\ng")], id="double quotes"),
        pytest.param("a b\\;c d\\ e", [("a", "b;c", "d e")], id="escapes"),
        pytest.param("a \\\n  b", [("a", "b")], id="continuation"),
        pytest.param("a $(b; c | d) e", [("a", "$(b; c | d)", "e")], id="command substitution"),
        pytest.param("a `b; c`", [("a", "`b; c`")], id="backticks"),
        pytest.param('a "$(b "c;" d)"', [("a", '$(b "c;" d)')], id="quotes in a substitution in quotes"),
        pytest.param("a ${B:-c d;e} $((1+2))", [("a", "${B:-c d;e}", "$((1+2))")], id="braces and arithmetic"),
        pytest.param("a b#c # d", [("a", "b#c")], id="a # within a word is no comment"),
        pytest.param("a '' \"\"", [("a", "", "")], id="empty words"),
        pytest.param("a > b 2>&1 < c", [("a",)], id="redirections are no words"),
        pytest.param("a &> b >> c", [("a",)], id="more redirections"),
        pytest.param("a 'it'\\''s'", [("a", "it's")], id="quotes inside quotes"),
        pytest.param("a && b || c; d | e & f\ng", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",), ("g",)], id="operators"),
        pytest.param("a &&\n b", [("a",), ("b",)], id="newline after an operator"),
        pytest.param("a;\n\n;b;", [("a",), ("b",)], id="empty commands"),
        pytest.param("! a", [("a",)], id="negation"),
        pytest.param("echo if then fi", [("echo", "if", "then", "fi")], id="reserved words as arguments"),
        pytest.param("[[ a && b ]] && c", [("[[", "a", "b", "]]"), ("c",)], id="a test is no compound"),
        pytest.param("a <<E\nb; c\nE\nd", [("a",), ("d",)], id="a heredoc"),
        pytest.param("a <<< 'b c'; d", [("a",), ("d",)], id="a here-string"),
    ],
)
def test_words(text: str, expected: list[tuple[str, ...]]) -> None:
    assert words(text) == expected


def test_operators_join_to_the_command_before() -> None:
    assert [command.operator for command in split("a && b || c; d | e & f\ng")] == [None, "&&", "||", ";", "|", "&", "\n"]


def test_lines_and_offsets() -> None:
    text = "a \\\n b\n\nc <<E\nx\nE\nd 'e\nf'"
    found = split(text, 10)
    assert [(command.line, command.end_line) for command in found] == [(10, 11), (13, 15), (16, 17)]
    assert (
        [text[command.start : command.end] for command in found] == [command.text for command in found] == ["a \\\n b", "c <<E", "d 'e\nf'"]
    )


def test_lines_of_text_that_was_joined() -> None:
    found = split("a && b ; c", 1, lines=[(0, 5), (5, 7), (9, 9)])
    assert [(command.line, command.end_line) for command in found] == [(5, 5), (7, 7), (9, 9)]


def test_assignments() -> None:
    found = one('A=1 B="x y" C=$D cmd E=2')
    assert (found.words, found.assignments) == (("cmd", "E=2"), (("A", "1"), ("B", "x y"), ("C", "$D")))


@pytest.mark.parametrize("text", ["A=1", "A+=1", "A=(b c)", "A[0]=1"])
def test_a_lone_assignment_has_no_words(text: str) -> None:
    found = one(text)
    assert (found.words, found.assignments[0][0], found.unparsed) == ((), "A", False)


@pytest.mark.parametrize("text", ["a A=1", "1A=2", "'A'=1", "--a=b"])
def test_what_looks_like_an_assignment_and_is_none(text: str) -> None:
    assert not one(text).assignments


def test_redirections_and_heredocs() -> None:
    found = one("cat > f 2>&1 <<-'E' <<F\n\t$a\n\tE\nb\nF")
    assert (found.words, found.redirects) == (("cat",), ("> f", "2>&1", "<<-'E'", "<<F"))
    assert (found.heredocs, found.end_line) == (("$a\n", "b\n"), 5)


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        pytest.param("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"], id="if"),
        pytest.param("for x in 1 2; do a $x; done", ["a"], id="for"),
        pytest.param("for x\ndo a; done", ["a"], id="for without words"),
        pytest.param("while a; do b; done < f", ["a", "b"], id="while with a redirection"),
        pytest.param("until a; do b; done | c", ["a", "b"], id="until"),
        pytest.param("case $x in a|b) c;; (d) e ;; *) ;; esac", ["c", "e"], id="case"),
        pytest.param("case $x in esac", [], id="empty case"),
        pytest.param("{ a; b; }", ["a", "b"], id="braces"),
        pytest.param("(a && b)", ["a", "b"], id="subshell"),
        pytest.param("f() { a; }", ["a"], id="function"),
        pytest.param("f()\n{\n a\n}", ["a"], id="function over lines"),
        pytest.param("function f { a; }", ["a"], id="function by keyword"),
        pytest.param("function f() { a; }", ["a"], id="function by keyword with brackets"),
        pytest.param("if a; then if b; then c; fi fi", ["a", "b", "c"], id="nested without separator"),
        pytest.param("if [[ a && b ]]; then c; fi", ["[[", "c"], id="test in if"),
        pytest.param("if ! a; then (b; { c; }); fi", ["a", "b", "c"], id="nested"),
    ],
)
def test_a_compound_command_is_one_command(text: str, inner: list[str]) -> None:
    found = split(text)[0]
    assert (found.compound, found.words, found.unparsed) == (True, (), False)
    assert [command.words[0] for command in found.inner] == inner


@pytest.mark.parametrize("text", ["a; b", "[ a ] && b", "[[ a ]]", "echo { a }", "a '('", "echo done"])
def test_simple_commands_are_not_compound(text: str) -> None:
    assert not any(command.compound or command.inner for command in split(text))


def test_commands_around_a_compound_one() -> None:
    found = split("a\nif b; then\n  c\nfi && d\ne")
    assert [(command.compound, command.line, command.end_line, command.operator) for command in found] == [
        (False, 1, 1, None),
        (True, 2, 4, "\n"),
        (False, 4, 4, "&&"),
        (False, 5, 5, "\n"),
    ]
    assert [(command.words, command.line) for command in found[1].inner] == [(("b",), 2), (("c",), 3)]


@pytest.mark.parametrize(
    "text", ["a 'b", 'a "b', "a $(b", "a ${b", "a `b", "if a; then b", "a; fi", "(a", "a)", "a (b", "f() a", "a >", "{ a", "\\"]
)
def test_unbalanced_text_comes_back_whole(text: str) -> None:
    found = one(text)
    assert (found.unparsed, found.words, found.text) == (True, (), text)


def test_a_quote_that_nothing_closes_in_an_exec_form_stays_as_it_is() -> None:
    assert expand(["echo", "'", "it's"], {}) == ("echo", "'", "it's")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a $X ${X}", ("a", "1", "1"), id="known"),
        pytest.param("a $Z ${Z}", ("a", "$Z", "${Z}"), id="unknown stays"),
        pytest.param("a ${Z:-d} ${Z-d} ${X:-d}", ("a", "d", "d", "1"), id="default"),
        pytest.param('a "${Z:-${X}/d}" ${Z:-"$S"}', ("a", "1/d", "b", "c"), id="variables in a default"),
        pytest.param("a ${Z:-$U} ${Z:-$(X)}", ("a", "$U", "$(X)"), id="unknown variables in a default stay"),
        pytest.param("a ${E:-d} ${E-d}x", ("a", "d", "x"), id="default of an empty one"),
        pytest.param("a ${X:+y} ${Z:+y}", ("a", "y", "${Z:+y}"), id="alternative"),
        pytest.param("a '$X' \\$X \"\\$X\"", ("a", "$X", "$X", "$X"), id="quoted dollars are text"),
        pytest.param('a $S "$S" p$S', ("a", "b", "c", "b c", "pb", "c"), id="unquoted values are split"),
        pytest.param('a $E "$E"', ("a", ""), id="an empty unquoted value vanishes"),
        pytest.param("a $(X) `X` ${X%y} $1 $@", ("a", "$(X)", "`X`", "${X%y}", "$1", "$@"), id="everything else stays"),
    ],
)
def test_expand(text: str, expected: tuple[str, ...]) -> None:
    assert expand(one(text).raw_words, {"X": "1", "E": "", "S": "b c"}) == expected


def test_words_are_left_as_they_are() -> None:
    assert one("a $X '$Y' ${Z:-1}").words == ("a", "$X", "$Y", "${Z:-1}")


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("/bin/sh", "-c"), True),
        (("/usr/bin/env", "bash"), True),
        (("bash",), True),
        (("/usr/bin/env", "python3"), False),
        (("powershell", "-command"), False),
        ((), False),
    ],
)
def test_is_shell(argv: tuple[str, ...], expected: bool) -> None:
    assert is_shell(argv) is expected
