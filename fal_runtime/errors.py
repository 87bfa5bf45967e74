"""Errors of the runtime, and the platform's error bodies (fal documentation, "Errors")."""

from __future__ import annotations

import json
from collections.abc import Iterable


class RuntimeFailure(Exception):
    """Something the person at the terminal has to know, as one line; ``code`` is the exit code."""

    code = 1
    printed: tuple[str, ...] = ()
    """What apps printed until then, each line behind ``[app]``; only ``testing.serve`` tells it."""


class UnreadableProject(RuntimeFailure):
    """The project cannot be read or loaded."""

    code = 5


class LoadFailure(RuntimeFailure):
    """An app cannot be loaded, or cannot run here: one line, with the place in the user's code where there is one."""

    code = 5


class InstallFailure(RuntimeFailure):
    """The requirements of an app cannot be installed."""

    code = 5


class UnusableOption(RuntimeFailure):
    """An option that cannot work."""

    code = 2


class UnavailablePort(RuntimeFailure):
    """The gateway's port is taken."""

    code = 2


class NoDocument(RuntimeFailure):
    """The server has no OpenAPI document to capture."""

    code = 4


class PlatformError(Exception):
    """An answer that comes from the platform, not from the app: ``{"detail", "error_type"}`` with an HTTP status."""

    def __init__(self, status: int, error_type: str | None, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.error_type = error_type
        self.detail = detail
        self.headers = headers

    def body(self) -> bytes:
        """The JSON document that clients of the platform know."""
        typed = {} if self.error_type is None else {"error_type": self.error_type}
        return json.dumps({"detail": self.detail, **typed}).encode()

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """Headers of the answer, with ``X-Fal-Error-Type``."""
        typed = [] if self.error_type is None else [(b"x-fal-error-type", self.error_type.encode())]
        return [(b"content-type", b"application/json"), *typed, *self.headers]


def unknown_application(name: str, served: Iterable[str], why: str = "") -> PlatformError:
    """404 for an app that is not served here; ``served`` are the ids of those that are, ``why`` is the reason where it should be one."""
    if why:
        return PlatformError(404, None, f'Application "{name}" not found: {why}')
    apps = ", ".join(served) or "none"
    hint = "Call one of these; to call an app of the platform, deploy the caller, or run it without `migrate exec`."
    return PlatformError(404, None, f'Application "{name}" not found: only local apps are served here ({apps}). {hint}')


def unknown_service(host: str) -> PlatformError:
    """404 for a host of the platform that has no counterpart here."""
    hint = "Use it without `migrate exec`."
    return PlatformError(404, None, f"{host} is not served locally, and nothing is passed on to fal. {hint}")


def too_large(limit: int) -> PlatformError:
    """413 for a body of more than ``limit`` bytes."""
    return PlatformError(413, "bad_request", f"Request body is larger than {limit} bytes")


def request_timeout(detail: str = "Request timed out", *, by_user: bool = False) -> PlatformError:
    """504; ``by_user`` when the caller's own start timeout ended it."""
    return PlatformError(504, "request_timeout", detail, ((b"x-fal-request-timeout-type", b"user"),) if by_user else ())


def startup_timeout(seconds: float) -> PlatformError:
    """504: the runner did not become ready in ``startup_timeout`` seconds."""
    return PlatformError(504, "startup_timeout", f"Runner did not start within {seconds:g} seconds")


def stopping() -> PlatformError:
    """503: the gateway takes no more work."""
    return scheduling_failure("The gateway is stopping")


def scheduling_failure(detail: str) -> PlatformError:
    """503: no runner can be started."""
    return PlatformError(503, "runner_scheduling_failure", detail)
