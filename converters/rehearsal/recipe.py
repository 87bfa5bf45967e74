"""What fal would build for an app, as a Dockerfile with its context: of an image the image itself and fal's packages in it, of an
environment of requirements a fresh one.

Every line is known by where it comes from, so that a step that fails leads to a line of the project.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

from fal_runtime.spec import Spec

from .apps import App
from .bases import SUITES
from .engines import Build, Place

Kind = Literal["requirements", "image", "server"]

ENVIRONMENT = "/opt/fal/environment"
"""Where the requirements of an app are installed."""
TOOLS, AGENT = "/opt/fal/tools", "/opt/fal/agent"
"""The installer that fal uses, and what its agent adds behind the app's own packages."""
_LOCAL = ".requirements"
"""Folder of the context with the projects that requirements name by their path."""
_SECRET = re.compile(r"\$\{(\w+)\}")
DUMMY = "rehearsal-dummy"
_ADDRESS, _NUMBER = (
    re.compile(r"(?:URL|URI|ENDPOINT|WEBHOOK)$", re.IGNORECASE),
    re.compile(r"(?:^|_)(?:PORT|TIMEOUT|SECONDS|COUNT|RANK|SIZE)$"),
)
FAL = "fal"
"""In the place of a file: a line that stands for what fal does with an image."""


@dataclass(frozen=True)
class Recipe:
    """What is built, which interpreter the app runs in, and what the app's process finds behind its own packages."""

    kind: Kind
    build: Build
    python: str = ""
    """The interpreter of the app; '' for a server, which starts itself."""
    path: tuple[str, ...] = ()


def dummy(name: str) -> str:
    """What stands for a secret: of the kind that its name tells, since clients look at addresses before they use them."""
    if _ADDRESS.search(name):
        return f"https://{DUMMY}.example"
    return "1" if _NUMBER.search(name) else DUMMY


def kind_of(spec: Spec) -> Kind:
    """What an app runs in."""
    if spec.kind == "image":
        return "server"
    return "requirements" if spec.image is None else "image"


def fal_version() -> str:
    """The release that deploys: that of this installation."""
    return metadata.version("fal")


def recipe(app: App, folder: Path, *, tag: str, minor: str, secrets: Mapping[str, str] = MappingProxyType({})) -> Recipe:
    """The recipe of an app whose Python is ``minor`` where it runs in an environment of requirements; ``folder`` becomes the context.

    ``secrets`` are those that are known: dummies stand for the others. Raises OSError where a file cannot be read.
    """
    spec = app.described.spec
    kind = kind_of(spec)
    folder.mkdir(parents=True)
    lines = _requirements(app, folder, minor, secrets) if kind == "requirements" else _image(app, folder, kind)
    image: Mapping[str, Any] = spec.image or {}
    build = Build(
        dockerfile="".join(f"{line}\n" for line, _ in lines),
        context=folder,
        tag=tag,
        places=tuple(place for _, place in lines),
        arguments={str(name): str(value) for name, value in (image.get("build_args") or {}).items()},
        secrets={name: secrets.get(name, dummy(name)) for name in map(str, image.get("secrets") or {})},
    )
    if kind == "requirements":
        return Recipe(kind, build, f"{ENVIRONMENT}/bin/python", (AGENT,))
    if kind == "server":
        return Recipe(kind, build)
    return Recipe(kind, build, "python")


def deployer(minor: str, folder: Path, *, tag: str) -> Build:
    """An image that stands for a machine that deploys with another Python than ours: it has fal, and nothing else."""
    folder.mkdir(parents=True)
    text = f"FROM {_python(minor)}\nRUN python -m venv {TOOLS} && {TOOLS}/bin/python -m pip install --quiet fal=={fal_version()}\n"
    return Build(text, folder, tag, (Place(), Place()))


def _python(minor: str) -> str:
    """A small image with a Python, of the release that has it itself where there is one."""
    suite = next((suite.name for suite in SUITES.values() if suite.python == minor), "")
    return f"python:{minor}-slim{f'-{suite}' if suite else ''}"


Lines = list[tuple[str, Place]]


def _requirements(app: App, folder: Path, minor: str, secrets: Mapping[str, str]) -> Lines:
    """A fresh environment as fal makes it: virtualenv's seeds, the layers by uv one after the other, the files of the app below /app.

    What fal's agent brings lies beside it: it is found behind the app's own packages, and does not take part in the resolution.
    """
    spec, ours = app.described.spec, Place()
    install = f"{TOOLS}/bin/uv pip install --python {ENVIRONMENT}/bin/python"
    lines: Lines = [
        (f"FROM {_python(minor)}", _place(app, "python_version")),
        (f"RUN python -m venv {TOOLS} && {TOOLS}/bin/python -m pip install --quiet uv", ours),
        (f"RUN {TOOLS}/bin/uv pip install --quiet --python python --target {AGENT} fal=={fal_version()}", ours),
        (f"RUN {TOOLS}/bin/uv venv --quiet --seed --python python {ENVIRONMENT}", ours),
        (f"ENV VIRTUAL_ENV={ENVIRONMENT} PATH={ENVIRONMENT}/bin:$PATH", ours),
    ]
    for layer in spec.requirements or ():
        items = [_local(item, folder, lines, secrets) for item in layer]
        lines.append((f"RUN {install} {' '.join(map(shlex.quote, items))}", _place(app, "requirements")))
    if spec.app_files:
        _copied(spec.files, folder / "app")
        lines.append(("COPY app/ /app/", _place(app, "app_files")))
    return lines


def _local(item: str, folder: Path, lines: Lines, secrets: Mapping[str, str]) -> str:
    """A requirement as it is installed: secrets filled in, a project of the disk taken from the context, where it is copied to."""
    name, bracket, extras = item.partition("[")
    path = Path(name)
    if not path.is_absolute() or not path.exists():
        return _SECRET.sub(lambda found: secrets.get(found[1], dummy(found[1])), item)
    place = PurePosixPath(_LOCAL, str(len(lines)), path.name)
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__"), ignore_dangling_symlinks=True)
    else:
        shutil.copy2(path, target)
    lines.append((f"COPY {place} /opt/fal/{place}", lines[0][1]))
    return f"/opt/fal/{place}{bracket}{extras}"


def _image(app: App, folder: Path, kind: Kind) -> Lines:
    spec = app.described.spec
    image: Mapping[str, Any] = spec.image or {}
    text = str(image.get("dockerfile_str") or f"FROM {image.get('image') or image.get('image_url') or 'scratch'}")
    _copied(_uploaded(spec), folder)
    stated = app.program.image if app.program is not None else None
    known = stated is not None and stated.data.decode(errors="replace").splitlines() == text.splitlines()
    file = stated.file if stated is not None else ""
    lines: Lines = [
        (line, Place(file, stated.line_of(number) if known and stated is not None else 0))
        for number, line in enumerate(text.splitlines(), 1)
    ]
    if kind == "image":
        wanted = " ".join(shlex.quote(item) for item in [f"fal=={fal_version()}", *spec.image_requirements])
        check = "python -c 'import fal, uvicorn, starlette_exporter'"
        script = f"if python -m pip --version >/dev/null 2>&1; then python -m pip install --no-cache-dir {wanted}; else {check}; fi"
        lines += [("", Place(FAL)), (f"RUN {script}", Place(FAL))]
    return lines


def _uploaded(spec: Spec) -> list[tuple[Path, str]]:
    """The files that fal's client sends: none for a source with a wildcard, which it takes for the name of a file."""
    named = [PurePosixPath(name) for name in (spec.image or {}).get("docker_files_list") or () if name not in spec.patterns]
    if not spec.patterns:
        return list(spec.files)
    return [(path, name) for path, name in spec.files if any(PurePosixPath(name).is_relative_to(one) for one in named)]


def _copied(files: Sequence[tuple[Path, str]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path, relative in files:
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _place(app: App, setting: str) -> Place:
    """Where a setting stands, else the app."""
    program = app.program
    if program is None:
        return Place((app.described.spec.ref or "").partition("::")[0].rpartition("/")[2], 0)
    stated = program.settings.get(setting)
    return Place(stated.file, stated.line) if stated is not None else Place(program.file, program.line)
