"""Runs every check over every app of a project."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from converters.preflight import checks
from converters.preflight.apps import programs
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.project import Project

Check = Callable[[Deployment], Iterator[Finding]]


@cache
def all_checks() -> tuple[Check, ...]:
    """The function `check` of every module in `checks/`, by the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return tuple(import_module(f"{checks.__name__}.{name}").check for name in names)


def deployments(project: Project) -> list[Deployment]:
    """The apps of a project, each where it runs."""
    return [Deployment(program, project) for program in programs(project)]


def findings(project: Project) -> list[Finding]:
    """What stands between the files of a project and apps that answer on fal, each once, by file and line."""
    return findings_of(deployments(project))


def findings_of(apps: list[Deployment]) -> list[Finding]:
    """The same for apps that were read already."""
    found = {finding: None for deployment in apps for check in all_checks() for finding in check(deployment)}
    return sorted(found)
