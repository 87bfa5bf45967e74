"""Where the files of a build context land in the image."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from converters.containers.dockerfile_model import Copy, Dockerfile, Stage
from converters.project import Project, SourceFile, normalize

if TYPE_CHECKING:
    import pathspec

SYSTEM = frozenset(
    {"/bin", "/etc", "/home", "/lib", "/mnt", "/opt", "/root", "/sbin", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local"}
    | {"/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/tmp"}
)
"""Folders that every base image has."""


@dataclass
class Layout:
    """`files`: path in the image -> path in the project. `missing`: sources that the context does not hold, with their line."""

    files: dict[str, str] = field(default_factory=dict)
    missing: list[tuple[str, int]] = field(default_factory=list)
    withheld: list[tuple[str, int]] = field(default_factory=list)
    """Sources that are credential files, which are left out, with their line."""
    folders: list[tuple[str, str]] = field(default_factory=list)
    """(folder in the image, folder in the project) of every folder that was copied."""
    starting: frozenset[str] = frozenset()
    """Files of the project that are meant to be started, where a command runs several."""


def layout(dockerfile: Dockerfile, stage: Stage, project: Project, context: str) -> Layout:
    """Expand the COPY and ADD lines of a stage over the build context (a folder of the project)."""
    found = Layout()
    left_out = ignored(project, context)
    for copy in (_into_folder(dockerfile, stage, one, found) for one in stage.copies):
        if copy.from_stage is not None:
            if copy.from_index is not None and copy.from_index < len(dockerfile.stages) and copy.from_index != stage.index:
                _from_stage(layout(dockerfile, dockerfile.stages[copy.from_index], project, context), copy, found)
            continue
        for source in copy.sources:
            if "://" not in source and not source.startswith("git@"):
                _place(project, context, copy, source, found, left_out)
    return found


def _into_folder(dockerfile: Dockerfile, stage: Stage, copy: Copy, found: Layout) -> Copy:
    """The COPY with a slash behind its destination, where that is a folder by then: a file is copied into one that exists."""
    if copy.dest.endswith("/") or not _exists(dockerfile, stage, copy, found):
        return copy
    return replace(copy, dest=f"{copy.dest}/")


def _exists(dockerfile: Dockerfile, stage: Stage, copy: Copy, found: Layout) -> bool:
    """Whether a folder is there before a COPY: by the base image, an earlier COPY or WORKDIR, or a `mkdir`."""
    folder = copy.dest
    if folder in SYSTEM or any(path.startswith(f"{folder}/") for path in found.files):
        return True
    workdirs = [one.value.strip() for one in dockerfile.instructions if one.keyword == "WORKDIR" and one.line < copy.line]
    runs = [run for run in stage.runs if run.line < copy.line]
    made = {*workdirs, *(run.workdir or "/" for run in runs)}
    for run in runs:
        for outer in run.commands():
            for command in (outer, *outer.inner):
                if command.words[:1] == ("mkdir",):
                    made |= {str(PurePosixPath(run.workdir or "/", word)) for word in command.words[1:] if not word.startswith("-")}
    return any(one.rstrip("/") == folder or one.startswith(f"{folder}/") for one in made)


def best_context(dockerfile: Dockerfile, stage: Stage, project: Project, folder: str) -> str:
    """The build context under which most sources exist: the Dockerfile's folder or one above it, the nearest first."""
    candidates = [folder]
    while candidates[-1]:
        parent = str(PurePosixPath(candidates[-1]).parent)
        candidates.append("" if parent == "." else parent)
    scored = [
        (len(found.missing), index)
        for index, candidate in enumerate(candidates)
        for found in [layout(dockerfile, stage, project, candidate)]
    ]
    return candidates[min(scored)[1]]


def ignored(project: Project, context: str) -> set[str]:
    """Paths below the context that `.dockerignore` leaves out (gitignore matching; the last pattern wins in both)."""
    file = project.get(f"{context}/.dockerignore" if context else ".dockerignore")
    if file is None:
        return set()
    key = ("dockerignore", context, file.data, frozenset(project.files))
    if key not in project.readings:
        project.readings[key] = _ignored(project, context, file)
    found: set[str] = project.readings[key]
    return found


def _ignored(project: Project, context: str, file: SourceFile) -> set[str]:
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", file.data.decode(errors="replace"))]
    spec = _spec([_anchored(line) for line in lines if line and not line.startswith("#")])
    prefix = f"{context}/" if context else ""
    return {path for path in (entry.path for entry in project.below(context)) if spec.match_file(path[len(prefix) :])}


def _spec(patterns: list[str]) -> pathspec.PathSpec:
    """What the patterns match; one that is none (`\\` alone, a range that runs backwards) matches nothing, and Docker refuses it."""
    import pathspec

    read: list[pathspec.Pattern] = []
    for pattern in patterns:
        try:
            read += pathspec.PathSpec.from_lines("gitwildmatch", [pattern]).patterns
        except (ValueError, re.error):
            continue
    return pathspec.PathSpec(read)


def _anchored(pattern: str) -> str:
    """A `.dockerignore` pattern is anchored at the context; a gitignore pattern without a slash is not."""
    negated, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    body = body.removeprefix("./")
    return negated + (body if body.startswith(("/", "**")) else f"/{body}")


def _place(project: Project, context: str, copy: Copy, source: str, found: Layout, ignored: set[str]) -> None:
    path = normalize(f"{context}/{source}")
    names = [] if path is None else _expand(project, path)
    names = [name for name in names if name not in ignored or project.is_folder(name)]
    if not names and path is not None and _is_withheld(project, path):
        found.withheld.append((source, copy.line))
        return
    if not names:
        found.missing.append((source, copy.line))
        return
    many = len(copy.sources) > 1 or len(names) > 1 or copy.dest.endswith("/")
    for name in names:
        if name in project.files:
            dest = f"{copy.dest.rstrip('/')}/{PurePosixPath(name).name}" if many else copy.dest
            found.files[dest] = name
        else:
            _place_folder(project, name, copy.dest.rstrip("/"), found, ignored)


def _place_folder(project: Project, folder: str, dest: str, found: Layout, ignored: set[str]) -> None:
    prefix = f"{folder}/" if folder else ""
    found.folders.append((dest or "/", folder))
    for file in project.below(folder):
        if file.path not in ignored:
            found.files[f"{dest}/{file.path[len(prefix) :]}"] = file.path


def _from_stage(earlier: Layout, copy: Copy, found: Layout) -> None:
    for source in copy.sources:
        start = "/" + source.strip("/")
        for image_path, path in earlier.files.items():
            if image_path == start:
                found.files[f"{copy.dest}{PurePosixPath(image_path).name}" if copy.dest.endswith("/") else copy.dest] = path
            elif image_path.startswith(start.rstrip("/") + "/"):
                found.files[f"{copy.dest.rstrip('/')}/{image_path[len(start.rstrip('/')) + 1 :]}"] = path


def named_sources(project: Project, context: str, copy: Copy) -> list[str] | None:
    """The sources of a COPY line with its patterns written out, as paths of the context, but for what `.dockerignore` keeps out of it.

    None where it has no pattern, or a source names nothing.
    """
    if copy.from_stage is not None or not any(re.search(r"[*?\[]", source) for source in copy.sources):
        return None
    prefix = f"{context}/" if context else ""
    found: list[str] = []
    for source in copy.sources:
        path = normalize(prefix + source)
        names = _expand(project, path) if path is not None and "://" not in source else []
        if not names and not re.search(r"[*?\[]", source):
            return None
        if re.search(r"[*?\[]", source):
            names = [name for name in names if not _is_ignored(project, context, name)]
        found += [name.removeprefix(prefix) for name in names]
    return found or None


def _is_ignored(project: Project, context: str, name: str) -> bool:
    """Whether a file, or every file of a folder, does not reach the build."""
    left = ignored(project, context)
    return name in left or (name not in project.files and all(file.path in left for file in project.below(name)))


def _is_withheld(project: Project, pattern: str) -> bool:
    """Whether a source names nothing but credential files."""
    expression = re.compile(_glob(pattern))
    return any(expression.fullmatch(path) or path.startswith(f"{pattern}/") for path in project.withheld)


def _expand(project: Project, pattern: str) -> list[str]:
    """Files and folders that a source names; `*`, `?` and `[...]` do not cross a slash (Go's filepath.Match)."""
    if not any(sign in pattern for sign in "*?["):
        return [pattern] if pattern in project.files or project.is_folder(pattern) else []
    depth = pattern.count("/") + 1
    expression = re.compile(_glob(pattern))
    prefixes = dict.fromkeys("/".join(path.split("/")[:depth]) for path in project.files if path.count("/") + 1 >= depth)
    return [prefix for prefix in prefixes if expression.fullmatch(prefix)]


def _glob(pattern: str) -> str:
    found = []
    index = 0
    while index < len(pattern):
        sign = pattern[index]
        if sign == "*":
            found.append("[^/]*")
        elif sign == "?":
            found.append("[^/]")
        elif sign == "[" and (end := pattern.find("]", index + 2)) > 0:
            inner = pattern[index + 1 : end]
            found.append("[" + ("^" + re.escape(inner[1:]) if inner[:1] in "^!" else inner.replace("\\", "\\\\")) + "]")
            index = end
        else:
            found.append(re.escape(sign))
        index += 1
    return "".join(found)
