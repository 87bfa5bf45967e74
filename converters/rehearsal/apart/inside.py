"""Runs in the processes of a room: ``python -I -S inside.py FD`` with the room's end of a control socket. Only the standard library.

One process stands outside for the others, the next one is the first of the room's own: it makes the room's files and network, gives up
being root of the machine, and then starts programs and opens connections as the control socket asks for. They end with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_CLONE_NEWCGROUP = 0x02000000
_MS_RDONLY, _MS_REMOUNT, _MS_MOVE = 1, 32, 8192


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(control.recv(1 << 20))
    kernel = _load("confinement", settings["confinement"]).kernel
    kernel.end_with_parent()
    kernel.unshare(kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | _CLONE_NEWCGROUP)
    wants, maps = os.pipe(), os.pipe()
    first = os.fork()
    if first == 0:
        try:
            kernel.end_with_parent()
            _be_first(control, settings, wants[1], maps[0])
        except BaseException as error:
            with contextlib.suppress(OSError):
                control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)
    for fd in (wants[1], maps[0]):
        os.close(fd)
    control.close()
    if os.read(wants[0], 1):
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{first}/{name}").write_text(f"0 {settings['first_id']} {settings['ids']}", encoding="ascii")
        os.write(maps[1], b"1")
    os.waitpid(first, 0)


def _be_first(control: socket.socket, settings: dict[str, Any], wants: int, maps: int) -> None:
    """The first process of the room: `wants` tells the one outside that it has its own users now, `maps` that they are mapped."""
    confinement, network = sys.modules["confinement"], _load("rehearsal_network", str(Path(__file__).with_name("network.py")))
    kernel = confinement.kernel
    socket.sethostname(settings["name"])
    kernel.unshare(kernel.CLONE_NEWNS)
    mounting = sys.modules["confinement.mounting"]
    mounting.mount(_tree(settings["shown"]), settings["stage"], "/")
    _allow_remounts(kernel, settings["shown"])
    _own_devices(kernel)
    with contextlib.suppress(OSError):  # some containers forbid the call altogether
        kernel.leave_keyring()
    os.setsid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    os.write(wants, b"1")
    os.read(maps, 1)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    kernel.end_with_parent()  # the kernel has forgotten it with the change of users
    kernel.unshare(kernel.CLONE_NEWNS)
    Path("/proc/sys/user/max_user_namespaces").write_bytes(b"0")
    mounting.cover_proc()
    network.forbid_vsock()
    here, other = network.connect()
    _show_own_network(kernel)
    network.enter(other)
    listening = network.listen()
    network.enter(here)
    socket.send_fds(control, [b'{"listening": true}'], [one.fileno() for one in listening])
    for fd in (here, other, wants, maps, *(one.detach() for one in listening)):
        os.close(fd)
    _First(control).serve()


def _allow_remounts(kernel: ModuleType, shown: list[dict[str, Any]]) -> None:
    """Keep mounts read-only or not, and nothing else of them: engines mount again what is there, without flags that may not be dropped.

    Devices cannot be made in a room, and a program that sets its user becomes one of the room's.
    """
    for one in shown:
        if one.get("source") and not one["device"]:
            kernel.mount(None, one["path"], None, _MS_REMOUNT | kernel.MS_BIND | (0 if one["writable"] else _MS_RDONLY))


def _own_devices(kernel: ModuleType) -> None:
    """Move what is in /dev to a file system of its own that allows devices: engines mount it with such flags, and may not add them."""
    new = Path("/dev.new")
    new.mkdir()
    kernel.mount("tmpfs", str(new), "tmpfs", 0, "mode=755,size=1m")
    for entry in Path("/dev").iterdir():
        target = new / entry.name
        if entry.is_symlink():
            target.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            target.mkdir()
        else:
            target.touch()
        kernel.mount(str(entry), str(target), None, kernel.MS_BIND | kernel.MS_REC)
    kernel.mount(str(new), "/dev", None, _MS_MOVE)
    new.rmdir()


def _show_own_network(kernel: ModuleType) -> None:
    """Show the room's own links in /sys, not the machine's, and none of its control groups."""
    with contextlib.suppress(OSError):
        kernel.mount("sysfs", "/sys", "sysfs", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC | _MS_RDONLY)


class _First:
    """Serves the control socket and reaps; it ends, and the room with it, when the socket closes."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.started: dict[int, int] = {}
        """Number of a program for its process."""

    def serve(self) -> None:
        ended, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        while True:
            ready, _, _ = select.select([self.control, ended], [], [])
            if ended in ready:
                os.read(ended, 4096)
                self.reap()
            if self.control in ready:
                data, fds, _, _ = socket.recv_fds(self.control, 1 << 20, 4)
                if not data:
                    os._exit(0)
                self.answer(json.loads(data), fds)

    def answer(self, asked: dict[str, Any], fds: list[int]) -> None:
        number = asked["number"]
        try:
            if "argv" in asked:
                self.start(number, asked, fds)
            elif "connect" in asked:
                self.connect(number, asked)
            elif "listen" in asked:
                self.listen(number, asked["listen"])
            elif "signal_last" in asked:
                for pid in [pid for pid, owner in self.started.items() if owner == asked["signal_last"]]:
                    os.kill(_last(pid, asked["through"]), asked["signal"])
            elif "kill" in asked:
                for pid in [pid for pid, owner in self.started.items() if owner == asked["kill"]]:
                    os.killpg(pid, asked["signal"])
        except Exception as error:
            self.tell({"number": number, "failed": f"{error}"})
        finally:
            for fd in fds:
                os.close(fd)

    def start(self, number: int, asked: dict[str, Any], fds: list[int]) -> None:
        """Start a program; it reads nothing and writes everything to the file descriptor that came along."""
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                os.chdir(asked["cwd"])
                nothing = os.open(os.devnull, os.O_RDONLY)
                for target, source in ((0, nothing), (1, fds[0]), (2, fds[1] if len(fds) > 1 else fds[0])):
                    os.dup2(source, target)
                os.closerange(3, 1024)
                os.execvpe(asked["argv"][0], asked["argv"], asked["environment"])
            except OSError as error:
                os.write(2, f"{asked['argv'][0]}: {error.strerror}\n".encode())
            finally:
                os._exit(127)
        self.started[pid] = number
        self.tell({"number": number, "started": True})

    def connect(self, number: int, asked: dict[str, Any]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connected:
            connected.settimeout(asked["timeout"])
            connected.connect(tuple(asked["connect"]))
            connected.settimeout(None)
            socket.send_fds(self.control, [json.dumps({"number": number, "connected": True}).encode()], [connected.fileno()])

    def listen(self, number: int, port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            listening.listen(128)
            socket.send_fds(self.control, [json.dumps({"number": number, "listening": True}).encode()], [listening.fileno()])

    def reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if (number := self.started.pop(pid, None)) is not None:
                    self.tell({"number": number, "ended": os.waitstatus_to_exitcode(status)})

    def tell(self, message: dict[str, Any]) -> None:
        self.control.send(json.dumps(message).encode())


def _last(pid: int, through: str) -> int:
    """The process that an engine's own, whose names begin with `through`, have started one after the other."""
    while Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].rpartition(b"/")[2].startswith(through.encode()):
        below = _children(pid)
        if not below:
            break
        pid = below[0]
    return pid


def _children(pid: int) -> list[int]:
    """What a process has started, by whichever of its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has just ended
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _tree(shown: list[dict[str, Any]]) -> Any:
    """The nodes of a view: each with `path`, and `source`, a file or directory of the machine, or `link`."""
    nodes = sys.modules["confinement.view"]
    root = nodes.Node()
    for one in shown:
        *parents, name = [part for part in one["path"].split("/") if part]
        node = root
        for parent in parents:
            node = node.children.setdefault(parent, nodes.Node())
        leaf = nodes.Node(one.get("source"), writable=one["writable"], link=one.get("link"), device=one["device"])
        leaf.children = node.children[name].children if name in node.children else {}
        node.children[name] = leaf
    return root


def _load(name: str, file: str) -> ModuleType:
    """A module or package by its file: nothing else of where it lies can be imported."""
    folder = [str(Path(file).parent)] if Path(file).name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folder)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
