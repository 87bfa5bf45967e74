"""A world in which fal's hosts exist, to see that nothing reaches them.

As a program it opens, in a network of its own where the system allows that, a server to which the names of fal's hosts resolve,
and a proxy like a company's own. Both show certificates that the world trusts, read what comes, and write it to a file, one JSON
document per line.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fal_runtime.interception.certificates import Authority

ROOT = Path(__file__).parents[3]
KEY = "outside-id:outside-secret"
#: Names that resolve to the server; a name below a domain that is not listed does not resolve at all.
HOSTS = [
    *("fal.run", "queue.fal.run", "ws.fal.run", "gateway.fal.run", "falrun.com", "queue.falrun.com"),
    *("fal.ai", "rest.fal.ai", "rest.alpha.fal.ai", "api.fal.ai", "api.alpha.fal.ai", "auth.fal.ai"),
    *("fal.media", "v3.fal.media", "v3b.fal.media", "kv.fal.media"),
]
_SERVER = "127.66.0.1"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\nConnection: close\r\n\r\n" + b'{"outside": true}'


@dataclass(frozen=True)
class World:
    """How to start a program in it, what its environment names, and what came to the outside."""

    prefix: tuple[str, ...]
    environment: dict[str, str]
    log: Path

    @property
    def is_whole(self) -> bool:
        """Whether the names of fal's hosts resolve; else there is the proxy alone."""
        return bool(self.prefix)

    def seen(self) -> list[str]:
        """What came, one entry per connection or request."""
        return [f"{entry['how']}: {entry['what']}" for entry in map(json.loads, self.log.read_text().splitlines())]


@contextlib.contextmanager
def world(directory: Path) -> Iterator[World]:
    """Open it while the ``with`` block runs; ``directory`` is scratch space."""
    log = directory / "outside.log"
    log.touch()
    namespaces = [] if _refused() else ["unshare", "--map-root-user", "--net", "--mount"]
    command = [*namespaces, sys.executable, "-m", "tests.runtime.local.outside", str(directory), "whole" if namespaces else "proxy"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), "the outside did not open"
        entered = ["nsenter", f"--target={process.pid}", "--user", "--net", "--mount", "--preserve-credentials"]
        yield World(tuple(entered) if namespaces else (), _environment(directory, int(port)), log)
        process.stdin.close()


def _refused() -> bool:
    """Whether this system lets nobody have a network of their own."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        return True
    return subprocess.run(["unshare", "--map-root-user", "--net", "--mount", "true"], capture_output=True).returncode != 0


def _environment(directory: Path, proxy: int) -> dict[str, str]:
    """What a user has set who works with the real platform behind a proxy of their own."""
    home = directory / "home"
    (home / ".fal").mkdir(parents=True)
    (home / ".fal" / "config.toml").write_text(f'[__internal__]\nprofile = "mine"\n[mine]\nkey = "{KEY}"\n')
    (home / ".fal" / "auth0_token").write_text("outside-refresh-token\noutside-access-token")
    ours = f"http://127.0.0.1:{proxy}"
    trusted = str(directory / "outside-ca.pem")
    identifier, _, secret = KEY.partition(":")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "FAL_KEY": KEY,
        "FAL_KEY_ID": identifier,
        "FAL_KEY_SECRET": secret,
        "VITE_FAL_KEY": KEY,
        "MY_HEADER": f"Key {KEY}",
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), ours),
        "NO_PROXY": "*.fal.run,intranet.example",
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), trusted),
    }


# --- in the process of its own ----------------------------------------------------------------------------------------


class _Recorder:
    def __init__(self, log: Path, authority: Authority) -> None:
        self._log = log
        self._context = authority.context()
        self._lock = threading.Lock()

    def write(self, how: str, what: str) -> None:
        with self._lock, self._log.open("a") as file:
            file.write(json.dumps({"how": how, "what": what}) + "\n")

    def serve(self, listener: socket.socket, how: str, *, tls: bool = False) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._record, args=(connection, how, tls), daemon=True).start()

    def _record(self, connection: socket.socket, how: str, tls: bool) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError), connection:
            if how == "direct":
                self.write(how, "a connection")
            if not tls:
                head = connection.recv(1 << 16).decode("latin-1")
                self.write(how, head)
                if not head.startswith("CONNECT"):
                    connection.sendall(_ANSWER)
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self.write(how, secured.recv(1 << 16).decode("latin-1"))
                secured.sendall(_ANSWER)


def _listener(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port))


def _lead_names_to_the_server(directory: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        (flags,) = struct.unpack_from("H", fcntl.ioctl(control, 0x8913, struct.pack("16sH14x", b"lo", 0)), 16)
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))
    hosts = directory / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{_SERVER} {name}\n" for name in HOSTS))
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def main(directory: Path, extent: str) -> None:
    """Open everything, say the proxy's port, and wait until standard input ends."""
    authority = Authority()
    defaults = ssl.get_default_verify_paths().cafile
    (directory / "outside-ca.pem").write_text((Path(defaults).read_text() if defaults else "") + authority.pem)
    recorder = _Recorder(directory / "outside.log", authority)
    proxy = _listener("127.0.0.1", 0)
    listeners = [(proxy, "proxy", False)]
    if extent == "whole":
        _lead_names_to_the_server(directory)
        listeners += [(_listener(_SERVER, 443), "direct", True), (_listener(_SERVER, 80), "direct", False)]
    for listener, how, tls in listeners:
        threading.Thread(target=recorder.serve, args=(listener, how), kwargs={"tls": tls}, daemon=True).start()
    print(proxy.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
