"""When a queued request is tried again: a pure function of what was asked for and what came back.

Source: fal documentation, "Retries", and fal's end-to-end tests. Direct calls are never retried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Condition = Literal["server_error", "timeout", "connection_error"]

#: The platform tries a request at most this many times in all.
MOST_ATTEMPTS = 10

_CONDITIONS: Mapping[str, Condition] = {
    "request_timeout": "timeout",
    "startup_timeout": "timeout",
    "runner_scheduling_failure": "connection_error",
    "runner_connection_timeout": "connection_error",
    "runner_connection_refused": "connection_error",
    "runner_connection_error": "connection_error",
    "runner_disconnected": "server_error",
    "runner_incomplete_response": "server_error",
    "runner_server_error": "server_error",
}


@dataclass(frozen=True)
class Policy:
    """What the caller and the app ask for, highest rank first.

    ``no_retry``: X-Fal-No-Retry. ``request``: X-Fal-Retry-Config. ``app``: the app's retry_config. ``skip``: its
    skip_retry_conditions. The two configurations map a condition to a number of additional attempts.
    """

    no_retry: bool = False
    request: Mapping[str, int] | None = None
    app: Mapping[str, int] | None = None
    skip: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: an answer's status, or a platform error's type; ``needs_retry`` is X-Fal-Needs-Retry."""

    status: int
    error_type: str | None = None
    needs_retry: bool | None = None

    @property
    def condition(self) -> Condition | None:
        """The retry condition that it meets, if any."""
        if self.error_type is not None:
            return _CONDITIONS.get(self.error_type)
        return "server_error" if self.status in (503, 504) else None


def again(policy: Policy, outcome: Outcome, attempts: int, used: Mapping[str, int]) -> bool:
    """True if the request is to be tried again after ``attempts`` attempts, of which ``used`` were retries per condition."""
    if policy.no_retry or attempts >= MOST_ATTEMPTS:
        return False
    if outcome.needs_retry is not None and (outcome.status >= 500 or outcome.status == 429):
        return outcome.needs_retry
    condition = outcome.condition
    if condition is None:
        return False
    for configured in (policy.request, policy.app):
        if configured is not None and condition in configured:
            return used.get(condition, 0) < configured[condition]
    return condition not in policy.skip


def delay(attempts: int) -> float:
    """Seconds before the next attempt; the platform's own numbers are not public."""
    return float(min(0.25 * 2 ** (attempts - 1), 8.0))


def parse_config(value: Any) -> dict[str, int] | None:
    """``{condition: {"retries": n}}`` as a dict, or as JSON text of a header; None for what is not of that form.

    A condition that is not of that form is left out, and the others hold.
    """
    try:
        document = json.loads(value) if isinstance(value, str | bytes) else value
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    found = {condition: _retries(settings) for condition, settings in document.items()}
    return {condition: retries for condition, retries in found.items() if retries is not None} or None


def _retries(settings: Any) -> int | None:
    retries = settings.get("retries") if isinstance(settings, dict) else None
    if isinstance(retries, bool) or not isinstance(retries, int | float) or retries != retries:
        return None
    return int(min(max(0, retries), MOST_ATTEMPTS))
