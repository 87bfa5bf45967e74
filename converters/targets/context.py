"""`.dockerignore` for fal's client, which reads only the one beside pyproject.toml, without negations and with gitignore's anchoring."""

from __future__ import annotations

import re

from converters.fal.client import LEFT_OUT
from converters.ir import App, NewFile
from converters.project import Project

WRITTEN = "# The files here are those that the build needs.\n.git\n__pycache__\n*.pyc\n"


def ignore_file(project: Project, app: App) -> NewFile | None:
    """The `.dockerignore` of the output: the project's own where the client reads it rightly, else one that loses no needed file."""
    own = project.get(".dockerignore")
    lines = re.split(r"\r\n|\r|\n", own.data.decode(errors="replace")) if own is not None else list(LEFT_OUT)
    try:
        dropped = _dropped([line.strip() for line in lines], app.environment.files)
        reason = f"fal's client would leave out {dropped[0]}, which the build needs" if dropped else ""
    except (ValueError, re.error) as error:
        reason = f"fal's client stops at one of its patterns ({error})"
    if not reason:
        if own is not None:
            app.environment.files = sorted({*app.environment.files, ".dockerignore"})
        return None
    return NewFile(path=".dockerignore", text=WRITTEN, rule="DK038", reason=reason)


def _dropped(patterns: list[str], files: list[str]) -> list[str]:
    """The needed files that the client's reading of the patterns leaves out (negations count as patterns there)."""
    import pathspec

    plain = [pattern.removeprefix("!") for pattern in patterns if pattern and not pattern.startswith("#")]
    spec = pathspec.PathSpec.from_lines("gitwildmatch", plain)
    return [path for path in files if spec.match_file(path)]
