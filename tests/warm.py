"""Processes that tests start again and again, forked from one that has imported what they need.

``python -m tests.warm`` imports the runtime and fal's SDK and forks for every command on the socket that its file descriptor 0 is. What is
forked is what ``python -m fal_runtime`` or a runtime itself would have started: it has a command line, an environment, a working directory
and streams of its own, and ends as programs end. Tests that are marked ``cold`` or are about starting, and those marked
``versions`` where they are what is asked for, start as a person does.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
AT_IMPORT = ("FAL_GRPC", "FAL_REST", "FAL_RUN_", "FAL_QUEUE", "FAL_WS", "FAL_HOST", "ISOLATE", "DEBUG", "PYTHON", "LD_")
"""Variables that say how Python starts, or that the SDK reads when it is imported: what has other ones is not forked."""
HARMLESS = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
HOOK = ROOT / "converters" / "verify" / "child" / "hook"
OBSERVED = {"PYTHONHASHSEED": "0"}
"""How Python starts in what `migrate verify` observes: its hook does the same once the SDK is imported, but for what it sees of forks."""


class Forked:
    """A process that was forked elsewhere, with what ``subprocess.Popen`` has."""

    def __init__(self, pid: int, ended: socket.socket, stderr: IO[Any] | None = None) -> None:
        self.pid = pid
        self.stderr = stderr
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            ready, _, _ = select.select([self._ended], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("forked", timeout or 0)
            self.returncode = int(self._ended.recv(64) or -signal.SIGKILL)
            self._ended.close()
        return self.returncode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Warm:
    """A process with everything imported, started when the first is forked from it.

    `variables` are what it has beside this one's, `imports` the modules that it imports beside the SDK.
    """

    def __init__(self, variables: Mapping[str, str] | None = None, imports: Sequence[str] = ()) -> None:
        self._imports = imports
        self._owner = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket
        self._started_with = {name: value for name, value in os.environ.items() if not name.startswith("FAL_")} | dict(variables or {})

    def gateway(self, arguments: Sequence[str], *, directory: Path, stderr: int) -> Forked:
        """``python -m fal_runtime`` with a command line, in a directory."""
        path = [str(directory), str(ROOT)]
        return self._start("tests.warm:gateway", arguments, dict(os.environ), directory, path, [None, stderr])

    def script(self, file: str, arguments: Sequence[str], *, environment: Mapping[str, str], directory: Path, log: int) -> Forked:
        """``python FILE`` with arguments, in a directory; what it prints goes to a file descriptor."""
        return self._start("tests.warm:script", [file, *arguments], dict(environment), directory, [str(directory), str(ROOT)], [log, log])

    def migrate(self, arguments: Sequence[str], *, directory: Path, seconds: float = 120) -> tuple[int, str]:
        """``migrate`` with a command line, in a directory: its exit code, and what it says beside its result."""
        with tempfile.TemporaryFile("w+") as said:
            streams = [None, said.fileno()]
            code = self._start("tests.warm:migrate", arguments, dict(os.environ), directory, [str(ROOT)], streams).wait(seconds)
            said.seek(0)
            return code, said.read()

    def zygote(self, command: Sequence[str], *, pass_fds: Sequence[int], env: Mapping[str, str], **options: Any) -> Any:
        """What a runtime asks of ``subprocess.Popen``: its zygote."""
        path = [str(HOOK)] if env.get("PYTHONPATH") == str(HOOK) else []
        python = {name: value for name, value in env.items() if not path or name != "PYTHONPATH"}
        if command[0] != sys.executable or os.getpid() != self._owner or not fits(python, self._started_with):
            return subprocess.Popen(command, pass_fds=pass_fds, env=env, **options)
        return self._start("fal_runtime._zygote:main", command[3:], dict(env), Path.cwd(), path, [1, 2], pass_fds, session=True)

    def run(
        self, main: str, arguments: Sequence[str], *, environment: Mapping[str, str], directory: Path, seconds: float = 60
    ) -> tuple[int, str, str]:
        """Fork a process that calls ``MODULE:FUNCTION``; its exit code and what it printed on both streams."""
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            streams = [stdout.fileno(), stderr.fileno()]
            code = self._start(main, arguments, dict(environment), directory, [str(ROOT)], streams).wait(seconds)
            stdout.seek(0)
            stderr.seek(0)
            return code, stdout.read(), stderr.read()

    def _start(
        self,
        main: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        directory: Path,
        path: list[str],
        streams: Sequence[int | None],
        passed: Sequence[int] = (),
        *,
        session: bool = False,
    ) -> Forked:
        if self._process is None:
            self._open()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = {"main": main, "arguments": list(arguments), "environment": environment, "directory": str(directory), "path": path}
        command |= {"passed": list(passed), "session": session}
        with theirs, Path(os.devnull).open("r+b") as nothing:
            outputs = [nothing.fileno() if stream is None else stream for stream in streams]
            socket.send_fds(self._commands, [json.dumps(command).encode()], [theirs.fileno(), nothing.fileno(), *outputs, *passed])
        return Forked(int(ours.recv(64)), ours)

    def _open(self) -> None:
        self._commands, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._commands.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with theirs:
            command = [sys.executable, "-m", "tests.warm", *self._imports]
            self._process = subprocess.Popen(command, stdin=theirs, cwd=ROOT, env=self._started_with)

    def close(self) -> None:
        if self._process is not None:
            self._commands.close()
            self._process.wait(30)
            self._process = None


def fits(environment: Mapping[str, str], started_with: Mapping[str, str]) -> bool:
    """Whether what was started with some variables is as if it had been started with others."""
    names = (name for name in environment if name.startswith(AT_IMPORT) and name not in HARMLESS)
    return all(environment[name] == started_with.get(name) for name in names)


# --- in the process that forks


def main() -> None:
    commands = socket.socket(fileno=os.dup(0))
    commands.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    _import_everything(sys.argv[1:])
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, socket.socket] = {}
    selector = selectors.DefaultSelector()
    selector.register(commands, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not commands:
                os.read(woken, 4096)
                continue
            message, fds, _, _ = socket.recv_fds(commands, 1 << 20, 16)
            if not message:
                return _end(children)
            ended = socket.socket(fileno=fds[0])
            pid = os.fork()
            if pid == 0:
                for other in (commands, ended, *children.values()):
                    other.close()
                for end in (woken, wakes):
                    os.close(end)
                selector.close()
                _become(json.loads(message), fds[1:])
            ended.send(str(pid).encode())
            children[pid] = ended
            for fd in fds[1:]:
                os.close(fd)
        _reap(children)


def _reap(children: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended = children.pop(found[0], None)
            if ended is not None:
                with contextlib.suppress(OSError):
                    ended.send(str(os.waitstatus_to_exitcode(found[1])).encode())
                ended.close()


def _end(children: dict[int, socket.socket]) -> None:
    """Those who asked for them are gone."""
    deadline = time.monotonic() + 5
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    while children and time.monotonic() < deadline:
        _reap(children)
        time.sleep(0.02)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _import_everything(others: Sequence[str]) -> None:
    from fal_runtime import _zygote, main

    assert main is not None
    _zygote._import_what_servers_need()
    for name in others:
        importlib.import_module(name)


def _become(command: dict[str, Any], fds: Sequence[int]) -> NoReturn:
    """What a command asks for; ``fds`` are its streams and the descriptors that it is to have. Never returns."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if command["session"]:
        os.setsid()
    wanted = [0, 1, 2, *command["passed"]]
    spare = [fcntl.fcntl(fd, fcntl.F_DUPFD, max(wanted) + 1) for fd in fds]
    for fd in fds:
        os.close(fd)
    for fd, number in zip(spare, wanted, strict=True):
        os.dup2(fd, number)
        os.close(fd)
    started_with = dict(os.environ)
    os.environ.clear()
    os.environ.update(command["environment"])
    os.chdir(command["directory"])
    sys.path[:] = [*command["path"], *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    sys.argv = ["-m", *command["arguments"]]
    if command["main"] == "tests.warm:gateway":
        _exit(gateway(started_with))
    if command["main"] == "tests.warm:migrate":
        _exit(gateway(started_with, _migrate))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "sitecustomize")]:
        del sys.modules[name]
    if str(HOOK) in command["path"]:
        importlib.import_module("sitecustomize")
        sys.modules["_fal_migrate_child"].frames.also_library(str(ROOT / "tests"))  # else the project would have forked what is forked here
    sys.modules["__main__"] = types.ModuleType("__main__")
    module, _, function = command["main"].partition(":")
    try:
        code = getattr(importlib.import_module(module), function)()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    _exit(code)


def script() -> None:
    """Run the file that the first argument names."""
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


def _exit(code: int | None) -> NoReturn:
    """End without taking apart what was imported, which takes longer than most tests."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)


def _migrate(arguments: list[str]) -> int:
    from converters.cli import answer

    return answer(arguments)


def gateway(started_with: Mapping[str, str], run: Callable[[list[str]], int] | None = None) -> int:
    """What ``python -m fal_runtime`` does, or another. Its first zygote is a child that is forked at once, the next ones are started."""
    from fal_runtime import main, zygote

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        message, fds, _, _ = socket.recv_fds(theirs, 1 << 20, 4)
        theirs.close()
        if not message:
            os._exit(0)
        _become(json.loads(message), [*(os.dup(fd) for fd in (0, 1, 2)), *fds])
    theirs.close()
    waiting = [ours]

    def popen(command: Sequence[str], *, pass_fds: Sequence[int], env: Mapping[str, str], **options: Any) -> Any:
        if not waiting or command[0] != sys.executable or not fits(env, started_with):
            return subprocess.Popen(command, pass_fds=pass_fds, env=env, **options)
        told = {"main": "fal_runtime._zygote:main", "arguments": list(command[3:]), "environment": dict(env), "directory": str(Path.cwd())}
        with waiting.pop() as commands:
            told |= {"path": [], "passed": list(pass_fds), "session": True}
            socket.send_fds(commands, [json.dumps(told).encode()], pass_fds)
        return _Child(pid)

    zygote.subprocess = Starting(popen)  # type: ignore[assignment]
    return (run or main.main)(sys.argv[1:])


class _Child:
    """A process that was forked here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Starting:
    """Stands for the module ``subprocess`` where processes are started."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self, popen: Callable[..., Any]) -> None:
        self.Popen = popen


if __name__ == "__main__":
    main()
