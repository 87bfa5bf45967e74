"""What takes the files that an app uploads while it is rehearsed: fal's node-local uploader, on a socket that the app's process sees."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from fal_runtime.cdn import Store
from fal_runtime.uploader import Uploader

SOCKET = "api.sock"


@contextlib.contextmanager
def uploader(folder: Path, store: Path) -> Iterator[None]:
    """Serve on ``api.sock`` in ``folder`` while the block runs; files are kept in ``store``."""
    app = Uploader(Store(store, "https://v3.fal.media/files/rehearsal")).asgi
    config = uvicorn.Config(app, uds=str(folder / SOCKET), log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="uploader", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        (folder / SOCKET).chmod(0o777)
        yield
    finally:
        server.should_exit = True
        thread.join(5)
