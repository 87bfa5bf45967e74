"""What a platform's own files and exports say about a server that its image starts, for the source that reads servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from converters.ir import Origin


@dataclass(frozen=True)
class GivenServer:
    """Variables, image and settings of a server that stand outside of its Dockerfile and compose files."""

    what: str
    """What says it, in sentences: "the endpoint"."""
    origin: Origin
    apply: Callable[..., None]
    """Called with the app and the ledger: enters settings, variables and secrets into the one, and every key into the other."""
    environment: Mapping[str, tuple[str, Origin]] = field(default_factory=dict)
    """Variables with values that are no secrets."""
    image: str = ""
    """Reference of the ready image; '' where nothing names one."""
    command: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    """Ports that are open for HTTP."""
    gpu: Origin | None = None
    """Where it says that the server runs on a GPU."""
