"""What a confined process sees of the file system: an allow-list, laid out as a tree, which `mounting` makes its root.

The tree names every mount before the first one is made. Links of the project are leaves of it and are never followed, so that none
of them can lead a mount astray; the machine's own are followed to what they show. No path of the tree has links in it, and the kernel
refuses one that has got some since: processes that are confined to the same scratch directory may be running.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Programs and libraries of the system. What Nix and Guix install lies in stores of their own.
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store", "/run/current-system/sw")
#: What libraries read of /etc: how programs are linked, names resolved, certificates checked, fonts, locales and time zones found.
_SETTINGS = (
    "alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version", "fonts", "gai.conf",
    "group", "host.conf", "hostname", "hosts", "ImageMagick-6", "ImageMagick-7", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
    "ld.so.preload", "localtime", "locale.alias", "locale.conf", "magic", "magic.mime", "mime.types", "nginx", "nsswitch.conf", "OpenCL",
    "openal", "os-release", "passwd", "pki/ca-trust", "pki/tls/cert.pem", "pki/tls/certs", "profile", "profile.d", "protocols",
    "resolv.conf", "services", "shells", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone", "vulkan",
)  # fmt: skip
#: Parts of /var that libraries read.
_CACHES = ("/var/cache/fontconfig",)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "kfd", "dri", "nvidia-caps")
_TO_PROC = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_KERNEL = frozenset({"proc", "sys", "dev"})
#: Directories that are never shown as a whole, whatever asks for them.
_COLLECTIONS = frozenset({"/", "/home", "/root", "/Users", "/tmp", "/var", "/var/tmp", "/etc", "/opt", "/srv", "/mnt", "/media", "/run"})
_MOST_LINKS = 40
_LIBRARIES = tuple(path for path in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path.startswith("/"))
"""Where the user keeps further libraries. Read once: a confined process's own variables are set, later, to what its project says."""


@dataclass(frozen=True)
class View:
    """The files of one process.

    ``stage`` is an empty directory to build on; the files below ``scratch`` are seen at the paths that they have there, may be
    written, and take the place of the system's. ``cwd`` is a path in the view. ``readable`` and ``writable`` are paths of the
    machine that are seen where they are; ``mounts`` has a path of the machine for a path in the view, writable. ``tasks`` bounds the
    processes and threads at a time, where the user is not root.
    """

    stage: Path
    scratch: Path
    cwd: str = "/"
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    mounts: Mapping[str, str] = field(default_factory=dict)
    tasks: int = 4096

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object, for :meth:`from_json`."""
        return {**vars(self), "stage": str(self.stage), "scratch": str(self.scratch), "mounts": dict(self.mounts)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> View:
        """The view that :meth:`as_json` told."""
        paths = {name: Path(value[name]) for name in ("stage", "scratch")}
        lists = {name: tuple(value[name]) for name in ("readable", "writable")}
        return cls(**{**value, **paths, **lists})


class Node:
    """A name in the view: a link, or a directory or file, where ``source`` is set one of the machine.

    ``system``: it is one of the system's, or on the way to one; what a project brings takes its place.
    """

    __slots__ = ("children", "device", "link", "source", "system", "writable")

    def __init__(
        self,
        source: str | None = None,
        *,
        writable: bool = False,
        link: str | None = None,
        device: bool = False,
        system: bool = False,
    ) -> None:
        self.source, self.writable, self.link, self.device, self.system = source, writable, link, device, system
        self.children: dict[str, Node] = {}

    def opened(self) -> Node:
        """The same, with a child for each entry where it is a read-only directory: something else can stand beside these."""
        if self.source is not None and not self.writable:
            for entry in _entries(self.source):
                link = os.readlink(entry.path) if entry.is_symlink() else None
                self.children.setdefault(entry.name, Node(None if link else entry.path, link=link, system=self.system))
            self.source = None
        return self


def tree(view: View) -> Node:
    """Everything that is seen. Makes the temporary directories below the scratch directory. Raises OSError."""
    root = Node(system=True)
    for path in _system():
        _show(root, path, system=True)
    _add_devices(root)
    for path in (*interpreter(), *view.readable):
        _show(root, path)
    for path in view.writable:
        _show(root, path, writable=True)
    for target, source in view.mounts.items():
        _place(root, target, Node(os.path.realpath(source), writable=True))
    _place(root, "/run/lock", Node())
    scratch = os.path.realpath(view.scratch)
    make_temporary(view.scratch)
    _graft(root, root, scratch, "/")
    return root


def readable_paths(view: View) -> list[str]:
    """What a process may read that has no view of its own and is held to paths of the machine instead."""
    return [*_system(), "/proc", "/sys", *interpreter(), *view.readable]


def devices() -> list[str]:
    """What a process may use of /dev: there are the terminals, disks and shared memory of others too."""
    names = [*_DEVICES, *(entry.name for entry in _entries("/dev") if entry.name.startswith("nvidia"))]
    return [f"/dev/{name}" for name in names if os.path.exists(f"/dev/{name}")]


def make_temporary(scratch: Path) -> None:
    """Make the temporary directories below a scratch directory, in which a confined process may have left links. Raises OSError."""
    for path in ("tmp", "var/tmp"):
        opened = os.open(scratch, os.O_PATH | os.O_DIRECTORY)
        for name in path.split("/"):
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=opened)
            below = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened)
            os.close(opened)
            opened = below
        os.close(opened)


def is_collection(path: str) -> bool:
    """Whether a directory holds what belongs to different owners or purposes: a home, the parents of one, the system's own roots."""
    path = os.path.normpath(path)
    return path in _COLLECTIONS or any(path == home or home.startswith(f"{path}/") for home in _homes())


def _homes() -> list[str]:
    """The user's home directory, as the variable names it, which a project may have set, and as the system does."""
    with contextlib.suppress(KeyError):
        return [os.path.expanduser("~"), pwd.getpwuid(os.getuid()).pw_dir]
    return [os.path.expanduser("~")]


def interpreter() -> list[str]:
    """Where the running interpreter and its packages lie; of a prefix that holds other things too, only Python's parts."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found: list[str] = []
    for prefix in dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)):
        found += [f"{prefix}/bin", f"{prefix}/lib/{version}", f"{prefix}/lib"] if is_collection(prefix) else [prefix]
    found += [path for path in sys.path if path.endswith(("site-packages", "dist-packages", f"lib/{version}", "lib-dynload"))]
    found = [path for path in found if not is_collection(path)]
    return list(dict.fromkeys([*found, str(Path(__file__).parents[1])]))


def _system() -> Iterator[str]:
    yield from _PROGRAMS
    yield from (f"/etc/{name}" for name in _SETTINGS)
    yield from _CACHES
    yield from (path for path in _LIBRARIES if not is_collection(path))


def _show(root: Node, path: str, *, writable: bool = False, system: bool = False, links: int = 0) -> None:
    """Let a path of the machine be seen where it is, if it exists, with the links that lead to it."""
    node, at, parts = root, "", [part for part in os.path.normpath(path).split("/") if part]
    for number, name in enumerate(parts):
        if node.source is not None and not writable:
            return  # a directory above it is seen already
        node, at = node.opened(), f"{at}/{name}"
        try:
            status = os.lstat(at)
        except OSError:
            return
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(at)
            node.children.setdefault(name, Node(link=target, system=system))
            if links < _MOST_LINKS:
                further = os.path.join(os.path.dirname(at), target, *parts[number + 1 :])
                _show(root, further, writable=writable, system=system, links=links + 1)
            return
        node = node.children.setdefault(name, Node(system=system))
    if node is not root and (node.source is None or writable):
        node.source, node.writable, node.system = at, writable, system
        node.children.clear()  # what was seen of it is seen with it


def _place(root: Node, path: str, leaf: Node) -> None:
    *parents, name = [part for part in path.split("/") if part]
    node = root
    for parent in parents:
        node = node.opened().children.setdefault(parent, Node())
    node.opened().children[name] = leaf


def _add_devices(root: Node) -> None:
    dev = root.children["dev"] = Node()
    dev.children = {os.path.basename(path): Node(path, writable=True, device=True) for path in devices()}
    dev.children |= {name: Node(link=target) for name, target in _TO_PROC.items()}


def _graft(root: Node, node: Node, overlay: str, path: str, *, colliding: bool = False, links: int = 0) -> None:
    """Let the entries of a scratch directory be seen below a node: in the place of the system's, directories beside theirs.

    What a view names itself stays. ``colliding``: the directory is mounted at the node, so only names that have nodes matter.
    """
    for entry in _entries(overlay):
        there, below = node.children.get(entry.name), os.path.join(path, entry.name)
        if path == "/" and entry.name in _KERNEL:
            continue
        if there is None:
            if not colliding:
                node.children[entry.name] = _leaf(entry)
        elif not entry.is_dir(follow_symlinks=False):
            if there.system and not there.children:
                node.children[entry.name] = _leaf(entry)
        elif there.link is not None:
            target = os.path.normpath(os.path.join(path, there.link))
            if links < _MOST_LINKS:
                _graft(root, _at(root, target), entry.path, target, links=links + 1)
        elif there.system:
            _graft(root, there.opened(), entry.path, below, links=links)
        elif there.source is None:
            there.source, there.writable = entry.path, True
            _graft(root, there, entry.path, below, colliding=True, links=links)


def _leaf(entry: os.DirEntry[str]) -> Node:
    return Node(link=os.readlink(entry.path)) if entry.is_symlink() else Node(entry.path, writable=True)


def _at(root: Node, path: str) -> Node:
    node = root
    for part in filter(None, path.split("/")):
        node = node.opened().children.setdefault(part, Node())
    return node.opened()


def _entries(path: str) -> list[os.DirEntry[str]]:
    """The entries of a directory by name; none where it cannot be read."""
    try:
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
