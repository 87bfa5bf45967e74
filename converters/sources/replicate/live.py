"""A model on Replicate, or Cog's own server, asked while it runs (https://replicate.com/docs/reference/http)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from converters.verify.live.endpoint import Api, Recorded
from converters.verify.outcome import Outcome

DONE = ("succeeded", "failed", "canceled", "aborted")
BUSY = 409
"""What Cog's server answers while it works on another prediction."""


def is_served(api: Api) -> bool:
    """Whether Cog's server answers at an address: by its health check, since its document is there only where a schema file is."""
    try:
        found = api.send("GET", f"{api.url.rstrip('/')}/health-check").json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(found, dict) and "status" in found and "setup" in found


@dataclass
class Predictions:
    """`/predictions` of Cog's server, or of a model or deployment of Replicate's API."""

    api: Api
    is_bare: bool = True

    def ask(self, request: Recorded) -> Outcome:
        address = f"{self.api.url.rstrip('/').removesuffix('/predictions')}/predictions"
        response = self.api.send("POST", address, {"input": request.body})
        while response.status_code == BUSY:
            self.api.sleep(self.api.every)
            response = self.api.send("POST", address, {"input": request.body})
        if response.status_code in (400, 422):
            return Outcome("refused", response.text)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        found = self.api.until(lambda one: one["status"] in DONE, found, str(found.get("urls", {}).get("get", address)))
        if found["status"] == "succeeded":
            return Outcome("result", found.get("output"))
        return Outcome("error", found.get("error") or found["status"])
