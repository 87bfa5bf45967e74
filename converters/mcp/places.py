"""What the server may read, and where it may write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""A folder of an output: no path, nothing hidden, nothing that a terminal or a shell reads as something else."""


class Outside(Exception):
    """A path or name that the server does not take; the message says which, and what it takes."""


@dataclass(frozen=True)
class Places:
    """`root`: the folder below which everything is read; `output`: the only folder below which anything is written. Both exist."""

    root: Path
    output: Path

    def read(self, text: str) -> Path:
        """A path that may be read, relative ones from the root. Raises `Outside`, also for what a symbolic link leads out."""
        if not text or any(not sign.isprintable() for sign in text):
            raise Outside(f"{text!r} is no path: give one below {self.root} or {self.output}.")
        path = (self.root / text).resolve()
        if not any(path.is_relative_to(place) for place in (self.root, self.output)):
            raise Outside(f"{text} lies outside: only what is below {self.root} or {self.output} is read.")
        if not path.exists():
            raise Outside(f"{text} does not exist.")
        return path

    def app(self, text: str) -> str:
        """A fal project that may be read: a folder, or `file.py::Class`. Raises `Outside`."""
        file, mark, symbol = text.partition("::")
        if mark and not symbol.isidentifier():
            raise Outside(f"{symbol!r} is no name of a class.")
        return f"{self.read(file)}{mark}{symbol}"

    def mapped(self, text: str) -> str:
        """The app of an endpoint as `--map` takes it: `owner/app`, or `owner/app:FOLDER` of a folder to read. Raises `Outside`.

        `--map` takes what stands behind the last `=`, which must be what is looked at here.
        """
        if "=" in text:
            raise Outside(f"{text!r} is no app: it has a `=`.")
        app, colon, folder = text.partition(":")
        return f"{app}:{self.read(folder)}" if colon else app

    def write(self, name: str) -> Path:
        """The folder of an output. Raises `Outside` for a name that is more than one, or that is a link."""
        if not NAME.fullmatch(name):
            raise Outside(f"{name!r} is no name of an output: letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.")
        if (self.output / name).is_symlink():
            raise Outside(f"{name} is a symbolic link: give another name.")
        return self.output / name


def places(root: Path, output: Path) -> Places:
    """The places for two folders, of which `output` is made where it is absent. Raises `Outside`."""
    if not root.is_dir():
        raise Outside(f"{root} is no folder.")
    if output.exists() and not output.is_dir():
        raise Outside(f"{output} is no folder.")
    output.mkdir(parents=True, exist_ok=True)
    return Places(root.resolve(), output.resolve())
