"""Asks `uv` whether requirements have releases that fit together: metadata only, nothing is built and nothing is installed."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from converters.errors import UsageError
from converters.python import pip
from converters.resolver import Resolution

SECONDS = 300.0
"""Time limit of one question."""
PLATFORM = "x86_64-manylinux_2_28"
LOCAL = re.compile(r"(===?\s*[\w.!]+)\+[\w.]+")
"""The local part of a version (`+cu121`), which only an index of its vendor has."""
NEEDS_BUILD = re.compile(r"Wheels are required for `([\w.-]+)`")
_ROUNDS = 30
_LONGEST = 900


def program() -> tuple[str, ...]:
    """The command `uv`. Raises `UsageError` where it is not installed."""
    found = shutil.which("uv")
    if found is not None:
        return (found,)
    if importlib.util.find_spec("uv") is not None:
        return (sys.executable, "-m", "uv")
    raise UsageError("--resolve asks `uv`, which is not installed.", hint="Install it: python -m pip install uv")


def resolve(requirements: Sequence[str], flags: Sequence[str], python: str) -> Resolution:
    """A `Resolver`. An index that cannot be reached is left out, and with it what only it has: that is said, never taken for a conflict."""
    words = [word for flag in flags for word in re.split(r"[\s=]+", flag, maxsplit=1)]
    indexes, options = _split(words)
    lines = [text for text in requirements if pip.name(text) and "://" not in text]
    aside = [text for text in requirements if text not in lines]
    made = _asked(lines, [*indexes, *options], python, aside)
    if made.unknown and indexes:
        public = _asked([LOCAL.sub(r"\1", line) for line in lines], options, python, aside)
        if not public.unknown and not public.conflict:
            return Resolution(aside=(*public.aside, *(word for word in indexes if not word.startswith("-"))))
    return made


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """(flags of indexes, other flags as uv spells them)."""
    indexes: list[str] = []
    options: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in pip.INDEX_FLAGS and rest:
            indexes += [pip.LONG.get(word, word), rest.pop(0)]
        elif word == "--pre":
            options += ["--prerelease", "allow"]
    return indexes, options


def _asked(lines: Sequence[str], flags: Sequence[str], python: str, aside: Sequence[str]) -> Resolution:
    """One question, again and again without each package that has no wheel: what those require, only a build tells."""
    left = list(aside)
    for _ in range(_ROUNDS):
        refused = _refusal(lines, flags, python, [name for name in left if name not in aside])
        if not refused:
            return Resolution(aside=tuple(left))
        built = NEEDS_BUILD.search(refused)
        if built is not None and built.group(1) not in left:
            left.append(built.group(1))
            continue
        said = _words(refused)
        return Resolution(conflict=said) if "No solution found" in refused else Resolution(unknown=said)
    return Resolution(unknown="too many packages have no wheels")


def _refusal(lines: Sequence[str], flags: Sequence[str], python: str, without: Sequence[str]) -> str:
    """What uv prints where it finds no releases; '' where it does."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = Path(folder, "overrides.txt")
        overrides.write_text("".join(f'{name} ; python_version < "0"\n' for name in without))
        command = [
            *program(),
            "pip",
            "compile",
            "--quiet",
            "--color",
            "never",
            "--no-progress",
            "--no-build",
            "--no-header",
            "--no-annotate",
        ]
        command += ["--index-strategy", "unsafe-best-match", "--python-version", python, "--python-platform", PLATFORM]
        command += [*(["--override", str(overrides)] if without else ()), *flags, "-"]
        try:
            done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, cwd=folder, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"uv gave no answer within {SECONDS:g} s"
    return done.stderr.strip() or f"uv ended with {done.returncode}" if done.returncode else ""


def _words(refused: str) -> str:
    """uv's reason in one line, without its drawing."""
    plain = re.split(r"\n\s*hint:", re.sub(r"[×╰─▶│├]", " ", refused))[0]
    reason = " ".join(re.sub(r"\b(error|cause):", " ", plain).split())
    reason = re.sub(r"^No solution found when resolving dependencies:?\s*", "", reason)
    return reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}…"
