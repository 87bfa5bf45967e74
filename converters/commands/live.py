"""What `migrate verify --live OLD_URL owner/app --requests FILE` does: the same requests to both where they are deployed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from converters.commands.actionable import of_certificates
from converters.commands.repeat import command
from converters.errors import ExitCode, Unreadable, UsageError
from converters.sources.registry import platforms

if TYPE_CHECKING:
    import httpx

    from converters.verify.live.endpoint import Endpoint, Recorded
    from converters.verify.live.study import Names

APP = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(/[\w./-]*)?", re.ASCII)
FAL, KEY = "https://fal.run", "FAL_KEY"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
PATIENCE = 300.0
"""Seconds for a request at least: a runner may have to start for it."""
ONCE = "skip_retry_conditions"
"""The setting of an app whose requests must not run twice."""
FORM = 'Write one JSON object a line: {"input": {...}}, or of a server {"method": "POST", "path": "/x", "body": {...}}.'


@dataclass(frozen=True)
class Request:
    """What was asked for. `rate`: requests a second; `most`: lines that are sent; `seconds`: for each request; `sure`: `--yes`."""

    old: str
    app: str
    requests: Path
    folder: Path | None = None
    contract: Path | None = None
    rate: float = 1.0
    most: int = 20
    seconds: float = 300.0
    sure: bool = False
    output: Path | None = None
    format: str = "text"


def typed(path: Path) -> str:
    """An app as it was typed: an address loses a slash where it is read as a path."""
    return re.sub(r"^(https?):/+", r"\1://", path.as_posix())


def perform(request: Request) -> int:
    """Compare, print the certificate, and return the exit code. Raises `UsageError` and `Unreadable` before anything is sent."""
    import httpx

    from converters.commands.verify import Request as Verification
    from converters.commands.verify import print_certificates
    from converters.verify.certificate import Certificate
    from converters.verify.live.study import LiveStudy

    address, old = _app_address(request.app), _without_credentials(request.old)
    recorded = _recorded(request.requests)[: request.most]
    names = _names(request)
    _must_be_repeatable(request, recorded)
    with httpx.Client() as client:
        endpoint, platform = _old(client, request)
        new = _new(client, address, request, is_server=not platform)
        study = LiveStudy(endpoint, new, client, names, 1 / request.rate, request.seconds)
        versions = {name: metadata.version(name) for name in ("fal-migrate", "httpx")}
        certificate = Certificate(
            app=request.app,
            platform=platform or "server",
            source=old,
            target=request.app,
            verdict="not proven",
            why="",
            seed=0,
            versions=versions,
            doubles=[],
        )
        study.run(recorded, certificate)
    found = of_certificates([certificate.model_dump(mode="json")], None, request.folder, _again(request, old))
    print_certificates(Verification(request.requests, output=request.output, format=request.format), [certificate], found)
    return ExitCode.DIFFERENT if certificate.verdict == "different" else ExitCode.DONE


def _again(request: Request, old: str) -> str:
    """The command that shows the findings again; ``old`` is the address without credentials."""
    return command(
        "verify",
        Path(request.app),
        request.folder,
        live=old,
        requests=request.requests,
        contract=request.contract,
        rate=f"{request.rate:g}",
        limit=request.most,
        yes=request.sure,
    )


def _app_address(app: str) -> str:
    """Where an app is asked: `owner/app[/path]` on fal, or the address that `migrate run` serves it at."""
    if app.startswith(("http://", "https://")):
        return app
    if not APP.fullmatch(app):
        raise UsageError(f"{app!r} is no app: --live compares an endpoint with an app of fal.", hint="Name it as owner/app.")
    return f"{FAL}/{app}"


def _without_credentials(address: str) -> str:
    """An address as it is told: without user, password and query. Raises `UsageError` where it is none."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UsageError(f"--live: {error}.", hint="Give the address of the endpoint.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--live {address!r} is no address.", hint="Give the address of the endpoint, with https://.")
    return urlunsplit((parts.scheme, f"{parts.hostname}{port}", parts.path, "", ""))


def _recorded(file: Path) -> list[Recorded]:
    """The requests of a file, one a line. Raises `Unreadable` with the line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable("cannot be read as text.", file=str(file), hint=FORM) from error
    found = [_line(file, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise Unreadable("holds no request.", file=str(file), hint=FORM)
    return found


def _line(file: Path, number: int, line: str) -> Recorded:
    from converters.verify.live.endpoint import Recorded

    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable("is not JSON.", file=str(file), line=number, hint=FORM) from error
    if not isinstance(value, dict):
        raise Unreadable("is no object.", file=str(file), line=number, hint=FORM)
    if isinstance(value.get("path"), str) and value.keys() <= {"method", "path", "body"}:
        method, path = str(value.get("method", "POST")).upper(), value["path"]
        if method not in METHODS or not path.startswith("/"):
            raise Unreadable("names no method and path.", file=str(file), line=number, hint=FORM)
        return Recorded(number, value.get("body"), method, path)
    return Recorded(number, value["input"] if value.keys() == {"input"} else value)


def _must_be_repeatable(request: Request, recorded: Sequence[Recorded]) -> None:
    """Raises `UsageError` where requests may change something, which is asked three times: twice of the old endpoint, once of the app."""
    from converters.verify.live.endpoint import SAFE

    if request.sure or all(one.path and one.method in SAFE for one in recorded):
        return
    if request.folder is None:
        why = "every request is run three times, and whether that changes something elsewhere is not known"
    elif any(one.path and one.method not in SAFE for one in recorded):
        why = "requests of the file are not GET, every one is sent three times, and they may change something"
    elif reason := _runs_once(request.folder):
        why = f"{reason}, and every request is run three times"
    else:
        return
    raise UsageError(f"--live: {why}.", hint="Give the folder of the conversion as the last argument, or --yes where that does no harm.")


def _runs_once(folder: Path) -> str:
    """Why requests of a converted app must not run twice; '' where nothing says so."""
    from converters.preflight import apps
    from converters.project import open_project

    project = open_project(folder)
    for program in apps.programs(project):
        if ONCE in program.settings:
            return f"{program.file} sets {ONCE}, for its requests change something elsewhere or are trainings"
    return ""


def _names(request: Request) -> Names:
    """What the app calls the fields of the answer, by a contract file, else by the one in the folder of the conversion."""
    from converters.targets.contract import NAME
    from converters.verify.live.study import Names
    from converters.verify.renaming import Renaming, read

    file = request.contract or (request.folder / NAME if request.folder is not None else None)
    if file is None or not file.is_file():
        return Names(Renaming())
    name = request.app.rstrip("/").split("/")[-1] if request.app.startswith("http") else request.app.split("/")[1]
    return Names(read(file, name), _key(file, name))


def _key(file: Path, name: str) -> str | None:
    """The key under which the app answers; None where the file does not say."""
    try:
        apps = json.loads(file.read_bytes())["apps"]
        return str((apps[name] if name in apps else next(iter(apps.values())))["key"])
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None


def _old(client: httpx.Client, request: Request) -> tuple[Endpoint, str]:
    """The old endpoint, by the platform that claims its address, and that platform's name; '' for a server."""
    from converters.verify.live.endpoint import Api, Plain

    seconds = max(request.seconds, PATIENCE)
    paths = _paths(client, request.old)
    for platform in platforms():
        key = os.environ.get(platform.caller.key, "") if platform.caller is not None and platform.caller.key else ""
        claimed = platform.live(Api(client, request.old, {"Authorization": f"Bearer {key}"} if key else {}, seconds), paths)
        if claimed is not None:
            return claimed, platform.name
    return Plain(Api(client, request.old, {}, seconds)), ""


def _new(client: httpx.Client, address: str, request: Request, *, is_server: bool) -> Endpoint:
    from converters.verify.live.endpoint import Api, App, Plain

    key = os.environ.get(KEY, "")
    if address.startswith(FAL) and not key:
        raise UsageError("--live: fal asks for a key.", hint=f"Set {KEY}.")
    api = Api(client, address, {"Authorization": f"Key {key}"} if key else {}, max(request.seconds, PATIENCE))
    return Plain(api) if is_server else App(api)


def _paths(client: httpx.Client, address: str) -> list[str]:
    """The paths of the OpenAPI document that an address answers."""
    import httpx

    try:
        found = client.get(f"{address.rstrip('/')}/openapi.json", timeout=10).json()
        return list(found["paths"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []
