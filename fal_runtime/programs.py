"""The apps that Python files state, found by reading them: nothing of theirs is run."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

#: Folders that hold nobody's apps.
_SKIPPED = frozenset(["__pycache__", "build", "dist", "node_modules", "site-packages", "tests", "venv"])
#: Files that are read at most, each of so many bytes at most.
_MOST_FILES, _MOST_BYTES = 2000, 1 << 22


def in_folder(root: Path) -> list[str]:
    """``file.py::Symbol`` of every app below a folder, in the order of the files' names."""
    found: list[str] = []
    for number, file in enumerate(_files(root)):
        if number >= _MOST_FILES:
            break
        found += [f"{file.relative_to(root).as_posix()}::{symbol}" for symbol in in_file(file)]
    return found


def in_file(file: Path) -> list[str]:
    """The names of classes that are a ``fal.App`` and no base of another, and of functions with ``@fal.function``, in their order."""
    try:
        if file.stat().st_size > _MOST_BYTES or b"fal" not in (text := file.read_bytes()):
            return []
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names = dict(_imported(tree))
    apps, bases = [], set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            meant = [names.get(ast.unparse(base), "") for base in node.bases]
            bases |= {ast.unparse(base) for base in node.bases}
            if "fal.App" in meant:
                apps.append(node.name)
                names[node.name] = "fal.App"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            called = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
            if any(names.get(ast.unparse(item)) == "fal.function" for item in called):
                apps.append(node.name)
    return [name for name in apps if name not in bases]


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """How a file calls what makes an app: (its words, what is meant)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name == "fal":
                    own = name.asname or "fal"
                    yield from ((f"{own}.App", "fal.App"), (f"{own}.function", "fal.function"))
        elif isinstance(node, ast.ImportFrom) and node.module in ("fal", "fal.app"):
            for name in node.names:
                if name.name in ("App", "function"):
                    yield name.asname or name.name, f"fal.{name.name}"


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        folders[:] = [name for name in folders if not (Path(folder) / name / "pyvenv.cfg").exists()]
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))
