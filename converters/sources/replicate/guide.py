"""What callers of a model are told in MIGRATION.md."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from converters.ir import App


def calls(apps: Sequence[App], stopping: Collection[str]) -> str:
    """What becomes of Replicate's client, and of the shape of inputs and outputs. `stopping`: apps that stop running predictions."""
    places = ", ".join(f"`{app.endpoints[0].output.wrap or 'its own names'}` ({app.name})" for app in apps)
    stops = "it stops a running prediction"
    waits = "it takes back a request that waits, while a running prediction goes on to its end"
    cancelled = ", ".join(f"{stops if app.name in stopping else waits}{f' of {app.name}' if len(apps) > 1 else ''}" for app in apps)
    return (
        "`replicate.run` becomes `fal_client.subscribe`, `predictions.create` `fal_client.submit`, `replicate.stream` "
        f"`fal_client.stream` (`/stream`), `prediction.cancel()` `handler.cancel()` ({cancelled}), "
        "a `webhook` `fal_client.submit(..., webhook_url=...)`. "
        f'The input goes up as it is, without the outer `"input"`; a result that was Replicate\'s `output` stands under {places}, '
        "and files are objects with a `url`."
    )
