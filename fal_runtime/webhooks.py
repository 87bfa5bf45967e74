"""Webhooks: signed, retried, remembered across restarts (fal documentation, "Webhooks")."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .interception import is_platform
from .jobs import Job, from_row
from .journal import Journal

#: Deliveries of one result, the first included (fal documentation: "up to 31 times").
MOST_DELIVERIES = 31
_NOT_JSON = "Response payload is not JSON serializable. Either return a JSON serializable object or use the queue endpoint to fetch it."
_FIRST_TIMEOUT, _TIMEOUT = 15.0, 120.0


class Signer:
    """Our own ED25519 key, kept in ``path`` so that receivers can keep its public half."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
        self._key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())

    def headers(self, request_id: str, user_id: str, body: bytes, timestamp: int) -> dict[str, str]:
        """The four headers that a receiver verifies; ``timestamp`` is in seconds since the epoch."""
        message = f"{request_id}\n{user_id}\n{timestamp}\n{hashlib.sha256(body).hexdigest()}"
        return {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": user_id,
            "X-Fal-Webhook-Timestamp": str(timestamp),
            "X-Fal-Webhook-Signature": self._key.sign(message.encode()).hex(),
        }

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWK set."""
        public = base64.urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "local", "x": public}]}


def document(job: Job) -> dict[str, Any]:
    """The body of a webhook."""
    assert job.answer is not None
    failed = job.answer.status >= 400
    body: dict[str, Any] = {
        "request_id": job.id,
        "gateway_request_id": job.gateway_request_id,
        "status": "ERROR" if failed else "OK",
        "payload": None,
    }
    try:
        body["payload"] = json.loads(job.answer.body)
    except ValueError:
        body["payload_error"] = _NOT_JSON
    if failed:
        body["error"] = f"Invalid status code: {job.answer.status}"
    return body


async def may_be_asked_for(url: str, client: str) -> bool:
    """Whether a caller with this address may have a webhook sent there: only programs of this machine may have its own services called."""
    if _is_inner(client):
        return True
    try:
        host = httpx.URL(url).host
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, UnicodeError, httpx.InvalidURL):
        return True  # it will not be delivered, and the person is told
    return not any(_is_inner(str(where[0])) for *_, where in found)


def _is_inner(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return not address  # a socket of this machine
    return found.is_loopback or found.is_unspecified or found.is_link_local


def delay(deliveries: int) -> float:
    """Seconds until the next delivery; the platform's own numbers are not public."""
    return float(min(2 ** max(0, deliveries - 1), 300))


class Webhooks:
    """Delivers what is due and sleeps until the next is."""

    def __init__(self, owner: str, journal: Journal, signer: Signer, notice: Callable[[str, str], None]) -> None:
        self._owner = owner
        self._journal = journal
        self._signer = signer
        self._notice = notice
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take up the deliveries that a former process left."""
        query = "select * from request where next_delivery is not null and finished is not null"
        for row in await self._journal.change(lambda db: db.execute(query).fetchall()):
            self.deliver(from_row(row, self._owner, {}), row["deliveries"])

    def deliver(self, job: Job, deliveries: int = 0) -> None:
        """Begin to deliver a finished job's result, of which that many deliveries have failed."""
        task = asyncio.ensure_future(self._deliver(job, deliveries))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, job: Job, deliveries: int) -> None:
        body = json.dumps(document(job)).encode()
        while deliveries < MOST_DELIVERIES:
            if deliveries:
                await asyncio.sleep(delay(deliveries))
            problem, final = await self._post(job, body, _TIMEOUT if deliveries else _FIRST_TIMEOUT)
            deliveries += 1
            if problem is not None:
                again = "" if final or deliveries >= MOST_DELIVERIES else f"; again in {delay(deliveries):g} s"
                self._notice(job.request.app, f"webhook of request {job.id}: {problem}{again}")
            if problem is None or final:
                break
            await self._save(job.id, deliveries, time.time() + delay(deliveries))
        await self._save(job.id, deliveries, None)

    async def _post(self, job: Job, body: bytes, timeout: float) -> tuple[str | None, bool]:
        """What went wrong, and whether it would go wrong again."""
        assert job.webhook is not None
        headers = self._signer.headers(job.id, self._owner, body, int(time.time()))
        try:
            if is_platform(httpx.URL(job.webhook).host):
                return f"{job.webhook} belongs to fal and is not called from here", True
            headers["Content-Type"] = "application/json"
            response = await asyncio.wait_for(self._answer(job.webhook, body, headers, timeout), timeout)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            return str(error), True
        except asyncio.TimeoutError:
            return f"{job.webhook} did not answer within {timeout:g} s", False
        except httpx.HTTPError as error:
            return str(error) or type(error).__name__, False
        if response.is_success:
            return None, True
        return f"{job.webhook} answered {response.status_code}", response.is_redirect

    async def _answer(self, url: str, body: bytes, headers: dict[str, str], timeout: float) -> httpx.Response:
        """The head of an answer, which says all: receivers may add what they like."""
        async with self._client.stream("POST", url, content=body, headers=headers, timeout=timeout) as response:
            return response

    async def _save(self, id: str, deliveries: int, due: float | None) -> None:
        values = (deliveries, due, id)
        try:
            await self._journal.change(lambda db: db.execute("update request set deliveries = ?, next_delivery = ? where id = ?", values))
        except sqlite3.Error as error:  # it may be delivered again, which a receiver knows by its request id
            self._notice("", f"the delivery of webhook {id} cannot be written to the disk: {error}")

    async def close(self) -> None:
        """Stop; what is not delivered stays in the journal."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
