"""What became of the keys of `build`, and what its pins mean on fal."""

from __future__ import annotations

from collections.abc import Callable

from converters import rules
from converters.concepts import baked
from converters.concepts.cog import cuda, steps
from converters.concepts.cog.build import Build
from converters.concepts.cog.steps import RunStep
from converters.concepts.cog.units import Unit
from converters.concepts.variables import unnamed
from converters.containers import commands
from converters.containers.shell import split
from converters.fal.runner import OLDEST_PYTHON
from converters.ir import App, Disposition, Origin, Scope, Value
from converters.ledger import Construct, Ledger
from converters.provenance import Certainty
from converters.python import pip

Settle = Callable[[Construct, str, Disposition, str], None]


def keep_cog(build: Build) -> None:
    """Code that still imports Cog needs its package."""
    pinned = next((text for text, _ in build.packages.dropped if pip.pinned(text)), "cog")
    spec: Value[str] = Value(value=pinned, note="the code still imports Cog")
    build.packages.specs.append(spec)
    build.packages.layers.append([pinned])


def settle(unit: Unit, build: Build, app: App, ledger: Ledger) -> None:
    """A row for every key and item of `build` and `environment`."""
    image = app.environment.kind == "image"
    where = app.environment.dockerfile or app.app_file
    constructs = unit.config.constructs
    for path, rule, message in _plain(build, app, where, image):
        for construct in constructs.get(path, []):
            ledger.settle(construct, rule, Disposition.CONVERTED, message)
    _packages(unit, build, where, ledger)
    _system(unit, build, where, ledger)
    _steps(unit, build, app, where, ledger)
    _notes(unit, build, where, ledger)


def _plain(build: Build, app: App, where: str, image: bool) -> list[tuple[str, str, str]]:
    machine = app.setting("machine_type")
    cuda_text = f"the base image of {where} holds CUDA {build.cuda}" if image and build.gpu else "the wheels bring their own CUDA"
    return [
        ("build.gpu", rules.RC020, f"machine_type = {machine.value if machine else '?'}"),
        ("build.cuda", rules.RC021, cuda_text),
        ("build.cudnn", rules.RC021, cuda_text.replace("CUDA", "cuDNN")),
        ("build.python_version", rules.RC022, f"python_version = {app.environment.python_version.value}"),
        ("build.python_packages", rules.RC023, f"the packages are installed by {where}"),
        ("build.python_requirements", rules.RC023, f"its packages are installed by {where}"),
        ("build.system_packages", rules.RC024, "its packages are accounted for one by one"),
        ("build.run", rules.RC025, "its commands are accounted for one by one"),
        ("build.pre_install", rules.RC026, "Cog runs it after `run`, and so does the result; its commands are accounted for one by one"),
        ("environment", rules.RC030, "its variables are accounted for one by one"),
    ]


def _packages(unit: Unit, build: Build, where: str, ledger: Ledger) -> None:
    dropped = {(text, origin.file, origin.line) for text, origin in build.packages.dropped}
    entries = unit.config.strings("build.python_packages")
    for construct, entry in zip(unit.config.constructs.get("build.python_packages[]", []), entries, strict=False):
        if (entry.text, construct.file, construct.line) in dropped:
            ledger.settle(construct, rules.RC032, Disposition.DROPPED, "installs Cog, which fal does not run")
        else:
            ledger.settle(construct, rules.RC023, Disposition.CONVERTED, f"is installed by {where}")
    for text, origin in build.packages.dropped:
        if origin.file != unit.path:
            ledger.note(rules.RC032, Disposition.DROPPED, f"`{text}` installs Cog, which fal does not run", origin)
    for pinned_spec, url in build.packages.indexes:
        at = next((one.origin for one in build.packages.specs if one.value == pinned_spec and one.origin), Origin(file=unit.path, line=1))
        ledger.note(rules.RC021, Disposition.CONVERTED, f"`{pinned_spec}` comes from {url}, as Cog resolves it", at)
    if build.packages.missing:
        listed = unit.config.find("build.python_requirements")
        ledger.note(
            rules.RC023,
            Disposition.MANUAL,
            f"{build.packages.missing} is not in the project (a submodule, or made by a script): add its packages to {where}.",
            listed.origin if listed else Origin(file=unit.path, line=1),
        )


def _system(unit: Unit, build: Build, where: str, ledger: Ledger) -> None:
    entries = unit.config.strings("build.system_packages")
    for construct, entry in zip(unit.config.constructs.get("build.system_packages[]", []), entries, strict=False):
        words = [word for word in entry.text.split() if not word.startswith("-")]
        renamed = [
            f"{word} is called {build.renamed[word] or 'nothing'} since Debian 12 and Ubuntu 24.04"
            for word in words
            if word in build.renamed
        ]
        if build.reasons:
            ledger.settle(
                construct, rules.RC024, Disposition.CONVERTED, f"is installed by {where}" + "".join(f"; {text}" for text in renamed)
            )
        else:
            ledger.settle(
                construct, rules.RC024, Disposition.DROPPED, "a tool for building: a list of requirements has no build of its own"
            )


def _steps(unit: Unit, build: Build, app: App, where: str, ledger: Ledger) -> None:
    image = app.environment.kind == "image"
    kept = {id(step) for step in build.steps}
    if image:
        app.weights += [baked.weights(one.command, one.entry.origin) for one in build.steps if _bakes(one)]
    for step in build.steps:
        for name in step.mounted if image else ():
            message = f"the build reads the secret {name}, which its step mounts: set it with `fal secrets set {steps.variable(name)}=...`."
            ledger.note(rules.RC035, Disposition.MANUAL, message, step.entry.origin, scope=Scope.DEPLOY)
    for step in [*build.steps, *(one for one in build.every_step if id(one) not in kept)]:
        names = ("build.pre_install[]", "build.run[]", "build.run[].command", "build.run[].mounts")
        lines = range(step.entry.origin.line, step.entry.origin.end_line + 1)
        for name in [key for key in unit.config.constructs if key in names or key.startswith("build.run[].mounts")]:
            for construct in unit.config.constructs[name]:
                if construct.file == step.entry.origin.file and construct.line in lines and not ledger.is_settled(construct):
                    _step(construct, name, step, where, image, ledger, kept=id(step) in kept)


def _bakes(step: RunStep) -> bool:
    """Whether a step leaves model files in the image; the tool that fetches them is none."""
    return step.purpose == "image" and any(baked.bakes(commands.classify(simple)) for simple in split(step.command))


def _step(construct: Construct, name: str, step: RunStep, where: str, image: bool, ledger: Ledger, *, kept: bool) -> None:
    if name.startswith("build.run[].mounts["):
        ledger.settle(construct, rules.RC035, Disposition.CONVERTED, "is told with its mount")
        return
    if name.startswith("build.run[].mounts"):
        ids = ", ".join(one for one, _ in step.secrets) or "?"
        if image and kept and step.secrets and len(step.mounts) == len(step.secrets):
            names = " and ".join(f"`fal secrets set {steps.variable(one)}=...`" for one, _ in step.secrets)
            message = f"the build reads the secret {ids}: the image's step mounts it; set it with {names}."
            ledger.settle(construct, rules.RC035, Disposition.MANUAL, message, scope=Scope.DEPLOY)
            return
        ledger.settle(
            construct,
            rules.RC035,
            Disposition.MANUAL,
            f"the build reads the secret {ids}: pass it by ContainerImage(secrets=...) after `fal secrets set`, or fetch in setup().",
        )
        return
    if step.purpose == "cog":
        ledger.settle(construct, rules.RC032, Disposition.DROPPED, "installs Cog, which fal does not run")
    elif step.purpose == "pip-off":
        ledger.settle(
            construct,
            rules.RC038,
            Disposition.DROPPED,
            "disables pip so that Replicate cannot change Cog; fal installs its own packages with it",
        )
    elif step.purpose == "pip":
        ledger.settle(construct, rules.RC025, Disposition.CONVERTED, f"its packages are installed by {where}")
    elif step.purpose == "pget" and not kept:
        ledger.settle(construct, rules.RC033, Disposition.DROPPED, "the result does not start pget: its downloads go into /data")
    elif image:
        ledger.settle(
            construct, rules.RC025, Disposition.KEPT, f"runs in {where}, after the packages and before the source is copied, as Cog does it"
        )
    else:
        ledger.settle(construct, rules.RC025, Disposition.DROPPED, "leaves nothing behind that the code needs")


def _notes(unit: Unit, build: Build, where: str, ledger: Ledger) -> None:
    entries = unit.config.strings("environment")
    for construct, entry in zip(unit.config.constructs.get("environment[]", []), entries, strict=False):
        name = entry.text.partition("=")[0].strip()
        variable = next((one for one in build.variables if one.name == name), None)
        if variable is None:
            ledger.settle(construct, rules.ENV012, Disposition.MANUAL, unnamed(name))
        elif variable.secret:
            message = f"`{variable.name}` is a secret: set it with `fal secrets set {variable.name}=...`."
            ledger.settle(construct, rules.RC030, Disposition.MANUAL, message, scope=Scope.DEPLOY)
        else:
            ledger.settle(construct, rules.RC030, Disposition.CONVERTED, f"is set by {where}")
    for package, why in build.implied.items():
        if build.reasons:
            ledger.note(
                rules.RC024,
                Disposition.CONVERTED,
                f"{package} is installed, too: {why}, and Cog's base image holds it",
                Origin(file=unit.path, line=1),
            )


def raise_python(build: Build, ledger: Ledger) -> None:
    """Python 3.7 to 3.9 become 3.10, the oldest that fal supports.

    A pin without a wheel for it is raised within its series of releases, else it must be loosened by a person.
    """
    version = cuda.number(build.python.value)
    if version >= OLDEST_PYTHON:
        return
    origin = build.python.origin or Origin(file="cog.yaml", line=1)
    oldest = ".".join(str(part) for part in OLDEST_PYTHON)
    message = f"Python {build.python.value} raised to {oldest}, the oldest that fal supports"
    ledger.note(rules.ENV009, Disposition.CONVERTED, message, origin, notable=True)
    raised = Value[str](value=oldest, origin=build.python.origin, note=f"raised from {build.python.value}", certainty=Certainty.DERIVED)
    build.python = raised
    for spec in build.packages.specs:
        first, pinned = cuda.FIRST_FOR_310.get(pip.name(spec.value), ""), pip.pinned(spec.value)
        if not first or not pinned or cuda.number(pinned) >= cuda.number(first):
            continue
        if cuda.release(pinned) == cuda.release(first):
            newer = build.packages.repin(spec, first)
            message = f"`{spec.value}` raised to {newer}, the first release of that series with a wheel for Python {oldest}"
            ledger.note(rules.RC022, Disposition.CONVERTED, message, spec.origin or origin, notable=True)
        else:
            message = f"`{spec.value}` has no wheel for Python {oldest}: take {first} or newer, and check the code against it."
            ledger.note(rules.RC022, Disposition.MANUAL, message, spec.origin or origin, scope=Scope.CODE)
