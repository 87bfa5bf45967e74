"""Writes a conversion into the project itself, which must be a clean git tree: all of it, or after a kill none of it.

What is to be written is staged in a folder of the project, with links to the files that it takes the place of and a journal. As long as
the journal is there, the next run puts the old files back before it reads the project.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from converters.errors import UsageError
from converters.outcome import Converted, FileChange
from converters.output import git
from converters.output.scratch import IN_PROJECT, leftovers
from converters.output.tree import carry, digest_on_disk, piece_of

JOURNAL = "journal.json"


@dataclass(frozen=True)
class Step:
    """One file of a journal: `digest` is that of its new content."""

    number: int
    path: str
    digest: str
    existed: bool


def require_clean(root: Path, modified: Sequence[str]) -> None:
    """Raises `UsageError`, with what git says, where a change could not be undone with git."""
    why = "--in-place needs a clean git tree, so that every change can be undone"
    try:
        found = git.state(root, modified)
    except OSError as error:
        raise UsageError("--in-place needs git, which is not installed.", file=str(root), hint="Use --output instead.") from error
    if found.problem:
        raise UsageError(f"{why}; git says: {found.problem}.", file=str(root), hint="Use --output instead.")
    if found.changes:
        others = f" and {len(found.changes) - 1} more" if len(found.changes) > 1 else ""
        hint = "Commit or stash first." + (" Filters are not run, so that what they store differs from the file." if found.filtered else "")
        raise UsageError(f"{why}; git reports `{found.changes[0].strip()}`{others}.", file=str(root), hint=hint)
    if found.ignored:
        raise UsageError(f"{why}; git ignores the file.", file=str(root / found.ignored[0]), hint="Add it to git, or use --output.")


def require_unchanged(root: Path, change: FileChange) -> None:
    """Raises `UsageError` where a file may not be written: it is a link, in a submodule, not what was read, or in the way."""
    target = root / change.path
    if any(path.is_symlink() for path in (target, *(root / parent for parent in Path(change.path).parents[:-1]))):
        raise UsageError("is reached over a symbolic link, which is never written through.", file=change.path, hint="Use --output instead.")
    if inner := git.submodule_around(root, change.path):
        raise UsageError(f"belongs to the git repository of {inner}.", file=change.path, hint="Convert there, or use --output.")
    if change.action == "modified":
        if change.before is not None and target.read_bytes() != change.before:
            raise UsageError("changed while it was converted.", file=change.path, hint="Run again.")
    elif target.exists() and not (target.is_file() and digest_on_disk(target) == piece_of(root, change).digest):
        raise UsageError("exists already and would be overwritten.", file=change.path, hint="Rename it, or use --output.")


def put(root: Path, staged: Path, converted: Converted, changes: Sequence[FileChange]) -> None:
    """Rename the staged files, which are called 0, 1, 2 ..., into place; where the system refuses one, what was done is undone."""
    steps = []
    for number, change in enumerate(changes):
        target = root / change.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            carry(target, _before(staged, number))
        steps.append(Step(number, change.path, piece_of(converted.root, change).digest, target.exists()))
    _write_journal(staged, steps)
    try:
        for step in steps:
            (staged / str(step.number)).replace(root / step.path)
    except BaseException:
        _undo(root, staged, steps)
        raise
    (staged / JOURNAL).unlink()


def interrupted(root: Path) -> bool:
    """Whether a run that wrote into the project was killed before it was done."""
    return any((left / JOURNAL).exists() for left in leftovers(root, IN_PROJECT))


def restore(root: Path) -> None:
    """Put back what a killed run had replaced in the project, and remove what it left.

    Raises `UsageError` where a file was changed since, and changes nothing then.
    """
    for left in leftovers(root, IN_PROJECT):
        steps = _read_journal(left)
        for step in steps:
            _require_undoable(root, left, step)
        _undo(root, left, steps)
        shutil.rmtree(left, ignore_errors=True)


def _before(staged: Path, number: int) -> Path:
    return staged / f"{number}.before"


def _write_journal(staged: Path, steps: Sequence[Step]) -> None:
    part = staged / f"{JOURNAL}.part"
    part.write_text(json.dumps([[step.number, step.path, step.digest, step.existed] for step in steps]))
    part.replace(staged / JOURNAL)


def _read_journal(staged: Path) -> list[Step]:
    try:
        return [Step(*row) for row in json.loads((staged / JOURNAL).read_bytes())]
    except FileNotFoundError:
        return []


def _require_undoable(root: Path, staged: Path, step: Step) -> None:
    target, before = root / step.path, _before(staged, step.number)
    if not os.path.lexists(target) or (step.existed and not before.exists()):
        return
    if digest_on_disk(target) not in (step.digest, digest_on_disk(before) if before.exists() else ""):
        hint = f"What it held before that run is {before}: put the file right, remove the folder {staged}, and run again."
        raise UsageError("was changed after an --in-place run of the project had been killed.", file=step.path, hint=hint)


def _undo(root: Path, staged: Path, steps: Sequence[Step]) -> None:
    """Every file as it was; a second time, where the first was killed, does what is left."""
    for step in steps:
        target, before = root / step.path, _before(staged, step.number)
        if step.existed and before.exists():
            before.replace(target)
        elif not step.existed and target.exists() and digest_on_disk(target) == step.digest:
            target.unlink()
    (staged / JOURNAL).unlink(missing_ok=True)
