"""What hostile project code tries, each as a function of the places that the tests made. A string tells what it got; "" is nothing.

They run in a confined process under the system's Python, so only the standard library is imported, and only where it is needed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Places = Mapping[str, str]


def _tried(*attempts: Callable[[], object]) -> str:
    got = []
    for attempt in attempts:
        with contextlib.suppress(Exception):
            found = attempt()
            got.append(str(found)[:200] if found not in (None, "", b"") else attempt.__name__)
    return "; ".join(got)


def write_a_file_of_the_user(places: Places) -> str:
    def python() -> None:
        with open(places["file"], "ab") as file:
            file.write(b"changed")

    def child() -> None:
        ran = subprocess.run(["/bin/sh", "-c", f"echo changed >> '{places['file']}' && echo done"], capture_output=True, check=True)
        if ran.stdout != b"done\n":  # a verification doubles programs
            raise OSError

    def c_library() -> None:
        import ctypes

        opened = ctypes.CDLL(None).open(places["file"].encode(), os.O_WRONLY | os.O_APPEND)
        os.write(opened, b"changed")

    def sqlite() -> None:
        import sqlite3

        sqlite3.connect(f"{places['home']}/made.db").execute("create table t (x)")

    return _tried(python, child, c_library, sqlite)


def read_a_secret_of_the_user(places: Places) -> str:
    def python() -> str:
        return Path(places["file"]).read_text()

    def through_proc() -> str:
        return Path(f"/proc/{places['pid']}/root{places['file']}").read_text()

    def listing() -> list[str]:
        return os.listdir(places["home"])

    return _tried(python, through_proc, listing)


def remove_files_of_the_user(places: Places) -> str:
    import shutil

    for folder in (places["home"], "/tmp", "/var/tmp", "/dev/shm", "/home", "/root"):
        shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["/bin/rm", "-rf", places["home"]], stderr=subprocess.DEVNULL, check=False)
    return ""  # the test looks


def rename_files_of_the_user(places: Places) -> str:
    return _tried(
        lambda: os.rename(places["file"], places["file"] + "-moved"), lambda: os.rename(places["home"], places["home"] + "-moved")
    )


def link_files_of_the_user(places: Places) -> str:
    def hard() -> str:
        os.link(places["file"], f"{places['scratch']}/linked")
        return Path(f"{places['scratch']}/linked").read_text()

    def through_a_link() -> str:
        os.symlink(places["file"], "/tmp/linked")
        return Path("/tmp/linked").read_text()

    return _tried(hard, through_a_link)


def leave_temporary_files(places: Places) -> str:
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run"):
        with contextlib.suppress(OSError):
            Path(folder, "left-by-the-project").write_text("here")
    return ""  # the test looks


def connect_to_a_socket_with_a_path(places: Places) -> str:
    def connect() -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(places["socket"])
            return client.recv(10)

    return _tried(connect)


def connect_to_an_abstract_socket(places: Places) -> str:
    def connect() -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0" + places["abstract"])
            return client.recv(10)

    return _tried(connect)


def kill_processes_of_the_user(places: Places) -> str:
    with contextlib.suppress(OSError):
        os.kill(int(places["pid"]), signal.SIGKILL)
    if os.getpid() < 1000:  # -1 is everything that is seen: with the machine's own table that would end the test as well
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
    return ""  # the test looks


def read_other_processes(places: Places) -> str:
    def environment() -> str:
        return Path(f"/proc/{places['pid']}/environ").read_text()

    def memory() -> str:
        with open(f"/proc/{places['pid']}/mem", "rb", 0) as file:
            return str(file.fileno())

    def any_environment() -> str:
        for place in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if b"canary" in place.read_bytes():
                    return "canary"
        raise OSError

    return _tried(environment, memory, any_environment)


def undo_the_read_only_view(places: Places) -> str:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    done = libc.syscall(ctypes.c_long(442), -100, b"/", ctypes.c_uint(0x8000), attributes, ctypes.c_size_t(32)) == 0
    done = libc.mount(None, b"/", None, ctypes.c_ulong(4096 | 32), None) == 0 or done
    done = libc.umount2(b"/etc/passwd", 2) == 0 or done

    def write_settings() -> None:
        with open("/etc/passwd", "a") as file:
            file.write("\n")

    with contextlib.suppress(OSError):  # it may work, in the memory of the view: the test looks at the machine's
        Path("/usr/left-by-the-project").write_text("here")
    return ("a mount was changed; " if done else "") + _tried(write_settings)


def gain_capabilities(places: Places) -> str:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def user_namespace() -> str:
        if libc.unshare(0x10000000) != 0:
            raise OSError
        return "a user namespace"

    def mounting() -> str:
        if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", ctypes.c_ulong(0), None) != 0:
            raise OSError
        return "a mount"

    def held() -> str:
        status = Path("/proc/self/status").read_text()
        lines = [line.split()[1] for line in status.splitlines() if line.startswith(("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"))]
        quiet = "NoNewPrivs:\t1" in status
        if all(int(line, 16) == 0 for line in lines) and quiet:
            raise OSError
        return f"capabilities {lines}, no_new_privs {quiet}"

    return _tried(user_namespace, mounting, held)


def change_the_kernel(places: Places) -> str:
    def write(path: str) -> Callable[[], str]:
        def tried() -> str:
            before = Path(path).read_text()
            with open(path, "w") as file:
                file.write(before)
            return path

        return tried

    return _tried(*(write(path) for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/sysrq-trigger")))


def read_shared_memory_of_others(places: Places) -> str:
    def shared() -> str:
        return Path(places["shared"]).read_text()

    def terminals() -> str:
        found = [path.name for path in Path("/dev/pts").iterdir() if path.name.isdigit()]
        if not found:
            raise OSError
        return " ".join(found)

    return _tried(shared, terminals)


def read_memory_of_others_by_its_number(places: Places) -> str:
    def system_v() -> str:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        address = libc.shmat(int(places["segment"]), None, 0o10000)  # SHM_RDONLY
        if address in (None, ctypes.c_void_p(-1).value):
            raise OSError
        return ctypes.string_at(address, 6).decode()

    return _tried(system_v)


def change_modes_and_times(places: Places) -> str:
    return _tried(lambda: os.chmod(places["file"], 0o666), lambda: os.utime(places["file"], (1, 1)))


def read_keys_of_the_user(places: Places) -> str:
    def linked() -> str:
        import ctypes

        libc, text = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(64)
        call = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
        libc.syscall(call, 8, -4, -3, 0, 0)  # KEYCTL_LINK: the user's keyring into the session's
        found = libc.syscall(call, 10, -4, b"user", b"fal-migrate-canary", 0)  # KEYCTL_SEARCH
        if libc.syscall(call, 11, found, text, 64) < 0:  # KEYCTL_READ
            raise OSError
        return text.value.decode()

    return _tried(linked)


def see_names_of_keys_of_the_user(places: Places) -> str:
    return "a key" if "fal-migrate-canary" in Path("/proc/keys").read_text() else ""


def fork_without_end(places: Places) -> str:
    """How many processes there could be at a time."""
    made = 0
    with contextlib.suppress(OSError):
        while made < 3000:
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
            made += 1
    return f"{made} processes"


def take_memory_without_end(places: Places) -> str:
    """Over a few processes, so that a limit of each would not do."""
    taken = 0
    blocks = []
    while taken < 1024:
        if len(blocks) == 64 and os.fork() != 0:
            time.sleep(30)
            return ""
        blocks = blocks if len(blocks) < 64 else []
        blocks.append(os.urandom(1 << 20))
        taken += 1
        sys.stdout.write(f"{taken}\n")
    return f"{taken} MiB"


def reach_a_network(places: Places) -> str:
    def connect() -> bytes:
        with socket.create_connection(("127.0.0.1", int(places["port"])), 2) as client:
            return client.recv(10)

    return _tried(connect)


ATTEMPTS: dict[str, Callable[[Places], str]] = {
    "write a file of the user, from Python, C, SQLite or a child process": write_a_file_of_the_user,
    "read a secret of the user": read_a_secret_of_the_user,
    "remove the home directory, /tmp and what else there is": remove_files_of_the_user,
    "rename files and directories of the user": rename_files_of_the_user,
    "reach a file of the user by a link": link_files_of_the_user,
    "leave files in /tmp, /var/tmp, /dev/shm, /run": leave_temporary_files,
    "change modes and times of a file of the user": change_modes_and_times,
    "connect to a socket with a path (docker.sock, an SSH agent)": connect_to_a_socket_with_a_path,
    "connect to an abstract socket": connect_to_an_abstract_socket,
    "kill processes of the user": kill_processes_of_the_user,
    "read the environment and memory of other processes": read_other_processes,
    "read shared memory and terminals of the user in /dev": read_shared_memory_of_others,
    "read System V shared memory of the user": read_memory_of_others_by_its_number,
    "read the user's keys in the kernel": read_keys_of_the_user,
    "see the names of the user's keys": see_names_of_keys_of_the_user,
    "make the view writable again, write /etc and /usr": undo_the_read_only_view,
    "gain capabilities by a user namespace or a program": gain_capabilities,
    "write /proc/sys and /proc/sysrq-trigger": change_the_kernel,
}
