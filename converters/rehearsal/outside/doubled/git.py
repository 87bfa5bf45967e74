"""A repository of one commit, as the files that git's clients ask a plain web server for ("dumb" HTTP transport)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

_SIGNED = "rehearsal <nobody@example.com> 1700000000 +0000"
BRANCHES = ("main", "master")


class Repository:
    """Holds the given files in one commit, under the usual names of branches. Same files, same commit."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._objects: dict[str, bytes] = {}
        root: dict[str, object] = {}
        for path, data in files.items():
            *folders, name = path.split("/")
            place = root
            for folder in folders:
                below = place.setdefault(folder, {})
                assert isinstance(below, dict)
                place = below
            place[name] = data
        tree = self._tree(root)
        self.commit = self._add("commit", f"tree {tree}\nauthor {_SIGNED}\ncommitter {_SIGNED}\n\nStand-in of a rehearsal\n".encode())

    def file(self, path: str) -> bytes | None:
        """What a web server answers for a path below the repository's address; None for what is not there."""
        if path == "HEAD":
            return f"ref: refs/heads/{BRANCHES[0]}\n".encode()
        if path == "info/refs":
            return "".join(f"{self.commit}\trefs/heads/{branch}\n" for branch in BRANCHES).encode()
        if path == "objects/info/packs":
            return b"\n"
        return self._objects.get(path.removeprefix("objects/").replace("/", "")) if path.startswith("objects/") else None

    def _tree(self, folder: dict[str, object]) -> str:
        entries = []
        for name, value in folder.items():
            if isinstance(value, dict):
                entries.append((f"{name}/", "40000", name, self._tree(value)))
            else:
                assert isinstance(value, bytes)
                entries.append((name, "100755" if value.startswith(b"#!") else "100644", name, self._add("blob", value)))
        body = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(digest) for _, mode, name, digest in sorted(entries))
        return self._add("tree", body)

    def _add(self, kind: str, body: bytes) -> str:
        data = f"{kind} {len(body)}".encode() + b"\0" + body
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        self._objects[digest] = zlib.compress(data)
        return digest
