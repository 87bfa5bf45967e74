"""The whole runtime as one object: zygote, loader, applications, CDN and gateway, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import uvicorn

from .application import Application
from .cdn import Store, Uploader
from .errors import UnavailablePort
from .gateway import Gateway
from .loader import Loaded, Loader, LoadFailure
from .project import Project
from .runner import Runner
from .zygote import Zygote

Say = Callable[[str, str], None]


class Runtime:
    """Serves the apps of a project on ``host``:``port`` (0: any free port) between :meth:`start` and :meth:`close`.

    ``data`` is the directory for ``/data``, ``secrets`` are set in the environment of every runner, ``keep_warm`` keeps one
    runner per app alive where the app's own settings would let it go. ``say(app, text)`` gets what a person should read.
    """

    def __init__(
        self,
        project: Project,
        *,
        port: int = 8080,
        host: str = "127.0.0.1",
        owner: str = "local",
        data: Path,
        secrets: Mapping[str, str] | None = None,
        keep_warm: bool = True,
        say: Say = lambda app, text: None,
        echo: Say = lambda app, text: None,
    ) -> None:
        self.project = project
        self.host = host
        self.port = port
        self.owner = owner
        self.applications: dict[str, Application] = {}
        self.failures: dict[str, LoadFailure] = {}
        self._data = data
        self._secrets = dict(secrets or {})
        self._keep_warm = keep_warm
        self._say = say
        self._echo = echo
        self._closing = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """``http://host:port`` of the gateway."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Load every app, start the first runners and listen. Raises UnavailablePort and RuntimeFailure."""
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise

    async def _start(self) -> None:
        listener = self._listen()
        self._closing.callback(listener.close)
        directory = Path(tempfile.mkdtemp(prefix="fal-runtime-"))
        self._closing.callback(shutil.rmtree, directory, ignore_errors=True)
        self._data.mkdir(parents=True, exist_ok=True)
        zygote = Zygote(directory)
        self._closing.push_async_callback(zygote.close)
        store = Store(directory / "files", f"{self.url}/files")
        await self._serve(Uploader(store).asgi, uds=str(directory / "api.sock"))
        await zygote.start()
        env = {**self._secrets, "FAL_USE_LOCAL_UPLOADER": "1", "FAL_API_SOCKET": str(directory / "api.sock")}
        loader = Loader(self.project, zygote, directory, self._data.resolve(), (self.host, self.port), env, self.owner)
        if zygote.sandbox_refused is not None:
            self._say("", f"no private file system ({zygote.sandbox_refused}): apps see {self._data} instead of /data through the SDK only")
        self._closing.push_async_callback(self._close_applications)
        await asyncio.gather(*(self._load(loader, zygote, app) for app in self.project.apps))
        await self._serve(Gateway(self.owner, self.applications, store), listener=listener)

    async def _load(self, loader: Loader, zygote: Zygote, app: str) -> None:
        try:
            loaded = await loader.load(app)
        except LoadFailure as failure:
            self.failures[app] = failure
            return
        for notice in loaded.notices:
            self._say(app, notice)
        application = self._application(loaded, zygote)
        self.applications[loaded.spec.name] = application
        await application.started()

    def _application(self, loaded: Loaded, zygote: Zygote) -> Application:
        spec = loaded.spec
        scaling = replace(spec.scaling, min_concurrency=max(1, spec.scaling.min_concurrency)) if self._keep_warm else spec.scaling

        def on_line(runner: Runner, stream: str, text: str) -> None:
            self._echo(spec.name, text)

        return Application(spec, scaling, lambda: Runner(spec, dict(loaded.command), zygote, on_line), self._say)

    async def _close_applications(self) -> None:
        await asyncio.gather(*(application.close() for application in self.applications.values()))

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # only then does asyncio set TCP_NODELAY
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError as error:
            listener.close()
            hint = "; choose another one with --port" if self.port else ""
            raise UnavailablePort(f"cannot listen on {self.host}:{self.port}: {error.strerror}{hint}") from None
        self.port = listener.getsockname()[1]
        return listener

    async def _serve(self, app: object, *, uds: str | None = None, listener: socket.socket | None = None) -> None:
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            uds=uds,
            log_level="error",
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,
        )
        server = _Server(config)
        task = asyncio.ensure_future(server.serve(sockets=[listener] if listener else None))
        while not server.started and not task.done():
            await asyncio.sleep(0.005)

        async def end() -> None:
            server.should_exit = True
            await task

        self._closing.push_async_callback(end)

    async def close(self) -> None:
        """Stop everything; leaves no process and no file but ``/data``'s."""
        await self._closing.aclose()


class _Server(uvicorn.Server):
    """A server that leaves the signals to the runtime."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def default_data() -> Path:
    """The directory for ``/data`` where none is named: one per user, shared by all projects as fal's is by all apps."""
    import os

    if sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "fal-runtime" / "data"
