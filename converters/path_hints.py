"""What helps where a path that was typed does not exist."""

from __future__ import annotations

import re
import shlex
from difflib import get_close_matches
from pathlib import Path

from converters.errors import Unreadable

COMMANDS = ("convert", "callers", "inspect", "check", "verify", "rehearse", "explain", "run", "exec", "batch")


REPOSITORY = re.compile(r"(https?|ssh|git|git\+https|git\+ssh):/{1,2}\S+|[\w.-]+@[\w.-]+:\S+|(github|gitlab|bitbucket)\.(com|org)/\S+")


def missing(path: Path) -> Unreadable:
    """What helps where a path does not exist."""
    text = str(path)
    if path.is_symlink():
        return Unreadable("is a symbolic link to nothing.", file=text, hint="Give the folder of a project.")
    if REPOSITORY.fullmatch(text) or text.endswith(".git"):
        address = re.sub(r"^(\w+(?:\+\w+)?):/(?!/)", r"\1://", text)  # pathlib takes one of two slashes away
        return Unreadable("is an address, not a folder.", file=text, hint=f"Clone it and give the folder: git clone {shlex.quote(address)}")
    hint = "Give the folder of a RunPod, Replicate or Docker project."
    command = get_close_matches(text, COMMANDS, n=1, cutoff=0.7)
    beside = get_close_matches(path.name, _names(path.parent), n=1, cutoff=0.75)
    if command:
        hint = f"Did you mean the command `migrate {command[0]}`?"
    elif beside:
        hint = f"Did you mean {path.parent / beside[0]}?"
    return Unreadable("does not exist.", file=text, hint=hint)


def reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
