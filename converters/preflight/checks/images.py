"""The images that a build starts from are ones that fal can pull."""

from __future__ import annotations

from collections.abc import Iterator

from converters import rules
from converters.containers.registries import is_local
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF008: an image of FROM or `COPY --from` that only the machine has on which it was built."""
    image = deployment.image
    if image is None or deployment.program.kind == "server":
        return
    names = {stage.name.lower() for stage in image.dockerfile.stages if stage.name}
    wanted = [(stage.base_image, stage.line) for stage in image.dockerfile.stages if stage.base_stage is None]
    wanted += [(copy.from_stage, copy.line) for stage in image.dockerfile.stages for copy in stage.copies if copy.from_stage]
    for name, line in wanted:
        plain = name.removeprefix("docker.io/").removeprefix("library/")
        if plain and plain.lower() not in names and not plain.isdecimal() and is_local(plain):
            message = f"{name} is an image that only the machine has on which it was built: push it to a registry and write its full name."
            yield Finding(image.image.file, image.line_of(line), rules.PF008, message, about=name)
