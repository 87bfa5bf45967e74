"""Physical lines of a Dockerfile -> logical lines: directives, continuations, comments within them, heredocs.

What dockerfile-parse cannot read is settled here, by the rules of BuildKit (frontend/dockerfile/parser/parser.go).
Nothing in this file raises.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from converters.containers.dockerfile_model import Diagnostic, Heredoc, Segment
from converters.containers.dockerfile_words import BLANKS, json_words, split_flags
from converters.containers.expansion import SPACE, Lexer, WordError

_DIRECTIVE = re.compile(r"#[\s]*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_HEREDOC = re.compile(r"(\d*)<<(-?)\s*([^<]*)", re.DOTALL)
_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True)
class Physical:
    """One line of the file; `byte` and `end` enclose it with its newline."""

    text: str  #: without the newline
    newline: str
    byte: int
    end: int


@dataclass(frozen=True)
class Logical:
    """One instruction with its continuation lines joined; `rest` is what follows the keyword."""

    keyword: str
    rest: str
    line: int
    end_line: int
    start: int
    end: int
    segments: tuple[Segment, ...]  #: of `rest`
    heredocs: tuple[Heredoc, ...] = ()


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8, or Latin-1 where the bytes are no UTF-8."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"


class Reader:
    """Reads `data` once; `logical()` yields the instructions, `diagnostics` fills up meanwhile."""

    def __init__(self, data: bytes) -> None:
        text, self.encoding = decode(data)
        self.diagnostics: list[Diagnostic] = []
        self.escape = "\\"
        self.lines = list(self._physical(text))
        self._terminators: dict[str, list[int]] | None = None
        self._read_directives()

    def _physical(self, text: str) -> Iterator[Physical]:
        byte = 0
        for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text)):
            end = byte + (len(line) if line.isascii() else len(line.encode(self.encoding)))
            body = byte
            if number == 0 and line.startswith(("\ufeff", "\xef\xbb\xbf")):
                body, line = byte + 3, line.removeprefix("\ufeff").removeprefix("\xef\xbb\xbf")
            stripped = line.rstrip("\r\n")
            yield Physical(stripped, line[len(stripped) :], body, end)
            byte = end

    def _read_directives(self) -> None:
        seen: set[str] = set()
        for number, line in enumerate(self.lines, 1):
            match = _DIRECTIVE.fullmatch(line.text.lstrip(SPACE))
            if not match or match[1].lower() not in ("syntax", "escape", "check"):
                return
            name, value = match[1].lower(), match[2]
            if name in seen:
                self._report(number, f"only one {name} parser directive can be used")
            elif name == "escape" and value in ("\\", "`"):
                self.escape = value
            elif name == "escape":
                self._report(number, f"invalid escape directive {value!r}: it must be ` or \\")
            seen.add(name)

    def _report(self, line: int, message: str) -> None:
        self.diagnostics.append(Diagnostic(line, message))

    def logical(self) -> Iterator[Logical]:
        """The instructions in order; empty lines and comments are left out."""
        index = 0
        while index < len(self.lines):
            text = self.lines[index].text.lstrip(SPACE)
            if not text or text.startswith("#"):
                index += 1
                continue
            first, parts, index = index, *self._join(index)
            joined = "".join(part for _, part in parts)
            if joined.strip(SPACE):
                logical = self._instruction(joined, parts, first, index)
                yield logical
                index = logical.end_line

    def _join(self, index: int) -> tuple[list[tuple[int, str]], int]:
        """(line index, text without its continuation mark) for every line of an instruction, and the index after it."""
        parts: list[tuple[int, str]] = []
        text = self.lines[index].text.lstrip(SPACE)
        while True:
            bare = text.rstrip(" \t")
            continued = bare.endswith(self.escape) and not bare.endswith(self.escape * 2)
            parts.append((index, bare[:-1] if continued else text))
            index += 1
            if not continued:
                return parts, index
            while index < len(self.lines) and self._skipped(self.lines[index].text):
                index += 1
            if index == len(self.lines):
                return parts, index
            text = self.lines[index].text

    @staticmethod
    def _skipped(text: str) -> bool:
        text = text.lstrip(SPACE)
        return not text or text.startswith("#")

    def _instruction(self, joined: str, parts: list[tuple[int, str]], first: int, after: int) -> Logical:
        text = joined.rstrip(SPACE)
        keyword, offset = split_keyword(text)
        heredocs = self._heredocs(keyword, text[offset:], joined, first + 1, after)
        end_line = heredocs[-1].end_line if heredocs else after
        return Logical(
            keyword,
            text[offset:],
            first + 1,
            end_line,
            self.lines[first].byte,
            self.lines[end_line - 1].end,
            tuple(self._segments(parts, offset)),
            heredocs,
        )

    def _segments(self, parts: list[tuple[int, str]], offset: int) -> Iterator[Segment]:
        position = -offset
        for number, (index, part) in enumerate(parts):
            line = self.lines[index]
            indent = len(line.text) - len(line.text.lstrip(SPACE)) if number == 0 else 0
            byte = line.byte + len(line.text[:indent].encode(self.encoding))
            end = position + len(part)
            if end > 0 or (end == 0 and number == len(parts) - 1):
                cut = max(0, -position)
                yield Segment(position + cut, index + 1, byte + len(part[:cut].encode(self.encoding)))
            position = end

    def _heredocs(self, keyword: str, rest: str, joined: str, line: int, after: int) -> tuple[Heredoc, ...]:
        if "<<" not in rest or not self._may_have_heredoc(keyword, rest):
            return ()
        found: list[Heredoc] = []
        for fd, chomp, name, expand in heredoc_words(joined):
            end = self._terminator(name, chomp, after)
            if end is None:
                self._report(line, f"the heredoc <<{name} is not terminated")
                return ()
            body = [physical.text + physical.newline for physical in self.lines[after:end]]
            found.append(Heredoc(name, "".join(body), after + 1, end + 1, expand, chomp, fd))
            after = end + 1
        return tuple(found)

    def _may_have_heredoc(self, keyword: str, rest: str) -> bool:
        _, offset = split_flags(rest, self.escape)
        if keyword == "ONBUILD":
            rest = rest[offset:]
            keyword, start = split_keyword(rest)
            rest = rest[start:]
            _, offset = split_flags(rest, self.escape)
        try:
            return keyword in _WITH_HEREDOC and json_words(rest[offset:]) is None
        except WordError:
            return False

    def _terminator(self, name: str, chomp: bool, after: int) -> int | None:
        """The index of the first line from `after` on that ends the heredoc."""
        if self._terminators is None:
            self._terminators = {}
            for index, physical in enumerate(self.lines):
                self._terminators.setdefault(physical.text.lstrip("\t"), []).append(index)
        candidates = self._terminators.get(name.lstrip("\t"), [])
        for index in candidates[bisect_left(candidates, after) :]:
            if chomp or self.lines[index].text == name:
                return index
        return None


def split_keyword(text: str) -> tuple[str, int]:
    """The first word of an instruction in upper case, and the offset at which its arguments begin."""
    lead = len(text) - len(text.lstrip(SPACE))
    blanks = BLANKS.search(text, lead)
    return (text[lead : blanks.start()].upper(), blanks.end()) if blanks else (text[lead:].upper(), len(text))


def heredoc_words(text: str) -> list[tuple[int, bool, str, bool]]:
    """(file descriptor, `<<-`, name, expand) for every heredoc that a line of shell or a COPY opens."""
    try:
        words = Lexer(text, {}, keep_quotes=True, keep_escapes=True, keep_unset=True).words()
    except WordError:
        return []
    found: list[tuple[int, bool, str, bool]] = []
    for word in words:
        match = _HEREDOC.fullmatch(word) if "<<" in word else None
        name, expand = _heredoc_name(match[3]) if match else ("", True)
        if match and name:
            found.append((int(match[1][:4] or 0), match[2] == "-", name, expand))
    return found


def _heredoc_name(text: str) -> tuple[str, bool]:
    try:
        plain = Lexer(text, {}, keep_unset=True).words()
        raw = Lexer(text, {}, keep_quotes=True, keep_unset=True).words()
    except WordError:
        return "", True
    if len(plain) != 1 or len(raw) != 1:
        return "", True
    return plain[0], all(plain[0].count(quote) == raw[0].count(quote) for quote in "'\"")
