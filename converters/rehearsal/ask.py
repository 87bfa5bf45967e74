"""Sends an app one request per endpoint: the examples that its own document shows, else values that its schema takes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from converters.verify.repair import repaired
from converters.verify.requests import Request, generate, names_own_file
from converters.verify.servers.operations import Call, Described, Operation, described
from fal_runtime.capture import PATHS

from .places import frame_place, settings_place
from .result import Asked, Failure, tail
from .start import Runner, unwrapped

_TRIES = 8
"""Requests to one endpoint until it answers with a result."""
_MOST_OPERATIONS = 12
"""Operations of a server that are asked."""
_APP_SECONDS, _SERVER_SECONDS = 2.0, 0.3
"""How long the traceback of a failed request may be on its way; fal's SDK prints one for every error, a server only where it wants to."""
_CANCEL = "/cancel"
"""The endpoint that converted predictors are stopped by: it answers whatever the app can do."""
_SHOWN = 300
"""Characters of a body that are kept."""
_ENVIRONMENT = re.compile(
    r"^[\s|+]*(?:\w+\.)*(?:ModuleNotFoundError|ImportError|FileNotFoundError|PermissionError|NotADirectoryError|IsADirectoryError|NameError"
    r"|SyntaxError|UnsupportedOperation|OSError: \[Errno (?:2|13|30)\])\b.*"
    r"|^.*(?:: (?:command )?not found|No such file or directory)$",
    re.MULTILINE,
)
"""What says that something is missing where the app runs, whatever was asked."""
_VARIABLE = re.compile(r"^[\s|+]*KeyError: '([A-Z][A-Z0-9_]+)'$", re.MULTILINE)


@dataclass
class Answers:
    """What came of asking: the requests, whether any was answered with a result, and the first failure that is the app's own."""

    requests: list[Asked] = field(default_factory=list)
    answered: bool = False
    failure: Failure | None = None
    unanswered: list[str] = field(default_factory=list)
    """Operations that answered no request with a result, and the last thing that they said."""


def ask(runner: Runner, seconds: float) -> Answers:
    """Ask every endpoint of an app that is ready; each answer has ``seconds``."""
    found = Answers()
    for one in _operations(runner):
        _ask(runner, one, seconds, found)
        if found.failure is not None or runner.running.poll() is not None:
            break
    return found


def _operations(runner: Runner) -> list[Described]:
    """What can be asked: the app's endpoints by its own document; of a server that has none, its health, or its first page."""
    own = runner.app.described.spec
    document = _document(runner) or dict(own.openapi or {})
    found = [one for one in described(document) if one.operation.method in ("GET", "POST") and not _is_service(runner, one.operation)]
    if not found and own.brings_server:
        path = own.health_check.path if own.health_check is not None else "/"
        return [Described(Operation(method="GET", path=path), {})]
    posts = [one for one in found if one.operation.method == "POST"]
    return (posts + [one for one in found if one.operation.method == "GET"])[:_MOST_OPERATIONS]


def _is_service(runner: Runner, operation: Operation) -> bool:
    """Whether an operation of an app is one that the SDK adds."""
    return not runner.app.described.spec.brings_server and operation.method == "GET"


def _document(runner: Runner) -> dict[str, Any] | None:
    for path in PATHS if runner.app.described.spec.brings_server else PATHS[:1]:
        try:
            status, _, body = runner.request("GET", path, {}, b"", 10)
            document = json.loads(body) if status == 200 else None
        except (OSError, ValueError):
            continue
        if isinstance(document, dict) and isinstance(document.get("paths"), dict):
            return document
    return None


def _ask(runner: Runner, one: Described, seconds: float, found: Answers) -> None:
    last, schema = "", json.dumps(one.schema, default=str)
    for request in _requests(one):
        before = len(runner.running.lines())
        asked, said = _send(runner, one.operation, request, seconds)
        found.requests.append(asked)
        if 200 <= asked.status < 400:
            found.answered |= runner.app.described.spec.brings_server or one.operation.path != _CANCEL
            return
        output = [unwrapped(line) for line in _printed(runner, before, asked)]
        found.failure = _failure(runner, asked, said, output, schema)
        if found.failure is not None:
            return
        last = f"{asked.status or 'no answer'} {said}".strip()
        if asked.status in (401, 403):
            break
    found.unanswered.append(f"{one.operation}: {last or 'nothing can be asked'}")


def _requests(one: Described) -> Iterator[Request]:
    """Examples, then what a caller would send; what the complaint about the one before asks for is added by `_send`'s caller."""
    made = generate(one.schema, one.examples, drawn=0, closed=one.operation.media == "")
    usable = [request for request in made if request.kind in ("example", "plausible") and not names_own_file(request)]
    yield from [request for request in usable if Call(one.operation, request.body).fits][:_TRIES]


def _send(runner: Runner, operation: Operation, request: Request, seconds: float) -> tuple[Asked, str]:
    """Send one request, and once more as its complaint asks where it is refused; the last answer counts, with the start of its body."""
    asked, said = _sent(runner, operation, request.body, seconds)
    if asked.status in (400, 422):
        other = repaired(request, said, {})
        if other is not None and Call(operation, other.body).fits:
            return _sent(runner, operation, other.body, seconds)
    return asked, said


def _sent(runner: Runner, operation: Operation, body: Any, seconds: float) -> tuple[Asked, str]:
    options = Call(operation, body).options()
    message = httpx.Request(options.pop("method"), f"http://127.0.0.1{options.pop('url')}", **options)
    path = message.url.raw_path.decode("ascii")
    since = time.monotonic()
    headers = {name: value for name, value in message.headers.items() if name not in ("host", "content-length")}
    headers |= {"x-fal-request-id": "00000000-0000-0000-0000-000000000000"}
    try:
        status, _, answer = runner.request(message.method, path, headers, message.read(), seconds)
        said = answer[:_SHOWN].decode(errors="replace")
    except OSError as error:
        status, said = 0, str(error) or type(error).__name__
    shown = json.dumps(body, default=str)[:_SHOWN]
    return Asked(what=str(operation), body=shown, status=status, seconds=round(time.monotonic() - since, 3)), said


def _failure(runner: Runner, asked: Asked, said: str, output: Sequence[str], schema: str) -> Failure | None:
    """The failure that an answer shows where it is one of the app's surroundings and not of the request, which is made up."""
    text = "\n".join(output)
    if (code := _ended(runner, asked)) is not None:
        why = runner.running.exceeded or f"the app ended with exit code {code}"
        return _made(runner, asked, why, text)
    if asked.status == 0 and said == "timed out":
        return None
    if asked.status < 500 or (missing := _missing(f"{text}\n{said}", asked.body + schema)) is None:
        return None
    return _made(runner, asked, missing, text)


def _printed(runner: Runner, before: int, asked: Asked) -> list[str]:
    """What the app printed for a request. The answer to one that failed may be here before the traceback, which takes another way."""
    wait = _SERVER_SECONDS if runner.app.described.spec.brings_server else _APP_SECONDS
    limit = time.monotonic() + (wait if asked.status >= 500 else 0.0)
    lines = runner.running.lines()[before:]
    while time.monotonic() < limit and runner.running.poll() is None:
        time.sleep(0.1)
        known, lines = len(lines), runner.running.lines()[before:]
        if len(lines) == known and any("raceback" in line for line in lines):
            break
    return lines


def _ended(runner: Runner, asked: Asked) -> int | None:
    """The exit code of the app, which a connection that breaks may be heard of before."""
    limit = time.monotonic() + (1.0 if asked.status == 0 else 0.0)
    while (code := runner.running.poll()) is None and time.monotonic() < limit:
        time.sleep(0.05)
    return code


def _missing(text: str, request: str) -> str | None:
    """The line of an output that says what is missing; what the request itself names, or a default, is missing for another reason."""
    for found in _ENVIRONMENT.finditer(text):
        named = re.findall(r"'([^']+)'", found[0])
        if not any(name and name in request for name in named):
            return found[0].strip(" |+\t")
    variable = _VARIABLE.search(text)
    if variable is not None and re.search(r"os(?:\.py|>)\", line \d+, in __getitem__", text):
        return f"the variable {variable[1]} is not set"
    return None


def _made(runner: Runner, asked: Asked, why: str, text: str) -> Failure:
    where = frame_place(runner.app, text) or settings_place(runner.app, "name")
    return Failure(stage="request", what=f"{asked.what} {asked.body}", why=why, place=where, output=tail(text.splitlines()))
