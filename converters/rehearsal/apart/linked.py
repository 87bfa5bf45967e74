"""A network for containers of other engines, in which nothing but the three sockets of its maker answers."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

_TIMEOUT = 30.0


class LinkFailure(Exception):
    """The network could not be made; the message says why."""


class Link:
    """A network of its own, or with `namespace` (a path below /proc) that of a container, until :meth:`close`. Raises LinkFailure."""

    def __init__(self, namespace: str = "") -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [
            sys.executable,
            "-I",
            "-S",
            str(Path(__file__).with_name("link.py")),
            str(theirs.fileno()),
            *([namespace] if namespace else []),
        ]
        self._process = subprocess.Popen(words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env={})
        theirs.close()
        self._control.settimeout(_TIMEOUT)
        try:
            data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 3)
        except OSError as error:
            data, fds = json.dumps({"failed": str(error)}).encode(), []
        if len(fds) != 3:
            self._end()
            raise LinkFailure(str(json.loads(data).get("failed") if data else "its process ended"))
        self.udp, self.http, self.https = (socket.socket(fileno=fd) for fd in fds)

    @property
    def path(self) -> str:
        """The namespace, as a path."""
        return f"/proc/{self._process.pid}/ns/net"

    def connect(self, port: int, address: str, timeout: float) -> socket.socket:
        """A connection to a port inside. Raises ConnectionError."""
        return self._asked({"port": port, "address": address, "timeout": timeout}, timeout + 5, f"{address}:{port}")

    def listen(self, port: int) -> socket.socket:
        """A socket that listens on a port of the loopback inside. Raises ConnectionError."""
        return self._asked({"listen": port}, _TIMEOUT, f"port {port}")

    def _asked(self, asked: dict[str, object], timeout: float, what: str) -> socket.socket:
        with self._lock:
            self._control.settimeout(timeout)
            self._control.send(json.dumps(asked).encode())
            data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        if not fds:
            raise ConnectionError(f"{what}: {json.loads(data or b'{}').get('failed', 'the network is gone')}")
        return socket.socket(fileno=fds[0])

    def close(self) -> None:
        """Give up the network; containers that use it keep it until they end."""
        for one in (self.udp, self.http, self.https):
            one.close()
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        self._process.wait(5)
