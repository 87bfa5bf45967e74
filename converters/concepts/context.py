"""`.dockerignore` for fal's client, which reads only the one beside pyproject.toml, without negations and with gitignore's anchoring."""

from __future__ import annotations

import re

from converters import rules
from converters.fal.client import LEFT_OUT
from converters.ir import App, NewFile
from converters.project import Project

WRITTEN = "# The files here are those that the build needs.\n.git\n__pycache__\n*.pyc\n"


def ignore_file(project: Project, app: App, folder: str = "", needed: list[str] | None = None) -> NewFile | None:
    """The `.dockerignore` of the output: the project's own where the client reads it rightly, else one that loses no needed file.

    `folder`: the build context. `needed`: the files that have to be there; all that the app ships where they are left out.
    """
    prefix = f"{folder}/" if folder else ""
    own = project.get(f"{prefix}.dockerignore")
    files = app.environment.files if needed is None else needed
    try:
        dropped = _dropped(_lines(project, prefix), [path.removeprefix(prefix) for path in files if path.startswith(prefix)])
    except (ValueError, re.error) as error:
        return _replacing(error, prefix)
    if dropped:
        return replaced(f"fal's client would leave out {dropped[0]}, which the build needs", prefix)
    if own is not None:
        app.environment.files = sorted({*app.environment.files, own.path})
    return None


def replacement(project: Project) -> NewFile | None:
    """A `.dockerignore` for a project with one at which fal's client stops; None where it can read it."""
    try:
        _dropped(_lines(project), [])
    except (ValueError, re.error) as error:
        return _replacing(error)
    return None


def _lines(project: Project, prefix: str = "") -> list[str]:
    own = project.get(f"{prefix}.dockerignore")
    lines = re.split(r"\r\n|\r|\n", own.data.decode()) if own is not None else LEFT_OUT
    return [line.strip() for line in lines]


def _replacing(error: Exception, prefix: str = "") -> NewFile:
    what = "it, as it is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"one of its patterns ({error})"
    return replaced(f"fal's client stops at {what}", prefix)


def replaced(reason: str, prefix: str = "") -> NewFile:
    return NewFile(path=f"{prefix}.dockerignore", text=WRITTEN, rule=rules.DK038, reason=reason)


def _dropped(patterns: list[str], files: list[str]) -> list[str]:
    """The needed files that the client's reading of the patterns leaves out (negations count as patterns there)."""
    import pathspec

    stated = [pattern for pattern in patterns if pattern and not pattern.startswith("#")]
    pathspec.PathSpec.from_lines("gitwildmatch", stated)  # raises at what the client stops at, `!` alone among it
    spec = pathspec.PathSpec.from_lines("gitwildmatch", [pattern.removeprefix("!") for pattern in stated])
    return [path for path in files if spec.match_file(path)]
