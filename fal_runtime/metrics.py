"""Metrics under the names that fal publishes (section 7 of the facts), in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .application import Application
from .asgi import Receive, Scope, Send, answer
from .queue import Queue

_NAMES = ("runners", "queue_size", "concurrent_requests", "requests_completed", "requests_received", "request_latency")


class Metrics:
    """The ``metrics`` part of the gateway."""

    def __init__(self, owner: str, applications: Mapping[str, Application], queue: Queue) -> None:
        self._owner = owner
        self._applications = applications
        self._queue = queue

    async def serve(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """Answer a scrape."""
        samples = [sample for name, application in self._applications.items() for sample in self._samples(name, application)]
        lines = []
        for metric in _NAMES:
            lines.append(f"# TYPE fal_app_{metric} gauge")
            lines += [f"fal_app_{name}{{{labels}}} {value}" for name, labels, value in samples if name == metric]
        await answer(send, 200, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")], "\n".join([*lines, ""]).encode())

    def _samples(self, name: str, application: Application) -> Iterator[tuple[str, str, int]]:
        """(metric, labels, value) of one app."""
        app = f'application="{self._owner}/{name}"'
        machine = application.spec.settings.get("machine_type") or "XS"
        machine = machine if isinstance(machine, str) else machine[0]
        ready = sum(runner.ready_at is not None for runner in application.runners)
        for state, count in (("running", ready), ("pending", len(application.runners) - ready), ("dead", 0)):
            yield "runners", f'{app},state="{state}",machine_type="{machine}"', count
        yield "queue_size", app, self._queue.size(name)
        yield "concurrent_requests", app, sum(len(runner.in_flight) for runner in application.runners)
        received, completed = application.traffic.last_minute()
        for (method,), count in sorted(received.items()):
            yield "requests_received", f'{app},method="{method}"', count
        for (method, status), count in sorted(completed.items()):
            yield "requests_completed", f'{app},method="{method}",status="{status}"', count
        for bound, count in application.traffic.latency():
            yield "request_latency", f'{app},le="{"+Inf" if bound == float("inf") else f"{bound:g}"}"', count
