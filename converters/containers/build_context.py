"""What of a Dockerfile is built, and which files of the project the build reads."""

from __future__ import annotations

from converters.containers.layout import layout
from converters.containers.packaging import Packaging
from converters.project import Project


def used_stages(packaging: Packaging) -> set[int]:
    """The stages that the target needs: what it is FROM, and what those copy or mount from."""
    stages = packaging.dockerfile.stages
    names = {one.name: one.index for one in stages if one.name}
    queue, used = [packaging.stage.index], set[int]()
    while queue:
        index = queue.pop()
        if index in used or index >= len(stages):
            continue
        used.add(index)
        stage = stages[index]
        queue += [stage.base_stage] if stage.base_stage is not None else []
        queue += [copy.from_index for copy in stage.copies if copy.from_index is not None]
        mounts = (mount.from_stage.lower() for run in stage.runs for mount in run.mounts if mount.from_stage)
        queue += [names[name] for name in mounts if name in names]
    return used


def context_files(project: Project, packaging: Packaging) -> list[str]:
    """The files of the project that the build reads: sources of COPY, ADD and bind mounts.

    Those that a stage which is not built names are among them, since fal's client looks for all; what such a stage copies as one whole
    folder is not.
    """
    files: set[str] = set()
    used = used_stages(packaging)
    for stage in packaging.dockerfile.stages:
        if stage.index not in used and any(source.strip("./") == "" for copy in stage.copies for source in copy.sources):
            continue
        files |= set(layout(packaging.dockerfile, stage, project, packaging.context).files.values())
        for mount in (mount for run in stage.runs for mount in run.mounts):
            if mount.type == "bind" and mount.from_stage is None:
                base = f"{packaging.context}/{(mount.source or '.').strip('/')}".strip("/").removesuffix("/.").removesuffix(".").strip("/")
                files |= {base} if base in project.files else {file.path for file in project.below(base)}
    return sorted(path for path in files if path in project.files)
