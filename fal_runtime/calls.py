"""One request on one runner: what is sent, how long it may take, and what the answer means for the runner."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from .application import Application
from .asgi import Scope, header
from .errors import PlatformError, request_timeout
from .runner import Runner
from .upstream import Broken, Headers, Response

#: Bytes that all headers of an answer may have together (fal documentation, "Limits").
MOST_HEADERS = 16 * 1024
#: Headers that belong to one hop.
HOP = frozenset(b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade expect".split())
#: Headers of the platform that reach the app; it consumes the others (fal documentation, "Platform headers").
_FORWARDED = frozenset([b"x-fal-object-lifecycle-preference", b"x-fal-object-lifecycle", b"x-fal-cdn-token"])
#: Headers by which an app speaks to the platform.
_STRIPPED = frozenset([b"x-fal-stop-runner", b"x-fal-needs-retry", b"x-fal-runner-health-check"])


#: Seconds of the longest start timeout: a year, which every event loop can count.
_LONGEST_START = 365 * 24 * 3600.0
#: Seconds that a runner has to end by itself after it broke a connection.
_LAST_WORDS = 0.25


@dataclass
class Request:
    """What a runner is sent. ``path`` is the app's own, ``headers`` are those that :func:`from_client` keeps."""

    id: str
    owner: str
    app: str
    method: str
    path: bytes
    query: bytes
    headers: Headers
    body: bytes | AsyncIterator[bytes]

    @property
    def target(self) -> bytes:
        """Path and query."""
        return self.path + b"?" + self.query if self.query else self.path

    @property
    def endpoint(self) -> str:
        """``owner/app/path``, as apps and logs name it."""
        return f"{self.owner}/{self.app}{self.path.rstrip(b'/').decode('latin-1')}"

    def with_platform_headers(self) -> Headers:
        """The client's headers and those that the gateway injects (fal 1.83, ``fal/app.py``)."""
        own = {b"x-fal-request-id": self.id, b"x-fal-caller-user-id": self.owner, b"x-fal-endpoint": self.endpoint}
        return self.headers + [(name, value.encode("latin-1")) for name, value in own.items()]


def from_client(headers: Iterable[tuple[bytes, bytes]], *, sized: bool) -> Headers:
    """A client's headers that reach the app; ``sized`` keeps content-length, for a body that is passed on as it comes."""
    return [
        pair
        for pair in headers
        if pair[0] not in HOP and (pair[0][:6] != b"x-fal-" or pair[0] in _FORWARDED) and (sized or pair[0] != b"content-length")
    ]


def to_client(headers: Headers) -> Headers:
    """An app's headers that reach the client."""
    return [pair for pair in headers if pair[0] not in HOP and pair[0] not in _STRIPPED]


async def acquire(application: Application, scope: Scope, request_id: str) -> Runner:
    """A runner for a request that its client waits for, by its hint and its start timeout. Raises PlatformError."""
    timeout = start_timeout_of(scope, application.spec.limits.request_start_timeout)
    waiting = application.acquire(request_id, header(scope, b"x-fal-runner-hint"))
    if timeout is None:
        return await waiting
    try:
        return await asyncio.wait_for(waiting, timeout)
    except asyncio.TimeoutError:
        raise request_timeout("Request did not start in time", by_user=True) from None


async def cancel(request: Request, runner: Runner) -> None:
    """Tell an app that nobody waits for a request any more: POST to its path with ``/cancel`` and the same request id."""
    upstream = runner.upstream
    assert upstream is not None
    path = request.path.rstrip(b"/") + b"/cancel"
    headers = [(name, value) for name, value in request.with_platform_headers() if name not in (b"content-type", b"content-length")]
    try:
        response = await upstream.send("POST", path, headers, b"")
        await response.read()
        response.close()
    except Broken:
        return


class Exchange:
    """Sends a request and watches over it until :meth:`close`.

    A request that takes longer than the app's ``request_timeout`` costs the runner its life (fal documentation, "Retries").
    """

    def __init__(self, application: Application, runner: Runner, request: Request) -> None:
        self._application = application
        self._runner = runner
        self._request = request
        self._response: Response | None = None
        self._expired = False
        limit = application.spec.limits.request_timeout
        self._began = time.monotonic()
        application.traffic.received(request.method)
        self._timer = asyncio.get_running_loop().call_later(limit, self._expire)

    async def open(self) -> Response:
        """Wait for the head of the answer. Raises PlatformError."""
        upstream, request = self._runner.upstream, self._request
        assert upstream is not None
        try:
            self._response = await upstream.send(request.method, request.target, request.with_platform_headers(), request.body)
        except Broken as error:
            raise self.explain(error) from None
        if sum(len(name) + len(value) + 4 for name, value in self._response.headers) > MOST_HEADERS:
            raise PlatformError(502, "runner_incomplete_response", f"The headers of the answer are larger than {MOST_HEADERS} bytes")
        return self._response

    async def read(self, most: int) -> bytes:
        """The whole body of the answer, of ``most`` bytes. Raises PlatformError."""
        assert self._response is not None
        parts: list[bytes] = []
        size = 0
        try:
            async for part in self._response:
                parts.append(part)
                size += len(part)
                if size > most:
                    raise PlatformError(502, "runner_incomplete_response", f"The answer is larger than {most} bytes")
        except Broken as error:
            raise self.explain(error) from None
        return b"".join(parts)

    def explain(self, error: Broken) -> PlatformError:
        """The platform's words for a hop that failed (fal documentation, "Error types")."""
        if self._expired:
            return request_timeout()
        if error.refused:
            return PlatformError(503, "runner_connection_refused", "Runner refused the connection")
        self._runner.kill(after=_LAST_WORDS)
        if error.answered:
            return PlatformError(502, "runner_incomplete_response", "Runner sent an incomplete response")
        return PlatformError(503, "runner_disconnected", "Runner disconnected")

    async def cancel(self) -> None:
        """Tell the app that nobody waits any more."""
        await cancel(self._request, self._runner)

    def close(self) -> None:
        """End it: give the connection back and do to the runner what the answer asks for."""
        self._timer.cancel()
        status = self._response.status if self._response is not None else 503
        self._application.traffic.completed(self._request.method, status, time.monotonic() - self._began)
        if self._response is not None:
            self._response.close()
            self._settle(self._response.status, self._response.headers)

    def _expire(self) -> None:
        self._expired = True
        self._runner.kill()

    def _settle(self, status: int, headers: Headers) -> None:
        """Runner fate by status and headers (fal documentation, "Retries")."""
        stop, check = None, False
        for name, value in headers:
            if name[:6] == b"x-fal-":
                if name == b"x-fal-stop-runner":
                    stop = is_true(value)
                elif name == b"x-fal-runner-health-check":
                    check = is_true(value)
                elif name == b"x-fal-runner-hints":
                    self._runner.hints = frozenset(hint.strip() for hint in value.decode("latin-1").split(","))
        if stop or (stop is None and status == 503):
            self._application.retire(self._runner)
        elif check:
            self._application.examine(self._runner, thorough=True)
        elif status in (500, 502, 504):
            self._application.examine(self._runner, thorough=False)


def is_true(value: bytes) -> bool:
    """The spellings of true that fal's gateway reads in headers."""
    return value.strip().lower() in (b"1", b"true", b"yes")


def start_timeout_of(scope: Scope, default: float | None) -> float | None:
    """Seconds until the request must have started: the header, which a 0 clears, else the app's own.

    Raises PlatformError for what is not a number.
    """
    text = header(scope, b"x-fal-request-timeout") or header(scope, b"x-fal-request-start-timeout")
    if text is None:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise PlatformError(400, "bad_request", "X-Fal-Request-Timeout is not a number of seconds")
    return min(max(0.0, seconds), _LONGEST_START) or None
