"""An endpoint of RunPod, or its SDK's own server, asked while it runs (https://docs.runpod.io/serverless/endpoints/operation-reference)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from converters.verify.live.endpoint import Api, Recorded
from converters.verify.outcome import Outcome

DONE = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


@dataclass
class Jobs:
    """`/runsync`, and `/status/ID` where that answers before the job is done."""

    api: Api
    is_bare: bool = False

    def ask(self, request: Recorded) -> Outcome:
        base = self.api.url.rstrip("/")
        response = self.api.send("POST", f"{base}/runsync", {"input": request.body})
        if response.status_code in (400, 422):
            return Outcome("refused", response.text)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        found = self.api.until(lambda job: job["status"] in DONE, found, f"{base}/status/{found.get('id')}")
        if found["status"] == "COMPLETED":
            return Outcome("result", found.get("output"))
        return Outcome("error", found.get("error", found["status"]))
