"""`migrate run PATH`: serve the apps of a fal project on this machine, as its processes or in their images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from converters.errors import MigrateError, UsageError

PROCESS = "process"
"""The name of the engine that starts runners as processes of this machine."""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line: the address, what runners are given, and where they are started."""

    path: Path
    port: int = 8080
    host: str = "127.0.0.1"
    owner: str = "local"
    environment: str | None = None
    install: bool = False
    data: Path | None = None
    state: Path | None = None
    secrets: Path | None = None
    capture_openapi: bool = False
    keys: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    scale_to_zero: bool = False
    unconfined: bool = False
    reload: bool = False
    engine: str = PROCESS
    bases: tuple[str, ...] = ()
    real_bases: bool = False
    cache: Path | None = None


def run_project(request: Request) -> int:
    """Serve until a signal comes; the exit code. Raises MigrateError."""
    try:
        from fal_runtime.engine import Engine
        from fal_runtime.main import run
    except ModuleNotFoundError as error:
        hint = 'Install it: pip install "fal-migrate[run]".'
        raise MigrateError(f"the runtime is not installed (no module {error.name!r}).", hint=hint) from error

    def serve(engine: Engine | None, data: Path | None) -> int:
        return run(
            request.path,
            port=request.port,
            host=request.host,
            owner=request.owner,
            environment=request.environment,
            install=request.install,
            engine=engine,
            data=data,
            state=request.state,
            secrets=request.secrets,
            keep_warm=not request.scale_to_zero,
            keys=request.keys,
            origins=request.origins,
            hosts=request.hosts,
            unconfined=request.unconfined,
            reload=request.reload,
            capture_openapi=request.capture_openapi,
        )

    if request.engine == PROCESS:
        _refuse(request, {"--base": bool(request.bases), "--real-bases": request.real_bases, "--cache": request.cache is not None}, "needs")
        return serve(None, request.data)
    asked = {"--install": request.install, "--unconfined": request.unconfined, "--capture-openapi": request.capture_openapi}
    _refuse(request, asked, "cannot be used with")
    from converters.commands.rehearse import announce_once, must_be_installed

    must_be_installed()
    from converters.rehearsal.machinery import default_folder, machinery
    from converters.rehearsal.rehearse import Settings
    from converters.rehearsal.serving import Images

    folder = request.cache or default_folder()
    with machinery(request.engine, folder=folder, bases=request.bases, real=request.real_bases) as ready:
        announce_once(folder / "announced")
        data = request.data or _data(folder / "data")
        return serve(Images(ready.engine, ready.outside, Settings(records=folder / "records")), data)


def _data(folder: Path) -> Path:
    """What stands for /data in images: not what processes have, since most of what comes into it was made up."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)  # an image may name a user of its own
    return folder


def _refuse(request: Request, options: dict[str, bool], why: str) -> None:
    given = [name for name, is_given in options.items() if is_given]
    if not given:
        return
    if why == "needs":
        raise UsageError(f"{given[0]} {why} an engine that builds images.", hint="Add --engine buildah, or remove the option.")
    raise UsageError(f"{given[0]} {why} --engine {request.engine}.", hint="Remove one of the two.")
