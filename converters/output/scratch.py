"""Temporary folders beside an output, and what is done about those that a killed process left."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_PROJECT = "fal-migrate"
"""Name of the temporary folders inside a project that is written in place (`project.SCRATCH` leaves them out)."""
_KEPT = re.compile(r"-kept-(\d+)(-old)?$")


@contextmanager
def scratch(parent: Path, name: str = IN_PROJECT) -> Iterator[Path]:
    """A temporary folder with the permissions of an ordinary one, gone afterwards unless it was renamed."""
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=f".{name}.{os.getpid()}-"))
    try:
        mask = os.umask(0)
        os.umask(mask)
        folder.chmod(0o777 & ~mask)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kept_name(build: Path) -> Path:
    """The name under which a new output is exchanged with one that must be kept: which of the two it is, its inode tells."""
    return build.with_name(f"{build.name}-kept-{build.stat().st_ino}")


def leftovers(parent: Path, name: str, process: int | None = None) -> list[Path]:
    """What a process left, or all processes that do not run any more. This process itself has nothing there yet."""
    found = []
    pattern = re.compile(rf"\.{re.escape(name)}\.(\d+)-")
    for entry in sorted(parent.iterdir()) if parent.is_dir() else ():
        match = pattern.match(entry.name)
        if match and (int(match.group(1)) == process if process is not None else not _runs(int(match.group(1)))):
            found.append(entry)
    return found


def recover(output: Path, process: int | None = None) -> list[str]:
    """Bring an output back that a killed run had moved aside, and remove what it had not finished. What was found, in sentences."""
    notes = []
    for left in leftovers(output.parent, output.name, process):
        kept = _KEPT.search(left.name)
        if (not kept and not left.name.endswith("-old")) or (kept and left.stat().st_ino == int(kept.group(1))):
            shutil.rmtree(left, ignore_errors=True)  # the beginning of a new output, or an old one whose edits are in the new one
        elif not output.exists():
            left.rename(output)
            notes.append(f"An earlier run was killed while it wrote {output}; the output from before is in its place again.")
        elif kept:
            place = numbered(output)
            left.rename(place)
            notes.append(f"An earlier run was killed when it had written {output}; the output from before is {place}.")
        else:
            shutil.rmtree(left, ignore_errors=True)
    return notes


def numbered(place: Path) -> Path:
    """The first of NAME.1.old, NAME.2.old ... that is free."""
    number = 1
    while (old := place.with_name(f"{place.name}.{number}.old")).exists() or old.is_symlink():
        number += 1
    return old


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
