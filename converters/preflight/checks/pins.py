"""Pins that fal's own requirements replace when fal is installed last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from converters import rules
from converters.fal.requires import requires
from converters.ir import Disposition
from converters.preflight import packages, taken_away
from converters.preflight.deployment import Deployment
from converters.preflight.distributions import HOLDERS
from converters.preflight.finding import Finding
from converters.preflight.suggestions import pinned
from converters.python import pip

BESIDE_FAL = frozenset({"fastapi", "pydantic"})


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF032: for images in which fal is installed; elsewhere fal brings no more than what serves the app."""
    image = deployment.image
    if image is None or deployment.program.kind == "server" or not installs_fal(deployment):
        return
    wanted = own_requirements(deployment.python or "3.11")
    yield from _locked(deployment, wanted)
    for name in sorted(wanted.keys() & deployment.packages.names):
        spec = deployment.packages.find(name)
        if spec is not None and _excludes(spec.text, wanted[name].specifier):
            yield _gives_way(deployment, spec, name, wanted[name].specifier)


def _gives_way(deployment: Deployment, spec: packages.Requirement, name: str, wanted: SpecifierSet) -> Finding:
    """A pin that pip replaces: by itself that stops nothing, so it is told as done where nothing is known to miss the old release."""
    message = f"`{spec.text}` gives way when fal is installed, which needs {name}{wanted}"
    newest, stated = _newest(wanted), _newest(Requirement(spec.text.split(";")[0].strip()).specifier)
    if other := taken_away.needing(deployment, name, newest):
        message += f", and `{other}` needs the older one: pin a release of it that takes both."
        return Finding(spec.file, spec.line, rules.PF032, message, about=spec.text)
    if name == "pydantic" and not deployment.packages.complete:  # its second release broke most of what used the first
        message += (
            ", and what else the image installs is not known, which may need the older one: pin a release that both take, and try it."
        )
        return Finding(spec.file, spec.line, rules.PF032, message, about=spec.text)
    if not _is_imported(deployment, name):
        return _done(spec, f"{message}; no code here imports it")
    if name in taken_away.REMOVALS and stated < newest:
        missed = next(taken_away.uses(deployment, name, stated), None)
        if missed is None:
            return _done(spec, f"{message}; newer releases took away nothing that the code uses")
        message += f" and has no `{missed[2]}` ({missed[0]}:{missed[1]})"
    message += ": pin a release that both take, and check the code against it."
    is_enough = name not in taken_away.REMOVALS and pip.pinned(spec.text)  # else the code changes, too
    suggestion = pinned(spec, f"{spec.text.partition('=')[0].strip()}{wanted}") if is_enough else None
    return Finding(spec.file, spec.line, rules.PF032, message, about=spec.text, suggestion=suggestion)


def _done(spec: packages.Requirement, message: str) -> Finding:
    return Finding(spec.file, spec.line, rules.PF032, message, about=spec.text, disposition=Disposition.CONVERTED)


def _newest(specifiers: SpecifierSet) -> Version:
    """The newest release that a set of bounds takes, as far as these tell: of `<10` one just below it."""
    near = (one for bound in specifiers for one in _near(Version(bound.version.removesuffix(".*"))))
    return max((one for one in near if specifiers.contains(one, prereleases=True)), default=Version("0"))


def _locked(deployment: Deployment, wanted: Mapping[str, Requirement]) -> Iterator[Finding]:
    """Pins of a lock file, of which only what the code imports is told: most are of packages that others bring along."""
    for pin in deployment.packages.locked:
        needed = wanted.get(pin.name)
        if needed is None or deployment.packages.find(pin.name) is not None or not _excludes(pin.text, needed.specifier):
            continue
        if _is_imported(deployment, pin.name):
            message = (
                f"`{pin.text}` is locked, and gives way when fal is installed, which needs {pin.name}{needed.specifier}: lock a release "
                "that both take, and check the code against it."
            )
            yield Finding(pin.file, pin.line, rules.PF032, message, about=pin.text)


def _excludes(text: str, wanted: SpecifierSet) -> bool:
    """Whether no version satisfies both a requirement and what fal wants; False where one of them cannot be read."""
    try:
        stated = Requirement(text.split(";")[0].strip()).specifier
        if pinned := pip.pinned(text):
            return not wanted.contains(Version(pinned), prereleases=True)
        tried = [near for one in (*stated, *wanted) for near in _near(Version(one.version.removesuffix(".*")))]
    except (InvalidRequirement, InvalidVersion):
        return False
    return bool(stated) and not any(stated.contains(one, prereleases=True) and wanted.contains(one, prereleases=True) for one in tried)


def _near(bound: Version) -> Iterator[Version]:
    """A version, one just below it, and ones just above it and above all that begin with it: where sets of versions meet, they hold one."""
    release = list(bound.release)
    yield from (bound, Version(f"{bound}.0.1") if not bound.is_prerelease and not bound.local else bound)
    yield Version(".".join(map(str, [*release[:-1], release[-1] + 1])))
    while release and not release[-1]:
        release.pop()
    if release:
        yield Version(".".join(map(str, [*release[:-1], release[-1] - 1, 99999])))


def _is_imported(deployment: Deployment, name: str) -> bool:
    """Whether code that runs imports a distribution itself.

    What the app's own file imports of FastAPI and pydantic at its top is left out: it is loaded beside fal wherever it is deployed from.
    """
    tops = {
        found.module.split(".")[0]
        for unit, found in deployment.running.missing
        if not (name in BESIDE_FAL and unit.app and found.node in unit.module.tree.body)
    }
    return any(top.lower().replace("_", "-") == name or name in HOLDERS.get(top, ()) for top in tops)


def installs_fal(deployment: Deployment) -> bool:
    """Whether the build of the image installs fal."""
    runs = deployment.image.runs if deployment.image is not None else ()
    return any(re.search(r"\bpip3?\b.*\binstall\b.*(?<![\w-])fal(?![\w-])", run.script) for run in runs)


def own_requirements(python: str) -> dict[str, Requirement]:
    """What fal itself requires on a Python, by normalized name."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": "", "platform_system": "Linux"}
    environment |= {"sys_platform": "linux", "platform_machine": "x86_64", "implementation_name": "cpython"}
    found: dict[str, Requirement] = {}
    for text in requires():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate(environment):
            found[pip.name(requirement.name)] = requirement
    if "pydantic" in found:
        found["pydantic"].specifier &= SpecifierSet(">=2")  # the release that deploys is installed to serve the app, and fal needs 2
    return found
