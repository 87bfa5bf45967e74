"""Serve a project until a signal comes: what ``migrate run`` and ``python -m fal_runtime`` do."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from . import capture, confinement, redirect
from . import project as projects
from .application import Application
from .browsers import Access
from .engine import Engine
from .errors import LoadFailure, RuntimeFailure
from .loops import run_fast
from .server import Runtime, default_data, default_environments, default_state

#: Lines of the SDK that say nothing to the person at the terminal.
_NOISE = (
    "[debug] Python packages installed",
    "INFO:     Started server process",
    "INFO:     Waiting for application",
    "INFO:     Application st",
    "INFO:     Application shutdown",
    "INFO:     Shutting down",
    "INFO:     Finished server process",
)


def run(
    path: Path,
    *,
    port: int = 8080,
    owner: str = "local",
    environment: str | None = None,
    install: bool = False,
    engine: Engine | None = None,
    host: str = "127.0.0.1",
    data: Path | None = None,
    secrets: Path | None = None,
    state: Path | None = None,
    keep_warm: bool = True,
    keys: Sequence[str] = (),
    origins: Sequence[str] = (),
    hosts: Sequence[str] = (),
    unconfined: bool = False,
    reload: bool = False,
    ready: Callable[[Runtime], None] | None = None,
    capture_openapi: bool = False,
) -> int:
    """Serve the apps of the project at ``path`` until SIGINT or SIGTERM, with one line per app on standard error.

    With ``install`` each app runs in a virtual environment of its own with its requirements, with an ``engine`` where that starts it,
    else in this one.
    Returns the exit code: 0 after a signal, 2 if the port is taken, 5 if no app of the project can be loaded, 70 for a bug.
    Web pages of ``origins`` may call it beside those of this machine's servers, by the names ``hosts`` beside its own.
    With ``reload`` the runners of an app whose files are edited are started anew.
    ``unconfined`` apps see and change all files that this process can. ``ready`` is called with the running runtime once every app
    answers or has failed. With ``capture_openapi`` the server's OpenAPI document is then written to ``openapi.json`` of the project, and
    the code is 0, or 4 if there is none.
    """
    if unconfined:
        os.environ[confinement.SWITCH] = "off"
    try:
        project = projects.find(path)
        values = projects.read_secrets(secrets) if secrets is not None else {}
        runtime = Runtime(
            project,
            port=port,
            host=host,
            owner=owner,
            environment=environment,
            environments=default_environments() if install else None,
            engine=engine,
            data=data or default_data(),
            state=state or default_state(project),
            secrets=values,
            keep_warm=keep_warm,
            keys=keys,
            access=Access.of(origins, hosts),
            say=say,
            echo=_echo,
            reload=reload,
            progress=lambda app, text: say(app, f"waits until {text}"),
        )
        return run_fast(_serve(runtime, ready, capture_openapi, reload))
    except RuntimeFailure as failure:
        say("", f"error: {failure}")
        return failure.code
    except KeyboardInterrupt:
        return 0
    except Exception:
        traceback.print_exc()
        return 70


async def _serve(runtime: Runtime, ready: Callable[[Runtime], None] | None, capture_openapi: bool, reload: bool) -> int:
    announced: Path | None = None
    stopping = _signalled(runtime)
    try:
        if not await _unless(stopping, runtime.open()):
            return 0
        announced = redirect.announce(runtime.url, runtime.local_key)
        say("", f"the gateway is open at {runtime.url}")
        if not await _unless(stopping, asyncio.gather(*(_tell(runtime, loading) for loading in runtime.loading.values()))):
            return 0
        if not runtime.applications and not reload:
            return 5
        if capture_openapi:
            file, routes = await capture.capture(runtime)
            say("", f"{routes} routes written to {file}; convert again with --openapi {file}")
            return 0
        if ready is not None:
            ready(runtime)
        await stopping
        return 0
    finally:
        if announced is not None:
            announced.unlink(missing_ok=True)
        if count := runtime.under_way:
            say("", f"stopping: {count} request{'s' if count > 1 else ''} under way may finish; the same signal again ends them")
        await runtime.close()


def _signalled(runtime: Runtime) -> asyncio.Future[None]:
    """Done by the first signal to stop; the next one ends what is still under way."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if first.done():
            runtime.hurry()
        else:
            first.set_result(None)

    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop)
    return first


async def _unless(stopping: asyncio.Future[None], work: Awaitable[object]) -> bool:
    """Whether the work was done before the signal to stop came, which ends it."""
    working: asyncio.Future[object] = asyncio.ensure_future(work)
    first: set[asyncio.Future[Any]] = {working, stopping}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        working.cancel()
        await asyncio.wait([working])
        return False
    working.result()
    return True


async def _tell(runtime: Runtime, loading: asyncio.Task[Application | LoadFailure]) -> None:
    """Say where an app answers, or why it does not."""
    outcome = await asyncio.shield(loading)
    if isinstance(outcome, LoadFailure):
        say("", f"error: {outcome}")
        return
    name = outcome.spec.name
    problem = f"  (not ready: {outcome.failure.detail})" if outcome.failure else ""
    say(name, f"{runtime.url}/{runtime.owner}/{name}{problem}")


def say(app: str, text: str) -> None:
    """One line for the person at the terminal."""
    _print(f"{_shown(app)}: {visible(text)}" if app else visible(text), bold=True)


def _echo(app: str, text: str) -> None:
    """What an app prints: each line begins with its name, whatever the app writes."""
    if text and not text.startswith(_NOISE):
        for line in text.split("\n"):
            shown = line.rstrip("\r").rpartition("\r")[2]  # of a bar that is drawn again and again, as a terminal would show it
            _print(f"[{_shown(app)}] {visible(shown)}", bold=False)


def visible(text: str) -> str:
    """A text in which nothing is a command: to the terminal, which characters are that control it, or to GitHub's log."""
    shown = "".join(letter if letter.isprintable() or letter == "\t" else repr(letter)[1:-1] for letter in text)
    return shown.replace("##[", "\\x23#[")


def _shown(app: str) -> str:
    """The name of an app, which begins no line and no command of its own in a log."""
    name = visible(app)
    return name if name.isidentifier() or name[:1].isalnum() else repr(name)


def _print(line: str, *, bold: bool) -> None:
    if bold and sys.stderr.isatty():
        line = f"\033[1m{line}\033[0m"
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of ``python -m fal_runtime``."""
    parser = argparse.ArgumentParser(prog="python -m fal_runtime", description="Serve the apps of a fal project on this machine.")
    parser.add_argument("path", type=Path, help="directory of a project, or app.py[::Class]")
    parser.add_argument("--port", type=int, default=8080, help="0 chooses a free one (default: 8080)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--owner", default="local", help="first segment of the apps' URLs (default: local)")
    parser.add_argument("--env", help="fal environment: apps are served as NAME--ENV (default: main, which has no suffix)")
    parser.add_argument("--install", action="store_true", help="run each app in a virtual environment with its requirements")
    parser.add_argument("--data", type=Path, help="directory for /data")
    parser.add_argument("--state", type=Path, help="directory for the queue and the files that apps return")
    parser.add_argument("--secrets", type=Path, help="file of NAME=value lines, set in every runner")
    parser.add_argument("--scale-to-zero", action="store_true", help="let idle runners go as on the platform")
    parser.add_argument("--key", action="append", default=[], metavar="ID:SECRET", help="a key that callers of private apps must have")
    parser.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="web pages of this origin may call, or of all: *"
    )
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a name by which the gateway may be called")
    parser.add_argument("--reload", action="store_true", help="start the runners of an app anew when its files are edited")
    parser.add_argument("--unconfined", action="store_true", help="let apps see and change all files that you can")
    options = parser.parse_args(arguments)
    return run(
        options.path,
        port=options.port,
        owner=options.owner,
        environment=options.env,
        install=options.install,
        host=options.host,
        data=options.data,
        secrets=options.secrets,
        state=options.state,
        keep_warm=not options.scale_to_zero,
        keys=options.key,
        origins=options.allow_origin,
        hosts=options.allow_host,
        unconfined=options.unconfined,
        reload=options.reload,
    )
