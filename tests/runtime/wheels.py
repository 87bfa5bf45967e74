"""Wheels of what is installed here, so that tests can install it elsewhere without an index."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pack(names: Sequence[str], directory: Path) -> None:
    """Write a wheel of each of these installed distributions and of everything that they require."""
    for found in _closure(names):
        name = canonicalize_name(found.name).replace("-", "_")
        lines = (found.read_text("WHEEL") or "").splitlines()
        tag = next(line[5:] for line in lines if line.startswith("Tag: ") and not line.startswith("Tag: py2-"))
        with zipfile.ZipFile(directory / f"{name}-{found.version}-{tag}.whl", "w") as wheel:
            for file in found.files or []:
                outside = ".." in file.parts  # scripts: their entry points make them anew
                if not outside and file.suffix != ".pyc" and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                    wheel.write(str(file.locate()), str(file))


def made(name: str, version: str, directory: Path, module: str) -> None:
    """Write the wheel of a package with one module, whose text is ``module``."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", module)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


def _closure(names: Sequence[str]) -> Iterator[Distribution]:
    waiting, seen = [Requirement(name) for name in names], set()
    while waiting:
        wanted = waiting.pop()
        extras = ("", *wanted.extras)
        if (wanted.name.lower(), extras) in seen:
            continue
        first = not any(name == wanted.name.lower() for name, _ in seen)
        seen.add((wanted.name.lower(), extras))
        found = distribution(wanted.name)
        if first:
            yield found
        required = map(Requirement, found.requires or [])
        waiting += [item for item in required if item.marker is None or any(item.marker.evaluate({"extra": extra}) for extra in extras)]
