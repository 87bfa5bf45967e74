"""Which projects of a batch are meant: a file that lists them, and what changed since a commit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from converters.errors import UsageError

_NOTHING = "not changed since {ref}"


def listed(file: Path) -> list[Path]:
    """The paths of a project list, one a line, from the list's own folder; empty lines and those that begin with # are passed over.

    Raises `UsageError`, with the line, where a path is missing: a list is written by a person or a program, and a typo in it is no project.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"the project list cannot be read: {why}.", file=str(file), hint="Give a file with a path on each line."
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        path = file.parent / text
        if not path.exists():
            raise UsageError(f"{text} does not exist.", file=str(file), line=number, hint="Paths are read from the folder of the list.")
        found.append(path)
    if not found:
        raise UsageError("the project list names no path.", file=str(file), hint="Write a path on each line.")
    return found


class Changes:
    """The files that differ from a commit in the work trees of git: committed since, not committed yet, not tracked, or deleted."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        self._changed = cache(self._in_tree)

    @property
    def why_not(self) -> str:
        """What is said of a project without a change."""
        return _NOTHING.format(ref=self.ref)

    def touch(self, root: Path, others: Iterable[Path] = ()) -> bool:
        """Whether a file below `root`, or one of `others`, differs from the commit.

        Raises `UsageError` where `root` stands in no git work tree, or the tree does not know the commit.
        """
        changed = self._changed(_top(root))
        real = root.resolve()
        return any(path == real or real in path.parents for path in changed) or any(path.resolve() in changed for path in others)

    def _in_tree(self, top: Path) -> frozenset[Path]:
        if _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{self.ref}^{{commit}}") is None:
            hint = "Fetch it first (a shallow clone has only the newest commit), or name a branch, a tag or a commit that is there."
            raise UsageError(f"--only-changed: there is no commit {self.ref!r} in this repository.", file=str(top), hint=hint)
        names = b"".join(
            _git(top, *command) or b""
            for command in (
                ("diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", "--end-of-options", self.ref, "--"),
                ("ls-files", "--others", "--exclude-standard", "-z"),
            )
        )
        return frozenset(top / os.fsdecode(name) for name in names.split(b"\0") if name)


@cache
def _top(folder: Path) -> Path:
    found = _git(folder if folder.is_dir() else folder.parent, "rev-parse", "--show-toplevel")
    if found is None:
        hint = "Give --only-changed paths in a git work tree, or leave it out."
        raise UsageError("is in no git repository.", file=str(folder), hint=hint)
    return Path(os.fsdecode(found.rstrip(b"\n"))).resolve()


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it fails. Raises `UsageError` where it is not installed."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UsageError("--only-changed needs git, which is not installed.", hint="Install git.") from error
    return done.stdout if done.returncode == 0 else None
