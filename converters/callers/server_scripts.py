"""`curl` of a server in shell scripts: the address of its app, and fal's key as a header."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from converters import rules
from converters.callers.apps import Apps
from converters.callers.servers import prefix_of
from converters.callers.shell import QUOTES, Command, Word, commands
from converters.ir import Disposition, Edit, Origin, Scope
from converters.ledger import Ledger
from converters.project import SourceFile

RULE = rules.CL020
REASON = "fal forwards an app's paths, and asks for its key"
HEADER = '-H "Authorization: Key $FAL_KEY"'
AUTHORIZATION = re.compile(r"authorization:", re.IGNORECASE)


def convert(file: SourceFile, text: str, apps: Apps, known: Sequence[str], ledger: Ledger) -> list[Edit]:
    """The edits of a script whose commands name a `known` address; other places that name one are left to a person."""
    pattern = re.compile("|".join(map(re.escape, known)))
    found = [command for command in commands(text, pattern=pattern) if _url(command, known)]
    edits: list[tuple[int, int, str]] = []
    for command in found:
        url, prefix = _url(command, known)  # type: ignore[misc]
        origin = Origin(file=file.path, line=text.count("\n", 0, command.words[0].start) + 1)
        construct = ledger.record("command", "curl", origin, offset=command.words[0].start)
        ledger.settle(construct, RULE, Disposition.CONVERTED, REASON)
        at = url.start + url.text.index(prefix)
        edits.append((at, at + len(prefix), f"https://fal.run/{apps.find(prefix)}"))
        edits.append(_key(command, url.end))
    for match in pattern.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if not line.lstrip().startswith("#") and not any(start <= match.start() < end for start, end, _ in edits):
            origin = Origin(file=file.path, line=text.count("\n", 0, match.start()) + 1)
            construct = ledger.record("address", match[0], origin, offset=match.start())
            message = "the address is used in a way that is not followed here: https://fal.run/OWNER/APP takes its place, with fal's key."
            ledger.settle(construct, RULE, Disposition.MANUAL, message)
    if edits:
        message = "set FAL_KEY where this script runs (https://fal.ai/dashboard/keys)."
        ledger.note(rules.CL008, Disposition.MANUAL, message, Origin(file=file.path, line=1), scope=Scope.DEPLOY)
    return [Edit(file=file.path, start=a, end=b, replacement=new, rule=RULE, reason=REASON) for a, b, new in sorted(edits)]


def _url(command: Command, known: Sequence[str]) -> tuple[Word, str] | None:
    """The word of a command that is an address of a server, and which."""
    for word in command.words[1:]:
        prefix = prefix_of(word.text.strip(QUOTES), known)
        if prefix:
            return word, prefix
    return None


def _key(command: Command, end: int) -> tuple[int, int, str]:
    """The edit that sends fal's key: in the place of another one, else behind the address."""
    for before, word in itertools.pairwise(command.words):
        if before.text in ("-H", "--header") and AUTHORIZATION.search(word.text):
            return word.start, word.end, HEADER.removeprefix("-H ")
    return end, end, f" {HEADER}"
