"""The process that every loader and runner is forked from, with the SDK already imported.

It speaks JSON over one socket with the gateway: commands in (with the file descriptors of the child's output), the starts
and ends of children out. When the gateway goes away, however it dies, the socket closes and every child is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from fal_runtime import _sdk, _serving, confinement, locations
from fal_runtime._hook.sitecustomize import Platform, redirect_bind

Json = dict[str, Any]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_FDS = 3  # standard output, standard error, report


class Parent:
    """Forks children on command and reaps them."""

    def __init__(self, commands: socket.socket) -> None:
        self.commands = commands
        self.children: dict[int, int] = {}  # process id -> number that the gateway gave
        self._own: list[int] = []  # what no child may have open

    def run(self) -> None:
        """Serve commands until the gateway closes the socket, then kill what is left."""
        wake_reader, wake_writer = os.pipe()
        os.set_blocking(wake_writer, False)
        os.set_blocking(wake_reader, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._own = [wake_reader, wake_writer]
        with selectors.DefaultSelector() as selector:
            selector.register(self.commands, selectors.EVENT_READ)
            selector.register(wake_reader, selectors.EVENT_READ)
            self._own += [selector.fileno()] if hasattr(selector, "fileno") else []  # one of epoll or kqueue has a number of its own
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self.commands:
                        if not self._command():
                            return self._kill_all()
                    else:
                        os.read(wake_reader, 4096)
                self._reap()

    def _command(self) -> bool:
        try:
            message, fds, _, _ = socket.recv_fds(self.commands, 1 << 20, _FDS)
        except ConnectionError:
            return False
        if not message:
            return False
        command: Json = json.loads(message)
        if command["op"] == "signal":
            self._signal(command["id"], command["signal"])
            return True
        pid = os.fork()
        if pid == 0:
            for fd in self._own:
                os.close(fd)
            _child(command, fds, self.commands)
        for fd in fds:
            os.close(fd)
        self.children[pid] = command["id"]
        return True

    def _signal(self, number: int, signum: int) -> None:
        for pid, child in self.children.items():
            if child == number:
                _kill_group(pid, signum)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self.children.pop(pid, None)
            if number is not None:
                _kill_group(pid, signal.SIGKILL)
            _kill_adopted(self.children)
            if number is not None:
                self.tell({"id": number, "code": os.waitstatus_to_exitcode(status)})

    def tell(self, message: Json) -> None:
        with contextlib.suppress(OSError):  # the gateway is gone: the next read ends the loop
            self.commands.send(json.dumps(message).encode())

    def _kill_all(self) -> None:
        """Kill every descendant: the children of each one that dies become this process's own."""
        for pid in self.children:
            _kill_group(pid, signal.SIGKILL)
        while True:
            _kill_adopted({})
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _kill_group(pid: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)


def _kill_adopted(children: dict[int, int]) -> None:
    """Kill the orphans that came to this process because the runner that started them is gone.

    A session that belongs to a living runner is spared.
    """
    for pid in _direct_children():
        try:
            if pid not in children and os.getsid(pid) not in children and _runner_of(pid) not in children:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _direct_children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def _runner_of(pid: int) -> int | None:
    """The runner that an executed descendant names in its environment."""
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    return next((int(pair[17:]) for pair in pairs if pair.startswith(b"FAL_RUNTIME_PID=")), None)


# --- in the child -----------------------------------------------------------------------------------------------------


def _child(command: Json, fds: list[int], commands: socket.socket) -> None:
    """Become the loader or the runner that ``command`` asks for. Never returns."""

    def work() -> int:
        _detach(commands)
        stdout, stderr, report_fd = fds
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        for fd in (stdout, stderr):
            os.close(fd)
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        report = _Report(report_fd)
        started = {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
        os.environ.update(command["env"], FAL_RUNTIME_PID=str(os.getpid()))
        if command.get("python") is not None and command["kind"] != "image":
            return _change_interpreter(command, report, started)
        return _begin(command, report, lambda: _confine(command))

    _end_with(work)


def _end_with(work: Callable[[], int]) -> NoReturn:
    """End the process with what ``work`` returns, whatever it raises."""
    code = 70
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        code = work()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _begin(command: Json, report: _Report, confine: Callable[[], None]) -> int:
    platform = Platform.of(os.environ)
    if platform is not None:
        platform.install()
    return {"load": _load, "run": _run}[command["op"]](command, report, confine)


def _change_interpreter(command: Json, report: _Report, variables: Mapping[str, str]) -> int:
    """Go on in an environment that was installed. It runs code as soon as Python starts, so that happens where it is confined already."""
    with tempfile.TemporaryFile() as told:
        told.write(json.dumps(command).encode())
        told.seek(0)
        _confine(command)
        for fd in (told.fileno(), report.fd):
            os.set_inheritable(fd, True)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        argv = [command["python"], "-c", command["boot"], str(told.fileno()), str(report.fd)]
        os.execve(argv[0], argv, {**environment, **variables})


def go_on() -> None:
    """Entry of a process that changed its interpreter: ``argv`` names the files with the command and for reports."""

    def work() -> int:
        report = _Report(int(sys.argv[2]))
        with os.fdopen(int(sys.argv[1]), "rb") as told:
            command = json.load(told)
        os.environ.update({name: value for name, value in command["env"].items() if name == "PYTHONPATH"})
        return _begin(command, report, lambda: None)

    _end_with(work)


def _detach(commands: socket.socket) -> None:
    parent = os.getppid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    commands.close()
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


class _Report:
    """The pipe on which a child tells the gateway how far it is, one JSON document per line."""

    def __init__(self, fd: int) -> None:
        os.set_inheritable(fd, False)
        self.fd = fd

    def __call__(self, event: str, **details: Any) -> None:
        data = memoryview(json.dumps({"event": event, **details}).encode() + b"\n")
        while data:
            data = data[os.write(self.fd, data) :]


def _load(command: Json, report: _Report, confine: Callable[[], None]) -> int:
    confine()
    try:
        description, payload = _sdk.describe(command["app"])
    except BaseException as error:
        report("failed", message=_one_line(error), where=locations.of_error(error, [command["root"]]))
        return 5
    if payload is not None:
        Path(command["payload"]).write_bytes(payload)
    report("loaded", description=description, pickled=payload is not None)
    return 0


def _run(command: Json, report: _Report, confine: Callable[[], None]) -> int:
    data, app = (command[key] and Path(command[key]) for key in ("data", "app"))
    overrides = _sdk.Overrides(tuple(command["origin"]), data, app, Platform.of(os.environ))
    overrides.apply_to_imported()
    confine()
    sys.path.extend(command["path"])
    ports = _bind(command, report)
    if command["kind"] == "image":
        try:
            os.execvp(command["argv"][0], command["argv"])
        except OSError as error:
            report("failed", message=f"{command['argv'][0]}: {error.strerror}", where=None)
            return 127
    try:
        function = _callable(command, overrides)
    except BaseException as error:
        report("failed", message=_one_line(error), where=locations.of_error(error, command["roots"]))
        raise
    try:
        _serving.serve(function, ports)
    except Exception as error:
        cause = error.__cause__ or error
        report("failed", message=_one_line(cause), where=locations.of_error(cause, command["roots"]))
        raise
    return 0


def _confine(command: Json) -> None:
    """Become a process that sees what the command's view shows. The one that the zygote forked stands for it (`confinement.enter`)."""
    view = confinement.View.from_json(command["view"])
    confinement.confine(view, command["confinement"])
    if command["confinement"] != "namespaces":
        os.chdir(view.cwd)


def _bind(command: Json, report: _Report) -> tuple[int, int] | None:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) for _ in range(2)]
    for bound in sockets:
        bound.bind(("127.0.0.1", 0))
    port, metrics = (bound.getsockname()[1] for bound in sockets)
    report("bound", port=port, metrics_port=metrics, pid=int(os.environ["FAL_RUNTIME_PID"]))
    if command["kind"] in ("function", "image"):
        for bound in sockets:
            bound.close()
        os.environ["FAL_RUNTIME_BIND"] = f"{command['exposed_port']}:{port}"  # for the server's own processes
        redirect_bind(command["exposed_port"], port)
        return None
    _serving.report_setup_failure(lambda text: report("failed", **_summary(text, command["roots"])))
    _serving.listen_on({port: sockets[0], metrics: sockets[1]}, lambda: report("ready"))
    return port, metrics


def _callable(command: Json, overrides: _sdk.Overrides) -> Callable[..., Any]:
    if command["entry_point"] is not None:
        return _sdk.entry_point(command["entry_point"])
    return _sdk.load(Path(command["payload"]).read_bytes(), overrides)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _summary(text: str, roots: Sequence[str]) -> Json:
    """Message and innermost own line of a traceback in text form."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return {"message": lines[-1] if lines else "setup() failed", "where": locations.of_traceback(text, roots)}


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def _import_what_servers_need() -> None:
    for name in [
        "prometheus_client",
        "starlette_exporter",
        "fal.toolkit",
        "fastapi.middleware.cors",
        "uvicorn.lifespan.on",
        "uvicorn.loops.auto",
        "uvicorn.protocols.http.auto",
        "uvicorn.protocols.websockets.auto",
        "multiprocessing.resource_tracker",
        "pydantic.v1",  # FastAPI looks whether a model is one of its
        "anyio._backends._asyncio",
    ]:
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            __import__(name)


def main() -> None:
    """Entry of the process: ``argv`` is the number of the command socket and the runtime's scratch directory."""
    commands = socket.socket(fileno=int(sys.argv[1]))
    commands.set_inheritable(False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    directory = Path(sys.argv[2])
    _import_what_servers_need()
    parent = Parent(commands)
    parent.tell({"ready": True, "confinement": vars(confinement.support(directory / "stage", shares_network=True))})
    gc.collect()
    gc.freeze()
    parent.run()
    shutil.rmtree(directory, ignore_errors=True)  # also where the gateway could not do so itself
