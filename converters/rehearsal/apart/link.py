"""A network for containers of other engines: ``python -I -S link.py FD [NAMESPACE]`` with one end of a control socket.

It makes a network without a way out, or links that of a container (a path below /proc) to one, tells the sockets that listen there, and
opens connections in it as the control socket asks for, until that closes. Only the standard library.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
from pathlib import Path


def main() -> None:
    spec = importlib.util.spec_from_file_location("network", Path(__file__).with_name("network.py"))
    assert spec is not None and spec.loader is not None
    network = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(network)
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        there = os.open(sys.argv[2], os.O_RDONLY) if len(sys.argv) > 2 else None
        here, other = network.connect(there)
        network.enter(other)
        listening = network.listen()
        network.enter(here)
    except OSError as error:
        control.send(json.dumps({"failed": str(error)}).encode())
        return
    socket.send_fds(control, [b'{"listening": true}'], [one.fileno() for one in listening])
    for one in listening:
        one.close()
    while data := control.recv(1 << 16):
        asked = json.loads(data)
        try:
            if asked.get("listen"):
                with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
                    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    listening.bind(("127.0.0.1", asked["listen"]))
                    listening.listen(128)
                    socket.send_fds(control, [b"{}"], [listening.fileno()])
                continue
            with socket.create_connection((asked["address"], asked["port"]), asked["timeout"]) as connected:
                connected.settimeout(None)
                socket.send_fds(control, [b"{}"], [connected.fileno()])
        except OSError as error:
            control.send(json.dumps({"failed": str(error)}).encode())


if __name__ == "__main__":
    main()
