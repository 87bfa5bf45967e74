"""`--resolve`: whether each list of packages has releases that fit together, asked of a resolver and never guessed.

It asks the package index, which reading never does, so it is no check of `checks/`: whoever wants it hands a `Resolver` in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from converters import rules
from converters.fal.requires import version as installed_fal
from converters.ir import Disposition
from converters.preflight.checks.pins import check as pins_that_give_way
from converters.preflight.checks.pins import installs_fal
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.packages import Installation, Requirement
from converters.python import pip
from converters.resolver import Resolver

PYTHON = "3.11"
"""Of an app whose files do not state one: fal's own base image has it."""
SERVING = ("fastapi", "pydantic>=2", "uvicorn", "starlette-exporter", "tblib", "packaging", "structlog", "httpx>=0.20")
"""What fal's client adds to an environment of `requirements` to serve the app (`fal` 1.83, `SERVE_REQUIREMENTS`)."""


def unresolved(apps: Iterable[Deployment], resolve: Resolver) -> list[Finding]:
    """What a resolver says of the packages of apps: conflicts, and what it could not tell."""
    return sorted({finding: None for app in apps for finding in _of_app(app, resolve)})


def _of_app(app: Deployment, resolve: Resolver) -> Iterator[Finding]:
    python = app.python or PYTHON
    steps = [step for step in app.packages.steps if step.requirements]
    for step in steps:
        if step.trouble:
            yield _kept(step.requirements[0], f"not resolved: {step.trouble} is not read")
            continue
        made = resolve([one.text for one in step.requirements], step.flags, python)
        if made.conflict:
            blamed = _blamed(step, made.conflict)
            message = f"no releases fit together for Python {python} on Linux: {made.conflict} Change a pin, and convert again."
            yield Finding(blamed.file, blamed.line, rules.PF033, message, about=blamed.text)
        elif made.unknown:
            yield _kept(step.requirements[0], f"not resolved: {made.unknown}")
        elif made.aside:
            yield _kept(
                step.requirements[0], f"resolved but for {', '.join(made.aside)}: no wheel for Python {python}, or no index that answers"
            )
        if made.conflict or made.unknown:
            return
    yield from _beside_fal(app, steps, python, resolve)


def _beside_fal(app: Deployment, steps: Sequence[Installation], python: str, resolve: Resolver) -> Iterator[Finding]:
    """PF032, where the packages fit together, but not with what fal installs last, and reading has not found the pin."""
    own = _own(app)
    if not own or not steps or any(step.trouble for step in steps) or any(True for _ in pins_that_give_way(app)):
        return
    whole = Installation(tuple(one for step in steps for one in step.requirements), tuple(flag for step in steps for flag in step.flags))
    texts = [one.text for one in whole.requirements]
    made, alone = resolve([*texts, *own], whole.flags, python), resolve(texts, whole.flags, python)
    if made.conflict and not alone.conflict and not alone.unknown:
        blamed = _blamed(whole, made.conflict)
        message = f"gives way when fal is installed last: {made.conflict} Pin releases that both take, and check the code against them."
        yield Finding(blamed.file, blamed.line, rules.PF032, message, about=blamed.text)


def _own(app: Deployment) -> tuple[str, ...]:
    """What fal adds: itself in an image that installs it, what serves an app in an environment of `requirements`."""
    if app.image is not None:
        return (f"fal=={installed_fal()}",) if app.program.kind != "server" and installs_fal(app) else ()
    return SERVING if app.program.image is None else ()


def _blamed(step: Installation, conflict: str) -> Requirement:
    """The requirement that the resolver names last of those that the list itself states."""
    named = {pip.name(name): at for at, name in enumerate(re.findall(r"[\w.-]+", conflict))}
    return max(step.requirements, key=lambda one: named.get(one.name, -1))


def _kept(requirement: Requirement, message: str) -> Finding:
    return Finding(requirement.file, requirement.line, rules.PF033, message, disposition=Disposition.KEPT)
