"""What a hostile RUN line can do to the machine: every attempt fails, and leads nowhere that it should not."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.rehearsal.engines import Build, Process, StepFailure
from converters.rehearsal.engines.buildah import Buildah

pytestmark = pytest.mark.rehearse
BASE = "debian:bookworm-slim"
CANARY = "canary-of-the-machine"
MEMORY, DISK = 512 * 2**20, 256 * 2**20
_CONNECT = """perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => "{host}", PeerPort => {port}, Timeout => 3) or die $@; print <$s>'"""
_ESCAPE = """mkdir -p /d && perl -e 'chroot "/d" or die $!; for (1..64) {{ chdir ".." }} chroot "." or die $!; open F, "{secret}" or die $!; print <F>'"""

ATTEMPTS = {
    "kill a process of the machine": "kill -9 {pid}",
    "find a process of the machine": "grep -l {marker} /proc/[0-9]*/cmdline",
    "kill everything": "kill -9 -1; sleep 1; exit 1",
    "connect to a service on the machine's loopback": _CONNECT.replace("{host}", "127.0.0.1"),
    "connect to a service on all addresses of the machine": _CONNECT.replace("{host}", "{address}"),
    "connect to a service of the machine by the gateway": _CONNECT.replace("{host}", "10.88.0.2"),
    "connect to an abstract socket": """perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un("\\0{abstract}")) or die $!'""",
    "connect to a socket that has a path": """perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un("{socket}")) or die $!'""",
    "connect to the machine that runs this one (vsock)": "perl -e 'socket(S, 40, 1, 0) or die $!'",
    "read a file of a home directory": "cat {secret}",
    "read it by the root of another process": "cat /proc/1/root{secret} || cat /proc/[0-9]*/root{secret} || cat /proc/*/cwd{secret}",
    "leave the changed root": _ESCAPE,
    "read it by open files of the engine": "for f in /proc/[0-9]*/fd/*; do cat $f{secret} && exit; done 2>/dev/null; exit 1",
    "see the store of the engine": "ls /proc/[0-9]*/root/store /proc/[0-9]*/cwd/store /store",
    "write to a directory of the machine": "echo x > {folder}/written",
    "make the disk's device": "mknod /disk b {major} {minor} && head -c 512 /disk",
    "mount something": "mount -t tmpfs none /mnt || mount --bind /proc /mnt || mount -t proc none /mnt",
    "mount by a namespace of its own": "unshare -rm true || unshare -r true || unshare -m true",
    "enter a namespace of another process": "nsenter -t 1 -m true || nsenter -t 1 -n true",
    "trace another process": "perl -e 'exit(syscall(101, 16, 1, 0, 0) == 0 ? 0 : 1)'",
    "read the memory of another process": "head -c 1 /proc/1/mem || head -c 1 /proc/1/environ",
    "change a setting of the kernel": "cat /proc/sys/kernel/core_pattern > /c && cat /c > /proc/sys/kernel/core_pattern",
    "restart the machine": "test -w /proc/sysrq-trigger || perl -e 'exit(syscall(169, 0xfee1dead, 672274793, 0, 0) == 0 ? 0 : 1)'",
    "change the name of the machine": "hostname gone",
    "load a module": "perl -e '$o = \"\"; syscall(313, 0, $o, 0); exit($!+0 == 1 || $!+0 == 38 ? 1 : 0)'",  # refused before it looks, or no modules at all
    "read messages of the kernel": "dmesg",
    "set the clock": "date -s 2001-01-01",
    "read shared memory": "perl -e '$m = shmget({key}, 64, 0) // die $!; shmread($m, $b, 0, 21) or die $!; print $b'",
    "read keys of the user": "test -s /proc/keys",
    "change control groups": "mkdir /sys/fs/cgroup/mine || mkdir /sys/fs/cgroup/memory/mine",
    "read a token of a registry": "cat /etc/containers/auth.json /root/.docker/config.json /engine/home/.docker/config.json",
    "take more memory": """perl -e '$x = "x" x 2_000_000_000; print length $x'""",
    "start ever more processes": "perl -e 'while (1) {{ $p = fork // die $!; sleep 600 unless $p }}'",
    "fill the disk": "dd if=/dev/zero of=/big bs=1M count=4000 && sync && sleep 600",
}  # fmt: skip


class Machine:
    """What a machine has that a build must not reach."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.secret = folder, folder / "home" / ".ssh" / "id"
        self.secret.parent.mkdir(parents=True)
        self.secret.write_text(CANARY)
        self.process = subprocess.Popen(["sleep", "86399"])
        self.server = socket.create_server(("0.0.0.0", 0))
        self.unix, self.abstract = self._unix(str(folder / "socket")), self._unix(f"\0{folder}")
        self.reached: list[str] = []
        for server in (self.server, self.unix, self.abstract):
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        self.key = 0x51A7
        libc = ctypes.CDLL(None)
        libc.shmat.restype = ctypes.c_void_p
        self.segment = libc.shmget(self.key, 4096, 0o1666)
        ctypes.memmove(libc.shmat(self.segment, None, 0), CANARY.encode(), len(CANARY))
        for place in (*folder.parents, folder, *folder.rglob("*")):
            if folder in (place, *place.parents):
                place.chmod(0o777 if place.is_dir() else 0o666)

    def _unix(self, address: str) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.bind(address)
        server.listen()
        return server

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            self.reached.append(str(server.getsockname()))
            connection.sendall(CANARY.encode())
            connection.close()

    def words(self) -> dict[str, object]:
        """What the attempts name."""
        device = self.folder.stat().st_dev
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        return {
            "pid": self.process.pid,
            "marker": "[8]6399",
            "port": self.server.getsockname()[1],
            "address": address,
            "abstract": self.folder,
            "socket": self.folder / "socket",
            "secret": self.secret,
            "folder": self.folder,
            "major": os.major(device),
            "minor": os.minor(device),
            "key": self.key,
        }

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        ctypes.CDLL(None).shmctl(self.segment, 0, None)
        for server in (self.server, self.unix, self.abstract):
            server.close()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("machine"))
    yield made
    made.close()


def build(engine: Buildah, context: Path, step: str, memory: int = MEMORY) -> StepFailure | None:
    """The failure of one RUN line; None where it succeeded. It is in no cache."""
    text = f"FROM {BASE}\nARG AT={time.time()}\nRUN {step}\n"
    try:
        engine.build(Build(text, context, "localhost/rehearsal/hostile:1", memory=memory, disk=DISK, step_seconds=600))
    except StepFailure as failure:
        return failure
    return None


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_hostile_step_fails(attempt: str, engine: Buildah, machine: Machine, tmp_path: Path) -> None:
    step = ATTEMPTS[attempt].format(**machine.words())
    failure = build(engine, tmp_path, step)
    assert failure is not None, f"{attempt}: it succeeded"
    assert failure.step.place.line == 3
    said = "\n".join(failure.output)
    assert not re.search(r"not found|syntax error|aborted due to|read-only value", said), f"{attempt}: it fails by itself: {said}"
    assert CANARY not in said, f"{attempt}: it read what is the machine's"
    assert machine.process.poll() is None
    assert not machine.reached
    assert not (machine.folder / "written").exists()
    told = f"{failure.means} {' '.join(failure.output[-1:])}".strip()
    print(f"{attempt:55} {told[:90]}")


@pytest.mark.parametrize(
    ("attempt", "word", "memory"),
    [
        ("take more memory", "memory", MEMORY),
        ("start ever more processes", "Resource temporarily unavailable", 6 * 2**30),
        ("fill the disk", "wrote", MEMORY),
    ],
)
def test_a_bound_that_is_exceeded_is_named(attempt: str, word: str, memory: int, engine: Buildah, machine: Machine, tmp_path: Path) -> None:
    failure = build(engine, tmp_path, ATTEMPTS[attempt].format(**machine.words()), memory)
    assert failure is not None and word in f"{failure.means} {failure.output}"


@pytest.mark.parametrize(
    "step",
    [
        "echo x > /written && test $(cat /written) = x",
        "kill -0 $$ && sleep 60 & kill $!",
        "useradd -m someone && su someone -c 'test $(id -un) = someone'",
        "chown 1000:1000 /mnt && chmod 4755 /bin/true",
        """perl -e '$x = "x" x 100_000_000; print length $x'""",
        "getent hosts deb.debian.org",
    ],
)
def test_a_usual_step_succeeds(step: str, engine: Buildah, tmp_path: Path) -> None:
    failure = build(engine, tmp_path, step)
    assert failure is None, failure and failure.output


def test_a_process_reaches_as_little_as_a_build(engine: Buildah, machine: Machine, tmp_path: Path) -> None:
    engine.build(Build(f"FROM {BASE}\nRUN true\n", tmp_path, "localhost/rehearsal/hostile:2"))
    for attempt in ("kill a process of the machine", "connect to a service on the machine's loopback", "leave the changed root"):
        step = ATTEMPTS[attempt].format(**machine.words())
        running = engine.run("localhost/rehearsal/hostile:2", Process(("/bin/sh", "-c", step), memory=MEMORY))
        try:
            assert running.wait(600) != 0, attempt
            assert CANARY not in "\n".join(running.lines())
        finally:
            running.kill()
    assert machine.process.poll() is None and not machine.reached
