"""What `migrate status OUT` does: what changed on which side since OUT was written, and what the next run would make of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from converters import __version__
from converters.commands import repeat
from converters.credentials.vault import Vault
from converters.errors import ExitCode, MigrateError, Unreadable, UsageError
from converters.escape import log, one_line
from converters.outcome import Converted
from converters.output.base import Base, recall
from converters.output.record import Record, read_record, sources
from converters.output.sides import Delta, Renewed, by_hand, delta, next_run
from converters.output.tree import pieces_of
from converters.project import open_project
from converters.reports.json import Document, render
from converters.terminal import print_text

VERSION = 1
_NAMED = 8
"""Paths that a line names."""


@dataclass(frozen=True)
class Status:
    """What is known of an output."""

    output: Path
    record: Record
    source: Delta
    hands: Delta
    renewed: Renewed | None
    """None where a run would not convert; then `why` says what stops it."""
    why: str = ""
    vault: Vault = field(default_factory=Vault, repr=False, compare=False)
    """The secrets of the source and of the options, which no answer may show."""

    @property
    def cause(self) -> str:
        """What makes the next run generate something else: `source`, `tool`, `source or tool`, or '' where nothing does."""
        if self.renewed is None or not self.renewed.generated:
            return ""
        if not self.source:
            return "tool"
        return "source" if self.record.version == __version__ else "source or tool"

    @property
    def merged(self) -> tuple[str, ...]:
        """Files that a person changed and the next run changes, too."""
        return tuple(path for path in self.renewed.written if path in self.hands.changed) if self.renewed is not None else ()

    @property
    def exit_code(self) -> ExitCode:
        """As `--check` answers: 1 where a run would change something, 3 where a person would have to choose."""
        if self.renewed is None or self.renewed.conflicts:
            return ExitCode.MANUAL
        return ExitCode.WOULD_CHANGE if self.renewed.written or self.renewed.removed else ExitCode.DONE

    @property
    def command(self) -> str:
        """The run that brings the output up to date."""
        options = repeat.options(self.record.options)
        return shlex.join(["migrate", str(self.record.path), *options, "--output", str(self.output), "--force"])


def show_status(output: Path, source: Path | None, format: str) -> int:
    """Print the status of an output. Raises `UsageError` where nothing is known of it, `Unreadable` where it or its source is gone."""
    status = status_of(output, source)
    told = (status.vault.mask(line) for line in text(status))
    shown = render(document(status)) if format == "json" else log("".join(f"{line}\n" for line in told))
    print_text(shown)
    return status.exit_code


def status_of(output: Path, source: Path | None = None) -> Status:
    """Compare three sides. `source`: where the source is now, if it was moved."""
    base, record = _known(output)
    if source is not None:
        record = Record(source.absolute(), record.options, record.command, record.version, record.sources)
    if not record.path.exists():
        raise Unreadable("is not there any more.", file=str(record.path), hint="Name the source with --source.")
    if record.command:
        raise UsageError(f"is the output of `migrate {record.command}`.", file=str(output), hint="Run that again with --diff.")
    renewed, why, vault = _renewed(output, base, record)
    folder = record.path if record.path.is_dir() else record.path.parent
    return Status(output, record, delta(record.sources, sources(open_project(folder))), by_hand(output, base), renewed, why, vault)


def _known(output: Path) -> tuple[Base, Record]:
    if not output.is_dir():
        raise Unreadable("is no folder.", file=str(output), hint="Give the output of `migrate PATH`.")
    base = recall(output.resolve())
    if base is None:
        hint = "It was written on another machine, by another user, or in place: convert again with --diff."
        raise UsageError("is no output of which something is known here.", file=str(output), hint=hint)
    record = read_record(base.record)
    if record is None:
        hint = "Convert it once more with --force, which keeps your edits."
        raise UsageError("was written by a run that did not keep what it was made from.", file=str(output), hint=hint)
    return base, record


def _renewed(output: Path, base: Base, record: Record) -> tuple[Renewed | None, str, Vault]:
    from converters.commands.arguments import request_of
    from converters.convert import convert, secrets_of

    vault = Vault()
    try:
        options = request_of(record.path, **repeat.typed_again(record.options)).options
        vault = secrets_of(record.path, options)
        outcome = convert(record.path, options)
    except MigrateError as error:
        return None, str(error), vault
    if not isinstance(outcome, Converted):
        return None, f"{outcome.message}", vault
    return next_run(output, base, pieces_of(outcome)), "", outcome.vault


def text(status: Status) -> Iterator[str]:
    """The lines for a person."""
    record, renewed = status.record, status.renewed
    yield one_line(f"{status.output}: converted from {record.path} by fal-migrate {record.version}")
    yield one_line(f"source: {_said(status.source) or 'nothing changed'}")
    now = f"fal-migrate {__version__} now" if record.version != __version__ else f"fal-migrate {__version__}, as it was"
    yield one_line(f"tool:   {now}{'; it generates something else now' if status.cause == 'tool' else ''}")
    yield one_line(f"hands:  {_said(status.hands) or 'nothing changed'}")
    if renewed is None:
        yield one_line(f"next:   the source does not convert now: {status.why}")
        return
    told = _said(Delta(changed=renewed.written, removed=renewed.removed), changed="written")
    yield one_line(f"next:   {told or 'a run changes nothing'}{f' (because of the {status.cause})' if told and status.cause else ''}")
    if status.merged:
        yield one_line(f"  merged with what was changed by hand: {_some(status.merged)}")
    yield from (one_line(f"  conflict in {conflict.path}: {conflict.message}") for conflict in renewed.conflicts)
    if told:
        yield one_line(f"  {status.command}")


def _said(found: Delta, changed: str = "changed") -> str:
    words = ((changed, found.changed), ("added", found.added), ("removed", found.removed))
    return ", ".join(f"{len(paths)} {word} ({_some(paths)})" for word, paths in words if paths)


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_NAMED]) + (", ..." if len(paths) > _NAMED else "")


def document(status: Status) -> Document:
    """The same for a program (`reports/status.schema.json`)."""
    record, renewed = status.record, status.renewed
    return {
        "version": VERSION,
        "exit_code": int(status.exit_code),
        "output": str(status.output),
        "source": {"path": str(record.path), **_plain(status.source)},
        "tool": {"then": record.version, "now": __version__},
        "hands": _plain(status.hands),
        "cause": status.cause or None,
        "next": None
        if renewed is None
        else {
            "generated": _plain(renewed.generated),
            "written": list(renewed.written),
            "removed": list(renewed.removed),
            "merged": list(status.merged),
            "conflicts": [{"path": conflict.path, "message": conflict.message} for conflict in renewed.conflicts],
        },
        "message": status.vault.mask(status.why) or None,
        "command": status.vault.mask(status.command),
    }


def _plain(found: Delta) -> Document:
    return {"changed": list(found.changed), "added": list(found.added), "removed": list(found.removed)}
