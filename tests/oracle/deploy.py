"""What `fal deploy` and a runner do to an app, each in a process of its own.

`pack FOLDER NAME PAYLOAD` loads an app of the project in FOLDER and pickles it; `unpack PAYLOAD` unpickles it where nothing of the
project is at hand. Both print the app's OpenAPI document as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any


def pack(folder: str, name: str, payload: str) -> dict[str, Any]:
    from fal_runtime import _sdk

    os.chdir(folder)
    description, pickled = _sdk.describe(name)
    assert pickled is not None
    Path(payload).write_bytes(pickled)
    openapi: dict[str, Any] = description["openapi"]
    return openapi


def unpack(payload: str) -> dict[str, Any]:
    os.environ["IS_ISOLATE_AGENT"] = "1"
    kept = pickle.loads(Path(payload).read_bytes())  # the app's class lives as long as what was unpickled
    (app,) = [found for found in gc.get_objects() if isinstance(found, type) and _is_own(found)]
    assert kept is not None
    openapi: dict[str, Any] = app(_allow_init=True).openapi()
    return openapi


def _is_own(found: type) -> bool:
    """Whether a class is an app of the project: the SDK's own classes travel in the payload as well."""
    return not str(found.__module__).startswith("fal.") and any(
        base.__module__ == "fal.app" and base.__name__ == "App" for base in found.__mro__
    )


def main() -> None:
    command, *arguments = sys.argv[1:]
    print(json.dumps(pack(*arguments) if command == "pack" else unpack(*arguments), sort_keys=True))
