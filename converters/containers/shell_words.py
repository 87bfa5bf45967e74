"""Words and operators of shell text: where they end, what quotes do, and the expansion of known variables.

Follows the POSIX shell grammar (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html) and the
parts of bash that occur in images (`$'..'`, `<<<`, `|&`, `[[ ]]`, arrays). `ShellError` means that the text is unbalanced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

_OPERATORS = ("&&", "||", ";;&", ";;", ";&", "|&", "|", ";", "&", "(", ")", "\n")
_REDIRECT = re.compile(r"(?:\d*|\{\w+\})(?:<<<|<<-|<<|<>|<&|>&|>>|>\||<|>)|&>>|&>")
_PLAIN = re.compile(r"[^\s\\'\"$`&|;()<>#{}]+|[{}#]")
_VARIABLE = re.compile(r"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?:(?P<op>:?[-+=?])(?P<word>[^`]*))?\})", re.DOTALL)


class ShellError(Exception):
    """The text is not balanced."""


@dataclass(frozen=True)
class Token:
    """A word, an operator, or a redirection with its target; a heredoc redirection carries the body."""

    kind: Literal["word", "operator", "redirect"]
    text: str
    start: int
    end: int
    body: str | None = None
    body_end: int = 0


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text`. Comments and continuations are left out. Raises ShellError."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.tokens: list[Token] = []
        self.pending: list[int] = []  # indices of heredoc redirections whose bodies are still to come

    def scan(self) -> Iterator[Token]:
        while self._skip_blanks():
            token = self._token()
            self.tokens.append(token)
            if token.text == "\n" and self.pending:
                self._read_bodies()
        if self.pending:
            self._read_bodies()
        return iter(self.tokens)

    def _skip_blanks(self) -> bool:
        text, size = self.text, len(self.text)
        while self.pos < size:
            ch = text[self.pos]
            if ch in " \t\r\v\f":
                self.pos += 1
            elif ch == "\\" and text.startswith(("\\\n", "\\\r\n"), self.pos):
                self.pos = text.index("\n", self.pos) + 1
            elif ch == "#":
                end = text.find("\n", self.pos)
                self.pos = size if end < 0 else end
            else:
                return True
        return False

    def _token(self) -> Token:
        start = self.pos
        redirect = _REDIRECT.match(self.text, start)
        if redirect and not (redirect.group() in ("<", ">") and self.text.startswith("(", redirect.end())):
            return self._redirect(redirect.group(), start)
        for operator in _OPERATORS:
            if self.text.startswith(operator, start):
                self.pos += len(operator)
                return Token("operator", operator, start, self.pos)
        self.pos = end_of_word(self.text, start)
        return Token("word", self.text[start : self.pos], start, self.pos)

    def _redirect(self, operator: str, start: int) -> Token:
        self.pos = start + len(operator)
        if not self._skip_blanks() or self.text[self.pos] in "\n;|&)":
            raise ShellError("a redirection has no target")
        self.pos = end_of_word(self.text, self.pos)
        if operator.lstrip("0123456789") in ("<<", "<<-"):
            self.pending.append(len(self.tokens))
        return Token("redirect", self.text[start : self.pos], start, self.pos)

    def _read_bodies(self) -> None:
        for index in self.pending:
            token = self.tokens[index]
            mark = token.text.lstrip("0123456789")
            chomp, name = mark.startswith("<<-"), unquote(mark.lstrip("<-").lstrip())
            lines: list[str] = []
            while self.pos < len(self.text):
                end = self.text.find("\n", self.pos)
                after = len(self.text) if end < 0 else end + 1
                line, self.pos = self.text[self.pos : after], after
                line = line.lstrip("\t") if chomp else line
                if line.rstrip("\r\n") == name:
                    break
                lines.append(line)
            self.tokens[index] = Token("redirect", token.text, token.start, token.end, "".join(lines), self.pos)
        self.pending.clear()


def end_of_word(text: str, pos: int) -> int:
    """The offset after the word that starts at `pos`. Raises ShellError."""
    start, size = pos, len(text)
    while pos < size:
        ch = text[pos]
        if plain := _PLAIN.match(text, pos):
            pos = plain.end()
        elif ch == "\\":
            pos += 2
        elif ch in "'\"`" or (ch == "$" and text.startswith(("$(", "${", "$'", '$"'), pos)):
            pos = _end_of_quoted(text, pos)
        elif ch == "$":
            pos += 1
        elif ch == "(" and pos > start and text[pos - 1] in "=<>":
            pos = _end_of_quoted(text, pos)
        elif ch in "<>" and text.startswith("(", pos + 1):
            pos += 1
        else:
            break
    if pos > size or pos == start:
        raise ShellError("a word is not finished")
    return pos


def _end_of_quoted(text: str, pos: int) -> int:
    """The offset after the quotes or brackets that open at `pos`, whatever they hold."""
    closers: list[str] = []
    size = len(text)
    while pos < size:
        ch = text[pos]
        top = closers[-1] if closers else ""
        if ch == "\\":
            pos += 2
            continue
        if top and ch == top:
            closers.pop()
            pos += 1
        elif top == "`":
            pos += 1
        elif text.startswith(("$(", "${"), pos):
            closers.append(")" if text[pos + 1] == "(" else "}")
            pos += 2
        elif ch == "`" or (ch == '"' and top != '"'):
            closers.append(ch)
            pos += 1
        elif ch == "'" and '"' not in closers[-2:]:
            pos = _end_of_single(text, pos)
        elif ch == "(" and top in ("", ")"):
            closers.append(")")
            pos += 1
        elif ch == "#" and top == ")" and text[pos - 1] in " \t\n;":
            pos = max(text.find("\n", pos), pos + 1)
        else:
            pos += 1
        if not closers and ch != "$":
            return pos
    raise ShellError("a quote or bracket is not closed")


def _end_of_single(text: str, pos: int) -> int:
    ansi = pos > 0 and text[pos - 1] == "$"
    end = pos + 1
    while end < len(text) and text[end] != "'":
        end += 2 if ansi and text[end] == "\\" else 1
    if end >= len(text):
        raise ShellError("a single quote is not closed")
    return end + 1


def unquote(word: str) -> str:
    """A word without its quotes; variables and command substitutions stay as they are written."""
    return "".join(part for part, _, _ in _parts(word))


def _parts(word: str) -> Iterator[tuple[str, bool, bool]]:
    """(text, may hold variables, is quoted) for the pieces of a word."""
    pos, size, quoted = 0, len(word), False
    while pos < size:
        ch = word[pos]
        follower = word[pos + 1 : pos + 2]
        if ch == '"':
            quoted, pos = not quoted, pos + 1
            yield "", False, True
        elif ch == "'" and not quoted:
            end = word.find("'", pos + 1)
            if end < 0:  # a word of an exec form, which is no shell's
                yield word[pos:], False, quoted
                return
            yield word[pos + 1 : end], False, True
            pos = end + 1
        elif ch == "\\" and follower in ("\n", "\r"):
            pos += 2 + word.startswith("\\\r\n", pos)
        elif ch == "\\" and (not quoted or follower in ('"', "\\", "$", "`")):
            yield follower, False, True
            pos += 2
        elif ch == "$" and follower == "'" and not quoted:
            end = _end_of_single(word, pos + 1)
            yield word[pos + 2 : end - 1], False, True
            pos = end
        elif ch == "`" or (ch == "$" and follower in ("(", "{")):
            end = _end_of_quoted(word, pos)
            yield word[pos:end], True, quoted
            pos = end
        elif ch == "$":
            end = pos + 1
            while end < size and (word[end].isalnum() or word[end] == "_"):
                end += 1
            yield word[pos:end], True, quoted
            pos = end
        else:
            yield ch, False, quoted
            pos += 1


def expand(words: Iterable[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """Words as written (`ShellCommand.raw_words`) with quotes removed and known variables replaced.

    `$X` and `${X}` that `env` does not have stay as written; `${X:-d}` then gives `d`, in which variables are replaced, too.
    An unquoted value is split at white space, as the shell does. Nothing is raised.
    """
    result: list[str] = []
    for word in words:
        try:
            result.extend(_expand_word(word, env))
        except ShellError:
            result.append(word)
    return tuple(result)


def _expand_word(word: str, env: Mapping[str, str]) -> list[str]:
    fields: list[str] = []
    current, filled = "", False
    for text, variable, quoted in _parts(word):
        value = _value(text, env) if variable else text
        if variable and not quoted and value != text:
            pieces = value.split()
            if pieces and value[0].isspace() and filled:
                fields.append(current)
                current, filled = "", False
            for number, piece in enumerate(pieces):
                if number:
                    fields.append(current)
                    current = ""
                current, filled = current + piece, True
            if pieces and value[-1].isspace():
                fields.append(current)
                current, filled = "", False
        else:
            current, filled = current + value, filled or quoted or bool(value)
    return [*fields, current] if filled else fields


def _inside(word: str, env: Mapping[str, str]) -> str:
    """The word behind an operator, which may hold quotes and variables of its own: `${A:-${B}/c}`."""
    return "".join(_value(text, env) if variable else text for text, variable, _ in _parts(word))


def _value(text: str, env: Mapping[str, str]) -> str:
    match = _VARIABLE.fullmatch(text)
    if not match:
        return text
    value = env.get(match["name"] or match["braced"])
    operator, word = match["op"], match["word"]
    if operator is None:
        return text if value is None else value
    missing = value is None or (operator[0] == ":" and not value)
    if operator[-1] in "-=":
        return _inside(word, env) if missing or value is None else value
    if operator[-1] == "+":
        return text if value is None else "" if missing else _inside(word, env)
    return text if value is None or missing else value
