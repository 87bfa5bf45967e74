"""The Python packages of a cog.yaml, with the indexes that Cog adds, as pip requirements in install layers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from converters.concepts.cog import cuda
from converters.concepts.cog.cog_yaml import CogYaml, Entry
from converters.concepts.cog.steps import RunStep
from converters.ir import Origin, Value
from converters.project import Project, normalize
from converters.python import pip

OWN = frozenset({"cog", "coglet"})
"""What Cog installs itself and strips from a project's requirements."""


STATIC = (0, 17)
"""The first release of Cog that hands inputs on as they were sent; those before made a float of an int."""


def is_before(config: CogYaml, found: Packages, release: tuple[int, int]) -> bool:
    """Whether the project states a release of Cog that is older than another."""
    entry = config.find("build.sdk_version")
    stated = [entry.text] if entry is not None else [text for text, _ in found.dropped if pip.name(text) == "cog"]
    versions = [re.search(r"(?:^|[=<~]=?\s*)(\d+)\.(\d+)", text) for text in stated]
    return any(found is not None and (int(found.group(1)), int(found.group(2))) < release for found in versions)


@dataclass
class Packages:
    """`layers` keep pip options with the packages they are for; `trouble`: what a list of requirements cannot express."""

    specs: list[Value[str]] = field(default_factory=list)
    layers: list[list[str]] = field(default_factory=list)
    trouble: list[tuple[str, Origin]] = field(default_factory=list)
    dropped: list[tuple[str, Origin]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    indexes: list[tuple[str, str]] = field(default_factory=list)
    """(package, index) that Cog adds."""
    missing: str = ""
    """A requirements file that is not in the project."""

    def repin(self, spec: Value[str], version: str) -> str:
        """Pin a package to another release; returns the requirement as it is now."""
        now = spec.value.replace(pip.pinned(spec.value) or spec.value, version, 1)
        self.specs = [one.model_copy(update={"value": now}) if one is spec else one for one in self.specs]
        self.layers = [[now if part == spec.value else part for part in layer] for layer in self.layers]
        return now

    def version(self, name: str) -> str:
        """The pinned version of a package; '' where it is not pinned."""
        return next((version for spec in self.specs if pip.name(spec.value) == name and (version := pip.pinned(spec.value))), "")

    def names(self) -> set[str]:
        return {pip.name(spec.value) for spec in self.specs}


def read(project: Project, config: CogYaml) -> Packages:
    """Packages of `python_packages` or `python_requirements`."""
    found = Packages()
    install = pip.Install()
    for entry in config.strings("build.python_packages"):
        _item(entry, install)
    file = config.find("build.python_requirements")
    if file is not None:
        _file(project, config, file, install, found)
    _take(install, found)
    return found


def _item(entry: Entry, install: pip.Install) -> None:
    """One item of `python_packages`: a requirement, options alone, or a requirement with options behind it."""
    text = entry.text.strip()
    options = re.findall(r"(--?[A-Za-z][\w-]*)(?:[ =]+(\S+))?", text) if re.search(r"(^|\s)--?[A-Za-z]", text) else []
    for flag, value in options:
        long = pip.LONG.get(flag, flag)
        if long in pip.INDEX_FLAGS and value:
            install.flags += [long, value] if [long, value] not in _pairs(install.flags) else []
        elif long == "--pre" and "--pre" not in install.flags:
            install.flags.append("--pre")
    spec = re.split(r"\s+--?[A-Za-z]", text)[0].strip()
    if spec and not spec.startswith("-"):
        pip.requirements_file(spec, entry.origin.file, one := pip.Install(), lambda _: None)
        install.specs += [(text, entry.origin) for text, _ in one.specs]
        install.trouble += one.trouble


def _pairs(flags: list[str]) -> list[list[str]]:
    return [flags[index : index + 2] for index in range(len(flags) - 1)]


def _file(project: Project, config: CogYaml, entry: Entry, install: pip.Install, found: Packages) -> None:
    path = normalize(f"{config.folder}/{entry.text}" if config.folder else entry.text)
    file = project.get(path) if path else None
    if file is None:
        found.missing = entry.text
        return

    def read_nested(nested: str) -> tuple[str, str] | None:
        inner = project.get(nested)
        return (inner.path, inner.text) if inner is not None and inner.size < 2**20 else None

    install.files.append(file.path)
    pip.requirements_file(file.text, file.path, install, read_nested)
    found.files = list(install.files)


def _take(install: pip.Install, found: Packages) -> None:
    kept: dict[str, tuple[str, Origin]] = {}
    for text, origin in install.specs:
        if pip.name(text) in OWN or re.search(r"replicate/cog(\.git|@|$)", text):
            found.dropped.append((text, origin))
        elif (pip.name(text) or text) not in kept or re.search(r"[=<>~!@]", text):
            kept[pip.name(text) or text] = (text, origin)
    found.specs = [Value(value=text, origin=origin) for text, origin in kept.values()]
    found.trouble = [(text, install.specs[0][1] if install.specs else Origin(file="cog.yaml", line=1)) for text in install.trouble]
    if found.specs:
        found.layers.append([*install.flags, *(spec.value for spec in found.specs)])


def add_indexes(found: Packages, cuda_version: str, *, gpu: bool) -> None:
    """The indexes of torch and torchvision, as Cog resolves them for a pinned release."""
    if not found.layers:
        return
    for name in ("torch", "torchvision"):
        version = found.version(name)
        url = cuda.index(name, version, cuda_version, gpu=gpu) if version and "+" not in version else ""
        if url and not any(url.rstrip("/") in flag for flag in found.layers[0]):
            found.layers[0][:0] = ["--extra-index-url", url]
            found.indexes.append((f"{name}=={version}", url))


def add_steps(found: Packages, steps: list[RunStep]) -> None:
    """Packages that `run` installs with pip, each step in a layer of its own after the others."""
    for step in steps:
        for words in step.installs if step.purpose in ("pip", "cog") else ():
            install = pip.install(words, step.entry.origin, lambda _: None)
            specs = [(text, origin) for text, origin in install.specs if pip.name(text) not in OWN]
            found.dropped += [(text, origin) for text, origin in install.specs if pip.name(text) in OWN]
            found.trouble += [(text, step.entry.origin) for text in install.trouble]
            found.specs += [Value(value=text, origin=origin) for text, origin in specs]
            if specs:
                found.layers.append([*install.flags, *(text for text, _ in specs)])
