"""Folders that outlive a request: network volumes of the source become a folder of their own below fal's `/data`."""

from __future__ import annotations

import re

VOLUME = "/runpod-volume"
"""Where RunPod mounts a network volume in a serverless worker (a Pod mounts it at /workspace)."""


def data_folder(app: str) -> str:
    """The folder for an app's volume: `/data` is shared by all apps of an account, so several volumes must not merge."""
    return f"/data/{app}"


def moved(text: str, app: str) -> str:
    """The text with paths on the volume moved below `/data`."""
    return re.sub(rf"(?<![\w.}}-]){VOLUME}(?=/|$|[\"'\s:])", data_folder(app), text)


def on_volume(text: str) -> bool:
    return re.search(rf"(^|[\s\"'=:]){VOLUME}(?=/|$|[\"'\s:])", text) is not None
