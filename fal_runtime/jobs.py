"""A queued request: what it is, where it stands, and its row in the journal."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .calls import Request
from .errors import PlatformError
from .retries import Policy
from .upstream import Headers

IN_QUEUE, IN_PROGRESS, COMPLETED = "IN_QUEUE", "IN_PROGRESS", "COMPLETED"
NORMAL, LOW = 0, 1


#: Characters of all lines of a request that are kept, each with what is kept beside it.
MOST_LOGS, _LINE = 1 << 24, 200


@dataclass(frozen=True)
class Answer:
    """How a request ended. ``error`` and ``error_type`` are set where it failed."""

    status: int
    headers: Headers
    body: bytes
    error: str | None = None
    error_type: str | None = None

    @classmethod
    def from_error(cls, error: PlatformError) -> Answer:
        """The platform's own answer."""
        return cls(error.status, error.all_headers(), error.body(), error.detail, error.error_type)

    @classmethod
    def from_app(cls, status: int, headers: Headers, body: bytes) -> Answer:
        """The app's answer; from 400 on it is an error, whose text is the detail if that is one."""
        if status < 400:
            return cls(status, headers, body)
        try:
            detail = json.loads(body)["detail"]
        except (ValueError, KeyError, TypeError):
            detail = None
        text = detail if isinstance(detail, str) else f"Invalid status code: {status}"
        return cls(status, headers, body, text, "runner_server_error" if status >= 500 else None)


@dataclass(eq=False)
class Job:
    """A request in the queue. Times are seconds since the epoch; ``seq`` is its place in the order of arrival."""

    request: Request
    policy: Policy
    seq: int
    priority: int = NORMAL
    hint: str | None = None
    webhook: str | None = None
    submitted: float = field(default_factory=time.time)
    start_by: float | None = None
    attempts: int = 0
    used: dict[str, int] = field(default_factory=dict)
    not_before: float = 0.0
    gateway_request_id: str = ""
    state: str = IN_QUEUE
    answer: Answer | None = None
    inference_time: float | None = None
    logs: list[dict[str, Any]] = field(default_factory=list)
    cancelled: bool = False
    watchers: set[asyncio.Event] = field(default_factory=set)
    _logged: int = 0

    @property
    def id(self) -> str:
        """The request id."""
        return self.request.id

    @property
    def key(self) -> tuple[int, int]:
        """Its place: every normal request before every low one, each in the order of arrival."""
        return (self.priority, self.seq)

    @property
    def was_running(self) -> bool:
        """Whether the attempt that the journal counted last is one that no end is known of."""
        return self.attempts > 0 and not self.not_before

    @property
    def size_of_logs(self) -> int:
        """Characters of its lines, with what is kept beside them."""
        return self._logged

    def log(self, stream: str, text: str) -> None:
        """Add a line that a runner printed meanwhile, as long as all lines together are no longer than `MOST_LOGS`."""
        if self._logged > MOST_LOGS:
            return
        self._logged += len(text) + _LINE
        if self._logged > MOST_LOGS:
            text = "(what was printed after this line was not kept)"
        now = datetime.now(timezone.utc).isoformat()
        labels = {"fal_request_id": self.id, "fal_endpoint": self.request.endpoint}
        self.logs.append({"message": text, "timestamp": now, "level": stream.upper(), "source": "USER", "labels": labels})
        self.changed()

    def changed(self) -> None:
        """Wake who follows the status."""
        for watcher in self.watchers:
            watcher.set()

    def row(self) -> dict[str, Any]:
        """The columns that are written when it is submitted."""
        request = self.request
        assert isinstance(request.body, bytes)
        return {
            "id": request.id,
            "app": request.app,
            "path": request.path,
            "query": request.query,
            "headers": _dump(request.headers),
            "body": request.body,
            "priority": self.priority,
            "seq": self.seq,
            "policy": json.dumps({"no_retry": self.policy.no_retry, "request": self.policy.request, "hint": self.hint}),
            "webhook": self.webhook,
            "submitted": self.submitted,
            "start_by": self.start_by,
            "attempts": self.attempts,
            "gateway_request_id": self.gateway_request_id,
        }

    def result_row(self, answer: Answer, finished: float) -> dict[str, Any]:
        """The columns that are written when it is completed; ``finished`` is in seconds since the epoch."""
        return {
            "finished": finished,
            "status": answer.status,
            "answer_headers": _dump(answer.headers),
            "answer": answer.body,
            "error": answer.error,
            "error_type": answer.error_type,
            "inference_time": self.inference_time,
            "logs": json.dumps(self.logs),
            "next_delivery": finished if self.webhook else None,
        }


def from_row(row: sqlite3.Row, owner: str, app: Mapping[str, Any]) -> Job:
    """The job of a row; ``app`` are the settings of its app, whose retry conditions may have changed since."""
    wishes = json.loads(row["policy"])
    request = Request(row["id"], owner, row["app"], "POST", row["path"], row["query"], _load(row["headers"]), row["body"])
    job = Job(
        request,
        policy_of(app, no_retry=wishes["no_retry"], request=wishes["request"]),
        seq=row["seq"],
        priority=row["priority"],
        hint=wishes["hint"],
        webhook=row["webhook"],
        submitted=row["submitted"],
        start_by=row["start_by"],
        attempts=row["attempts"],
        used=json.loads(row["used"]),
        not_before=row["not_before"],
        gateway_request_id=row["gateway_request_id"],
    )
    if row["finished"] is not None:
        job.state, job.inference_time = COMPLETED, row["inference_time"]
        job.answer = Answer(row["status"], _load(row["answer_headers"]), row["answer"], row["error"], row["error_type"])
        job.logs = json.loads(row["logs"])
        job._logged = len(row["logs"])
    return job


def policy_of(app: Mapping[str, Any], *, no_retry: bool = False, request: Mapping[str, int] | None = None) -> Policy:
    """The retry policy of a request to an app with these settings."""
    configured = app.get("retry_config")
    plain = {name: value["retries"] for name, value in configured.items()} if configured else None
    return Policy(no_retry, request, plain, tuple(app.get("skip_retry_conditions") or ()))


def _dump(headers: Headers) -> str:
    return json.dumps([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


def _load(text: str) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(text)]
