"""Where the app file stands, which files go along, and how the image's folders and search path come out on fal."""

from __future__ import annotations

import os.path
from pathlib import PurePosixPath

from converters import rules
from converters.containers.build_context import context_files
from converters.containers.packaging import is_dockerfile
from converters.ir import App, Disposition, Environment, Origin
from converters.ledger import Ledger
from converters.project import Project
from converters.sources.runpod.units import Unit, search_roots, source_folders

NOT_SHIPPED = frozenset(
    {
        "test_input.json",
        ".dockerignore",
        ".gitignore",
        "LICENSE",
        "LICENSE.txt",
        "README.md",
        ".gitattributes",
        ".pre-commit-config.yaml",
        "cog.yaml",
        "docker-compose.yml",
    }
)
NOT_SHIPPED_FOLDERS = frozenset({".github", ".runpod", "tests", "test", "docs", ".devcontainer"})


def app_file_of(project: Project, unit: Unit, taken: set[str]) -> str:
    """`app.py` beside the entry file, or beside the package that holds it; `fal_app.py` where that name is taken."""
    folder = unit.folder
    entry = unit.packaging.entry if unit.packaging else None
    if entry is not None and entry.module and entry.file == unit.entry:
        depth = entry.image_path[len(entry.workdir.rstrip("/")) + 1 :].count("/")
        for _ in range(depth):
            folder = str(PurePosixPath(folder).parent) if folder else ""
        folder = "" if folder == "." else folder
    prefix = f"{folder}/" if folder else ""
    for name in ("app.py", "fal_app.py", f"{PurePosixPath(unit.entry).stem}_app.py".replace("-", "_")):
        package = f"{prefix}{name.removesuffix('.py')}"
        if f"{prefix}{name}" not in project.files and not project.is_folder(package) and f"{prefix}{name}" not in taken:
            taken.add(f"{prefix}{name}")
            return f"{prefix}{name}"
    return f"{prefix}fal_entry.py"


def placement(project: Project, unit: Unit, app: App, closure: list[str], read_files: set[str], ledger: Ledger) -> None:
    """Fill in the files of the app, its search path and its working directory."""
    environment = app.environment
    app_folder = str(PurePosixPath(app.app_file).parent)
    app_folder = "" if app_folder == "." else app_folder
    if unit.packaging is None:
        environment.files = _without_dockerfile(project, unit, closure)
        app.module_path = _relative_roots(
            [root for root in unit.roots if any(_below(path, root) for path in closure)] or [app_folder], app_folder
        )
        if not any(path == unit.entry for path in environment.files):
            environment.files.append(unit.entry)
    else:
        held = set(unit.packaging.layout.files.values())
        absent = [path for path in closure if path not in held]
        if absent and not held & set(closure):
            environment.files = _without_dockerfile(project, unit, closure)
            _image_without_code(unit, environment, absent, ledger)
        else:
            environment.files = sorted(held | set(closure))
        for path in absent if held & set(closure) else []:
            ledger.note(
                rules.DK016,
                Disposition.CONVERTED,
                f"{path} is imported though the Dockerfile does not copy it: carried along",
                Origin(file=path, line=1),
            )
        if environment.kind == "image":
            environment.files = sorted({*environment.files, *context_files(project, unit.packaging)})
            _image_paths(unit, app)
            wanted = dict.fromkeys(_package_of(project, path) for path in absent)
            environment.copies = [place for path in wanted if (place := _place_in_image(unit, path)) is not None]
            environment.files = sorted({*environment.files, *(file.path for path in wanted for file in project.below(path))})
        else:
            _requirement_paths(project, unit, app, app_folder)
    if environment.kind == "requirements":
        shipped = [path for path in environment.files if _shipped(path, read_files)]
        environment.files = shipped
        outside = [path for path in shipped if not _below(path, app_folder)]
        if outside:
            common = os.path.commonpath([app_folder, *(str(PurePosixPath(path).parent) for path in outside)])
            app.context_dir = os.path.relpath(common or ".", app_folder)
    _split_arguments(unit, app)


def _image_without_code(unit: Unit, environment: Environment, absent: list[str], ledger: Ledger) -> None:
    ledger.note(
        rules.DK017,
        Disposition.MANUAL,
        f"the Dockerfile copies none of {', '.join(absent[:3])}: COPY lines were added at its end; check their places.",
        Origin(file=unit.packaging.file.path if unit.packaging else unit.entry, line=1),
    )


def _shipped(path: str, read_files: set[str]) -> bool:
    parts = PurePosixPath(path).parts
    return (
        parts[-1] not in NOT_SHIPPED
        and path not in read_files
        and not is_dockerfile(path)
        and not any(part in NOT_SHIPPED_FOLDERS for part in parts[:-1])
    )


def _without_dockerfile(project: Project, unit: Unit, closure: list[str]) -> list[str]:
    """The files that the code imports, and everything else in the worker's folder that is no documentation, test or packaging."""
    found = set(closure)
    for file in project.below(unit.folder):
        if _shipped(file.path, set()) and not file.path.endswith((".md", ".ipynb")) and "requirements" not in file.name:
            found.add(file.path)
    return sorted(found)


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _relative_roots(roots: list[str], app_folder: str) -> list[str]:
    found = [os.path.relpath(root or ".", app_folder or ".") for root in roots]
    return ["" if root == "." else root for root in dict.fromkeys(found)]


def _image_paths(unit: Unit, app: App) -> None:
    """Folders of the image: the script's comes first on the search path; the working directory is the platform's."""
    assert unit.packaging is not None
    entry, workdir = unit.packaging.entry, unit.packaging.stage.workdir or "/"
    cwd = entry.workdir if entry else workdir
    app.module_path = [folder if folder != workdir else "" for folder in dict.fromkeys([entry.script_dir if entry else workdir])]
    if entry is None or entry.file != unit.entry:
        places = [image for image, path in unit.packaging.layout.files.items() if path == unit.entry]
        if places:
            folder = str(PurePosixPath(places[0]).parent)
            app.module_path = ["" if folder == workdir else folder]
    python_path = unit.packaging.stage.env.get("PYTHONPATH")
    if python_path:
        app.module_path += [
            part for part in python_path.value.split(":") if part.startswith("/") and part not in app.module_path and part != workdir
        ]
    if cwd != workdir:
        app.chdir = cwd
    app.environment.workdir = workdir


def _package_of(project: Project, path: str) -> str:
    """The outermost package that holds a module (packages often load their parts by name), or the file itself."""
    found, folder = path, PurePosixPath(path).parent
    while str(folder) != "." and f"{folder}/__init__.py" in project.files:
        found, folder = str(folder), folder.parent
    return found


def _place_in_image(unit: Unit, path: str) -> tuple[str, str] | None:
    """Where a module goes that the Dockerfile leaves to a clone or a mount: beside the entry file, as in the project."""
    assert unit.packaging is not None
    context = f"{unit.packaging.context}/" if unit.packaging.context else ""
    if not path.startswith(context):
        return None
    places = [image_path for image_path, source in unit.packaging.layout.files.items() if source == unit.entry]
    base = str(PurePosixPath(places[0]).parent) if places else unit.packaging.stage.workdir or "/"
    return path[len(context) :], os.path.normpath(f"{base.rstrip('/')}/{os.path.relpath(path, unit.folder or '.')}")


def _requirement_paths(project: Project, unit: Unit, app: App, app_folder: str) -> None:
    """The same folders, as folders of the project: they land under /app as they stand in the project."""
    assert unit.packaging is not None
    roots = [root for root in search_roots(project, unit.packaging) if any(_below(path, root) for path in app.environment.files)]
    entry = unit.packaging.entry
    wanted = roots[:1] if entry is None else [root for root in roots if root in _wanted(unit)] or roots[:1]
    app.module_path = _relative_roots(wanted or [app_folder], app_folder)
    cwd = entry.workdir if entry else unit.packaging.stage.workdir
    folders = source_folders(unit.packaging, cwd)
    if folders and folders[0] != app_folder and cwd != "/":
        app.chdir = os.path.relpath(folders[0] or ".", app_folder or ".")


def _wanted(unit: Unit) -> set[str]:
    assert unit.packaging is not None
    entry = unit.packaging.entry
    folders = [entry.script_dir, *([entry.workdir] if entry.module else [])] if entry else []
    python_path = unit.packaging.stage.env.get("PYTHONPATH")
    folders += [part for part in python_path.value.split(":") if part.startswith("/")] if python_path else []
    found: set[str] = set()
    for folder in folders:
        found |= set(source_folders(unit.packaging, folder)[:1])
    return found


def _split_arguments(unit: Unit, app: App) -> None:
    entry = unit.packaging.entry if unit.packaging else None
    if entry is not None:
        app.environment.argv = list(entry.args)
        app.environment.start_script = entry.script
