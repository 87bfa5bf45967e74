"""Writes a conversion: beside the source, all or nothing, never over a person's work; or, when asked, into a clean git tree."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from converters.errors import UsageError
from converters.outcome import Converted
from converters.output import in_place
from converters.output.base import commit, prepare, recall
from converters.output.commits import Commit, hooks_not_run, plan_commits
from converters.output.commits import commit as commit_steps
from converters.output.exchange import exchange
from converters.output.in_place import require_clean
from converters.output.record import Asked, record_of
from converters.output.renew import Conflict, Renewal, is_base_of, refuse_unresolved, renew
from converters.output.scratch import kept_name, numbered, recover, scratch
from converters.output.tree import Piece, build, carry, entries, piece_of, pieces_of

Keep = Callable[[Path, Mapping[str, Piece], Path], bool]
"""`prepare`, or what keeps nothing."""


@dataclass(frozen=True)
class Written:
    """Where the output is. `replaced` is the name an unknown older output was given."""

    path: Path
    changed: bool = True
    conflicts: tuple[Conflict, ...] = ()
    edited: tuple[str, ...] = ()
    replaced: Path | None = None
    remembered: bool = True
    notes: tuple[str, ...] = ()
    commits: tuple[Commit, ...] = ()
    """What was found of earlier runs that were killed, and what was done about it."""


def default_output(converted: Converted) -> Path:
    """`<project>-fal` beside the source."""
    name = converted.name or converted.root.name
    if not name:
        raise UsageError("has no folder beside it to write to.", file=str(converted.root), hint="Name one with --output.")
    return converted.root.parent / f"{name}-fal"


def write(converted: Converted, output: Path, *, force: bool = False, known: bool = True, asked: Asked | None = None) -> Written:
    """Write all files to `output`: built in a temporary folder beside it and renamed into place.

    Raises `UsageError` where it may not or cannot be written; then nothing has changed. With `force` an existing output is
    renewed: edits made since the last run stay; where no last run is known, the old folder is renamed and not lost.
    What was written is remembered for the next run where it is to be `known`, and for `migrate status` what was `asked` for.
    """
    record = partial(record_of, converted, asked) if asked is not None else None
    return write_pieces(converted.root, lambda: pieces_of(converted), output, force=force, known=known, record=record)


def write_pieces(
    root: Path,
    made: Callable[[], dict[str, Piece]],
    output: Path,
    *,
    force: bool = False,
    known: bool = True,
    record: Callable[[Mapping[str, Piece]], Mapping[str, Any]] | None = None,
) -> Written:
    """The same for files that are there already, made from the project at `root`."""
    with _system_errors(output):
        notes = [] if output.is_symlink() else recover(output.resolve())
        place = _place(root, output, force, notes)
    pieces = made()
    keep = partial(prepare, record=record(pieces) if record is not None else {}) if known else _forget
    with _system_errors(output):
        place.parent.mkdir(parents=True, exist_ok=True)
        written = _renewed(place, pieces, keep) if place.exists() else _fresh(place, pieces, keep)
    return replace(written, remembered=written.remembered and commit(place), notes=tuple(notes))


def write_in_place(converted: Converted, *, commits: bool = False) -> Written:
    """Write added and modified files into the source, which must be a clean git tree; nothing is removed.

    With `commits`, what was written is committed, one commit for each group of rules.

    Raises `UsageError` where the tree is not clean, a path is a link, or a file changed meanwhile; then nothing has changed.
    """
    root = converted.root
    changes = [change for change in converted.files if change.action in ("added", "modified")]
    require_clean(root, [change.path for change in changes if change.action == "modified"])
    with _system_errors(root):
        for change in changes:
            in_place.require_unchanged(root, change)
    planned = plan_commits(converted) if commits else []
    with _system_errors(root), scratch(root) as staged:
        build(staged, {str(number): piece_of(root, change) for number, change in enumerate(changes)})
        in_place.put(root, staged, converted, changes)
    if not planned:
        return Written(root)
    made = commit_steps(converted, planned)
    return Written(root, commits=made, notes=_notes(root, made))


def _notes(root: Path, made: Sequence[Commit]) -> tuple[str, ...]:
    hooks = hooks_not_run(root)
    skipped = [f"not run were the repository's hooks: {', '.join(hooks)}"] if hooks else []
    return (*(f"committed {one.id[:10]} {one.subject}" for one in made), *skipped)


def must_be_writable(converted: Converted, output: Path, *, force: bool = False, in_place: bool = False) -> None:
    """Raises `UsageError`, as writing would, where it is known before that the result may not be written."""
    if in_place:
        require_clean(converted.root, [change.path for change in converted.files if change.action == "modified"])
    else:
        with _system_errors(output):
            _place(converted.root, output, force, ())


def clear_scratch(output: Path, process: int) -> None:
    """Undo what a killed process left beside `output`: its temporary folders go, an output it had moved aside comes back."""
    recover(output, process)


def _forget(place: Path, pieces: Mapping[str, Piece], new: Path) -> bool:
    """Of an output that is of no use later, nothing is kept."""
    return False


def _place(root: Path, output: Path, force: bool, notes: Sequence[str]) -> Path:
    """The absolute folder to write. Raises `UsageError` where it overlaps the source or stands in the way."""
    if output.is_symlink():
        raise UsageError("is a symbolic link, which is never written through.", file=str(output), hint="Give the folder itself.")
    place, source = output.resolve(), root.resolve()
    if place == source or source in place.parents:
        raise UsageError("lies inside the project it is made from.", file=str(output), hint="Choose a folder beside it, or --in-place.")
    if place in source.parents:
        raise UsageError("holds the project it is made from.", file=str(output), hint="Choose a folder of its own.")
    if place.exists() and not place.is_dir():
        raise UsageError("is a file.", file=str(output), hint="Give the name of a folder.")
    if place.exists() and not force:
        hint = " ".join([*notes, "Choose another --output, or add --force: it renews the folder and keeps your edits."])
        raise UsageError("exists already.", file=str(output), hint=hint)
    return place


def _fresh(place: Path, pieces: dict[str, Piece], keep: Keep) -> Written:
    with scratch(place.parent, place.name) as new:
        build(new, pieces)
        known = keep(place, pieces, new)
        new.rename(place)
    return Written(place, remembered=known)


def _renewed(place: Path, pieces: dict[str, Piece], keep: Keep) -> Written:
    base, current = recall(place), entries(place)
    refuse_unresolved(pieces, current)
    if base is not None and is_base_of(base, current):
        renewal = renew(pieces, base, current)
        if renewal.equals(current):
            known = keep(place, pieces, place)
            return Written(place, False, tuple(renewal.conflicts), tuple(renewal.edited), remembered=known)
        known = _swap(place, renewal, pieces, keep)
        return Written(place, True, tuple(renewal.conflicts), tuple(renewal.edited), remembered=known)
    if Renewal(pieces=pieces).equals(current):
        return Written(place, changed=False, remembered=keep(place, pieces, place))
    with scratch(place.parent, place.name) as new:
        build(new, pieces)
        known = keep(place, pieces, new)
        kept = _exchange(place, new.rename(kept_name(new)))
        replaced = kept.rename(numbered(place))
    return Written(place, replaced=replaced, remembered=known)


def _swap(place: Path, renewal: Renewal, pieces: dict[str, Piece], keep: Keep) -> bool:
    """Renew an output whose last run is known, edits and all; whether what this run generated will be known."""
    with scratch(place.parent, place.name) as new:
        build(new, renewal.pieces)
        for path, entry in renewal.carried.items():
            carry(entry, new / path)
        shutil.copymode(place, new)
        known = keep(place, pieces, new)
        shutil.rmtree(_exchange(place, new), ignore_errors=True)
    return known


def _exchange(place: Path, new: Path) -> Path:
    """Put `new` in the place of what stands there, at one instant where the system can; where the old one is then."""
    if exchange(new, place):
        return new
    aside = new.with_name(f"{new.name}-old")
    place.rename(aside)
    try:
        new.rename(place)
    except BaseException:
        aside.rename(place)
        raise
    return aside


@contextmanager
def _system_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = str(error.filename) if error.filename else str(place)
        raise UsageError(
            f"cannot be written: {error.strerror or error}.", file=str(place), hint=f"The system refused {where}; nothing was changed."
        ) from error
