"""The Cog projects in a tree: every cog.yaml that names something to serve.

A repository that serves several models keeps a template beside a folder of configurations, and merges one of them into it before each
build (`yq eval-all '. *+ $item'`). Where no cog.yaml stands beside the template, every such model is a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.concepts.cog import cog_yaml
from converters.concepts.cog.cog_yaml import CogYaml, Entry
from converters.errors import MigrateError, Unreadable, Unsupported
from converters.project import COG_FILES, COG_TEMPLATES, Project, SourceFile

ASIDE = frozenset({"test", "tests", "testdata", "test-fixtures", "fixtures", "examples", "example", "docs", "integration-tests", ".github"})
"""Folders whose cog.yaml files are examples, not the project, unless there are no others."""


@dataclass
class Unit:
    """One cog.yaml with what it serves; `reference` is None for one that only trains or only names an image."""

    config: CogYaml
    reference: Entry | None
    key: str = "predict"
    variant: str = ""
    """The name of the configuration that was merged into a template."""

    @property
    def folder(self) -> str:
        return self.config.folder

    @property
    def path(self) -> str:
        return self.config.file.path


@dataclass
class Survey:
    units: list[Unit] = field(default_factory=list)
    problems: list[MigrateError] = field(default_factory=list)
    """Why one of several models is not converted."""
    aside: list[SourceFile] = field(default_factory=list)
    """Files that were left alone because they are examples or tests of the project."""


def files(project: Project) -> list[SourceFile]:
    """Every cog.yaml of the tree, and every template without one beside it, those at the top first."""
    found = [file for file in project.files.values() if file.name in COG_FILES and not project.is_installed(file.path)]
    folders = {file.folder for file in found}
    found += [file for file in project.files.values() if file.name in COG_TEMPLATES and file.folder not in folders]
    return sorted(found, key=lambda file: (file.path.count("/"), file.path))


def survey(project: Project, only: str = "") -> Survey:
    """Read the cog.yaml files. `only`: the path of one. Raises what is wrong with the only one there is."""
    found = Survey()
    every = files(project)
    wanted = [file for file in every if file.path == only] if only else [file for file in every if not _aside(file)] or every
    found.aside = [file for file in every if file not in wanted] if not only else []
    for file in wanted:
        try:
            for config, variant in _configurations(project, file, found.problems):
                key = next((name for name in ("run", "predict", "train") if config.find(name) is not None), "predict")
                found.units.append(Unit(config, config.find(key), key, variant))
        except Unreadable as error:
            found.problems.append(error)
    if not found.units:
        raise found.problems[0] if found.problems else Unsupported("no cog.yaml was found.")
    return found


def _configurations(project: Project, file: SourceFile, problems: list[MigrateError]) -> Iterator[tuple[CogYaml, str]]:
    """The file itself, or what a template becomes with each of the configurations beside it, and their names.

    A configuration that cannot be read is one of the `problems`; the others are models of their own.
    """
    config = cog_yaml.read(file)
    variants = [
        other
        for path, other in sorted(project.files.items())
        if file.name in COG_TEMPLATES and other.name.endswith((".yaml", ".yml")) and _is_variant(file.folder, PurePosixPath(path))
    ]
    if not variants:
        yield config, ""
    for other in variants:
        try:
            parts = (config.root, cog_yaml.read(other).root)
        except Unreadable as error:
            problems.append(error)
            continue
        yield CogYaml(file, cog_yaml.merged(*parts), parts=parts), PurePosixPath(other.path).stem


def _is_variant(folder: str, path: PurePosixPath) -> bool:
    """Whether a file lies in a folder of configurations beside a template; those of `cog-safe-push` are tests."""
    inside = str(path.parent.parent) == (folder or ".")
    return inside and re.search(r"cog[-_]?configs?$", path.parent.name) is not None


def _aside(file: SourceFile) -> bool:
    return any(part in ASIDE for part in PurePosixPath(file.path).parts[:-1])
