"""Metrics under the names and labels that fal publishes (fal documentation, "Exporting Metrics"), in Prometheus' text format.

The gauges of GPUs are left out: here they belong to the machine, not to a runner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .application import Application
from .asgi import Receive, Scope, Send, answer
from .queue import Queue
from .runner import State
from .usage import Meter

_NAMES = (
    "runners",
    "queue_size",
    "concurrent_requests",
    "requests_completed",
    "requests_received",
    "request_latency",
    "runner_cpu_usage_percent",
    "runner_memory_usage_bytes",
)
_PENDING = (State.PENDING, State.SETUP)


class Metrics:
    """The ``metrics`` part of the gateway."""

    def __init__(self, owner: str, applications: Mapping[str, Application], queue: Queue) -> None:
        self._owner = owner
        self._applications = applications
        self._queue = queue
        self._meter = Meter()

    async def serve(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """Answer a scrape."""
        samples = [sample for name, application in self._applications.items() for sample in self._samples(name, application)]
        samples += self._usage()
        lines = []
        for metric in _NAMES:
            lines.append(f"# TYPE fal_app_{metric} gauge")
            lines += [f"fal_app_{name}{{{labels}}} {value}" for name, labels, value in samples if name == metric]
        await answer(send, 200, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")], "\n".join([*lines, ""]).encode())

    def _usage(self) -> Iterator[tuple[str, str, float]]:
        """CPU and memory, each summed across an app's runners."""
        serving = {name: [runner.serving for runner in app.runners] for name, app in self._applications.items()}
        pids = {name: [pid for pid in group if pid is not None] for name, group in serving.items()}
        usages = self._meter.measure(pid for group in pids.values() for pid in group)
        for name, group in pids.items():
            app, measured = f'application="{self._owner}/{name}"', [usages[pid] for pid in group if pid in usages]
            yield "runner_cpu_usage_percent", app, round(sum(usage.cpu for usage in measured), 2)
            yield "runner_memory_usage_bytes", app, sum(usage.memory for usage in measured)

    def _samples(self, name: str, application: Application) -> Iterator[tuple[str, str, float]]:
        """(metric, labels, value) of one app."""
        app = f'application="{self._owner}/{name}"'
        machine = application.spec.settings.get("machine_type") or "XS"
        machine = machine if isinstance(machine, str) else machine[0]
        pending = sum(runner.state in _PENDING for runner in application.runners)
        up = len(application.runners) - pending
        for state, count in (("running", up), ("pending", pending), ("dead", application.dead)):
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
