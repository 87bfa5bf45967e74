"""What a rehearsal runs on: an engine with its stand-ins, and the double of the internet, below one folder."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from converters.errors import UsageError

from .bases import Bases
from .engines import Engine
from .engines.buildah import Buildah
from .engines.podman import Podman
from .outside import Outside

_ENGINES: dict[str, type[Buildah] | type[Podman]] = {Buildah.name: Buildah, Podman.name: Podman}
STORED = ("engine", *_ENGINES, "suites", "outside", "records", "announced", "data")
"""What lies below the folder of rehearsals: layers, releases, packages, what steps asked for, that it was told what they run, /data."""


@dataclass(frozen=True)
class Machinery:
    """The engine, and the double of the internet that records what is asked of other machines."""

    engine: Engine
    outside: Outside


def default_folder() -> Path:
    """Where stand-ins, layers and packages are kept where no folder is named."""
    if sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "fal-migrate" / "rehearsal"


def clean(folder: Path) -> None:
    """Remove what rehearsals have stored below a folder, and nothing else."""
    for name in STORED:
        place = folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    with suppress(OSError):  # somebody else's files are in it
        folder.rmdir()


@contextmanager
def machinery(name: str = "", *, folder: Path | None = None, bases: Sequence[str] = (), real: bool = False) -> Iterator[Machinery]:
    """The engine called ``name`` ('': the one for everybody), ready for use while the block runs. Raises UsageError."""
    kind = _ENGINES.get(name or Buildah.name)
    if kind is None:
        raise UsageError(f"--engine {name!r} is not known.", hint=f"Known are: {', '.join(_ENGINES)}.")
    folder = folder or default_folder()
    given = _given(bases)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="fal-migrate-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o755)
        outside = Outside(Path(scratch) / "outside", cache=folder / "outside", python_index=_index())
        try:
            engine = kind(folder / ("engine" if kind is Buildah else kind.name), outside, Bases(folder / "suites", given, real=real))
            if (missing := engine.missing()) is not None:
                raise UsageError(f"a rehearsal needs {missing}.", hint="Install it, or allow it, and try again.")
            try:
                yield Machinery(engine, outside)
            finally:
                engine.stop()
        finally:
            outside.close()


def _given(bases: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in bases:
        image, equals, stand_in = text.rpartition("=")
        if not equals or not image or not stand_in:
            raise UsageError(f"--base {text!r} is not of the form IMAGE=FOLDER|SUITE.", hint="For example: --base acme/base:2=bookworm.")
        found[image] = stand_in
    return found


def _index() -> str:
    """The index that this machine installs from, as its variables say."""
    return (os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple").rstrip("/")
