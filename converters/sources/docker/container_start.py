"""The command that a container of an image runs."""

from __future__ import annotations

from dataclasses import dataclass

from converters.containers.compose import Service
from converters.containers.packaging import Packaging
from converters.ir import Origin
from converters.sources.docker import official_images
from converters.sources.docker.image_config import ImageConfig


@dataclass(frozen=True)
class Start:
    """What a container runs. `form` is `exec`, `shell`, `compose`, `base` (the base image's own) or `none`."""

    words: tuple[str, ...]
    origin: Origin
    form: str
    why: str


def start(packaging: Packaging | None, service: Service | None, image: str, config: ImageConfig | None = None) -> Start:
    """ENTRYPOINT and CMD with the overrides of a compose service; what the base image starts where neither says anything."""
    stage = packaging.stage if packaging else config.stage if config else None
    file = packaging.file.path if packaging else config.file if config else ""
    base = official_images.official(packaging.stage.base_image if packaging else image)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    origin = Origin(file=file, line=stage.line) if stage else Origin(file=service.file.path if service else ".", line=1)
    form = why = ""
    if stage is not None:
        if stage.entrypoint is not None:
            entrypoint, form, why = stage.entrypoint.words, stage.entrypoint.form, "ENTRYPOINT"
            origin = Origin(file=file, line=stage.entrypoint.line, end_line=stage.entrypoint.end_line)
        if stage.cmd is not None and not (stage.entrypoint is not None and stage.entrypoint.form == "shell"):
            cmd, why = stage.cmd.words, f"{why} and CMD" if why else "CMD"
            if stage.entrypoint is None:
                form = stage.cmd.form
                origin = Origin(file=file, line=stage.cmd.line, end_line=stage.cmd.end_line)
    if base is not None and stage is not None and stage.entrypoint is None and (stage.cmd is None or (cmd and cmd[0].startswith("-"))):
        form, why = "base", f"the base image {stage.base_image or image}"
        entrypoint, cmd = ((), base.command) if base.is_cmd else (base.command, cmd)
    elif base is not None and stage is None:
        entrypoint, form, why = base.command, "base", f"the image {image}"
    if service is not None and service.entrypoint is not None:
        entrypoint, cmd = tuple(service.entrypoint), ()
        form, why, origin = "compose", f"entrypoint of service {service.name}", service.origin("entrypoint")
    if service is not None and service.command is not None:
        cmd, form, why = tuple(service.command), "compose", f"command of service {service.name}"
        origin = service.origin("command")
    words = tuple(word for word in (*entrypoint, *cmd) if form != "compose" or word != "--reload")
    return Start(words, origin, form if words else "none", why)
