"""Files that the code opens: they lie on the runner, or something that runs there or in the build writes them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.containers import base_images
from converters.preflight.checks.imports import is_optional
from converters.preflight.deployment import Deployment
from converters.preflight.distributions import HOLDERS
from converters.preflight.finding import Finding
from converters.preflight.loaders import WEIGHTS
from converters.preflight.paths import IMPORTED_FROM, Need, needs
from converters.preflight.writing import Written, written

ELSEWHERE = ("/tmp", "/dev", "/proc", "/sys", "/etc", "/usr", "/var", "/opt", "/bin", "/lib", "/run", "/root", "/home", "/data", "/mnt")
"""Folders that the system or the base image fills, or that outlast a runner."""
OUTSIDE = ("/tmp", "/dev", "/proc", "/sys", "/data", "/runpod-volume")
"""Folders that no build fills for good."""
OF_FAL = frozenset({"fal", "fastapi", "pydantic", "starlette"})
"""Packages that an app imports without a requirement of its own."""
TO_DATA = "add it, or read it from /data and fill that with `fal files upload`"


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF004: a path that code opens and nothing puts there."""
    made: Written | None = None
    seen: set[str] = set()
    lost = deployment.image.lost if deployment.image is not None else {}  # PF007 says why
    for need in needs(deployment):
        if need.path not in seen and (pointer := _pointer(deployment, need.path)):
            seen.add(need.path)
            message = f"{pointer}, which {need.why}, is a pointer of Git LFS and not the file: run `git lfs pull`, and convert again."
            yield Finding(need.scope.unit.path, need.line, rules.PF004, message, about=need.text)
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
    yield from _of_variables(deployment, seen)


def _pointer(deployment: Deployment, place: str) -> str:
    """The file at a place of the runner, or one below it, that only points to its contents; '' for none."""
    for held, path in deployment.runner.files.items():
        file = deployment.project.files.get(path) if held == place or held.startswith(f"{place}/") else None
        if file is not None and file.size < 1024 and file.data.startswith(b"version https://git-lfs.github.com/spec/"):
            return f"`{path}`"
    return ""


def _of_variables(deployment: Deployment, seen: set[str]) -> Iterator[Finding]:
    """Files of weights that variables of the image name, where code or scripts read these variables and the base image holds no models."""
    image = deployment.image
    if image is None or deployment.program.kind == "server" or base_images.describe(image.stage.base_image).unknown:
        return
    texts = [unit.module.text for unit in deployment.running.units.values()]
    texts += [deployment.project.files[path].data.decode(errors="replace") for path in deployment.scripts]
    made: Written | None = None
    for name, stated in image.stage.env.items():
        path = stated.value
        fetched = any(path == folder or path.startswith(f"{folder}/") for folder in OUTSIDE) or deployment.runner.holds(path)
        if not path.startswith("/") or not WEIGHTS.search(path) or fetched or path in seen or path in image.lost:
            continue
        made = made or written(deployment)
        if any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts) and not made.may_fetch(path):
            message = (
                f"`{path}`, which {name} names, is in no file of the project, and neither the build nor the code puts it there: {TO_DATA}."
            )
            yield Finding(image.image.file, image.line_of(stated.line), rules.PF004, message, about=path)


def _is_elsewhere(path: str) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in ELSEWHERE)


def _is_unknown(deployment: Deployment, need: Need) -> bool:
    """Whether only a base image knows what is there."""
    if deployment.image is None:
        return deployment.program.image is not None
    return not deployment.runner.cwd and not need.text.startswith("/")


def _misses_modules(deployment: Deployment, need: Need) -> bool:
    """Whether a module that names a folder for its imports has one that nothing known brings."""
    missing = [found for unit, found in deployment.running.missing if unit is need.scope.unit and not is_optional(unit, found.node)]
    named = {found.module.split(".")[0] for found in missing}
    brought = {name.replace("-", "_") for name in deployment.packages.names} | set(sys.stdlib_module_names) | OF_FAL
    return any(name and name.lower() not in brought and name not in HOLDERS for name in named)


def _finding(deployment: Deployment, need: Need) -> Finding:
    folder = "image" if deployment.program.image is not None else "app"
    held = PurePosixPath(need.text).as_posix().removeprefix("./")
    if any(path == held or path.startswith(f"{held}/") for path in deployment.project.files):
        todo = f"is in the project and not in the {folder}: {_send(deployment)}"
    elif need.why.startswith("`dotenv_values`"):
        todo = "goes into no image: read its variables from `os.environ`, and set them with `fal secrets set NAME=...`"
    elif WEIGHTS.search(held) or need.why.endswith("from_pretrained` reads"):
        todo = f"is not in the project: {TO_DATA}"
    else:
        todo = f"is not in the project: add it, or make it in {'the build' if deployment.image else '`setup()`'}"
    return Finding(need.scope.unit.path, need.line, rules.PF004, f"`{need.text}`, which {need.why}, {todo}.", about=need.text)


def _send(deployment: Deployment) -> str:
    return "copy it in the Dockerfile" if deployment.image else "name it in `app_files`"
