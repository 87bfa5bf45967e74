"""One warm process per environment in which apps run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from .environments import Environments, Layers
from .zygote import Zygote


class Zygotes:
    """The zygote of this process's own environment and, with ``environments``, one for each that apps need.

    ``directory`` is their scratch space, ``inherited`` the environment variables that they start with.
    """

    def __init__(self, directory: Path, environments: Environments | None, inherited: Mapping[str, str]) -> None:
        self.own = Zygote(directory, Path(sys.executable), inherited)
        self._inherited = inherited
        self.installs = environments is not None
        self._directory = directory
        self._environments = environments
        self._others: dict[Path, Zygote] = {}
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Start the first. Raises RuntimeFailure."""
        await self.own.start()

    async def get(self, requirements: Layers | None, on_line: Callable[[str], None]) -> Zygote:
        """The zygote for an app with these requirements, None for one whose image says what is installed.

        ``on_line`` gets what an installer prints. Raises RuntimeFailure.
        """
        if self._environments is None or requirements is None:
            return self.own
        python = await self._environments.python(requirements, on_line)
        async with self._starting:
            if python not in self._others:
                zygote = self._others[python] = Zygote(self._directory, python, self._inherited)
                await zygote.start()
        return self._others[python]

    async def close(self) -> None:
        """End them all, and every process that they forked."""
        await asyncio.gather(*(zygote.close() for zygote in (self.own, *self._others.values())))
