"""Serves apps in their images: what `migrate run --engine` gives to the runtime in the place of processes of this machine.

Gateway, queue and scaling are the runtime's own; an image is built once, as it is rehearsed, and each runner is a process in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any

from converters.preflight.apps import programs
from converters.project import open_project
from fal_runtime.described import Described
from fal_runtime.engine import Backend, EventHandler, Given, LineHandler
from fal_runtime.errors import LoadFailure, RuntimeFailure
from fal_runtime.spec import Spec
from fal_runtime.upstream import Upstream

from .apps import App, stated
from .engines import Engine, EngineFailure, Process, Running
from .memory import doubled, stubs
from .rehearse import Course, Internet, Ready, Settings
from .result import Rehearsal
from .start import OUTWARD, process_of, read_events, variables
from .uploads import SOCKET

_PORTS = (8080, 9090)
"""The port of an app that the SDK serves and that of its metrics, where they are free inside."""
_EVERY = 0.05
"""Seconds between two looks at a runner."""
_SHOWN = 8
"""Names of stubs that are told."""
_WIDTH = 150
"""Characters of an instruction that are."""


@dataclass
class Images:
    """Builds the images of apps, one at a time, and starts their runners in them (`fal_runtime.engine.Engine`)."""

    engine: Engine
    internet: Internet
    settings: Settings

    def __post_init__(self) -> None:
        self._building = asyncio.Lock()

    async def prepare(self, given: Given, say: Callable[[str], None], echo: Callable[[str], None]) -> Backend:
        """Build what an app runs in; what stands in for what is said. Raises LoadFailure."""
        loop = asyncio.get_running_loop()
        async with self._building:
            try:
                app, ready, told = await asyncio.to_thread(
                    self._prepared, given, partial(_hand_over, loop, lambda text: echo(_one_line(text)))
                )
            except asyncio.CancelledError:  # the thread ends with what it waits for
                self.engine.stop()
                raise
        if ready is None:
            for line in told.failure.output if told.failure else ():
                echo(line)
            raise LoadFailure(f"{given.spec.name}: {_reason(told)}")
        for line in _differences(told):
            say(line)
        backend = _Backend(app, ready, given, self.engine)
        if not backend.reaches_gateway:
            say("it does not reach this gateway from its image: its files have addresses that lead nowhere there; choose another --port")
        return backend

    def _prepared(self, given: Given, echo: Callable[[str], None]) -> tuple[App, Ready | None, Rehearsal]:
        project = open_project(given.root)
        described = Described(given.spec, given.payload)
        app = App(given.key, described, stated(given.key, described, programs(project), project.root), project)
        suffix = f"-{hashlib.sha256(f'{given.root}'.encode()).hexdigest()[:12]}"
        settings = replace(self.settings, suffix=suffix, secrets=given.secrets)
        given.directory.chmod(0o755)  # whoever runs in the image reads what is mounted
        course = Course(app, self.engine, settings, given.directory / "image", echo, self.internet)
        (given.directory / "image").mkdir()
        try:
            ready = course.prepare()
        except EngineFailure as failure:
            course.tell(skipped=f"{self.engine.name} cannot do it: {failure}")
            ready = None
        asked = course.asked()
        course.tell(stood_in=(*course.told.stood_in, *stubs(asked)), not_rehearsed=(*doubled(asked), *course.told.not_rehearsed))
        return app, ready, course.told


def _hand_over(loop: asyncio.AbstractEventLoop, take: Callable[..., object], *words: str) -> None:
    """Call it in the loop, from another thread."""
    with contextlib.suppress(RuntimeError):  # the runtime has ended
        loop.call_soon_threadsafe(take, *words)


def _one_line(instruction: str) -> str:
    return textwrap.shorten(instruction, _WIDTH)


def _reason(told: Rehearsal) -> str:
    """Why there is no image, with the line of the project that it leads to."""
    failure = told.failure
    if failure is None:
        return told.skipped
    where = f"{failure.place}: " if failure.place else ""
    return f"{where}{_one_line(failure.what)}: {failure.why}{f'. {failure.todo}' if failure.todo else ''}"


def _differences(told: Rehearsal) -> list[str]:
    """What is not as in the real image, a line for each kind."""
    bases = [one for one in told.stood_in if one.by != "a stub"]
    stubbed = [one.what for one in told.stood_in if one.by == "a stub"]
    lines = [f"{one.what} is stood in for by {one.by}" for one in bases]
    if stubbed:
        more = f" and {len(stubbed) - _SHOWN} more" if len(stubbed) > _SHOWN else ""
        lines.append(f"stubs are installed in the place of {', '.join(stubbed[:_SHOWN])}{more}")
    if told.not_rehearsed:
        lines.append(f"{len(told.not_rehearsed)} things are not as in a real build (migrate rehearse lists them)")
    return [*lines, *told.notes]


class _Backend:
    """Starts the runners of one app in its image (`fal_runtime.engine.Backend`)."""

    def __init__(self, app: App, ready: Ready, given: Given, engine: Engine) -> None:
        self._app, self._ready, self._given, self._engine = app, ready, given, engine
        host, gateway = given.origin
        self._ports = next(pair for pair in (_PORTS, (8081, 9091), (8082, 9092)) if gateway not in pair)
        local = host in ("127.0.0.1", "localhost", "0.0.0.0")
        self.reaches_gateway = local and not (given.spec.brings_server and given.spec.exposed_port == gateway)

    async def start(self, runner: str, on_line: LineHandler, on_event: EventHandler) -> InImage:
        """Raises RuntimeFailure."""
        process = replace(self._process(runner), on_line=partial(_hand_over, asyncio.get_running_loop(), on_line))
        gone = threading.Event()
        starting = asyncio.ensure_future(asyncio.to_thread(self._started, process, gone))
        try:
            running = await asyncio.shield(starting)
        except asyncio.CancelledError:
            gone.set()
            starting.add_done_callback(lambda ended: None if ended.cancelled() or ended.exception() else ended.result().kill())
            raise
        except EngineFailure as failure:
            raise RuntimeFailure(f"{self._engine.name} cannot start it: {failure}") from None
        port = self._given.spec.exposed_port if self._given.spec.brings_server else self._ports[0]
        begun = InImage(running, self._given.spec, port or 0, self._folder(runner) / "told" / "events", on_line, on_event)
        if self.reaches_gateway:
            await begun.lead(self._given.origin)
        return begun

    def _started(self, process: Process, gone: threading.Event) -> Running:
        running = self._engine.run(self._ready.built.image, process)
        if gone.is_set():
            running.kill()
        return running

    def _folder(self, runner: str) -> Path:
        return self._given.directory / f"runner-{runner}"

    def _process(self, runner: str) -> Process:
        given, folder = self._given, self._folder(runner)
        told = folder / "told"
        told.mkdir(parents=True)
        os.link(given.uploader, told / SOCKET)
        (told / SOCKET).chmod(0o777)  # the image may name a user of its own
        fixed = {name: value for name, value in variables(given.spec, {}).items() if name not in given.variables}
        environment = {**fixed, **given.variables, "FAL_JOB_ID": runner}
        payload, origin = self._ready.payload, given.origin if self.reaches_gateway else None
        return process_of(
            self._app, self._ready.plan, payload, folder, given.data, environment, ports=self._ports, origin=origin or ("127.0.0.1", 0)
        )


class InImage:
    """One runner (`fal_runtime.engine.Process`)."""

    holds_own_port = False

    def __init__(self, running: Running, spec: Spec, port: int, told: Path, on_line: LineHandler, on_event: EventHandler) -> None:
        self._running, self._spec, self._port = running, spec, port
        self._address = OUTWARD if spec.brings_server else "127.0.0.1"
        self._told, self._seen = told, 0
        self._on_line, self._on_event = on_line, on_event
        self._sent = 0
        self._pid: int | None = None
        self._server: asyncio.Server | None = None
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watching = asyncio.ensure_future(self._watch())

    @property
    def serving(self) -> int | None:
        if self._pid is None and not self.exited.done():
            self._pid = self._running.pid
        return self._pid

    def signal(self, number: int) -> None:
        self._sent = number
        send = self._running.kill if number == signal.SIGKILL else partial(self._running.signal, number)
        asyncio.get_running_loop().run_in_executor(None, send)

    async def reachable(self) -> Upstream:
        upstream = Upstream("127.0.0.1", self._port, self._connect)
        while not await upstream.accepts():
            await asyncio.sleep(_EVERY)
        return upstream

    async def hint(self) -> str:
        """Whether its server listens where fal does not reach it."""
        try:
            (await self._connect("127.0.0.1")).close()
        except OSError:
            return ""
        return f" (its server listens on 127.0.0.1:{self._port} only: let it listen on 0.0.0.0)" if self._spec.brings_server else ""

    async def lead(self, gateway: tuple[str, int]) -> None:
        """Have the gateway answer inside at the address that it has here."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                there = await asyncio.open_connection(*gateway)
                await asyncio.gather(_pass(reader, there[1]), _pass(there[0], writer))

        with contextlib.suppress(OSError):  # it has ended, or holds that port: the runner's own failure says more
            listening = await asyncio.to_thread(self._running.listen, gateway[1])
            self._server = await asyncio.start_server(handle, sock=listening)

    async def _connect(self, address: str = "") -> socket:
        made: socket = await asyncio.to_thread(self._running.connect, self._port, address or self._address)
        made.setblocking(False)
        return made

    async def _watch(self) -> None:
        while (code := self._running.poll()) is None:
            self._hand_on()
            await asyncio.sleep(_EVERY)
        exceeded = await asyncio.to_thread(lambda: self._running.exceeded)
        await asyncio.to_thread(self._running.kill)
        await asyncio.sleep(0)  # lines that it has printed wait for the loop
        self._hand_on()
        if self._server is not None:
            self._server.close()
        if exceeded and not self._sent:
            self._on_line("stderr", f"it was ended: {exceeded}")
        was_signalled = self._sent and code in (1, 128 + self._sent, 137)
        self.exited.set_result(-self._sent if was_signalled else code)

    def _hand_on(self) -> None:
        events: list[dict[str, Any]] = read_events(self._told)
        for event in events[self._seen :]:
            self._on_event(event)
        self._seen = len(events)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Everything from one side to the other, until it ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
