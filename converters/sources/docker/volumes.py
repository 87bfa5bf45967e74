"""Volumes of a compose service: what fal keeps in /data, what is part of the image, and what a person must move."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters import rules
from converters.containers.compose import Mounted, Service
from converters.ir import App, Disposition, Origin, Scope, Weights
from converters.ledger import Construct, Ledger
from converters.project import Project, normalize

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

HUB = re.compile(r"/\.cache/huggingface(/hub)?/?$")
SOCKETS = re.compile(r"^(/var/run/docker\.sock|/dev|/proc|/sys|/tmp/\.X11-unix|/etc/localtime|/etc/timezone)")


def settle_volumes(project: Project, service: Service, construct: Construct, reading: Reading, app: App, ledger: Ledger) -> None:
    """Each volume is an item of its own; the key itself is converted."""
    for volume in service.volumes:
        origin = Origin(file=service.file.path, line=volume.line)
        one = ledger.record("volume", volume.target, origin)
        _settle(project, service, volume, one, app, ledger)
    ledger.settle(construct, rules.DK025, Disposition.CONVERTED, "each volume has an item of its own")


def _settle(project: Project, service: Service, volume: Mounted, one: Construct, app: App, ledger: Ledger) -> None:
    folder = normalize(f"{service.file.folder}/{volume.source}") if volume.kind == "bind" and volume.source.startswith(".") else None
    origin = Origin(file=one.file, line=one.line)
    if SOCKETS.match(volume.source) or SOCKETS.match(volume.target):
        ledger.settle(one, rules.DK031, Disposition.DROPPED, "a runner has no access to its host")
    elif HUB.search(volume.target):
        ledger.settle(
            one, rules.DK031, Disposition.CONVERTED, "fal sets HF_HOME=/data/.cache/huggingface, which lasts and is shared by all runners"
        )
    elif volume.target == "/data" or volume.target.startswith("/data/"):
        _data(project, volume, folder, one, ledger)
    elif folder is not None and folder in project.withheld:
        message = f"compose lays {folder} over {volume.target}; it holds credentials and is left out: give what it holds as secrets."
        ledger.settle(one, rules.FS011, Disposition.MANUAL, message)
    elif folder is not None and folder in project.files:
        _file(volume, folder, one, app, ledger)
    elif folder is not None and project.is_folder(folder) and _holds_files(project, folder):
        _sources(volume, folder, one, app, ledger)
    else:
        app.weights.append(
            Weights(what=f"{volume.source or 'a volume'} on {volume.target}", where=volume.target, action="manual", origin=origin)
        )
        message = (
            f"what is written to {volume.target} is lost with the runner: point the server at a folder below /data by its own setting, "
            f"and copy files with `fal files upload LOCAL {app.name}`."
        )
        ledger.settle(one, rules.DK031, Disposition.MANUAL, message, scope=Scope.DEPLOY)


PLACEHOLDER = re.compile(r"\.(git|docker)?(keep|ignore)|\.placeholder|readme(\.\w+)?", re.IGNORECASE)
"""Names of files that only keep a folder in the repository."""


def _holds_files(project: Project, folder: str) -> bool:
    return any(PLACEHOLDER.fullmatch(file.name) is None for file in project.below(folder))


def _data(project: Project, volume: Mounted, folder: str | None, one: Construct, ledger: Ledger) -> None:
    """A volume below /data, which fal mounts on every runner: whatever the image holds there is hidden."""
    files = folder is not None and (folder in project.files or (project.is_folder(folder) and _holds_files(project, folder)))
    if files:
        message = (
            f"fal mounts its own /data over {volume.target}, shared by all apps of an account: "
            f"`fal files upload {folder} {volume.target.removeprefix('/data').strip('/') or folder}`."
        )
        ledger.settle(one, rules.DK031, Disposition.MANUAL, message, scope=Scope.DEPLOY)
    else:
        ledger.settle(one, rules.DK031, Disposition.KEPT, f"{volume.target} lasts on fal too: all apps of an account share /data")


def _file(volume: Mounted, path: str, one: Construct, app: App, ledger: Ledger) -> None:
    """A file laid over the image."""
    message = f"compose lays {path} over {volume.target}: COPY it there in the Dockerfile if the image does not hold it."
    ledger.settle(one, rules.DK031, Disposition.MANUAL, message, scope=Scope.DEPLOY)


def _sources(volume: Mounted, folder: str, one: Construct, app: App, ledger: Ledger) -> None:
    inside = any(path == folder or path.startswith(f"{folder}/" if folder else "") for path in app.environment.files)
    if inside:
        ledger.settle(one, rules.DK031, Disposition.DROPPED, "lays the same sources over the image while developing; the image holds them")
    else:
        message = f"{folder or '.'} is laid over {volume.target} when compose starts the container: COPY it there in the Dockerfile."
        ledger.settle(one, rules.DK031, Disposition.MANUAL, message)
