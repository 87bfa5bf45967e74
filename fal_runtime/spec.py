"""What the platform knows about an app: the settings that ``fal deploy`` sends, with the server's defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

Kind = Literal["app", "function", "entry_point", "image"]


@dataclass(frozen=True)
class Scaling:
    """How many runners an app has. Times are seconds. Defaults: fal 1.83, ``SERVER_DEFAULT_SCALE_VALUES``."""

    keep_alive: float = 10
    min_concurrency: int = 0
    max_concurrency: int = 2
    concurrency_buffer: int = 0
    concurrency_buffer_perc: int = 0
    scaling_delay: float = 0
    max_multiplexing: int = 1


@dataclass(frozen=True)
class Limits:
    """Times in seconds. Defaults: fal 1.83, ``cli/deploy_check.py``; a grace period is 5 s (fal documentation, "Runner lifecycle")."""

    request_timeout: float = 3600
    request_start_timeout: float | None = None
    startup_timeout: float = 600
    termination_grace_period_seconds: float = 5


@dataclass(frozen=True)
class HealthCheck:
    """A declared health check. Defaults: fal 1.83, ``HealthCheck``; the platform probes GET ``/health`` where none is declared."""

    path: str = "/health"
    start_period_seconds: float = 30
    timeout_seconds: float = 5
    failure_threshold: int = 3
    call_regularly: bool = True
    method: str = "GET"


@dataclass(frozen=True)
class Spec:
    """One app, as described by the loader (``_sdk.describe``)."""

    name: str
    kind: Kind
    ref: str | None
    auth: str
    scaling: Scaling
    limits: Limits
    health_check: HealthCheck | None
    exposed_port: int | None
    python_version: str | None
    requirements: tuple[tuple[str, ...], ...] | None
    image: Mapping[str, Any] | None
    files: tuple[tuple[Path, str], ...]
    patterns: tuple[str, ...]
    app_files: bool
    entry_point: str | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    openapi: Mapping[str, Any] | None = None
    image_requirements: tuple[str, ...] = ()
    """What the platform installs into an image beside what its Dockerfile does."""

    @property
    def brings_server(self) -> bool:
        """True if the app's own process listens on :attr:`exposed_port`, False if the SDK serves it."""
        return self.kind in ("function", "image")

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Spec:
        """The spec for a loader's JSON; keys that are absent or null take the platform's default."""
        settings = description["settings"]
        check, layers = description["health_check"], description["requirements"]
        return cls(
            name=description["name"],
            kind=description["kind"],
            ref=description["ref"],
            auth=description["auth"] or "private",
            scaling=_fill(Scaling, settings),
            limits=_fill(Limits, settings),
            health_check=None if check is None else _fill(HealthCheck, check),
            exposed_port=description["exposed_port"],
            python_version=description["python_version"],
            requirements=None if layers is None else tuple(map(tuple, layers)),
            image=description["image"],
            files=tuple((Path(absolute), relative) for absolute, relative in description["files"]),
            patterns=tuple(description["patterns"]),
            app_files=description["app_files"],
            entry_point=description["entry_point"],
            settings=settings,
            openapi=description["openapi"],
            image_requirements=tuple(description.get("image_requirements") or ()),
        )

    def in_environment(self, environment: str | None) -> Spec:
        """The app as ``fal deploy --env`` names it: ``name--staging``; ``main`` has no suffix (fal 1.83, ``sdk.construct_alias``)."""
        return self if environment in (None, "main") else replace(self, name=f"{self.name}--{environment}")


def _fill(model: type[Any], values: Mapping[str, Any]) -> Any:
    known = {item.name for item in fields(model)}
    return model(**{key: value for key, value in values.items() if key in known and value is not None})
