"""What stands behind a document: the files that its findings are about, and the command that printed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from converters import rules
from converters.findings import edits
from converters.findings.finding import Evidence
from converters.ir import Suggestion

Reader = Callable[[str], bytes | None]
"""Path -> the file's bytes; None for no such file, and for one that nobody may quote."""
_LONGEST = 200
"""Characters of a line that are quoted."""


def nothing(path: str) -> None:
    """Reads a project that is not there."""


@dataclass(frozen=True)
class Context:
    """`mask` takes secrets out of what is quoted."""

    reproduce: str
    """The command that printed the document, for a shell; without what writes."""
    files: Reader = nothing
    """Reads the finished project, which suggestions change."""
    sources: Reader = nothing
    """Reads the project that was converted."""
    names: frozenset[str] = frozenset()
    """Paths of the finished project's files."""
    folder: str | None = None
    """Where the finished project is; None where it was not written."""
    mask: edits.Mask = edits.unmasked

    def quoted(self, files: Reader, file: str, line: int) -> tuple[Evidence, ...]:
        """A line of a file, as evidence."""
        whole = (files(file) or b"").decode(errors="replace") if line > 0 else ""
        lines = self.mask(file, whole).split("\n")
        is_there = line <= len(lines) == whole.count("\n") + 1 and "\0" not in whole
        text = lines[line - 1].strip()[:_LONGEST] if is_there else ""
        return (Evidence(text, file, line),) if text else ()

    def edit(self, suggestion: Suggestion | None) -> str | None:
        """A suggestion as a diff; None where there is none, or it cannot be made of these files."""
        return None if suggestion is None else edits.unified(suggestion, self.files(suggestion.file), self.mask)


def expected(rule: str) -> str:
    """What holds where nothing of a rule is left to do."""
    found = rules.find(rule)
    return (found.expected or found.title) if found is not None else ""


def documentation(rule: str) -> tuple[str, ...]:
    """The addresses of the pages that a rule cites."""
    found = rules.find(rule)
    return found.links if found is not None else ()
