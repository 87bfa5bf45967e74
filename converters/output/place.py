"""Writes a conversion: beside the source, all or nothing, never over a person's work; or, when asked, into a clean git tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from converters.errors import UsageError
from converters.outcome import Converted, FileChange
from converters.output.base import recall, remember
from converters.output.renew import Conflict, Renewal, is_base_of, refuse_unresolved, renew
from converters.output.tree import Piece, build, carry, digest_on_disk, entries, piece_of, pieces_of


@dataclass(frozen=True)
class Written:
    """Where the output stands. `replaced` is the name an unknown older output was given."""

    path: Path
    changed: bool = True
    conflicts: tuple[Conflict, ...] = ()
    edited: tuple[str, ...] = ()
    replaced: Path | None = None
    remembered: bool = True


def default_output(converted: Converted) -> Path:
    """`<project>-fal` beside the source."""
    name = converted.name or converted.root.name
    if not name:
        raise UsageError("has no folder beside it to write to.", file=str(converted.root), hint="Name one with --output.")
    return converted.root.parent / f"{name}-fal"


def write(converted: Converted, output: Path, *, force: bool = False, known: bool = True) -> Written:
    """Write all files to `output`: built in a temporary folder beside it and renamed into place.

    Raises `UsageError` where it may not or cannot be written; then nothing has changed. With `force` an existing output is
    renewed: edits made since the last run stay; where no last run is known, the old folder is renamed and not lost.
    What was written is remembered for the next run where it is to be `known`.
    """
    with _system_errors(output):
        place = _place(converted.root, output, force)
    pieces = pieces_of(converted)
    with _system_errors(output):
        place.parent.mkdir(parents=True, exist_ok=True)
        written = _renewed(place, pieces) if place.exists() else _fresh(place, pieces)
    return Written(place, written.changed, written.conflicts, written.edited, written.replaced, known and remember(place, pieces))


def write_in_place(converted: Converted) -> Written:
    """Write added and modified files into the source, which must be a clean git tree; nothing is removed.

    Raises `UsageError` where the tree is not clean, a path is a link, or a file changed meanwhile; then nothing has changed.
    """
    root = converted.root
    changes = [change for change in converted.files if change.action in ("added", "modified")]
    _require_clean(root, [change.path for change in changes if change.action == "modified"])
    with _system_errors(root):
        for change in changes:
            _require_unchanged(root, change)
    with _system_errors(root), _scratch(root) as scratch:
        build(scratch, {str(number): piece_of(root, change) for number, change in enumerate(changes)})
        _put(root, scratch, changes)
    return Written(root)


def clear_scratch(output: Path, process: int) -> None:
    """Undo what a killed process left beside `output`: its temporary folders go, an output it had moved aside comes back."""
    for left in output.parent.glob(f".{glob_escape(output.name)}.{process}-*"):
        if left.name.endswith("-old") and not output.exists():
            left.rename(output)
        else:
            shutil.rmtree(left, ignore_errors=True)


def glob_escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _place(root: Path, output: Path, force: bool) -> Path:
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
        hint = "Choose another --output, or add --force: it renews the folder and keeps your edits."
        raise UsageError("exists already.", file=str(output), hint=hint)
    return place


def _fresh(place: Path, pieces: dict[str, Piece]) -> Written:
    with _scratch(place.parent, place.name) as scratch:
        build(scratch, pieces)
        scratch.rename(place)
    return Written(place)


def _renewed(place: Path, pieces: dict[str, Piece]) -> Written:
    base, current = recall(place), entries(place)
    refuse_unresolved(pieces, current)
    if base is not None and is_base_of(base, current):
        renewal = renew(pieces, base, current)
        changed = not renewal.equals(current)
        if changed:
            _swap(place, renewal)
        return Written(place, changed, tuple(renewal.conflicts), tuple(renewal.edited))
    if Renewal(pieces=pieces).equals(current):
        return Written(place, changed=False)
    with _scratch(place.parent, place.name) as scratch:
        build(scratch, pieces)
        replaced = _numbered(place)
        _exchange(place, scratch, replaced)
    return Written(place, replaced=replaced)


def _swap(place: Path, renewal: Renewal) -> None:
    with _scratch(place.parent, place.name) as scratch:
        build(scratch, renewal.pieces)
        for path, entry in renewal.carried.items():
            carry(entry, scratch / path)
        shutil.copymode(place, scratch)
        aside = place.with_name(f"{scratch.name}-old")
        _exchange(place, scratch, aside)
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(place: Path, new: Path, aside: Path) -> None:
    place.rename(aside)
    try:
        new.rename(place)
    except BaseException:
        aside.rename(place)
        raise


def _numbered(place: Path) -> Path:
    number = 1
    while (old := place.with_name(f"{place.name}.{number}.old")).exists() or old.is_symlink():
        number += 1
    return old


@contextmanager
def _scratch(parent: Path, name: str = "fal-migrate") -> Iterator[Path]:
    """A temporary folder with the permissions of an ordinary one, gone afterwards unless it was renamed."""
    scratch = Path(tempfile.mkdtemp(dir=parent, prefix=f".{name}.{os.getpid()}-"))
    try:
        mask = os.umask(0)
        os.umask(mask)
        scratch.chmod(0o777 & ~mask)
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _system_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = str(error.filename) if error.filename else str(place)
        raise UsageError(
            f"cannot be written: {error.strerror or error}.", file=str(place), hint=f"The system refused {where}; nothing was changed."
        ) from error


def _require_clean(root: Path, modified: Sequence[str]) -> None:
    """Raises `UsageError`, with what git says, where a change could not be undone with git."""
    why = "--in-place needs a clean git tree, so that every change can be undone"
    status = _git(root, "status", "--porcelain", "--", ".")
    if status.returncode:
        said = status.stderr.decode(errors="backslashreplace").strip().splitlines() or [f"exit code {status.returncode}"]
        raise UsageError(f"{why}; git says: {said[0]}.", file=str(root), hint="Use --output instead.")
    if status.stdout:
        changed = status.stdout.decode(errors="backslashreplace").splitlines()
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UsageError(f"{why}; git reports `{changed[0].strip()}`{others}.", file=str(root), hint="Commit or stash first.")
    ignored = _git(root, "check-ignore", "-z", "--stdin", given=b"\0".join(map(os.fsencode, modified))).stdout.split(b"\0")[0]
    if ignored:
        raise UsageError(f"{why}; git ignores the file.", file=str(root / os.fsdecode(ignored)), hint="Add it to git, or use --output.")


def _git(root: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A command of git, `given` what it reads. Raises `UsageError` where git is not there."""
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(root), *arguments]
    try:
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        return subprocess.run(command, input=given, capture_output=True, check=False, env=environment)
    except OSError as error:
        raise UsageError("--in-place needs git, which is not installed.", file=str(root), hint="Use --output instead.") from error


def _require_unchanged(root: Path, change: FileChange) -> None:
    target = root / change.path
    if any(path.is_symlink() for path in (target, *(root / parent for parent in Path(change.path).parents[:-1]))):
        raise UsageError("is reached over a symbolic link, which is never written through.", file=change.path, hint="Use --output instead.")
    if change.action == "modified":
        if change.before is not None and target.read_bytes() != change.before:
            raise UsageError("changed while it was converted.", file=change.path, hint="Run again.")
    elif target.exists() and not (target.is_file() and digest_on_disk(target) == piece_of(root, change).digest):
        raise UsageError("exists already and would be overwritten.", file=change.path, hint="Rename it, or use --output.")


def _put(root: Path, scratch: Path, changes: list[FileChange]) -> None:
    """Rename the staged files into place; what was done is undone where the system refuses one."""
    done: list[tuple[Path, Path]] = []
    try:
        for number, change in enumerate(changes):
            target, before = root / change.path, scratch / f"{number}.before"
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                carry(target, before)
            (scratch / str(number)).replace(target)
            done.append((target, before))
    except BaseException:
        for target, before in done:
            if before.exists():
                before.replace(target)
            else:
                target.unlink(missing_ok=True)
        raise
