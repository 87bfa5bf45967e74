"""Folders that outlive a request: network volumes of the source become a folder of their own below fal's `/data`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.ir import App

VOLUME = "/runpod-volume"
"""Where RunPod mounts a network volume in a serverless worker (a Pod mounts it at /workspace)."""


def data_folder(app: str) -> str:
    """The folder for an app's volume: `/data` is shared by all apps of an account, so several volumes must not merge."""
    return f"/data/{app}"


def volume_folder(app: App) -> str:
    """The folder that an app's network volume becomes: its own, or that of the app whose module it shares."""
    return data_folder(app.volume or app.name)


def moved(text: str, app: App) -> str:
    """The text with paths on the volume moved below `/data`."""
    return re.sub(rf"(?<![\w.}}-]){VOLUME}(?=/|$|[\"'\s:])", volume_folder(app), text)


def on_volume(text: str) -> bool:
    return re.search(rf"(^|[\s\"'=:]){VOLUME}(?=/|$|[\"'\s:])", text) is not None
