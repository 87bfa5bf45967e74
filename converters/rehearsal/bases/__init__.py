"""What stands in for base images: releases of Debian and Ubuntu with what the image is known to hold, made once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from converters.rehearsal.bases.known import base
from converters.rehearsal.bases.made import SUITE_IMAGE, Base, NotKnown, of_suite
from converters.rehearsal.bases.managed import asked, with_managed
from converters.rehearsal.bases.suites import SUITES, Suite, SuiteFailure, archive, missing
from converters.rehearsal.bases.taken import Taken, stand_in, taken

__all__ = ["SUITES", "SUITE_IMAGE", "Base", "Bases", "NotKnown", "Suite", "SuiteFailure", "Taken", "archive", "missing", "taken"]


class Bases:
    """Finds what stands in for images. `folder` keeps archives of releases; `given` is `--base IMAGE=FOLDER|SUITE`."""

    def __init__(self, folder: Path, given: Mapping[str, str] | None = None, *, real: bool = False) -> None:
        self.folder, self.given, self.real = folder, dict(given or {}), real
        """``real``: images are taken from registries, and nothing stands in."""

    def find(self, reference: str, dockerfile: str = "", use: Taken | None = None) -> Base:
        """What stands in for an image in a Dockerfile; ``use`` where only files are taken from it. Raises NotKnown."""
        stated = self.given.get(reference)
        if stated is None:
            found, minor = base(reference) if use is None else stand_in(reference, use, base), asked(dockerfile)
            return with_managed(found, minor) if minor else found
        if stated in SUITES:
            return of_suite(reference, SUITES[stated])
        folder = Path(stated).expanduser().absolute()
        if not folder.is_dir():
            raise NotKnown(f"{stated} is neither a directory nor one of {', '.join(SUITES)}")
        return Base(reference, "FROM scratch\nCOPY . /\n", by=f"the directory {stated}", folder=folder)
