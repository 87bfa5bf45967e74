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
    """One file of the output. `data` is None for `removed`: a source file that the output does not hold."""

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
    """A fal project already: there is nothing to convert. `unresolved` are files in which a merge left conflict markers."""

    root: Path
    apps: tuple[str, ...]
    unresolved: tuple[str, ...] = ()

    status: Literal["unchanged"] = "unchanged"

    @property
    def message(self) -> str:
        if self.unresolved:
            return f"is a fal project with unresolved conflicts in {', '.join(self.unresolved)}."
        return f"is a fal project already, with the app{'s' if len(self.apps) > 1 else ''} {', '.join(self.apps)}."

    @property
    def hint(self) -> str:
        if self.unresolved:
            return "Look for <<<<<<< and choose."
        return "Nothing was written. To convert another program in it, give that program's own folder or file."

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
