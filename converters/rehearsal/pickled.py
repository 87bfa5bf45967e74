"""Pickles an app with another Python than ours: on a stand-in for the machine that would deploy it."""

from __future__ import annotations

import time
from pathlib import Path

from . import recipe
from .apps import App
from .engines import Engine, Mount, Process, StepFailure, UnknownBase
from .places import place
from .result import Failure, tail
from .start import TOLD, argv, lay_out, mounts, read_events

_SECONDS = 180


class NotPickled(Exception):
    """The app could not be pickled: as fal's client would fail (``failure``), or since there is no such Python here (None)."""

    def __init__(self, why: str, failure: Failure | None = None) -> None:
        super().__init__(why)
        self.failure = failure


def pickled(app: App, engine: Engine, minor: str, folder: Path) -> Path:
    """The file with the pickle of the app for a Python. Raises NotPickled."""
    try:
        built = engine.build(recipe.deployer(minor, folder / "context", tag=f"localhost/rehearsal/deployer:{minor}"))
    except (UnknownBase, StepFailure) as error:
        raise NotPickled(f"Python {minor} with fal cannot be had here: {error}") from error
    root = str(app.project.root)
    told = folder / "told"
    command = {"op": "pickle", "app": app.key, "root": root, "payload": f"{TOLD}/app.pickle", "roots": [root]}
    given = lay_out(folder / "given", None, command)
    shown = [*mounts(given, told), Mount(app.project.root, root)]
    running = engine.run(built.image, Process(argv(f"{recipe.TOOLS}/bin/python"), mounts=shown, cwd=root))
    limit = time.monotonic() + _SECONDS
    try:
        while (code := running.poll()) is None and time.monotonic() < limit:
            time.sleep(0.05)
    finally:
        running.kill()
    payload = told / "app.pickle"
    if code == 0 and payload.exists():
        return payload
    event = next((event for event in read_events(told / "events") if event["event"] == "failed"), {})
    why = str(event.get("message") or (f"it ended with exit code {code}" if code is not None else f"it took more than {_SECONDS} s"))
    what = f"loading the app with Python {minor}, as `fal deploy` does"
    raise NotPickled(
        why,
        Failure(
            stage="load",
            what=what,
            why=why,
            place=place(event.get("where")),
            output=tail(map(str, event.get("traceback") or running.lines())),
        ),
    )
