"""The environment of an app: pip requirements where the Dockerfile is pip work on a Python, CUDA or PyTorch base, else an image."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import interpreters
from converters.containers import base_images, commands
from converters.containers.packaging import Packaging
from converters.fal.runner import INSTALLED, OLDEST_PYTHON
from converters.ir import Disposition, Environment, Origin, Scope, Value
from converters.ledger import Ledger
from converters.project import Project
from converters.provenance import Certainty
from converters.python import gpu, pip

DEFAULT_PYTHON = "3.11"
IN_BASE = "in the base image"
GRAPHICS = re.compile(r"^opencv-(contrib-)?python$")
"""Needs libGL, which CUDA and RunPod base images have and a list of requirements does not bring."""


@dataclass
class Plan:
    """What was found on the way to an environment. `reasons`: why a list of requirements does not suffice."""

    specs: list[Value[str]] = field(default_factory=list)
    layers: list[list[str]] = field(default_factory=list)
    reasons: list[tuple[str, Origin]] = field(default_factory=list)
    read_files: set[str] = field(default_factory=set)


def from_packaging(
    project: Project, packaging: Packaging, imported: set[str], reasons: Iterable[tuple[str, Origin]] = ()
) -> tuple[Environment, Plan]:
    """Decide between requirements and image.

    `imported`: top-level names that the app's code imports; `reasons`: what else speaks for an image, and where.
    """
    base = base_images.describe(packaging.stage.base_image)
    plan = Plan()
    if not base.plain:
        plan.reasons.append(
            (f"the base image {base.reference} holds more than Python, CUDA or PyTorch", packaging.origin(packaging.stage.line))
        )
    plan.reasons += reasons
    if len(packaging.dockerfile.stages) > 1:
        plan.reasons.append(("the Dockerfile has several stages", packaging.origin(packaging.stage.line)))
    _add_base(base, packaging, imported, plan)
    for _, step, construct in packaging.steps:
        _add_step(project, packaging, step, Origin(file=construct.file, line=construct.line, end_line=construct.end_line), plan)
    _loosen_base(base, plan)
    for name, constructs in packaging.variables.items():
        if name.startswith("LD_"):
            plan.reasons.append((f"{name} must be set before the process starts", packaging.origin(constructs[0].line)))
    graphics = next((spec for spec in plan.specs if GRAPHICS.match(pip.name(spec.value))), None)
    if graphics is not None and base.repository not in ("python", "pytorch/pytorch"):
        plan.reasons.append((f"{graphics.value} needs libGL, which the base image brings", graphics.origin or packaging.origin(1)))
    if base.gpu:
        plan.reasons += _system_cuda(packaging, plan)
    python = python_version(packaging, base)
    chosen = interpreters.of_worker(project, packaging)
    if chosen is not None and chosen.python:
        python = Value(value=chosen.python, origin=packaging.origin(chosen.line), note=f"of {chosen.folder}")
    if not python.origin or base.repository.rpartition("/")[2] != "python":
        python = demanded_python(project, packaging.context, python)
    kind = "image" if plan.reasons else "requirements"
    why = (
        f"image: {plan.reasons[0][0]} ({plan.reasons[0][1]})"
        if plan.reasons
        else "requirements: the Dockerfile is pip work on a plain base image"
    )
    environment = Environment(
        kind="image" if kind == "image" else "requirements",
        requirements=[] if plan.reasons else plan.specs,
        dockerfile=packaging.file.path,
        context=packaging.context,
        python_version=python,
        workdir=packaging.stage.workdir,
        why=why,
    )
    return environment, plan


def _system_cuda(packaging: Packaging, plan: Plan) -> list[tuple[str, Origin]]:
    """Packages that load the CUDA libraries which the base image has, or are compiled against them."""
    options = [text for layer in plan.layers for text in layer]
    compiled = " ".join(step.command.text for _, step, _ in packaging.steps if step.purpose == "pip")
    compiled += "".join(one.value for name, one in packaging.stage.env.items() if name == "CMAKE_ARGS")
    for spec in plan.specs:
        own = pip.name(spec.value) == "llama-cpp-python" and re.search(r"-D(GGML|LLAMA)_(CUDA|CUBLAS)", compiled)
        if own or gpu.needs_system(spec.value, options):
            return [(f"{pip.name(spec.value)} needs the CUDA libraries of the base image", spec.origin or packaging.origin(1))]
    return []


def _add_base(base: base_images.BaseImage, packaging: Packaging, imported: set[str], plan: Plan) -> None:
    if not base.torch:
        return
    origin = packaging.origin(packaging.stage.line)
    names = {"torch": base.torch, "torchvision": base_images.torchvision_for(base.torch)}
    if "torchaudio" in imported:
        names["torchaudio"] = base.torch
    plan.specs += [Value(value=f"{name}=={version}", origin=origin, note=IN_BASE) for name, version in names.items()]
    plan.layers.append([spec.value for spec in plan.specs])


def _loosen_base(base: base_images.BaseImage, plan: Plan) -> None:
    """What the base image has beside another torch than the one that is installed over it goes with that one."""
    torch = next((spec for spec in plan.specs if pip.name(spec.value) == "torch"), None)
    if not base.torch or torch is None or torch.note == IN_BASE or _takes(torch.value, base.torch):
        return
    stated = pip.pinned(torch.value).partition("+")[0]
    fits = {"torchvision": base_images.torchvision_for(stated), "torchaudio": stated}
    renewed: dict[str, str] = {}
    for spec in plan.specs:
        name = pip.name(spec.value)
        if name in fits and spec.note == IN_BASE:
            renewed[spec.value] = f"{name}=={fits[name]}" if fits[name] else name
            spec.value = renewed[spec.value]
    plan.layers[0] = [renewed.get(part, part) for part in plan.layers[0] if pip.name(part) != "torch"]


def _takes(spec: str, version: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(spec.split(";")[0].strip()).specifier.contains(version, prereleases=True)
    except InvalidRequirement:
        return False


def _add_step(project: Project, packaging: Packaging, step: commands.Step, origin: Origin, plan: Plan) -> None:
    if step.purpose == "pip":
        found = pip.install(step.arguments, origin, reader(project, packaging))
        plan.read_files |= set(found.files)
        if found.trouble:
            plan.reasons.append((f"pip installs {found.trouble[0]}", origin))
        _add_specs(found, plan)
    elif step.purpose == "apt":
        needed = [package for package in step.packages if commands.needs_system(package)]
        if needed:
            plan.reasons.append((f"it installs the system packages {', '.join(needed[:4])}{' ...' if len(needed) > 4 else ''}", origin))
        elif not step.packages:
            plan.reasons.append((f"`{step.command.text.split()[0]}` changes the system", origin))
    elif step.purpose in ("clone", "download", "script", "other"):
        text = " ".join(step.command.text.split())
        plan.reasons.append((f"the build runs `{text[:60]}{'...' if len(text) > 60 else ''}`", origin))


def _add_specs(found: pip.Install, plan: Plan) -> None:
    names = {pip.name(spec): index for index, spec in enumerate(value.value for value in plan.specs) if pip.name(spec)}
    for text, origin in found.specs:
        known = names.get(pip.name(text)) if pip.name(text) else None
        if known is None:
            plan.specs.append(Value(value=text, origin=origin))
        elif re.search(r"[=<>~!@]", text) or "[" in text:
            plan.specs[known] = Value(value=text, origin=origin)
    plan.layers.append([*found.flags, *(text for text, _ in found.specs)])


def reader(project: Project, packaging: Packaging) -> pip.Reader:
    """Reads a requirement file named in a RUN: by its path in the image, else beside the Dockerfile or in the context."""

    def read(path: str) -> tuple[str, str] | None:
        workdir = packaging.stage.workdir or "/"
        absolute = str(PurePosixPath(workdir, path))
        candidates = [packaging.layout.files.get(absolute), packaging.layout.files.get("/" + path.lstrip("/")), path]
        candidates += [source for image, source in packaging.layout.files.items() if image.endswith("/" + PurePosixPath(path).name)]
        candidates += [f"{packaging.context}/{path}".strip("/")]
        for candidate in candidates:
            file = project.get(candidate) if candidate else None
            if file is not None and file.size < 2**20:
                return file.path, file.readable
        return None

    return read


OWN_PYTHON = re.compile(r"\bapt(?:-get)?\s.*\binstall\s.*(?<![\w.-])python3(?![\w.-])", re.DOTALL)
"""A command that installs the distribution's own Python."""


def python_version(packaging: Packaging, base: base_images.BaseImage) -> Value[str]:
    """The interpreter of the start command: its own name, what apt or a venv sets up, the base image's tag; assumed where none says."""
    named: dict[str, Origin] = {}
    own = bool(base.python) and any(OWN_PYTHON.search(step.command.text) for _, step, _ in packaging.steps)
    for _, step, construct in packaging.steps:
        for folder, version in re.findall(r"(?<![\w.])(/usr/(?:local/)?lib/)?python(3\.\d{1,2})(?![\d.])", step.command.text):
            if not folder or not own:  # beside the distribution's own Python, a folder of packages is left over from another image
                named.setdefault(version, Origin(file=construct.file, line=construct.line))
    command = packaging.stage.entrypoint or packaging.stage.cmd
    if command is not None and (match := re.search(r"python(3\.\d{1,2})(?!\d)", command.text)):
        return Value(value=match.group(1), origin=packaging.origin(command.line))
    if len(named) == 1 or (named and not base.python):
        version, origin = list(named.items())[-1]
        return Value(value=version, origin=origin)
    if base.python:
        note = f"base image {base.repository}:{base.tag}"
        return Value(value=base.python, origin=packaging.origin(packaging.stage.line), note=note, certainty=Certainty.DERIVED)
    return Value(value=DEFAULT_PYTHON, certainty=Certainty.ASSUMED, note="nothing in the project names a Python version")


def demanded_python(project: Project, folder: str, version: Value[str]) -> Value[str]:
    """The version, or the nearest that the project's `.python-version` or `requires-python` allows where they exclude it."""
    for place in (PurePosixPath(folder), *PurePosixPath(folder).parents):
        for name in (".python-version", "pyproject.toml"):
            path = (place / name).as_posix()
            file = project.files.get(path)
            if file is None:
                continue
            text = file.readable
            pattern = r"^(3\.\d+)" if name == ".python-version" else r"""^requires-python\s*=\s*["']([^"']+)["']"""
            if match := re.search(pattern, text, re.MULTILINE):
                line = text.count("\n", 0, match.start()) + 1
                return _allowed(f"=={match[1]}.*" if name == ".python-version" else match[1], version, Origin(file=path, line=line))
    return version


def _allowed(wanted: str, version: Value[str], origin: Origin) -> Value[str]:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(wanted)
    except InvalidSpecifier:
        return version
    known = [f"3.{minor}" for minor in range(OLDEST_PYTHON[1], 15)]
    allowed = [number for number in known if any(specifiers.contains(f"{number}.{patch}") for patch in (0, 20))]
    if version.value in allowed or not allowed:
        return version
    return Value(value=allowed[0], origin=origin, note=f"the project demands {wanted}", certainty=Certainty.DERIVED)


def raise_python(environment: Environment, ledger: Ledger) -> None:
    """fal needs Python 3.10 or newer (the SDK pins pydantic 2 and its own fastapi): older versions are raised, in an image by hand."""
    stated = environment.python_version
    version = tuple(int(part) for part in stated.value.split(".")[:2])
    if version >= OLDEST_PYTHON:
        return
    origin = stated.origin or Origin(file=environment.dockerfile or ".", line=1)
    oldest = ".".join(str(part) for part in OLDEST_PYTHON)
    if environment.kind == "image":
        ledger.note(
            rules.ENV009,
            Disposition.MANUAL,
            f"the image runs Python {stated.value}, and fal needs {oldest} or newer: take a newer base image, or install one as `python`.",
            origin,
        )
    else:
        message = f"Python {stated.value} raised to {oldest}, the oldest that fal supports"
        ledger.note(rules.ENV009, Disposition.CONVERTED, message, origin, notable=True)
    environment.python_version = Value(value=oldest, origin=stated.origin, note=f"raised from {stated.value}", certainty=Certainty.DERIVED)


def check_pins(environment: Environment, ledger: Ledger, imported: set[str] | None = None) -> None:
    """Pins that exclude what fal installs itself (pydantic 2, its own fastapi) have no solution on the runner.

    `imported`: packages that the app's own files import, where they are known. A pin of FastAPI for a server that is not part of the
    app gives way; one of pydantic does not, since libraries that the app uses may rely on it.
    """
    for spec in list(environment.requirements):
        name = pip.name(spec.value)
        if name not in INSTALLED or _allows_current(spec.value):
            continue
        origin = spec.origin or Origin(file=environment.dockerfile or ".", line=1)
        if imported is None or name in imported or name != "fastapi":
            message = f"`{spec.value}` conflicts with the {name} that fal installs on the runner: loosen the pin."
            ledger.note(rules.ENV008, Disposition.MANUAL, message, origin)
        else:
            environment.requirements.remove(spec)
            environment.layers = [[part for part in layer if part != spec.value] for layer in environment.layers]
            message = f"`{spec.value}` is left out: the app's files do not import it, and fal installs a {name} of its own on the runner"
            ledger.note(rules.ENV008, Disposition.CONVERTED, message, origin)


def _allows_current(spec: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(spec)
    except InvalidRequirement:
        return True
    newest = INSTALLED[pip.name(spec)]
    return requirement.specifier.contains(newest, prereleases=True) or not any(
        part.operator in ("==", "===", "<", "<=", "~=") for part in requirement.specifier
    )


def missing_item(ledger: Ledger, name: str, origin: Origin) -> None:
    """A variable that the code cannot do without: fal hands secrets over as variables, which is how one is set from outside."""
    message = f"the code needs the variable {name}, which nothing in the project sets: set it with `fal secrets set {name}=...`."
    ledger.note(rules.ENV011, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)


def secret_item(ledger: Ledger, name: str, origin: Origin, why: str) -> None:
    ledger.note(rules.ENV004, Disposition.MANUAL, f"{why}: set it with `fal secrets set {name}=...`.", origin, scope=Scope.DEPLOY)
