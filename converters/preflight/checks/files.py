"""Files that the code opens: they lie on the runner, or something that runs there or in the build writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.preflight.deployment import Deployment
from converters.preflight.distributions import HOLDERS
from converters.preflight.finding import Finding
from converters.preflight.loaders import WEIGHTS
from converters.preflight.paths import IMPORTED_FROM, Need, needs
from converters.preflight.writing import Written, written

ELSEWHERE = ("/tmp", "/dev", "/proc", "/sys", "/etc", "/usr", "/var", "/opt", "/bin", "/lib", "/run", "/root", "/home", "/data", "/mnt")
"""Folders that the system or the base image fills, or that outlast a runner."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF004: a path that code opens and nothing puts there."""
    made: Written | None = None
    seen: set[str] = set()
    lost = deployment.image.lost if deployment.image is not None else {}  # PF007 says why
    for need in needs(deployment):
        if (
            need.path in seen
            or need.path in lost
            or deployment.runner.holds(need.path)
            or _is_elsewhere(need.path)
            or _is_unknown(deployment, need)
            or (need.why == IMPORTED_FROM and not _misses_modules(deployment, need))
        ):
            continue
        made = made or written(deployment)
        if not made.may_hold(need):
            seen.add(need.path)
            yield _finding(deployment, need)


def _is_elsewhere(path: str) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in ELSEWHERE)


def _is_unknown(deployment: Deployment, need: Need) -> bool:
    """Whether only a base image knows what is there."""
    if deployment.image is None:
        return deployment.program.image is not None
    return not deployment.runner.cwd and not need.text.startswith("/")


def _misses_modules(deployment: Deployment, need: Need) -> bool:
    """Whether a module that names a folder for its imports has one that nothing known brings."""
    named = {found.module.split(".")[0] for unit, found in deployment.running.missing if unit is need.scope.unit}
    brought = {name.replace("-", "_") for name in deployment.packages.names} | set(sys.stdlib_module_names)
    return any(name and name.lower() not in brought and name not in HOLDERS for name in named)


def _finding(deployment: Deployment, need: Need) -> Finding:
    folder = "image" if deployment.program.image is not None else "app"
    held = PurePosixPath(need.text).as_posix().removeprefix("./")
    if any(path == held or path.startswith(f"{held}/") for path in deployment.project.files):
        todo = f"is in the project and not in the {folder}: {_send(deployment)}"
    elif WEIGHTS.search(held) or need.why.endswith("from_pretrained` reads"):
        todo = "is not in the project: add it, or read it from /data and fill that with `fal files upload`"
    else:
        todo = f"is not in the project: add it, or make it in {'the build' if deployment.image else '`setup()`'}"
    return Finding(need.scope.unit.path, need.line, rules.PF004, f"`{need.text}`, which {need.why}, {todo}.", about=need.text)


def _send(deployment: Deployment) -> str:
    return "copy it in the Dockerfile" if deployment.image else "name it in `app_files`"
