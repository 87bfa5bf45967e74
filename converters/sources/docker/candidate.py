"""An image of the project that may be the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from converters.containers.compose import Service
from converters.containers.dockerfile_model import Stage
from converters.containers.packaging import Packaging
from converters.ir import Origin
from converters.sources.docker import official_images
from converters.sources.docker.container_start import Start
from converters.sources.docker.image_config import ImageConfig
from converters.sources.docker.listening import Listening
from converters.sources.docker.processes import Process
from converters.sources.docker.serving import Listener

POINTS: dict[str, tuple[int, str]] = {
    "server with a port": (60, "it starts a known server, whose port is known"),
    "server": (45, "it starts a known server"),
    "server image": (40, "its base image is a server, and its command is left as it is"),
    "server image with a command": (25, "its base image is a server, under a command of its own"),
    "program": (20, "it runs a program of the project"),
    "configuration": (1000, "a person gave its configuration"),
    "exposed": (12, "EXPOSE says that something listens"),
    "service": (8, "a compose service builds it"),
    "service of the image": (3, "a compose service runs it"),
    "published": (8, "compose publishes a port of it to people"),
    "default compose file": (20, "`docker compose up` reads this file where no other is named"),
    "behind the interface": (6, "the user interface waits for it, and people use the project through that"),
    "called": (-9, "another service calls it, so it stands behind that one"),
    "other variant": (-14, "the service runs the variant of the image for other hardware"),
    "worker": (-15, "the name is that of a worker, a database or a user interface"),
    "profile": (-3, "it runs only where its compose profile is asked for"),
    "nothing": (-10, "it starts nothing"),
    "gpu": (6, "it asks for an NVIDIA GPU, which fal has"),
    "aside": (-25, "its place is that of tools, interfaces or development"),
    "foreign": (-12, "it is made for hardware that fal does not have"),
    "cpu": (-4, "it is the variant without a GPU"),
    "cuda": (3, "it is the variant for a GPU"),
    "depth": (-2, "it lies deeper in the project"),
    "plain name": (2, "it is called Dockerfile, which `docker build` takes by itself"),
}
"""Kind of evidence -> (points, reason)."""
HARDWARE = frozenset({"gpu", "cpu", "cuda"})
"""Evidence that chooses among variants of a program, and says nothing between programs."""


class Rank(IntEnum):
    """What points cannot make up for: a helper of the tests never comes before the project's own image."""

    NOTHING = 0
    HELPER = 1
    UNKNOWN = 2
    """It starts a program that is not known, and nothing declares a port."""
    SERVER = 3


@dataclass
class Candidate:
    """An image that may be the server."""

    packaging: Packaging | None
    service: Service | None
    image: str
    target: str | None
    start: Start
    config: ImageConfig | None = None
    """Of a ready image, where a person gave it."""
    processes: list[Process] = field(default_factory=list)
    listener: Listener | None = None
    listening: Listening | None = None
    supervised: bool = False
    """The listener is one of several programs that a supervisor keeps running."""
    given: Mapping[str, tuple[str, Origin]] = field(default_factory=dict)
    """Variables that files of another kind, or an export, give the container."""
    score: int = 0
    hardware: int = 0
    """What the hardware it is made for gives it of the score."""
    rank: Rank = Rank.NOTHING
    reasons: list[str] = field(default_factory=list)

    @property
    def stage(self) -> Stage | None:
        return self.packaging.stage if self.packaging else self.config.stage if self.config else None

    @property
    def file(self) -> str:
        """Where the stage is written down; '' where there is none."""
        return self.packaging.file.path if self.packaging else self.config.file if self.config else ""

    @property
    def base(self) -> str:
        return self.packaging.stage.base_image if self.packaging else self.image

    def add(self, kind: str, what: str = "") -> None:
        """Evidence of a kind that `POINTS` holds."""
        points, reason = POINTS[kind]
        self.score += points
        self.hardware += points if kind in HARDWARE else 0
        self.reasons.append(f"{points:+d} {what + ': ' if what else ''}{reason}")

    def env(self) -> dict[str, str]:
        """Variables of the container, as far as they are stated."""
        known = official_images.official(self.base)
        found = dict(known.env) if known is not None else {}
        found.update({name: value.value for name, value in self.stage.env.items()} if self.stage else {})
        if self.service is not None:
            found.update({name: value for name, (value, _) in self.service.environment.items() if value is not None})
        found.update({name: value for name, (value, _) in self.given.items()})
        return found
