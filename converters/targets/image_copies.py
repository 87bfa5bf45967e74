"""COPY lines that a build of fal's takes in another form."""

from __future__ import annotations

from converters.containers.dockerfile_model import Instruction
from converters.containers.layout import named_sources
from converters.containers.packaging import Packaging
from converters.escape import docker_list
from converters.ir import App
from converters.project import Project, normalize


def with_names(project: Project, packaging: Packaging, instruction: Instruction) -> str:
    """A COPY line with its patterns written out; '' for a line that has none."""
    copies = [copy for stage in packaging.dockerfile.stages for copy in stage.copies if copy.line == instruction.line]
    sources = named_sources(project, packaging.context, copies[0]) if copies and not instruction.heredocs else None
    if not sources:
        return ""
    return _line(instruction, sources, copies[0].dest)


def without_entry(project: Project, packaging: Packaging, instruction: Instruction, app: App) -> str | None:
    """A COPY line without the entry file, which stands in the app file: '' where it brings nothing else, None where it stays as it is."""
    copies = [copy for stage in packaging.dockerfile.stages for copy in stage.copies if copy.line == instruction.line]
    if not copies or copies[0].from_stage is not None or instruction.heredocs:
        return None
    sources = named_sources(project, packaging.context, copies[0]) or list(copies[0].sources)
    left = [source for source in sources if not _is_gone(packaging, source, app)]
    if left == sources:
        return None
    return _line(instruction, left, copies[0].dest) if left else ""


def _is_gone(packaging: Packaging, source: str, app: App) -> bool:
    """Whether a source names the entry file, or a folder that holds nothing else."""
    path = normalize(f"{packaging.context}/{source}".lstrip("/"))
    if path is None or path in ("", "."):
        return False
    return path == app.entry or (
        app.entry.startswith(f"{path}/") and not any(file.startswith(f"{path}/") for file in app.environment.files)
    )


def _line(instruction: Instruction, sources: list[str], dest: str) -> str:
    folder = dest if dest.endswith("/") or len(sources) == 1 else f"{dest}/"
    return " ".join([instruction.keyword, *instruction.flags, docker_list([*sources, folder])]) + "\n"
