"""Expansion of variables in a Dockerfile: `$A`, `${A:-x}` and their relatives, with quotes and escapes.

A port of the rules of BuildKit (frontend/dockerfile/shell/lex.go) and of
https://docs.docker.com/reference/dockerfile/#environment-replacement. `WordError` is raised for what Docker refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from converters.containers.patterns import substitute, trim

#: Whitespace as Go's unicode.IsSpace has it; Python's str.isspace knows more.
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
MAX_EXPANSION = 1 << 17  #: characters: the longest environment entry that Linux passes to a program
MAX_MATCHED = 1 << 10
MAX_NESTING = 50
_PLAIN = re.compile(r"[^\s$<'\"\\`/}]+")  # none of them ends a word or means something
_NAME = re.compile(r"[0-9]+|[@*#?\-$!]|\w*")


class WordError(Exception):
    """The text breaks a rule of the Dockerfile syntax; the message says which."""


@dataclass
class Output:
    """The expanded text, and the words that it splits into at unquoted whitespace."""

    text: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    word: list[str] = field(default_factory=list)

    def add(self, text: str, *, split: bool) -> None:
        self.text.append(text)
        if not split:
            self.word.append(text)
            return
        for ch in text:
            if ch not in SPACE:
                self.word.append(ch)
            else:
                self.flush()

    def flush(self) -> None:
        word = "".join(self.word)
        if word:
            self.words.append(word)
        self.word.clear()


class Lexer:
    """Expands `$A`, `${A}`, `${A:-x}` and their relatives in `text`, and takes quotes and escapes away.

    `keep_quotes` and `keep_escapes` leave those in place, `keep_unset` leaves unknown variables as written.
    `unset` collects the names that `env` does not have.
    """

    def __init__(
        self,
        text: str,
        env: Mapping[str, str],
        escape: str = "\\",
        *,
        keep_quotes: bool = False,
        keep_escapes: bool = False,
        keep_unset: bool = False,
        quotes: bool = True,
    ) -> None:
        self.source = text
        self.env = env
        self.escape = escape
        self.keep_quotes = keep_quotes
        self.keep_escapes = keep_escapes
        self.keep_unset = keep_unset
        self.quotes = quotes
        self.unset: dict[str, None] = {}
        self.pos = 0
        self.depth = 0

    def text(self) -> str:
        """The expanded text as one word. Raises WordError."""
        return "".join(self.output().text)

    def words(self) -> list[str]:
        """The expanded text split at unquoted whitespace. Raises WordError."""
        return self.output().words

    def output(self) -> Output:
        """Both the text and the words. Raises WordError."""
        output = self._until("", self.keep_escapes)
        output.flush()
        return output

    def _peek(self) -> str:
        return self.source[self.pos : self.pos + 1]

    def _next(self) -> str:
        ch = self.source[self.pos : self.pos + 1]
        self.pos += 1
        return ch

    def _until(self, stop: str, keep_escapes: bool) -> Output:
        output = Output()
        while ch := self._peek():
            if ch == stop:
                self.pos += 1
                return output
            if plain := _PLAIN.match(self.source, self.pos):
                self.pos = plain.end()
                output.add(plain.group(), split=False)
            elif ch == "$":
                output.add(self._dollar(), split=True)
            elif ch == "<":
                output.add(self._heredoc(), split=False)
            elif ch == "'" and self.quotes:
                output.add(self._single(), split=False)
            elif ch == '"' and self.quotes:
                output.add(self._double(keep_escapes), split=False)
            elif ch == self.escape:
                self.pos += 1
                escaped = self._next()
                output.add(ch + escaped if keep_escapes else escaped, split=False)
            else:
                output.add(self._next(), split=True)
        if stop:
            raise WordError(f"missing '{stop}'")
        return output

    def _single(self) -> str:
        end = self.source.find("'", self.pos + 1)
        if end < 0:
            raise WordError("a single quote is not closed")
        start, self.pos = self.pos, end + 1
        return self.source[start : end + 1] if self.keep_quotes else self.source[start + 1 : end]

    def _double(self, keep_escapes: bool) -> str:
        parts = [self._next()] if self.keep_quotes else [self._next()[1:]]
        while ch := self._peek():
            if ch == "$":
                parts.append(self._dollar())
                continue
            self.pos += 1
            if ch == '"':
                return "".join([*parts, ch] if self.keep_quotes else parts)
            if ch == self.escape:
                follower = self._peek()
                if follower and follower in ('"', "$", self.escape):
                    parts.append(ch if keep_escapes else "")
                    ch = self._next()
                elif not follower:
                    break
            parts.append(ch)
        raise WordError("a double quote is not closed")

    def _heredoc(self) -> str:
        start = self.pos
        self.pos += 1
        if self._peek() == "<":
            self.pos += 1
            while (ch := self._peek()) and ch in "\t\r ":
                self.pos += 1
        return self.source[start : self.pos]

    def _dollar(self) -> str:
        start = self.pos
        self.pos += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            return self._value(name) if name in self.env or not self.keep_unset else f"${name}"
        self.pos += 1
        if self._peek() in ("{", "}", ":"):
            raise WordError("bad substitution")
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise WordError("too many nested substitutions")
        value = self._braces(self._name(), start)
        self.depth -= 1
        return value

    def _braces(self, name: str, start: int) -> str:
        operator = self._next()
        if operator == "}":
            return self._value(name) if name in self.env or not self.keep_unset else self.source[start : self.pos]
        if operator == "/":
            return self._replace(name, start)
        colon = operator == ":"
        if colon:
            operator = self._next()
        if not operator:
            raise WordError("missing '}'")
        if operator not in "+-?#%" or (colon and operator in "#%"):
            raise WordError(f"unsupported substitution '${{{name}{':' if colon else ''}{operator}'")
        word = "".join(self._until("}", operator in "#%").text)
        if self.keep_unset and name not in self.env:
            return f"${{{name}{':' if colon else ''}{operator}{word}}}"
        return self._substitute(name, operator, word, colon)

    def _substitute(self, name: str, operator: str, word: str, colon: bool) -> str:
        value = self.env.get(name)
        is_set = value is not None and not (colon and value == "")
        if operator == "-":
            return value if is_set and value is not None else word
        if operator == "+":
            return word if is_set else ""
        if operator == "?":
            if not is_set:
                raise WordError(f"{name}: {word or 'is not allowed to be unset'}")
            return value or ""
        return trim(self._limited(name, word), word, operator)

    def _replace(self, name: str, start: int) -> str:
        everywhere = self._peek() == "/"
        self.pos += everywhere
        pattern = "".join(self._until("/", True).text)
        replacement = "".join(self._until("}", True).text)
        if self.keep_unset and name not in self.env:
            return self.source[start : self.pos]
        return substitute(self._limited(name, pattern), pattern, replacement, everywhere=everywhere)

    def _value(self, name: str) -> str:
        value = self.env.get(name)
        if value is None:
            self.unset[name] = None
            return ""
        return value

    def _limited(self, name: str, pattern: str) -> str:
        value = self._value(name)
        if len(value) > MAX_MATCHED or len(pattern) > MAX_MATCHED:
            raise WordError(f"a pattern on more than {MAX_MATCHED} characters")
        return value

    def _name(self) -> str:
        match = _NAME.match(self.source, self.pos)
        name = match.group() if match else ""
        self.pos += len(name)
        return name
