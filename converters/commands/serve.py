"""The commands that need the runtime, `run` and `exec`. It is imported when they run, for it may not be installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from converters.commands import options
from converters.errors import MigrateError


def run(
    path: Annotated[Path, options.path_argument("PATH", "Folder of a fal project, or app.py[::Class].")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    owner: Annotated[str, typer.Option("--owner", help="First part of the address of every app.")] = "local",
    environment: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="fal environment: apps are called APP--NAME.", show_default="main")
    ] = None,
    install: Annotated[bool, typer.Option("--install", help="Give each app a virtual environment with its requirements.")] = False,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder that stands for /data.")] = None,
    state: Annotated[Path | None, typer.Option("--state", metavar="DIR", help="Folder of the queue and of returned files.")] = None,
    secrets: Annotated[Path | None, typer.Option("--secrets", metavar="FILE", help="Secrets, one NAME=VALUE a line.")] = None,
    capture_openapi: Annotated[
        bool, typer.Option("--capture-openapi", help="Write the server's OpenAPI document to PATH/openapi.json and stop.")
    ] = False,
    keys: Annotated[
        list[str] | None, typer.Option("--key", metavar="ID:SECRET", help="A key that callers of apps that are not public must have.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option("--allow-origin", metavar="ORIGIN", help="Web pages of it may call, beside this machine's; * for all; repeatable."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", metavar="NAME", help="A name by which the gateway may be called; repeatable.")
    ] = None,
    scale_to_zero: Annotated[bool, typer.Option("--scale-to-zero", help="Let idle runners go, as on the platform.")] = False,
    unconfined: Annotated[bool, typer.Option("--unconfined", help="Let apps see and change all files that you can.")] = False,
    reload: Annotated[bool, typer.Option("--reload", help="Start the runners of an app anew when its files are edited.")] = False,
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="NAME", help="Where runners are: process, or buildah, podman (in its image, rehearsed)."),
    ] = "process",
    base: Annotated[
        list[str] | None,
        typer.Option("--base", metavar="IMAGE=FOLDER|SUITE", help="What stands in for a base image; repeatable."),
    ] = None,
    real_bases: Annotated[bool, typer.Option("--real-bases", help="Pull base images from their registries.")] = False,
    cache: Annotated[Path | None, typer.Option("--cache", metavar="DIR", help="Folder of stand-ins, layers and packages.")] = None,
) -> int:
    """Serve the apps of the fal project at PATH on this machine."""
    from converters.commands.run import Request, run_project

    return run_project(
        Request(
            path,
            port=port,
            host=host,
            owner=owner,
            environment=environment,
            install=install,
            data=data,
            state=state,
            secrets=secrets,
            capture_openapi=capture_openapi,
            keys=tuple(keys or ()),
            origins=tuple(allow_origin or ()),
            hosts=tuple(allow_host or ()),
            scale_to_zero=scale_to_zero,
            unconfined=unconfined,
            reload=reload,
            engine=engine,
            bases=tuple(base or ()),
            real_bases=real_bases,
            cache=cache,
        )
    )


def execute(
    command: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="A program that calls fal, unmodified.", show_default=False)
    ],
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port of `migrate run`.", show_default="the last")] = None,
) -> int:
    """Run a program with its fal_client redirected to a running `migrate run`."""
    try:
        from fal_runtime.errors import RuntimeFailure
        from fal_runtime.redirect import execute as redirected
    except ModuleNotFoundError as error:
        hint = 'Install it: pip install "fal-migrate[run]".'
        raise MigrateError(f"the runtime is not installed (no module {error.name!r}).", hint=hint) from error
    try:
        return int(redirected(command, port=port))
    except RuntimeFailure as error:
        raise MigrateError(f"{error}.") from error
