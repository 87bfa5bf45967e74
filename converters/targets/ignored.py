"""A `.dockerignore` for what an image's code needs and fal's client would leave out."""

from __future__ import annotations

from collections.abc import Mapping

from converters import rules
from converters.concepts import context
from converters.ir import NewFile
from converters.outcome import FileChange
from converters.preflight import deployments
from converters.preflight.checks.context import check
from converters.preflight.tree import project_of
from converters.project import Project


def keeping(project: Project, made: Mapping[str, FileChange]) -> NewFile | None:
    """A `.dockerignore` that keeps what runs in an image reads or imports; None where fal's client sends it anyway."""
    for deployment in deployments(project_of(made.values(), project)):
        image = deployment.program.image
        lost = next((found for found in check(deployment) if found.rule == rules.PF007), None)
        if lost is not None and image is not None and image.ignore is None and image.context in ("", "."):
            return context.replaced(f"fal's client would leave out {lost.about}, which the code needs")
    return None
