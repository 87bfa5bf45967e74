"""The Python that runs the source side: ours, or that of an environment with the SDK's release that a project was written for."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from converters.errors import UsageError

from .parsed import parsed

_OLDEST = (3, 10)
"""What the doubles are written for."""
_SECONDS = 30
_OWN = frozenset({"coglet", "fal", "pydantic", "fastapi", "starlette"})
"""What a fal app itself imports, and parts of SDKs: each side has its own, as it has its platform's SDK."""
_QUESTION = """
import importlib.metadata, json, platform, sys
releases = {}
for found in importlib.metadata.distributions():
    name = found.metadata["Name"]
    if name:
        releases.setdefault(name.lower(), found.version)
print(json.dumps({
    "python": platform.python_version(),
    "releases": releases,
    "packages": sorted(importlib.metadata.packages_distributions()) if sys.version_info >= (3, 10) else [],
    "folders": [
        *(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix),
        *(path for path in sys.path if path.endswith(("-packages", "lib-dynload", "python%d.%d" % sys.version_info[:2]))),
    ],
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """``python`` and ``releases``: its version, and those of the distributions that it has;
    ``packages``: names that it can import, but for the standard library's; ``folders``: where all that lies."""

    executable: Path
    python: str
    releases: dict[str, str] = field(default_factory=dict)
    packages: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()

    def release(self, sdk: str) -> tuple[int, ...]:
        """The numbers of an SDK's version; none where it is not installed."""
        return numbers(self.releases.get(sdk, ""))


def numbers(version: str) -> tuple[int, ...]:
    """The first three numbers of a version: ``(0, 9, 26)`` of "0.9.26"."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def inspected(executable: Path = Path(sys.executable)) -> Interpreter:
    """What a Python interpreter has; it is asked once. Raises UsageError where it is none, or one that cannot be used."""
    return _inspected(executable)


@functools.cache
def _inspected(executable: Path) -> Interpreter:
    hint = "Name the python of an environment that holds the project's release of runpod or cog, such as env/bin/python."
    if not executable.is_file():
        raise UsageError("is no file.", file=str(executable), hint=hint)
    place = executable.parent.resolve() / executable.name  # itself not resolved: the link is what makes it the environment's
    try:
        answered = subprocess.run([str(place), "-I", "-c", _QUESTION], capture_output=True, timeout=_SECONDS, check=True)
        found = json.loads(answered.stdout)
        interpreter = Interpreter(
            place, found["python"], found["releases"], frozenset(found["packages"]), tuple(dict.fromkeys(found["folders"]))
        )
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise UsageError("is no Python interpreter that runs here.", file=str(executable), hint=hint) from error
    if numbers(interpreter.python) < _OLDEST:
        raise UsageError(f"is Python {interpreter.python}.", file=str(executable), hint="Verification needs Python 3.10 or newer.")
    return interpreter


def uneven(one: Interpreter, other: Interpreter, files: Iterable[bytes], sdks: Collection[str]) -> frozenset[str]:
    """Packages that Python ``files`` import, or doubles use, and that one interpreter has and the other has not; but for ``sdks``."""
    return ((one.packages ^ other.packages) - _OWN - set(sdks)) & (imported(files) | {"PIL"})


def imported(files: Iterable[bytes]) -> frozenset[str]:
    """Top-level names that Python files import. Files that cannot be read are passed over."""
    found: set[str] = set()
    for data in files:
        tree = parsed(data)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return frozenset(found)


def versions(source: Interpreter, sdks: Collection[str]) -> dict[str, str]:
    """Of Python, the platforms' ``sdks`` and ourselves; ``source ...`` where the source side has an interpreter of its own."""
    here = inspected()
    found = {"python": here.python, **_of(here, sdks)}
    for name in ("fal-migrate", "fal"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    if source != here:
        found.update({f"source {name}": version for name, version in {"python": source.python, **_of(source, sdks)}.items()})
    return found


def _of(interpreter: Interpreter, sdks: Collection[str]) -> dict[str, str]:
    return {name: interpreter.releases[name] for name in sdks if name in interpreter.releases}
