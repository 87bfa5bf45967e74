"""Where the app file stands, and which files go along: the folder that Cog would have copied into /src."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from converters.concepts.cog.build import Build
from converters.concepts.cog.units import Unit
from converters.containers.layout import ignored
from converters.ir import Environment
from converters.project import COG_FILES, Project
from converters.python.code import Code

NOT_SHIPPED = frozenset(
    {".dockerignore", ".gitignore", ".gitattributes", ".gitmodules", "LICENSE", "LICENSE.txt", ".pre-commit-config.yaml", "Makefile",
     "Dockerfile"}
)  # fmt: skip
NOT_SHIPPED_FOLDERS = frozenset({".github", "tests", "test", "docs", ".devcontainer", ".cog", "cog-safe-push-configs", "safe-push-configs"})
PROSE = (".md", ".ipynb", ".rst")


NAMES_OF_APP = ("app.py", "fal_app.py", "fal_entry.py")


def app_file(project: Project, folder: str, names: tuple[str, ...] = NAMES_OF_APP) -> str:
    """`app.py` beside the cog.yaml; another name where a file or package of that name is there already."""
    prefix = f"{folder}/" if folder else ""
    for name in names:
        if f"{prefix}{name}" not in project.files and not project.is_folder(f"{prefix}{name.removesuffix('.py')}"):
            return f"{prefix}{name}"
    return f"{prefix}{names[-1].removesuffix('.py')}_2.py"


def dockerfile(project: Project, folder: str, variant: str = "") -> str:
    """Path of the Dockerfile that is written: never one that the project has. ``variant``: the model, where a folder holds several."""
    prefix = f"{folder}/" if folder else ""
    names = (f"{variant}.Dockerfile", f"fal-{variant}.Dockerfile") if variant else ("Dockerfile", "fal.Dockerfile")
    return next((f"{prefix}{name}" for name in names if f"{prefix}{name}" not in project.files), f"{prefix}fal2.Dockerfile")


def shipped(project: Project, unit: Unit, code: Code, closure: list[str], build: Build, environment: Environment) -> list[str]:
    """Files of the output: all that `COPY . /src` takes for an image, the code and its data for a list of requirements."""
    folder = unit.folder
    prefix = f"{folder}/" if folder else ""
    left_out = ignored(project, folder)
    inside = [path for path in project.files if path.startswith(prefix) and path not in left_out]
    if environment.kind == "image":
        return sorted({path for path in inside if PurePosixPath(path).name not in COG_FILES} | set(closure))
    return sorted(set(needed(inside, prefix, code, closure, build)) | set(closure))


def needed(paths: list[str], prefix: str, code: Code, closure: list[str], build: Build) -> list[str]:
    """Those files that the code may read: without what describes or tests the project, unless a string of the code names it."""
    named = _strings(code, closure)
    read = set(build.packages.files)
    return [path for path in paths if path not in read and (_goes_along(path, prefix) or _is_named(path.removeprefix(prefix), named))]


def _strings(code: Code, closure: list[str]) -> set[str]:
    """The strings in the code that may be paths or parts of paths."""
    found: set[str] = set()
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 300 and "\n" not in node.value:
                found.add(node.value.removeprefix("./").removeprefix("/src/").strip("/"))
    return found - {"", "."}


def _is_named(path: str, named: set[str]) -> bool:
    """Whether strings name a file: its path or name, a folder that it lies in, or its ending, as in `glob("*.md")` and f"{name}.md"."""
    parts, suffix = PurePosixPath(path).parts, PurePosixPath(path).suffix
    folders = {"/".join(parts[:count]) for count in range(1, len(parts))} | set(parts[:-1])
    ends = bool(suffix) and any(one.lower().endswith(suffix.lower()) and "://" not in one for one in named)
    return ends or bool(named & folders) or any(one.endswith(parts[-1]) for one in named)


def _goes_along(path: str, prefix: str) -> bool:
    """Whether a file is neither one that describes the project nor one of its tests; prose beside code is data."""
    parts = PurePosixPath(path.removeprefix(prefix)).parts
    prose = parts[-1].lower().endswith(PROSE) and (len(parts) == 1 or parts[-1].lower().startswith(("readme", "license", "changelog")))
    return (
        parts[-1] not in NOT_SHIPPED
        and parts[-1] not in COG_FILES
        and not prose
        and not any(part in NOT_SHIPPED_FOLDERS for part in parts[:-1])
    )
