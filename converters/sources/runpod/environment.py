"""Where a worker runs: the packages, the Python and the image that the project states, and the release of the SDK that it needs."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import environment as environments
from converters.ir import Disposition, Environment, Origin, Scope, Value
from converters.ledger import Ledger
from converters.project import Project
from converters.provenance import Certainty
from converters.python import pip
from converters.python.code import Code
from converters.sources.runpod import gone, image_folders, names, start_script
from converters.sources.runpod.sdk import Occurrence
from converters.sources.runpod.units import Unit


def environment_of(project: Project, unit: Unit, code: Code, closure: list[str], ledger: Ledger) -> tuple[Environment, environments.Plan]:
    imported = imported_names(code, closure)
    if unit.packaging is not None:
        modules = [module for path in closure if (module := code.module(path)) is not None]
        reasons = [*_names_of_the_image(unit, code), *start_script.places(project, unit), *image_folders.needed(unit.packaging, modules)]
        environment, plan = environments.from_packaging(project, unit.packaging, imported, reasons)
        if environment.kind == "requirements" and any(part.startswith("--") for layer in plan.layers for part in layer):
            environment.layers = _merged(plan.layers)
        return environment, plan
    plan = environments.Plan()
    path = next(
        (
            found
            for base in dict.fromkeys([unit.folder, f"{unit.folder}/builder".strip("/"), ""])
            if (found := f"{base}/requirements.txt".strip("/")) in project.files
        ),
        "",
    )
    if path:
        listed_file = pip.Install()
        text = project.files[path].readable
        pip.requirements_file(text, path, listed_file, lambda nested: _read(project, nested))
        plan.read_files.add(path)
        plan.specs = [Value(value=spec, origin=origin) for spec, origin in listed_file.specs]
        plan.layers = [[*listed_file.flags, *(spec for spec, _ in listed_file.specs)]]
        for trouble in listed_file.trouble:
            ledger.note(rules.ENV010, Disposition.MANUAL, f"asks for {trouble}: install it another way.", Origin(file=path, line=1))
    else:
        plan.specs = [Value(value=spec, note="imported") for spec in names.requirements_of_imports(imported, code)]
        listed = ", ".join(spec.value for spec in plan.specs) or "nothing"
        ledger.note(
            rules.ENV010,
            Disposition.MANUAL,
            f"the project lists no packages; the imports ask for {listed}: check the names and pin the versions in `requirements`.",
            Origin(file=unit.entry, line=1),
            scope=Scope.DEPLOY,
        )
    note = "nothing in the project names a Python version"
    assumed = Value[str](value=environments.DEFAULT_PYTHON, certainty=Certainty.ASSUMED, note=note)
    version = environments.demanded_python(project, unit.folder, assumed)
    environment = Environment(requirements=plan.specs, python_version=version, why="requirements: the project has no Dockerfile")
    if any(part.startswith("--") for layer in plan.layers for part in layer):
        environment.layers = plan.layers
    return environment, plan


def _last_part(path: str) -> str:
    return PurePosixPath(path).name


def _names_of_the_image(unit: Unit, code: Code) -> list[tuple[str, Origin]]:
    """Why the worker needs the names that its image gives its modules: a list of files cannot rename them."""
    assert unit.packaging is not None
    entry = unit.packaging.entry
    needed = set(code.by_other_name)
    if entry is not None and entry.module and entry.file == unit.entry:
        needed |= {name for name, path in unit.renamed.items() if path == unit.entry}
    found = []
    for name in sorted(needed):
        lines = [
            copy.line for copy in unit.packaging.stage.copies if PurePosixPath(unit.renamed[name]).name in map(_last_part, copy.sources)
        ]
        line = lines[0] if lines else unit.packaging.stage.line
        found.append((f"the Dockerfile copies {unit.renamed[name]} as {name}, which the code imports", unit.packaging.origin(line)))
    return found


def pinned_release(environment: Environment, plan: environments.Plan, found: list[Occurrence], entry: str, ledger: Ledger) -> str:
    """The release of the SDK that old names ask for, which the environment then pins; '' where a present one will do."""
    pin = names.sdk_pin(plan.specs)
    release = gone.release(found, pin)
    if release and not pin.endswith(f"=={release}"):
        message = f"runpod is pinned to {release}, the last release that has the SDK's names in this code"
        ledger.note(rules.RP038, Disposition.CONVERTED, message, Origin(file=entry, line=1))
        if environment.kind == "image":
            environment.installs.append(f"runpod=={release}")
        else:
            environment.requirements = [spec for spec in environment.requirements if pip.name(spec.value) != "runpod"]
            environment.requirements.append(Value(value=f"runpod=={release}", note=message))
    return release


def _read(project: Project, path: str) -> tuple[str, str] | None:
    file = project.get(path)
    return (file.path, file.readable) if file else None


def _merged(layers: list[list[str]]) -> list[list[str]]:
    """Consecutive layers without options in one; a layer with options stands alone, so that an index applies to its own packages only."""
    merged: list[list[str]] = []
    for layer in layers:
        plain = not any(part.startswith("--") for part in layer)
        if merged and plain and not any(part.startswith("--") for part in merged[-1]):
            merged[-1] += [part for part in layer if part not in merged[-1]]
        elif layer:
            merged.append(list(layer))
    return merged


def imported_names(code: Code, closure: list[str]) -> set[str]:
    """Top-level names of everything that the app's own files import."""
    found: set[str] = set()
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.split(".")[0])
    return found
