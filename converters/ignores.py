"""Comments in a project that tell the converter to pass over a finding: `# fal-migrate: ignore[RP007, FS001] reason`.

A comment beside code speaks for its line, and for the whole statement where it stands at its end; a comment on a line of its own for
what follows: the next line, or the instruction of a Dockerfile with its continued lines.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath

import yaml

from converters import rules
from converters.errors import MigrateError
from converters.ir import Disposition, Origin
from converters.ledger import Ledger
from converters.options import Ignore
from converters.project import MAX_FILE, Project, SourceFile

MARK = b"fal-migrate:"
_COMMENT = re.compile(r"#\s*fal-migrate:\s*ignore\b(?:\s*\[(?P<rules>[^\]]*)\])?[\s:-]*(?P<reason>.*)")
_BESIDE = re.compile(r"(?:^|(?<=\s))#")
_PLAIN = (".txt", ".sh", ".bash", ".toml", ".env", ".cfg", ".ini")
"""Names of further files in which `#` begins a line that is a comment."""

Comment = tuple[str, int, int, int]
"""The text of a comment, the line it stands on, and the first and last line that it speaks for."""


def comments(project: Project) -> tuple[Ignore, ...]:
    """Every such comment of a project, in the order of files and lines, also those that cannot be obeyed."""
    found = []
    for file in project.files.values():
        if file.size <= MAX_FILE and (reader := _reader(file)) is not None and MARK in file.data:
            found += [ignore for comment in reader(_text(file)) if (ignore := _ignore(file.path, comment)) is not None]
    return tuple(found)


def refuse(ledger: Ledger) -> None:
    """Note the comments that say too little to be obeyed."""
    for ignore in ledger.ignores:
        if why := _problem(ignore):
            ledger.note(rules.ALL002, Disposition.MANUAL, why, Origin(file=ignore.file, line=ignore.at))


def note_unused(ledger: Ledger) -> None:
    """Note the comments that speak for nothing that a person would have to do; a closed ledger knows."""
    used = {ignore for item in ledger.items() if (ignore := ledger.ignore_of(item)) is not None}
    for ignore in ledger.ignores:
        if ignore.at and ignore not in used and not _problem(ignore):
            place = Origin(file=ignore.said_in or ignore.file, line=ignore.at)
            ledger.note(rules.ALL002, Disposition.KEPT, _unused(ignore, ledger), place, notable=True)


def _problem(ignore: Ignore) -> str:
    """What keeps a comment from being obeyed; '' where nothing does."""
    if not ignore.rules:
        return "the ignore names no rule: write `ignore[CODE] reason`, with a code of the report."
    for code in ignore.rules:
        if code not in rules.known():
            close = get_close_matches(code, rules.known(), n=1)
            return f"the ignore names {code}, which is no rule{f': did you mean {close[0]}?' if close else '.'}"
    if not ignore.reason:
        return f"the ignore of {', '.join(ignore.rules)} gives no reason, and is not obeyed: write why after the bracket."
    return ""


def _unused(ignore: Ignore, ledger: Ledger) -> str:
    codes = ", ".join(ignore.rules)
    done = next((item for item in ledger.items() if ignore.speaks_for(item.rule, item.file, item.line)), None)
    if done is None:
        return f"the ignore of {codes} speaks for nothing: no such item is here (any more)."
    return f"the ignore of {codes} changes nothing: what {done.rule} found here is {done.disposition.value}, and not left to a person."


def _ignore(file: str, comment: Comment) -> Ignore | None:
    text, at, first, last = comment
    match = _COMMENT.match(text)
    if match is None:
        return None
    codes = tuple(code for part in (match["rules"] or "").split(",") if (code := part.strip().upper()))
    return Ignore(codes, match["reason"].strip(), file, at, first, last)


def _text(file: SourceFile) -> str:
    try:
        return file.text
    except MigrateError:
        return file.readable


def _reader(file: SourceFile) -> Callable[[str], Iterator[Comment]] | None:
    """What finds the comments in a file of its kind; None for one that has none."""
    name = file.name.lower()
    if name.endswith(".py"):
        return _python
    if name.endswith((".yaml", ".yml")):
        return _yaml
    if "dockerfile" in name or PurePosixPath(name).suffix in _PLAIN or name.startswith(".env"):
        return _lines
    return None


def _python(text: str) -> Iterator[Comment]:
    """The comments of Python; a text that it does not read is taken line by line."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        yield from _lines(text)
        return
    first = 0
    """The first line of the statement that is read; 0 between two of them."""
    for number, token in enumerate(tokens):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if not token.line[: token.start[1]].strip():
                yield token.string, line, *_next(tokens, number, line)
            else:
                ends = tokens[number + 1].type == tokenize.NEWLINE
                yield token.string, line, first if ends and first else line, line
        elif token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            first = 0 if token.type == tokenize.NEWLINE else first
        elif token.type != tokenize.NL and not first:
            first = token.start[0]


def _next(tokens: list[tokenize.TokenInfo], number: int, line: int) -> tuple[int, int]:
    """The next line that holds code, which a comment of its own line speaks for."""
    blank = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    below = next((token.start[0] for token in tokens[number:] if token.type not in blank), line)
    return below, below


def _yaml(text: str) -> Iterator[Comment]:
    """The comments of YAML: a `#` behind a blank that stands in no scalar."""
    scalars = []
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.ScalarToken):
                scalars.append((token.start_mark.index, token.end_mark.index))
    except yaml.YAMLError:
        pass  # what was read up to there
    lines = text.splitlines(keepends=True)
    position = 0
    for number, line in enumerate(lines, 1):
        for match in _BESIDE.finditer(line):
            if any(start <= position + match.start() < end for start, end in scalars):
                continue
            alone = not line[: match.start()].strip()
            below = _below(lines, number) if alone else number
            yield line[match.start() :].rstrip(), number, below, below
            break
        position += len(line)


def _lines(text: str) -> Iterator[Comment]:
    """Comments that have a line of their own, as in Dockerfiles and scripts; also between the lines of one instruction."""
    lines = text.splitlines()
    inside = False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            below = _below(lines, number)
            yield line.strip(), number, below, below if inside else _end(lines, below)
        elif line.strip():
            inside = line.rstrip().endswith("\\")


def _below(lines: list[str], number: int) -> int:
    """The next line after a 1-based one that is neither blank nor a comment; itself where there is none."""
    return next((at for at in range(number + 1, len(lines) + 1) if (text := lines[at - 1].strip()) and text[0] != "#"), number)


def _end(lines: list[str], number: int) -> int:
    """The last line of the instruction that begins at one."""
    while number < len(lines) and (lines[number - 1].rstrip().endswith("\\") or lines[number - 1].lstrip().startswith("#")):
        number += 1
    return number
