"""One end of a live comparison: what asks it, and what came of it.

A platform says how its endpoints are asked (`Platform.live`); an address that no platform claims is a server that takes JSON.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from converters.verify.outcome import File, Outcome

MOST = 64 * 2**20
"""Bytes of a file that are compared."""
MEDIA = re.compile(r"(?i)\.(png|jpe?g|webp|gif|bmp|svg|mp4|mov|webm|wav|mp3|flac|ogg|m4a|zip|tar|glb|json|txt|pt|safetensors)(\?|$)")
"""What an address of a file ends with; other addresses are text."""
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Recorded:
    """One line of a file of requests. ``method`` and ``path`` are those of a server; a worker has neither."""

    line: int
    body: Any
    method: str = "POST"
    path: str = ""

    @property
    def about(self) -> str:
        """Which line it was."""
        return f"line {self.line}" + (f": {self.method} {self.path}" if self.path else "")


class Endpoint(Protocol):
    """What answers recorded requests."""

    @property
    def is_bare(self) -> bool:
        """Whether an answer may be a value without a name of its own, which an app answers under a key."""

    def ask(self, request: Recorded) -> Outcome:
        """Send a request and wait for its outcome; no answer in time is ``silence``."""


@dataclass
class Api:
    """JSON over HTTP with a key, within a time. ``sleep`` waits between two looks at a request that is not done."""

    client: httpx.Client
    url: str
    headers: Mapping[str, str]
    seconds: float
    sleep: Callable[[float], None] = time.sleep
    every: float = field(default=1.0)

    def send(self, method: str, address: str, body: Any = None) -> httpx.Response:
        """Raises httpx.HTTPError."""
        content = {} if body is None else {"json": body}
        return self.client.request(method, address, headers=dict(self.headers), timeout=self.seconds, **content)

    def until(self, done: Callable[[dict[str, Any]], bool], found: dict[str, Any], address: str) -> dict[str, Any]:
        """Look again until a request is done. Raises httpx.HTTPError, also where it is not in time."""
        deadline = time.monotonic() + self.seconds
        while not done(found):
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("no answer in time")
            self.sleep(self.every)
            found = self.send("GET", address).json()
        return found


@dataclass
class Plain:
    """A server as it is: the address, the method and the path of the record."""

    api: Api
    is_bare: bool = False

    def ask(self, request: Recorded) -> Outcome:
        response = self.api.send(request.method, self.api.url.rstrip("/") + request.path, request.body)
        kind = response.headers.get("content-type", "")
        value: Any = response.json() if kind.startswith("application/json") else response.text
        if not kind.startswith(("application/json", "text/")):
            value = File(response.content, kind)
        return Outcome("result", value, status=response.status_code)


@dataclass
class App:
    """An app of fal: what it answers is the result, and 4xx and 5xx are errors. ``path``: that of the endpoint."""

    api: Api
    path: str = ""
    is_bare: bool = False

    def ask(self, request: Recorded) -> Outcome:
        response = self.api.send("POST", self.api.url.rstrip("/") + self.path, request.body)
        kind = response.headers.get("content-type", "")
        value: Any = response.json() if kind.startswith("application/json") else response.text
        if response.is_success:
            return Outcome("result", value)
        detail = value.get("detail", value) if isinstance(value, dict) else value
        refused = response.status_code == 422 and isinstance(detail, list)
        return Outcome("refused" if refused else "error", detail)


def asked(endpoint: Endpoint, request: Recorded) -> Outcome:
    """What came of a request, whatever happens on the way."""
    try:
        return endpoint.ask(request)
    except httpx.HTTPError as error:
        return Outcome("silence", str(error) or type(error).__name__)
    except (ValueError, KeyError, TypeError) as error:
        return Outcome("silence", f"an answer of another form: {error}")


def is_address(value: Any) -> bool:
    """Whether a value is the address of a file."""
    return isinstance(value, str) and value.startswith(("http://", "https://")) and MEDIA.search(value) is not None


def fetched(client: httpx.Client, address: str, seconds: float) -> File | str:
    """The file at an address; the address itself where nothing can be had there."""
    try:
        with client.stream("GET", address, timeout=seconds, follow_redirects=True) as response:
            response.raise_for_status()
            data = bytearray()
            for part in response.iter_bytes():
                data += part
                if len(data) > MOST:
                    return address
            return File(bytes(data), response.headers.get("content-type", "").partition(";")[0])
    except httpx.HTTPError:
        return address
