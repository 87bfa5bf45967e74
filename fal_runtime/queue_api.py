"""The queue's HTTP interface: submit, status, status stream, result, cancel (fal documentation, "Queue")."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlencode

from . import retries
from .application import Application
from .asgi import Receive, Scope, Send, answer, answer_json, header, query, read_body
from .calls import Request, from_client, is_true, start_timeout_of
from .directory import Directory
from .errors import PlatformError
from .jobs import COMPLETED, IN_QUEUE, LOW, NORMAL, Job, policy_of
from .queue import Queue
from .webhooks import may_be_asked_for

#: Query parameters that are the platform's own.
_OWN = frozenset(["fal_webhook", "fal_max_queue_length"])


class QueueApi:
    """``/<owner>/<app>[/path]`` and ``.../requests/<id>[/status[/stream]|/cancel]`` below the queue's root."""

    def __init__(self, queue: Queue, directory: Directory, max_body: int) -> None:
        self._queue = queue
        self._directory = directory
        self._max_body = max_body

    async def handle(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """Serve ``path``, undecoded and below the queue's root, whose URL is ``root``. Raises PlatformError."""
        application, inside = await self._directory.find(scope, path)
        base = f"{root}/{self._directory.owner}/{application.spec.name}"
        _, found, tail = f"{inside.decode('latin-1')}/".rpartition("/requests/")
        if scope["method"] == "POST":
            await self._submit(scope, receive, send, application, inside, base)
        elif found:
            await self._request(scope, send, tail.strip("/").split("/"), base)
        else:
            raise PlatformError(405, None, "Method Not Allowed")

    async def _request(self, scope: Scope, send: Send, words: list[str], base: str) -> None:
        job = await self._queue.find(words[0])
        if job is None:
            await answer_json(send, 404, {"status": "NOT_FOUND"})
            return
        match scope["method"], words[1:]:
            case "GET", ["status"]:
                await self._status(scope, send, job, base)
            case "GET", ["status", "stream"]:
                await self._stream(scope, send, job, base)
            case "GET", [] | ["response"]:
                await self._result(send, job)
            case "PUT", ["cancel"]:
                await self._cancel(send, job)
            case _:
                raise PlatformError(405, None, "Method Not Allowed")

    async def _submit(self, scope: Scope, receive: Receive, send: Send, application: Application, path: bytes, base: str) -> None:
        parameters = query(scope)
        longest = parameters.get("fal_max_queue_length", "")
        if longest.isascii() and longest.isdigit() and self._queue.size(application.spec.name) >= int(longest[:18]):
            raise PlatformError(429, "concurrent_requests_limit", f"Queue is longer than {longest}")
        webhook = parameters.get("fal_webhook")
        if webhook and not await may_be_asked_for(webhook, (scope.get("client") or ("",))[0]):
            raise PlatformError(
                400, "bad_request", f"fal_webhook {webhook} is a service of this machine: only its own programs may ask for that"
            )
        body = await read_body(receive, self._max_body)
        kept = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True) if pair[0] not in _OWN]
        request = Request(
            id=str(uuid.uuid4()),
            owner=self._directory.owner,
            app=application.spec.name,
            method="POST",
            path=path,
            query=urlencode(kept).encode(),
            headers=from_client(scope["headers"], sized=False),
            body=body,
        )
        job = self._job(scope, application, request, webhook)
        try:
            await self._queue.submit(job)
        except sqlite3.Error as error:
            raise PlatformError(500, "internal_error", f"The request could not be stored: {error}") from None
        ahead = self._queue.position(job) if job.state == IN_QUEUE else 0
        document = {"status": IN_QUEUE, **urls(job, base), "queue_position": ahead, "gateway_request_id": job.id}
        await answer_json(send, 200, document, [(b"x-fal-request-id", job.id.encode())])

    def _job(self, scope: Scope, application: Application, request: Request, webhook: str | None) -> Job:
        no_retry = header(scope, b"x-fal-no-retry")
        job = Job(
            request,
            policy_of(
                application.spec.settings,
                no_retry=no_retry is not None and is_true(no_retry.encode("latin-1")),
                request=retries.parse_config(header(scope, b"x-fal-retry-config")),
            ),
            seq=self._queue.next_seq(),
            priority=LOW if header(scope, b"x-fal-queue-priority") == "low" else NORMAL,
            hint=header(scope, b"x-fal-runner-hint"),
            webhook=webhook,
        )
        start_timeout = start_timeout_of(scope, application.spec.limits.request_start_timeout)
        job.start_by = job.submitted + start_timeout if start_timeout else None
        return job

    async def _status(self, scope: Scope, send: Send, job: Job, base: str) -> None:
        logs = query(scope).get("logs", "").lower() in ("1", "true")
        document = self.document(job, base, logs=logs)
        await answer_json(send, 200 if job.state == COMPLETED else 202, document, [(b"x-fal-request-id", job.id.encode())])

    async def _stream(self, scope: Scope, send: Send, job: Job, base: str) -> None:
        """An event per change, the last one when the request is completed."""
        logs = query(scope).get("logs", "").lower() in ("1", "true")
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        changed = asyncio.Event()
        job.watchers.add(changed)
        try:
            while True:
                changed.clear()
                event = b"data: %s\n\n" % json.dumps(self.document(job, base, logs=logs)).encode()
                await send({"type": "http.response.body", "body": event, "more_body": True})
                if job.state == COMPLETED:
                    break
                try:
                    await asyncio.wait_for(changed.wait(), 15)
                except asyncio.TimeoutError:
                    await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
        finally:
            job.watchers.discard(changed)
        await send({"type": "http.response.body", "body": b""})

    async def _result(self, send: Send, job: Job) -> None:
        if job.answer is None:
            raise PlatformError(400, "bad_request", "Request is still in progress")
        headers = [pair for pair in job.answer.headers if pair[0] not in (b"content-length", b"x-fal-request-id")]
        headers += [(b"content-length", b"%d" % len(job.answer.body)), (b"x-fal-request-id", job.id.encode())]
        await answer(send, job.answer.status, headers, job.answer.body)

    async def _cancel(self, send: Send, job: Job) -> None:
        if job.answer is not None:
            await answer_json(send, 400, {"status": "ALREADY_COMPLETED"})
        else:
            await self._queue.cancel(job)
            await answer_json(send, 202, {"status": "CANCELLATION_REQUESTED"})

    def document(self, job: Job, base: str, *, logs: bool) -> dict[str, Any]:
        """The status of a job as clients know it; the keys are those that both official clients read."""
        document: dict[str, Any] = {"status": job.state, **urls(job, base)}
        if job.state == IN_QUEUE:
            document["queue_position"] = self._queue.position(job)
            return document
        document["logs"] = job.logs if logs else None
        if job.state == COMPLETED and job.answer is not None:
            document["metrics"] = {"inference_time": job.inference_time}
            if job.answer.error is not None:
                document["error"] = job.answer.error
            if job.answer.error_type is not None:
                document["error_type"] = job.answer.error_type
        return document


def urls(job: Job, base: str) -> dict[str, str]:
    """The request's id and the URLs that clients follow."""
    url = f"{base}/requests/{job.id}"
    return {"request_id": job.id, "response_url": url, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"}
