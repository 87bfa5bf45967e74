"""The standard library as later versions of Python have it, for projects that are written for one."""

from __future__ import annotations

import sys
import tempfile
from typing import Any


def install() -> None:
    """Add the parameters that are missing here."""
    if sys.version_info >= (3, 12):
        return
    named = tempfile.NamedTemporaryFile

    class TemporaryDirectory(tempfile.TemporaryDirectory):  # type: ignore[type-arg]
        """With ``delete`` (3.12)."""

        def __init__(self, *args: Any, delete: bool = True, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._deleted = delete
            if not delete:
                self._finalizer.detach()  # type: ignore[attr-defined]

        def cleanup(self) -> None:
            if self._deleted:
                super().cleanup()

    def file(*args: Any, delete_on_close: bool = True, **kwargs: Any) -> Any:
        """With ``delete_on_close`` (3.12)."""
        return named(*args, **(kwargs if delete_on_close else {**kwargs, "delete": False}))

    tempfile.TemporaryDirectory = TemporaryDirectory  # type: ignore[misc]
    tempfile.NamedTemporaryFile = file
