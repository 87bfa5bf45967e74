"""What git says of a tree, without running anything that the tree's own configuration names.

`git status` may run filters (`filter.NAME.clean`, `.process`), a file-system monitor, hooks, and helpers that fetch missing objects.
The configuration belongs to the project, and converting runs none of its code: filters are emptied one by one, the rest is switched off.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HARMLESS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.pager": "cat",
    "status.submoduleSummary": "false",
}
ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",  # else the index is written, which calls a hook
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # before git 2.45, missing objects are fetched all the same
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C",
}
OWN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS", "GIT_EXTERNAL_DIFF", "GIT_OBJECT_DIRECTORY")
"""Variables that would lead git to another tree, or bring it commands."""


@dataclass(frozen=True)
class State:
    """`changes`: the lines of `git status --porcelain`. `problem`: why there are none to tell."""

    changes: tuple[str, ...] = ()
    problem: str = ""
    ignored: tuple[str, ...] = ()
    filtered: bool = False
    """Whether the configuration names filters, which were not run."""


def state(root: Path, paths: Sequence[str] = ()) -> State:
    """What is not committed below a folder, and which of some files git ignores. Raises `OSError` where git is not installed."""
    top = run(root, ["rev-parse", "--show-toplevel"], HARMLESS)
    if top.returncode:
        return State(problem=first_line(top.stderr))
    if not root.resolve().is_relative_to(Path(os.fsdecode(top.stdout.rstrip(b"\n"))).resolve()):
        return State(problem="its git repository names another folder as its work tree")
    try:
        filters = without_filters(root)
    except ValueError as error:
        return State(problem=str(error))
    settings = {**HARMLESS, **filters}
    status = run(root, ["status", "--porcelain", "--ignore-submodules=dirty", "--", "."], settings)
    if status.returncode:
        return State(problem=first_line(status.stderr))
    ignored = run(root, ["check-ignore", "-z", "--stdin"], settings, given=b"\0".join(map(os.fsencode, paths))).stdout.split(b"\0")
    return State(
        changes=tuple(status.stdout.decode(errors="backslashreplace").splitlines()),
        ignored=tuple(os.fsdecode(path) for path in ignored if path),
        filtered=bool(filters),
    )


def submodule_around(root: Path, path: str) -> str:
    """The folder between `root` and a file that is a repository of its own, whose state `state` does not tell; '' where there is none."""
    parents = [str(parent) for parent in Path(path).parents if str(parent) != "."]
    return next((parent for parent in parents if (root / parent / ".git").exists()), "")


def without_filters(root: Path) -> dict[str, str]:
    """Settings that leave every filter driver without a command; git then compares the bytes as they are. Raises `ValueError`."""
    keys = run(root, ["config", "--list", "--name-only", "-z"], HARMLESS)
    if keys.returncode:
        raise ValueError(first_line(keys.stderr))
    settings = {}
    for key in keys.stdout.decode("utf-8", "surrogateescape").split("\0"):
        driver, dot, name = key.rpartition(".")
        if dot and driver.startswith("filter.") and name in ("clean", "smudge", "process", "required"):
            settings.update({f"{driver}.clean": "", f"{driver}.smudge": "", f"{driver}.process": "", f"{driver}.required": "false"})
    return settings


def run(
    root: Path, command: list[str], settings: Mapping[str, str], given: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git with settings that count before those of any file; `given` is what it reads, `variables` are some of its environment."""
    environment = {name: value for name, value in os.environ.items() if name not in OWN and not name.startswith("GIT_CONFIG")}
    environment |= {**ENVIRONMENT, **(variables or {}), "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return subprocess.run(["git", "--no-pager", "-C", str(root), *command], input=given, capture_output=True, check=False, env=environment)


def first_line(data: bytes) -> str:
    """What git says first, without its full stop."""
    lines = data.decode(errors="backslashreplace").strip().splitlines()
    return lines[0].rstrip(".") if lines else "nothing"
