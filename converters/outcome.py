"""What a conversion came to, as values: nothing here is raised or printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from converters.credentials.vault import Vault
from converters.errors import ExitCode
from converters.ir import Application
from converters.ledger import Item, Ledger

Action = Literal["added", "modified", "copied", "removed"]


@dataclass(frozen=True)
class Hunk:
    """Why lines of a file changed: `line` and `end_line` are 1-based in the written file (in the source for a deletion)."""

    line: int
    end_line: int
    rule: str
    reason: str
    source: str = ""
    """`file:line` of what it was made from."""


@dataclass(frozen=True)
class FileChange:
    """One file of the output. `data` is None for `removed`, a source file that the output does not hold, and for
    `copied` where the file is too large to be held in memory: it is copied from the source."""

    path: str
    action: Action
    data: bytes | None
    before: bytes | None = None
    executable: bool = False
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True)
class Converted:
    """The project converted; `manual` items of scope code may be left (then the status is `partial`)."""

    root: Path
    application: Application
    ledger: Ledger
    files: tuple[FileChange, ...]
    name: str = ""
    """Name of the default output folder, without `-fal`."""
    vault: Vault = field(default_factory=Vault, repr=False, compare=False)
    """The secrets of the input, which no report may show."""
    not_native: str = ""
    """What was wrong with the native form of an app, where its modules are kept because of that."""

    @property
    def status(self) -> Literal["converted", "partial"]:
        return "partial" if self.ledger.open_code_items() else "converted"

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.MANUAL if self.ledger.open_code_items() else ExitCode.DONE


@dataclass(frozen=True)
class NotConverted:
    """The project was read and cannot become a fal app (`unsupported`), or it cannot be read (`unreadable`)."""

    root: Path
    status: Literal["unsupported", "unreadable"]
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    platform: str = ""
    items: tuple[Item, ...] = field(default=())

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.UNSUPPORTED if self.status == "unsupported" else ExitCode.UNREADABLE


@dataclass(frozen=True)
class Unchanged:
    """Converted already: there is nothing to do. `unresolved` are files in which a merge left conflict markers."""

    root: Path
    what: str
    """What it is, in words that follow "is"."""
    further: str = ""
    """How to have more of it converted."""
    unresolved: tuple[str, ...] = ()

    status: Literal["unchanged"] = "unchanged"

    @property
    def message(self) -> str:
        left = f", with unresolved conflicts in {', '.join(self.unresolved)}" if self.unresolved else ""
        return f"is {self.what} already{left}."

    @property
    def hint(self) -> str:
        return "Look for <<<<<<< and choose." if self.unresolved else f"Nothing was written. {self.further}".strip()

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.MANUAL if self.unresolved else ExitCode.DONE


@dataclass(frozen=True)
class Crashed:
    """A bug of ours: `report` is the text for an issue, with versions and traceback."""

    root: Path
    message: str
    report: str

    status: Literal["crashed"] = "crashed"

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.BUG


Outcome = Converted | NotConverted | Unchanged | Crashed
