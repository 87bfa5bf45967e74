"""How an app that is a container image alone runs as a process of this machine: its image's command, over the staged files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import image
from .errors import LoadFailure
from .spec import Spec

#: The directory with a ``sitecustomize`` that redirects what a Python process binds.
HOOK = Path(__file__).parent / "_hook"


@dataclass(frozen=True)
class Command:
    """What is executed, with what on top of the environment. The working directory is the layout's."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


def command(spec: Spec, layout: image.Layout) -> Command:
    """ENTRYPOINT and CMD, as the image table overrides them (as with Docker, a new entrypoint drops the old CMD).

    What RUN installs must be installed here. Raises LoadFailure.
    """
    assert spec.image is not None
    entrypoint = image.override(spec.image.get("entrypoint"))
    cmd = image.override(spec.image.get("cmd"))
    if cmd is None:
        cmd = layout.cmd if entrypoint is None else ()
    argv = (*(layout.entrypoint if entrypoint is None else entrypoint), *cmd)
    if not argv:
        what = "the Dockerfile" if spec.image.get("dockerfile_str") else f"image {spec.image.get('image')!r}"
        raise LoadFailure(f"{spec.name}: {what} names no command here; set image.cmd, or run it in its image (migrate run --engine)")
    return Command(argv, search_path(layout.env))


def search_path(env: Mapping[str, str]) -> dict[str, str]:
    """PATH of an image: its own entries, this interpreter's directory and this machine's PATH."""
    machine = os.environ.get("PATH", os.defpath)
    own = env.get("PATH", "").removesuffix(machine).strip(os.pathsep)
    return {"PATH": os.pathsep.join(filter(None, [own, str(Path(sys.executable).parent), machine]))}


def redirected_bind(env: Mapping[str, str], port: int, variables: Mapping[str, str], hook: Path = HOOK) -> dict[str, str]:
    """Environment in which Python processes bind another port where their code says ``port``; the runner fills in which.

    ``env`` is the image's, ``variables`` what the processes inherit, ``hook`` the directory with the ``sitecustomize``.
    """
    paths = [str(hook), env.get("PYTHONPATH", ""), variables.get("PYTHONPATH", "")]
    return {"FAL_RUNTIME_BIND": str(port), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
