"""What a room shows to a program that builds: itself, its store, a context, and the rehearsal's own folder."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from converters.rehearsal.apart import FIRST_ID, OUTSIDE, Shown
from converters.rehearsal.dockerfile import CONTENT
from converters.rehearsal.engines import Outside

STORE, WORK, CONTEXT_FOLDER, FILES, REHEARSAL = "/store", "/engine", "/context", "/files", "/rehearsal"
_PASSWD = "root:x:0:0:root:/engine/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_RUN = f"""#!/bin/sh
. {REHEARSAL}/environment
case "$1" in {CONTENT}*) shift ;; esac
"$@"
code=$?
[ $code = 0 ] || sleep 0.3 2>/dev/null
exit $code
"""
"""buildah 1.28 may lose what a command prints right before it ends, so one that fails ends a little later."""
_START = f"""#!/bin/sh
. {REHEARSAL}/environment
exec "$@"
"""
_POLICY = {"default": [{"type": "insecureAcceptAnything"}]}
"""No image comes from anywhere: those of the store are ours."""


class Folders:
    """The folders of one room, below `folder`; to be removed with it."""

    def __init__(self, folder: Path, outside: Outside | None, variables: Mapping[str, str]) -> None:
        self.store = _owned(folder / "store")
        rooms = folder / "rooms"
        rooms.mkdir(exist_ok=True)
        self._temporary = tempfile.TemporaryDirectory(prefix="room-", dir=rooms)
        root = Path(self._temporary.name)
        root.chmod(0o755)
        self.work, self.own, self.settings = _owned(root / "work"), root / "rehearsal", root / "etc"
        for name in ("tmp", "home", "run", "output"):
            _owned(self.work / name)
        self.files = root / "files"
        for one in (self.own, self.settings, self.files):
            one.mkdir()
        self._outside = outside
        self._write(variables)

    def shown(self, *, context: Path | None = None, more: tuple[Shown, ...] = ()) -> list[Shown]:
        """What the room shows beside the programs."""
        found = [
            Shown("/etc", str(self.settings)),
            Shown(STORE, str(self.store), writable=True),
            Shown(WORK, str(self.work), writable=True),
            Shown("/tmp", str(self.work / "tmp"), writable=True),
            Shown("/var/tmp", str(self.work / "tmp"), writable=True),
            Shown(FILES, str(self.files)),
            Shown(REHEARSAL, str(self.own)),
        ]
        if self._outside is not None:
            found.append(Shown(f"{REHEARSAL}/outside", str(self._outside.mount.resolve())))
        if context is not None:
            found.append(Shown(CONTEXT_FOLDER, str(context.resolve())))
        return [*found, *more]

    def close(self) -> None:
        self._temporary.cleanup()

    def _write(self, variables: Mapping[str, str]) -> None:
        write_own(self.own, variables)
        texts = {
            "passwd": _PASSWD,
            "group": "root:x:0:\nnogroup:x:65534:\n",
            "hosts": "127.0.0.1 localhost\n::1 localhost\n",
            "resolv.conf": f"nameserver {OUTSIDE}\n",
            "containers/policy.json": json.dumps(_POLICY),
            "containers/registries.conf": "unqualified-search-registries = []\n",
            "containers/containers.conf": "[engine]\n",
        }
        for name, text in texts.items():
            file = self.settings / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)


def write_own(folder: Path, variables: Mapping[str, str]) -> None:
    """Write the folder that is seen at /rehearsal."""
    (folder / "outside").mkdir(parents=True, exist_ok=True)
    for name, text in (("run", _RUN), ("start", _START)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    lines.append(f'export PATH="{REHEARSAL}/outside/bin:$PATH"\n')
    (folder / "environment").write_text("".join(lines))


def _owned(folder: Path) -> Path:
    """A directory that belongs to the room's root."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, FIRST_ID, FIRST_ID)
    return folder
