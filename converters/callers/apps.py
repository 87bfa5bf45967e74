"""Which fal app stands for which endpoint of the source platform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from converters.callers import contract
from converters.errors import UsageError

OWNER = "your-team"
"""Stands for the owner of an app where none was given."""
PLACEHOLDER = "APP"
PART = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
"""Of the id of an app, such as `acme` and `upscaler--staging`."""
_SHOWN = 5


@dataclass(frozen=True)
class Apps:
    """`named` maps endpoint ids and model names to fal app ids; `own` is the app that the project itself becomes.

    An id may have the folder of the converted app behind it, `owner/app:FOLDER`, which is then read for what the app answers.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    own: str = ""
    root: Path = Path()
    """Where a relative folder is looked for that is not in the current one."""
    storage: Mapping[str, Any] = field(default_factory=dict)
    """How the files that requests make are kept: fal's lifecycle preference, which each request carries; empty for the account's own."""
    called: set[str] = field(default_factory=set, compare=False)
    """Every endpoint that was looked up."""

    def find(self, endpoint: str) -> str:
        """The app that was given for an endpoint: by its whole name, or without a model's version. '' where none was."""
        self.called.add(endpoint)
        return self._given(endpoint).partition(":")[0]

    def answer_key(self, endpoint: str) -> str | None:
        """The key under which the app of an endpoint answers; None where nobody knows. Raises `UsageError`."""
        app, _, folder = self._given(endpoint).partition(":")
        if not folder:
            return None
        return contract.answer_key(self._place(folder), app)

    def contract(self, endpoint: str) -> contract.Contract | None:
        """What the app of an endpoint takes and answers, as its folder says; None where no folder was named, or it says nothing."""
        app, _, folder = self._given(endpoint).partition(":")
        return contract.left(self._place(folder), app.split("/")[1]) if folder else None

    def is_typed(self, endpoint: str) -> bool:
        """Whether the app of a server is a class with endpoints of its own, as its folder says."""
        app, _, folder = self._given(endpoint).partition(":")
        return bool(folder) and contract.is_typed(self._place(folder), app.split("/")[1])

    def _place(self, folder: str) -> Path:
        return next((path for path in (Path(folder), self.root / folder) if path.is_dir()), Path(folder))

    def _given(self, endpoint: str) -> str:
        return next((self.named[name] for name in _names(endpoint) if name in self.named), "")

    @property
    def is_private(self) -> bool:
        """Whether only the account may read those files."""
        return "initial_acl" in self.storage

    @property
    def preference(self) -> str:
        """The value of the header that says so, as JSON; '' where there is none."""
        return json.dumps(self.storage) if self.storage else ""

    def refuse_unused(self, texts: Iterable[bytes]) -> None:
        """Raises `UsageError` for an app that was given for an endpoint which no call and none of the callers' texts names."""
        used = {name for endpoint in self.called for name in _names(endpoint)}
        read = list(texts)
        for endpoint in self.named:
            if endpoint not in used and not any(endpoint.encode() in text for text in read):
                close = get_close_matches(endpoint, used, n=1)
                calls = f"The calls name {', '.join(sorted(self.called)[:_SHOWN])}." if self.called else "No call here names its endpoint."
                raise UsageError(f"--map {endpoint}: nothing here calls it.", hint=f"Did you mean {close[0]}?" if close else calls)

    def placeholder(self, endpoint: str) -> str:
        """What is written where no app was given."""
        _, slash, model = endpoint.partition(":")[0].partition("/")
        return f"{OWNER}/{model if slash and model else self.own or PLACEHOLDER}"


def _names(endpoint: str) -> tuple[str, ...]:
    """What an app may be given for: the endpoint as it is called, the model without its version, the version."""
    if "://" in endpoint:
        return (endpoint, f"{endpoint}/")
    model, _, version = endpoint.partition(":")
    return (endpoint, model, *([version] if version else []))


def placeholder_message(app: str, endpoint: str) -> str:
    return f"`{app}` stands for `{endpoint}`: write the id of its fal app, or run again with --map {endpoint}=owner/app."


def storage_of(*, private: bool, expire: int | None) -> dict[str, Any]:
    """fal's lifecycle preference for `--private` and `--expire SECONDS`. Raises `UsageError`."""
    if expire is not None and expire < 1:
        raise UsageError(f"--expire {expire}: files cannot be kept for less than a second.", hint="Give a number of seconds from 1 on.")
    found: dict[str, Any] = {} if expire is None else {"expiration_duration_seconds": expire}
    return {**found, "initial_acl": {"default": "forbid"}} if private else found


def parse_map(texts: list[str]) -> dict[str, str]:
    """`ENDPOINT=owner/app` or `ENDPOINT=owner/app:FOLDER` of --map. Raises `UsageError`."""
    found: dict[str, str] = {}
    for text in texts:
        endpoint, equals, app = text.rpartition("=")
        parts = app.partition(":")[0].split("/")
        if not equals or not endpoint or len(parts) < 2 or not all(PART.fullmatch(part) for part in parts):
            raise UsageError(f"--map {text!r} is not of the form ENDPOINT=owner/app.", hint="For example: --map abc123=your-team/upscaler.")
        if found.setdefault(endpoint, app) != app:
            raise UsageError(f"--map gives two apps for {endpoint!r}.", hint="Give one of them.")
    return found
