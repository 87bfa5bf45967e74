"""The whole runtime as one object: zygote, loader, applications, CDN and gateway, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets as randomness
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from . import reload as edits
from .application import Application, RunnerFactory
from .asgi import Receive, Scope, Send, answer_json
from .browsers import Access, Browsers
from .cdn import Store
from .confinement import Support
from .directory import Directory
from .engine import Backend, Engine
from .environments import Environments
from .errors import LoadFailure, RuntimeFailure, UnavailablePort, UnusableOption
from .gateway import RESERVED, Gateway, Part
from .interception import LOCAL_KEY, Interceptor, without_credentials
from .journal import Journal
from .kv import KeyValues
from .loader import Host, Loader
from .metrics import Metrics
from .project import Project
from .queue import Queue
from .queue_api import QueueApi
from .rest import Rest
from .runner import Runner
from .sockets import Sockets
from .spec import Scaling, Spec
from .uploader import Uploader
from .variables import of_the_machine
from .webhooks import Signer, Webhooks
from .zygote import Zygote

Say = Callable[[str, str], None]

#: Seconds in which results that are there are written.
_SETTLING = 5.0
_OWN_MACHINE = Access()
#: Bytes of a request's body, unless said otherwise.
MOST_BODY = 1 << 29


class Runtime:
    """Serves the apps of a project on ``host``:``port`` (0: any free port) between :meth:`start` and :meth:`close`.

    ``owner`` and ``environment`` (fal's ``--env``) are parts of the apps' URLs: ``/<owner>/<app>[--<environment>]``.
    ``environments`` is the directory for virtual environments with the apps' requirements (None: apps run in the current one), ``engine``
    what starts runners elsewhere than as processes of this machine (`engine.py`).
    ``data`` is the directory for ``/data``, ``state`` the one for the queue and the files (None: they end with this object),
    ``max_body`` the longest body of a request, and of a queued one's answer, in bytes.
    ``variables`` are the environment of apps (None: what this process's says of
    the machine), ``readable`` and ``writable`` paths that they see where they are. ``secrets`` are set in the environment of every
    runner, ``keep_warm`` keeps one runner per app alive where the app's own settings would let it go. ``keys`` ("id:secret") are those that
    callers of apps that are not public must have (none: nobody is asked), ``access`` says which web pages may call. With ``intercept``
    the platform's hosts lead apps to this
    gateway. ``say(app, text)`` gets what a person should read, ``progress(app, text)`` what an app waits for. With
    ``reload`` the runners of an app whose files are edited are started anew, and its queue goes on.
    """

    def __init__(
        self,
        project: Project,
        *,
        port: int = 8080,
        host: str = "127.0.0.1",
        owner: str = "local",
        environment: str | None = None,
        environments: Path | None = None,
        engine: Engine | None = None,
        data: Path,
        secrets: Mapping[str, str] | None = None,
        state: Path | None = None,
        keep_warm: bool = True,
        max_body: int = MOST_BODY,
        keys: Sequence[str] = (),
        access: Access = _OWN_MACHINE,
        intercept: bool = True,
        variables: Mapping[str, str] | None = None,
        readable: Sequence[Path] = (),
        writable: Sequence[Path] = (),
        say: Say = lambda app, text: None,
        echo: Say = lambda app, text: None,
        progress: Say = lambda app, text: None,
        reload: bool = False,
    ) -> None:
        _check_owner(owner)
        self.project = project
        self.host = host
        self.port = port
        self.owner = owner
        self._environment = environment
        self._engine = engine
        self._environments = Environments(environments, secrets or {}, [project.root]) if environments else None
        self.applications: dict[str, Application] = {}
        self.failures: dict[str, LoadFailure] = {}
        self._data = data
        self._secrets = dict(secrets or {})
        self._state = state
        self._keep_warm = keep_warm
        self._max_body = max_body
        #: what runners, and programs of ``migrate exec``, have for a key ("id:secret")
        self.local_key = f"local:{randomness.token_hex(16)}" if keys else LOCAL_KEY
        self._keys = (*keys, self.local_key) if keys else ()
        self._access = replace(access, hosts=access.hosts | {host.lower()})
        self._intercept = intercept
        self.interceptor: Interceptor | None = None
        self._variables = of_the_machine(os.environ) if variables is None else dict(variables)
        self._readable = tuple(map(str, readable))
        self._writable = tuple(map(str, writable))
        self._queue: Queue | None = None
        self._say = say
        self._echo = echo
        self._progress = progress
        self._reload = reload
        self._editing: asyncio.Task[None] | None = None
        self._loaded: dict[str, Spec] = {}
        #: one for each app: it ends when that answers or has failed
        self.loading: dict[str, asyncio.Task[Application | LoadFailure]] = {}
        self._closing = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """``http://host:port`` of the gateway, as programs of this machine reach it."""
        return f"http://{self._address}:{self.port}"

    @property
    def _address(self) -> str:
        """The host in addresses: one that listens on every interface is reached by loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"[{host}]" if ":" in host else host

    @property
    def files_url(self) -> str:
        """Where uploaded files are served."""
        return f"{self.url}/files"

    async def start(self) -> None:
        """Open the gateway, and wait until every app answers or has failed. Raises UnavailablePort and RuntimeFailure."""
        await self.open()
        try:
            await asyncio.gather(*self.loading.values())
        except BaseException:
            await self.close()
            raise

    async def open(self) -> None:
        """Listen. Each app starts by itself, and is called meanwhile. Raises UnavailablePort and RuntimeFailure."""
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        listener = self._listen()
        self._closing.callback(listener.close)
        directory = Path(tempfile.mkdtemp(prefix="fal-runtime-"))
        self._closing.callback(shutil.rmtree, directory, ignore_errors=True)
        state = self._open_state(directory)
        _make(self._data, "--data")
        interceptor = self.interceptor = await self._open_interceptor(directory / "intercept") if self._intercept else None
        zygote = Zygote(directory, self._inherited(interceptor))
        self._closing.push_async_callback(zygote.close)
        store = Store(state / "files", self.files_url)
        await self._serve(Uploader(store).asgi, uds=str(directory / "api.sock"))
        await zygote.start()
        host = Host(
            directory,
            self._data.resolve(),
            (self._address.strip("[]"), self.port),
            directory / "api.sock",
            self._variables,
            self._secrets,
            self.owner,
            self._environment,
            self.local_key,
            interceptor,
            self._readable,
            self._writable,
        )
        loader = Loader(self.project, zygote, self._environments, host, self._echo, self._engine)
        if self._engine is None:
            self._tell_confinement(zygote.confinement)
        self._closing.push_async_callback(self._close_applications)
        served = await self._open_gateway(state, store, listener)
        self.loading = {app: asyncio.ensure_future(self._load(loader, app, served)) for app in self.project.apps}
        if self._reload:
            own = (self._data.resolve(), state.resolve())
            watching = edits.watch(self.project.root, lambda edited: self._edited(loader, served, edited), own)
            self._editing = asyncio.ensure_future(watching)
        self._closing.push_async_callback(self._drain)

    async def _open_interceptor(self, directory: Path) -> Interceptor:
        interceptor = Interceptor(self.url, directory, self.local_key)
        self._closing.push_async_callback(interceptor.close)
        await interceptor.start()
        return interceptor

    def _inherited(self, interceptor: Interceptor | None) -> dict[str, str]:
        """The environment that every process of an app starts with."""
        if interceptor is None:
            return without_credentials(self._variables, self.local_key)
        environment = interceptor.environment(self._variables)
        environment.pop("PYTHONPATH")  # a zygote redirects its children itself, without an entry on their module search path
        return environment | ({"PYTHONPATH": self._variables["PYTHONPATH"]} if "PYTHONPATH" in self._variables else {})

    def _tell_confinement(self, confinement: Support) -> None:
        if not confinement.private:
            self._say("", f"no private file system ({confinement.why}): apps see {self._data} instead of /data through the SDK only")
        if confinement.missing:
            self._say("", f"apps can reach more of this machine than they should: not enforced: {'; '.join(confinement.missing)}")

    async def _runners(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """Each app's runners, for those who want to look behind the gateway."""
        await answer_json(send, 200, {name: application.describe() for name, application in self.applications.items()})

    def _open_state(self, directory: Path) -> Path:
        """The directory for what outlives this process; a temporary one where another process has it."""
        state = self._state or directory / "state"
        _make(state, "--state")
        lock = self._closing.enter_context((state / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._say("", f"{state} is in use by another runtime: queue and files of this one end with it")
            state = directory / "state"
            state.mkdir()
        return state

    async def _open_gateway(self, state: Path, store: Store, listener: socket.socket) -> Directory:
        journal = Journal(state / "queue.db")
        try:
            journal.open()
        except sqlite3.Error as error:
            raise RuntimeFailure(f"{state / 'queue.db'} cannot be opened: {error}; name another directory with --state") from None
        self._closing.callback(journal.close)
        queue = self._queue = Queue(self.owner, journal, self._say, self._max_body)
        signer = Signer(state / "webhook.key")
        webhooks = Webhooks(self.owner, journal, signer, self._say)
        queue.on_done = webhooks.deliver
        directory = Directory(self.owner, self.applications, self._keys, self.project.apps)
        sockets = Sockets(directory)
        rest = Rest(self.url, store, queue, directory, signer.jwks)
        parts: dict[str, Part] = {
            "health": _health,
            "files": rest.files,
            "cdn": rest.cdn,
            "rest": rest.rest,
            "queue": QueueApi(queue, directory, self._max_body).handle,
            "kv": KeyValues(journal, directory).handle,
            "ws": sockets.carried,
            "ws-direct": sockets.direct,
            "runners": self._runners,
            "metrics": Metrics(self.owner, self.applications, queue).serve,
        }
        await queue.open()
        self._closing.push_async_callback(queue.close)
        await webhooks.open()
        self._closing.push_async_callback(webhooks.close)
        expiry = asyncio.ensure_future(self._expire(queue, store))
        self._closing.callback(expiry.cancel)
        await self._serve(Browsers(Gateway(directory, parts, self._max_body, self._say), self._access), listener=listener)
        return directory

    async def _expire(self, queue: Queue, store: Store) -> None:
        """Forget old results and files, now and then."""
        while True:
            try:
                await queue.expire()
                store.expire()
            except (sqlite3.Error, OSError) as error:
                self._say("", f"old results and files cannot be deleted: {error}")
            await asyncio.sleep(60)

    async def _load(self, loader: Loader, app: str, directory: Directory) -> Application | LoadFailure:
        """Make an app one that is served, and wait for its first runner."""
        assert self._queue is not None
        made: list[Backend] = []
        application = None
        try:
            loaded = await loader.load(app)
            if loaded.spec.name in self.applications:
                raise LoadFailure(f"{app}: another app is called {loaded.spec.name}, too; give one of them another app_name")
            application = self._application(loaded.spec, made)
            await self._queue.add(application)
            self.applications[loaded.spec.name] = application
            self._loaded[app] = loaded.spec
            directory.arrived(app)
            self._progress(loaded.spec.name, self._waits_for(loaded.spec))
            prepared = await loader.prepare(loaded)
        except LoadFailure as failure:
            self.failures[app] = failure
            directory.arrived(app, str(failure))
            if application is not None:
                self.applications.pop(application.spec.name, None)
                application.give_up(str(failure))
            return failure
        for notice in prepared.notices:
            self._say(loaded.spec.name, notice)
        made.append(prepared.backend)
        application.prepared()
        await application.started()
        return application

    async def _edited(self, loader: Loader, directory: Directory, edited: set[Path]) -> None:
        """Load the apps that an edit may mean anew, and let new runners take the places of theirs."""
        await asyncio.gather(*self.loading.values(), return_exceptions=True)
        sources = {app: self.project.root / (spec.ref or "").partition("::")[0] for app, spec in self._loaded.items()}
        for app in self.project.apps:
            if edited <= set(sources.values()) - {sources.get(app)}:
                continue
            self._say(app, f"{', '.join(sorted(path.name for path in edited)[:3])} changed: it is loaded anew")
            before = self._loaded.get(app)
            if before is None or app in self.failures:
                self.failures.pop(app, None)
                failure = await self._load(loader, app, directory)
                problem = str(failure) if isinstance(failure, LoadFailure) else ""
            else:
                problem = await self._renew(loader, app, before)
            if problem:
                self._say("", f"error: {problem}")

    async def _renew(self, loader: Loader, app: str, before: Spec) -> str:
        """What keeps an edited app from being served, in the place of which the former one goes on; '' where it is."""
        try:
            loaded = await loader.load(app)
            if loaded.spec.name != before.name:
                return f"{app}: it is called {loaded.spec.name} now, not {before.name}: start `migrate run` again"
            prepared = await loader.prepare(loaded)
        except LoadFailure as failure:
            return str(failure)
        self._loaded[app] = loaded.spec
        application = self.applications[before.name]
        application.renew(loaded.spec, self._scaling(loaded.spec), self._factory(loaded.spec, [prepared.backend]))
        return ""

    def _waits_for(self, spec: Spec) -> str:
        if self._engine is not None:
            return "its image is built"
        return "its requirements are installed" if self._environments is not None and spec.requirements else "its first runner is ready"

    def _application(self, spec: Spec, made: Sequence[Backend]) -> Application:
        """``made`` holds what its runners are started in, once it is there."""
        return Application(spec, self._scaling(spec), self._factory(spec, made), self._say)

    def _scaling(self, spec: Spec) -> Scaling:
        return replace(spec.scaling, min_concurrency=max(1, spec.scaling.min_concurrency)) if self._keep_warm else spec.scaling

    def _factory(self, spec: Spec, made: Sequence[Backend]) -> RunnerFactory:
        def on_line(runner: Runner, stream: str, text: str) -> None:
            self._echo(spec.name, text)
            if self._queue is not None and runner.in_flight:
                self._queue.log(runner.in_flight, stream, text)

        return lambda: Runner(spec, made[0], on_line)

    @property
    def under_way(self) -> int:
        """Requests that runners work on."""
        return sum(len(runner.in_flight) for application in self.applications.values() for runner in application.runners)

    def hurry(self) -> None:
        """Wait for nothing that is under way any more."""
        for application in self.applications.values():
            application.kill()

    async def _drain(self) -> None:
        """Take no more work; let what is under way finish within the grace periods of its apps, and have it on the disk."""
        assert self._queue is not None
        self._queue.drain()
        if self._editing is not None:
            self._editing.cancel()
            await asyncio.gather(self._editing, return_exceptions=True)
        for task in self.loading.values():
            task.cancel()
        await asyncio.gather(*self.loading.values(), return_exceptions=True)
        await asyncio.gather(*(application.drain() for application in self.applications.values()))
        await self._queue.settled(_SETTLING)

    async def _close_applications(self) -> None:
        await asyncio.gather(*(application.close() for application in self.applications.values()))

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        if not 0 <= self.port < 1 << 16:
            raise UnusableOption(f"--port {self.port}: a port is a number up to 65535")
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # only then does asyncio set TCP_NODELAY
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except (OSError, UnicodeError) as error:
            listener.close()
            if not isinstance(error, OSError) or isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise UnusableOption(
                    f"cannot listen on --host {self.host}: that is no address of this machine; 127.0.0.1 is, and 0.0.0.0 is all of them"
                ) from None
            hint = "; choose another one with --port" if self.port else ""
            raise UnavailablePort(f"cannot listen on {self.host}:{self.port}: {error.strerror}{hint}") from None
        self.port = listener.getsockname()[1]
        return listener

    async def _serve(self, app: object, *, uds: str | None = None, listener: socket.socket | None = None) -> None:
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            uds=uds,
            log_level="critical",  # what goes wrong is told by the parts, one line each
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,
            ws="websockets-sansio",
            ws_max_size=1 << 26,
            ws_per_message_deflate=False,
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


async def _health(scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
    await answer_json(send, 200, {"status": "ok"})


def _check_owner(owner: str) -> None:
    """Raises UnusableOption for one whose apps would have addresses that cannot be told from others."""
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", owner):
        raise UnusableOption(f"--owner {owner!r}: a name of letters, digits, - and _ is wanted, as it is a part of addresses")
    if owner in RESERVED:
        raise UnusableOption(f"--owner {owner}: that is an address of the gateway's own; choose another name")


def _make(directory: Path, option: str) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeFailure(f"{directory} cannot be made: {error.strerror}; name another directory with {option}") from None


class _Server(uvicorn.Server):
    """A server that leaves the signals to the runtime."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def default_data() -> Path:
    """The directory for ``/data`` where none is named: one per user, shared by all projects as fal's is by all apps."""
    return _cache() / "data"


def default_environments() -> Path:
    """The directory for virtual environments where none is named: apps with the same requirements share one."""
    return _cache() / "environments"


def default_state(project: Project) -> Path:
    """The directory for the queue and the files of a project where none is named."""
    return _cache() / "state" / hashlib.sha256(str(project.root).encode()).hexdigest()[:16]


def _cache() -> Path:
    if sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "fal-runtime"
