"""Which fal app stands for which endpoint of the source platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from converters.errors import UsageError

OWNER = "your-team"
"""Stands for the owner of an app where none was given."""
PLACEHOLDER = "APP"


@dataclass(frozen=True)
class Apps:
    """`named` maps endpoint ids and model names to fal app ids; `own` is the app that the project itself becomes."""

    named: Mapping[str, str] = field(default_factory=dict)
    own: str = ""

    def find(self, endpoint: str) -> str:
        """The app that was given for an endpoint: by its whole name, or without a model's version. '' where none was."""
        model, _, version = endpoint.partition(":")
        return self.named.get(endpoint) or self.named.get(model) or self.named.get(version) or ""

    def placeholder(self, endpoint: str) -> str:
        """What is written where no app was given."""
        _, slash, model = endpoint.partition(":")[0].partition("/")
        return f"{OWNER}/{model if slash and model else self.own or PLACEHOLDER}"


def placeholder_message(app: str, endpoint: str) -> str:
    return f"`{app}` stands for `{endpoint}`: write the id of its fal app, or run again with --map {endpoint}=owner/app."


def parse_map(texts: list[str]) -> dict[str, str]:
    """`ENDPOINT=owner/app` of --map. Raises `UsageError`."""
    found: dict[str, str] = {}
    for text in texts:
        endpoint, equals, app = text.rpartition("=")
        parts = app.split("/")
        if not equals or not endpoint or len(parts) < 2 or not all(parts) or any(letter.isspace() for letter in app):
            raise UsageError(f"--map {text!r} is not of the form ENDPOINT=owner/app.", hint="For example: --map abc123=your-team/upscaler.")
        if found.setdefault(endpoint, app) != app:
            raise UsageError(f"--map gives two apps for {endpoint!r}.", hint="Give one of them.")
    return found
