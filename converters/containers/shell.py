"""Simple commands of shell text: of a RUN, or of a start script.

`split` never raises: text that is not balanced comes back as one command with `unparsed` set.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers.shell_words import ShellError, Token, expand, tokens, unquote

__all__ = ["ShellCommand", "expand", "is_shell", "split"]

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh", "busybox"})
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=")
_CLOSERS = {"if": "fi", "for": "done", "while": "done", "until": "done", "select": "done", "case": "esac", "{": "}", "[[": "]]"}
_KEEP_GOING = frozenset({"then", "do", "else", "elif", "!"})
_RESERVED = frozenset({*_CLOSERS, *_CLOSERS.values(), *_KEEP_GOING} - {"[[", "]]", "!"})
_HEADS = {"for": "do", "select": "do", "case": "in"}
_NEXT_PATTERN = frozenset({";;", ";&", ";;&"})
_SEPARATORS = frozenset({"&&", "||", ";", "|", "|&", "&", "\n"})


@dataclass(frozen=True)
class Arm:
    """One arm of an `if` or `case`: `conditions` are those of the arms up to it, in their order; an `else` has '' and `*`."""

    place: int  #: offset of the `if` or `case`, which tells it from others
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class ShellCommand:
    """One command. A compound one (if, for, while, case, a function, `{ }`, `( )`) has no words of its own, see `inner`."""

    words: tuple[str, ...]  #: quotes removed, variables as written; no assignments, no redirections
    raw_words: tuple[str, ...]  #: the same words as written, for `expand`
    text: str
    line: int  #: 1-based
    end_line: int  #: heredocs included
    operator: str | None = None  #: what joins it to the command before: && || ; | |& & or a newline; None for the first
    assignments: tuple[tuple[str, str], ...] = ()  #: the values as written: `FOO=bar cmd`
    redirects: tuple[str, ...] = ()
    heredocs: tuple[str, ...] = ()  #: the bodies
    compound: bool = False
    inner: tuple[ShellCommand, ...] = ()  #: the simple commands in a compound one, however deep, in their order
    arms: tuple[Arm, ...] = ()  #: the arms in which it stands, the outermost first
    unparsed: bool = False
    start: int = 0  #: characters `start:end` of the text that was split
    end: int = 0


def is_shell(argv: Sequence[str]) -> bool:
    """Whether `argv` starts a POSIX-like shell, as `("/bin/bash", "-c")` does."""
    names = [PurePosixPath(word).name for word in argv if not word.startswith("-")]
    return bool(names) and (names[0] in _SHELLS or (names[0] == "env" and any(name in _SHELLS for name in names[1:2])))


def split(text: str, line: int = 1, *, lines: Sequence[tuple[int, int]] | None = None) -> tuple[ShellCommand, ...]:
    """The simple commands of `text`, whose first line is number `line`.

    Where continuation lines were joined already, `lines` tells where the text came from: (offset in `text`, line), ascending.
    """
    starts = list(lines) if lines else [(0, line)]
    where = _Lines(text, starts)
    try:
        return _Splitter(text, where).split()
    except ShellError:
        return (ShellCommand((), (), text, where.at(0), where.at(len(text)), unparsed=True, end=len(text)),)


class _Lines:
    """Offsets -> lines; newlines within a stretch count on from its first line."""

    def __init__(self, text: str, starts: Sequence[tuple[int, int]]) -> None:
        self.starts = [offset for offset, _ in starts]
        self.lines = [line for _, line in starts]
        self.newlines = [match.start() for match in re.finditer("\n", text)]

    def at(self, offset: int) -> int:
        index = max(0, bisect_right(self.starts, offset) - 1)
        before = bisect_right(self.newlines, offset - 1) - bisect_right(self.newlines, self.starts[index] - 1)
        return self.lines[index] + max(0, before)


@dataclass
class _Splitter:
    text: str
    where: _Lines
    done: list[ShellCommand] = field(default_factory=list)
    current: list[Token] = field(default_factory=list)
    closers: list[str] = field(default_factory=list)
    operator: str | None = None
    compound: bool = False
    fresh: bool = True  # the next word is in command position
    function: bool = False  # a function's body is to come

    def split(self) -> tuple[ShellCommand, ...]:
        for token in tokens(self.text):
            if token.kind == "operator":
                self._operator(token)
            elif token.kind == "word":
                self._word(token)
            else:
                self.current.append(token)
        if self.closers or self.function:
            raise ShellError("a compound command is not closed")
        self._finish(None)
        return tuple(self.done)

    def _operator(self, token: Token) -> None:
        if token.text in ("(", ")"):
            self._bracket(token)
        elif self.closers:
            self.current.append(token)
            self.fresh = self.closers[-1] != "]]"
        elif not (self.function and token.text == "\n"):
            self._finish(token.text)

    def _bracket(self, token: Token) -> None:
        top = self.closers[-1] if self.closers else ""
        self.current.append(token)
        named = [item.text for item in self.current[-3:-2]] == ["function"]
        if token.text == "(" and self.fresh and not named:
            self.closers.append(")")
            self.compound, self.function = True, False
        elif token.text == "(" and top != "]]":
            self.closers.append("()")
            self.function = self.compound = True
        elif top == ")":
            self.closers.pop()
            self.fresh = "esac" in self.closers[-1:]
        elif top == "()":
            self.closers.pop()
            self.fresh = True
        elif top == "esac":
            self.fresh = True
        elif top != "]]":
            raise ShellError("a bracket is not opened")

    def _word(self, token: Token) -> None:
        top = self.closers[-1] if self.closers else ""
        text = token.text
        self.current.append(token)
        if text == top and (self.fresh or text == "]]"):
            self.closers.pop()
            self.fresh = text != "]]"  # a reserved word may follow another: `fi fi`
        elif top == "]]":
            return
        elif self.fresh and text in _CLOSERS:
            self.closers.append(_CLOSERS[text])
            self.compound = self.compound or text != "[["
            self.fresh = text in ("if", "while", "until", "{")
            self.function = False
        elif self.fresh and text == "function":
            self.compound = self.function = True
            self.fresh = False
        elif self.fresh and text in ("fi", "done", "esac", "}"):
            raise ShellError(f"'{text}' without a beginning")
        else:
            self._plain(text, top)

    def _plain(self, text: str, top: str) -> None:
        if self.function and self.current[-2:-1] and self.current[-2].text == "function":
            self.fresh = True  # the name after `function`
        elif top == "esac" and text == "in":
            self.fresh = True
        elif not (self.fresh and (text in _KEEP_GOING or _ASSIGNMENT.match(text))):
            self.fresh = False

    def _finish(self, operator: str | None) -> None:
        """The command before `operator` is complete."""
        if self.current:
            self.done.append(self._command(self.current, self.operator, compound=self.compound))
            self.operator = operator
        elif operator != "\n" and self.done and self.operator == "\n":
            self.operator = operator
        self.current, self.compound, self.fresh = [], False, True

    def _command(self, found: Sequence[Token], operator: str | None, arms: tuple[Arm, ...] = (), *, compound: bool = False) -> ShellCommand:
        start, end = found[0].start, found[-1].end
        words = [] if compound else [token for token in found if token.kind == "word"]
        while words and words[0].text == "!":
            del words[0]
        assigned = 0
        while assigned < len(words) and _ASSIGNMENT.match(words[assigned].text):
            assigned += 1
        raw = tuple(token.text for token in words[assigned:])
        bodies = [token for token in found if token.body is not None]
        return ShellCommand(
            words=tuple(map(unquote, raw)),
            raw_words=raw,
            text=self.text[start:end],
            line=self.where.at(start),
            end_line=self.where.at(max([end - 1, *(token.body_end - 1 for token in bodies)])),
            operator=operator,
            assignments=tuple(_assignment(token.text) for token in words[:assigned]),
            redirects=() if compound else tuple(token.text for token in found if token.kind == "redirect"),
            heredocs=tuple(token.body or "" for token in bodies),
            compound=compound,
            inner=tuple(self._command(part, joined, arms) for joined, arms, part in simple_parts(found, self.text)) if compound else (),
            arms=arms,
            start=start,
            end=end,
        )


@dataclass
class _Arms:
    """The `if` and `case` commands that are open while tokens are read."""

    text: str
    open: list[tuple[str, Token, list[str]]] = field(default_factory=list)
    """(kind, its first token, the conditions of its arms so far)."""
    started: int = 0
    """Where the condition or pattern begins that is being read."""
    subject: str = ""

    def reserved(self, token: Token) -> None:
        """A reserved word in command position."""
        if token.text == "if":
            self.open.append(("test", token, []))
            self.started = token.end
        elif token.text == "case":
            self.open.append(("case", token, []))
            self.started = token.end
        elif token.text in ("then", "elif", "else", "fi") and self.open:
            self._if(token)
        elif token.text == "esac" and self.open and self.open[-1][0] == "case":
            self.open.pop()

    def _if(self, token: Token) -> None:
        _, first, conditions = self.open[-1]
        if token.text == "fi":
            self.open.pop()
        elif token.text == "then":
            conditions.append(self.text[self.started : token.start].strip().rstrip(";").strip())
            self.open[-1] = ("if", first, conditions)
        elif token.text == "elif":
            self.started = token.end
            self.open[-1] = ("test", first, conditions)
        else:
            conditions.append("")

    def subject_ends(self, token: Token) -> None:
        """`in`: what stands before it is what the patterns are compared with."""
        self.subject, self.started = self.text[self.started : token.start].strip(), token.end

    def pattern_ends(self, token: Token) -> None:
        """`)`: the pattern of an arm is complete."""
        if self.open and self.open[-1][0] == "case":
            self.open[-1][2].append(f"case {self.subject} in {self.text[self.started : token.start].strip().lstrip('(')}")

    def arms(self) -> tuple[Arm, ...]:
        return tuple(Arm(first.start, tuple(conditions)) for kind, first, conditions in self.open if kind != "test" and conditions)


def simple_parts(found: Sequence[Token], source: str) -> Iterator[tuple[str | None, tuple[Arm, ...], list[Token]]]:
    """The simple commands among the tokens of a compound one, each with the operator before it and the arms in which it stands.

    Reserved words, the heads of for, select and case, and the patterns of case are left out.
    """
    part: list[Token] = []
    operator: str | None = None
    until = ""  # what ends the head or pattern that is skipped
    arms = _Arms(source)
    for token in found:
        text, is_operator = token.text, token.kind == "operator"
        if until:
            if text == until or (until == ")" and text == "esac"):
                if until == "in":
                    arms.subject_ends(token)
                elif text == "esac":
                    arms.reserved(token)
                elif until == ")":
                    arms.pattern_ends(token)
                until = ")" if until == "in" else ""
        elif part and part[0].text == "[[" and part[-1].text != "]]":
            part.append(token)
        elif is_operator:
            if text != "(" and any(item.kind == "word" for item in part):  # a word before a bracket names a function
                yield operator, arms.arms(), part
            part, operator = [], text if text in _SEPARATORS else None
            until = ")" if text in _NEXT_PATTERN else ""
            arms.started = token.end if until else arms.started
        elif not part and token.kind == "word" and text in _RESERVED:
            arms.reserved(token)
            until = _HEADS.get(text, "")
        elif part and part[0].text == "function":
            part = []
        else:
            part.append(token)
    if any(item.kind == "word" for item in part):
        yield operator, arms.arms(), part


def _assignment(text: str) -> tuple[str, str]:
    match = _ASSIGNMENT.match(text)
    return (match[1], unquote(text[match.end() :])) if match else ("", text)
