"""What ``fal deploy`` knows of the apps of a project, and what it sends: each app loaded and pickled in a confined process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import LoadFailure
from .loader import Host, Loader
from .project import Project
from .spec import Spec
from .variables import of_the_machine
from .zygote import Zygote


@dataclass(frozen=True)
class Described:
    """An app, and the file with its pickled callable; None for one that is not pickled: an entry point, or an image alone."""

    spec: Spec
    payload: Path | None


async def describe(project: Project, directory: Path, variables: Mapping[str, str] | None = None) -> dict[str, Described | LoadFailure]:
    """Load every app of the project, one after the other.

    ``directory`` is scratch space that outlives the answer: the pickles lie in it. ``variables`` are those that the apps' top level sees,
    by default those of this process that speak of the machine.
    """
    shown = dict(of_the_machine(os.environ) if variables is None else variables)
    for name in ("data", "loader"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    zygote = Zygote(directory / "loader", shown)
    await zygote.start()
    try:
        host = Host(directory / "loader", directory / "data", ("127.0.0.1", 1), directory / "api.sock", shown, {}, "local", None, "", None)
        loader = Loader(project, zygote, None, host, lambda app, line: None)
        return {app: await _described(loader, app, directory / str(number)) for number, app in enumerate(project.apps)}
    finally:
        await zygote.close()


async def _described(loader: Loader, app: str, place: Path) -> Described | LoadFailure:
    for name in ("loading", "payload"):
        (place / name).mkdir(parents=True)
    try:
        spec = await loader.describe(app, place)
    except LoadFailure as failure:
        return failure
    payload = loader.payload(place)
    return Described(spec, payload if payload.exists() else None)
