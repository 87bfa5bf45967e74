"""The errors a person can act on, and the exit codes of every command (the table stands in the README)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command answers to the shell; `batch` answers the greatest of its projects'."""

    DONE = 0
    WOULD_CHANGE = 1
    USAGE = 2
    MANUAL = 3
    UNSUPPORTED = 4
    UNREADABLE = 5
    DIFFERENT = 6
    REHEARSAL_FAILED = 7
    BUG = 70
    INTERRUPTED = 130


class MigrateError(Exception):
    """Something a person can mend: `message` says what was found and where, `hint` what to do."""

    code = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str = "", file: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message, self.hint, self.file, self.line = message, hint, file, line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return place + self.message + (f" {self.hint}" if self.hint else "")


class Unreadable(MigrateError):
    """The input cannot be read (exit code 5)."""

    code = ExitCode.UNREADABLE


class Unsupported(MigrateError):
    """The input was read, and cannot become a fal app (exit code 4)."""

    code = ExitCode.UNSUPPORTED


class UsageError(MigrateError):
    """The command line asks for something that does not fit (exit code 2)."""
