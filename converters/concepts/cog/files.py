"""Where the app file stands, and which files go along: the folder that Cog would have copied into /src."""

from __future__ import annotations

from pathlib import PurePosixPath

from converters.concepts.cog.build import Build
from converters.concepts.cog.units import Unit
from converters.ir import Environment
from converters.project import COG_FILES, Project

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


def shipped(project: Project, unit: Unit, closure: list[str], build: Build, environment: Environment) -> list[str]:
    """Files of the output: all of the folder for an image (as `COPY . /src`), the code and its data for a list of requirements."""
    folder = unit.folder
    inside = [path for path in project.files if not folder or path.startswith(f"{folder}/")]
    if environment.kind == "image":
        return sorted({path for path in inside if PurePosixPath(path).name not in COG_FILES} | set(closure))
    found = {path for path in inside if _goes_along(path, set(build.packages.files))}
    return sorted(found | set(closure))


def _goes_along(path: str, read: set[str]) -> bool:
    parts = PurePosixPath(path).parts
    return (
        parts[-1] not in NOT_SHIPPED
        and parts[-1] not in COG_FILES
        and path not in read
        and not parts[-1].lower().endswith(PROSE)
        and not any(part in NOT_SHIPPED_FOLDERS for part in parts[:-1])
    )
