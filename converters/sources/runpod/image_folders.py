"""Folders that only the build of an image makes, and that the code uses without making them: a list of requirements has none of them."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from converters.containers.layout import SYSTEM
from converters.containers.packaging import Packaging
from converters.ir import Origin
from converters.preflight.values import Values
from converters.python.module import Module, nodes

MOUNTED = ("/data", "/runpod-volume", "/tmp", "/dev/shm", "/proc", "/sys", "/dev")
"""Folders that are mounted, or that every system has with everything below them made by whoever uses it."""
RUNNER = "/app"
"""Where fal puts the files of an app without an image; the working directory."""
MAKERS = frozenset({"makedirs", "mkdir", "ensure_dir", "mkpath"})
PARTS = frozenset({"join", "Path", "PurePath", "PosixPath", "save", "open"})
"""Calls whose arguments are paths, though they have no slash."""


def needed(packaging: Packaging, modules: Iterable[Module]) -> list[tuple[str, Origin]]:
    """Why the code needs the folders of the image: (which, the line that makes it) of every one that it names and does not make."""
    modules, made = list(modules), _made(packaging)
    if not made:
        return []
    own = [place for module in modules for place in _own(module, packaging.stage.workdir or "/")]
    if None in own:
        return []
    used = {place for module in modules for place in _named(module, packaging, made)}
    return [
        (f"the code uses {folder}, which only the build makes", packaging.origin(line))
        for folder, line in made.items()
        if folder in used and not any(place == folder or (place or "").startswith(f"{folder}/") for place in own)
    ]


def _made(packaging: Packaging) -> dict[str, int]:
    """The folders that the Dockerfile makes, with their lines: by WORKDIR, `mkdir`, `install -d`, or as the destination of a COPY."""
    found: dict[str, int] = {}
    for instruction in packaging.dockerfile.instructions:
        if instruction.keyword == "WORKDIR" and instruction.value.startswith("/") and "$" not in instruction.value:
            found.setdefault(instruction.value.rstrip("/") or "/", instruction.line)
    for run in packaging.stage.runs:
        for outer in run.commands():
            for command in (outer, *outer.inner):
                for word in _folders(command.words):
                    found.setdefault(str(PurePosixPath(run.workdir or "/", word)), command.line)
    for copy in packaging.stage.copies:
        if copy.from_stage is None and copy.dest.strip("/"):
            place = copy.dest.rstrip("/")
            filled = [image for image in packaging.layout.files if image.startswith(f"{place}/")]
            found.update({place: copy.line} if filled and place not in found else {})
    system = {*SYSTEM, "/", RUNNER, "/usr/src", "/var/cache", "/root/.cache", *MOUNTED}
    mounted = tuple(f"{folder}/" for folder in MOUNTED)
    return {folder: line for folder, line in found.items() if folder not in system and not folder.startswith(mounted)}


def _folders(words: tuple[str, ...]) -> list[str]:
    """The folders that `mkdir` and `install -d` make."""
    if not words or not (words[0] == "mkdir" or (words[0] == "install" and {"-d", "--directory"} & {*words})):
        return []
    plain = [word for flag, word in itertools.pairwise(words) if not word.startswith("-") and flag not in ("-m", "-o", "-g")]
    return [word.rstrip("/") for word in plain if not set(word) & set("$`*{")]


def _own(module: Module, workdir: str) -> Iterator[str | None]:
    """The folders that code makes itself; None for one that only running it would tell."""
    values = Values(module.tree, module.path, workdir)
    for node in nodes(module.tree):
        if isinstance(node, ast.Call) and _last(node.func) in MAKERS:
            place = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "mkdir" and not node.args else None
            text = values.text(place if place is not None else node.args[0] if node.args else None)
            yield str(PurePosixPath(workdir, text)) if text is not None else None


def _named(module: Module, packaging: Packaging, made: Iterable[str]) -> Iterator[str]:
    """The folders that strings of the code name, or in which they name something that the image does not hold itself."""
    workdir, folders = packaging.stage.workdir or "/", tuple(made)
    for node in nodes(module.tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or "\n" in node.value or len(node.value) > 500:
            continue
        parent = module.parents.get(node)
        word = "/" in node.value or (isinstance(parent, ast.Call) and _last(parent.func) in PARTS)
        if isinstance(parent, ast.Expr) or not word or "://" in node.value:
            continue
        place = str(PurePosixPath(workdir, node.value))
        if place in packaging.layout.files:
            continue  # read where COPY puts it
        yield from (folder for folder in folders if place == folder or place.startswith(f"{folder}/"))


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
