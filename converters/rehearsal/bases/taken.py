"""Images of which a build only takes files: what the app never runs in need not be what the image is.

An image in which no command runs gives its files alone: small files and programs lie at the paths that are copied out of it. One of
Alpine gives what its commands make: a release of Debian with Alpine's installer does.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from converters.containers.dockerfile import parse
from converters.containers.dockerfile_model import Dockerfile, Stage
from converters.rehearsal.bases.made import SUITE_IMAGE, Base, NotKnown, installed, read_reference, run
from converters.rehearsal.bases.suites import SUITES
from converters.rehearsal.outside import programs

_ALPINE = re.compile(r"(?:.*/)?(?:alpine|busybox|wolfi-base)|(?:alpine|curlimages|bitnami)/(?:git|curl)|cgr\.dev/.*")
_PROGRAMS = re.compile(r"/(?:s?bin|libexec)/[^/]+$")
_FILE = re.compile(r"\.[A-Za-z]\w{0,8}(?:\.\d+)*$")
_INSTALLED = re.compile(r"/(?:site|dist)-packages\b|/v?env\b|\.venv\b|/node_modules\b|/conda\b")
"""Directories whose content the app imports: an empty one would only look like it."""
_OWN = {"ollama": "ollama.sh", "pget": "pget.sh"}
"""Programs that have a double of their own."""
_TOOLS = ("ca-certificates", "curl", "git", "unzip", "wget", "xz-utils")


@dataclass(frozen=True)
class Taken:
    """What a build takes from an image: ``paths`` that are copied, each with where it goes; ``runs``: whether commands run in it."""

    paths: tuple[tuple[str, str], ...] = ()
    runs: bool = False


def taken(text: str, arguments: Mapping[str, str]) -> dict[str, Taken]:
    """The images of a Dockerfile that its last stage is not made upon, by their references."""
    read = parse(text.encode(), arguments)
    if not read.stages:
        return {}
    own = {read.stages[index].base for index in _chain(read, read.stages[-1])}
    found: dict[str, Taken] = {}
    for stage in read.stages:
        image = stage.base_image
        if image not in own:
            so_far = found.get(image, Taken())
            found[image] = replace(so_far, runs=so_far.runs or bool(stage.runs))
        for copy in stage.copies:
            if copy.from_stage is None or copy.stage != stage.index:
                continue
            source = read.stages[copy.from_index].base_image if copy.from_index is not None else copy.from_stage
            if source not in own:
                so_far = found.get(source, Taken())
                pairs = tuple((posixpath.join("/", posixpath.normpath(path)), copy.dest) for path in copy.sources)
                found[source] = replace(so_far, paths=tuple(dict.fromkeys((*so_far.paths, *pairs))))
    return found


def _chain(read: Dockerfile, stage: Stage) -> list[int]:
    """A stage and those that it is made upon."""
    indexes = [stage.index]
    while (under := read.stages[indexes[-1]].base_stage) is not None:
        indexes.append(under)
    return indexes


def stand_in(reference: str, use: Taken, known: Callable[[str], Base]) -> Base:
    """What stands in for an image of which only files are taken. Raises NotKnown, as ``known`` does for images that an app runs in."""
    try:
        return known(reference)
    except NotKnown:
        image = read_reference(reference)
        if not use.runs:
            return _of_files(reference, use)
        if _ALPINE.fullmatch(image.repository):
            return _of_alpine(reference)
        if "alpine" not in image.tag:
            raise
        without = re.sub(r"-?alpine[\d.]*", "", image.tag) or "latest"
        under = known(f"{image.repository}:{without}")
    text = f"FROM {under.tag}\n{_installer()}"
    return Base(reference, text, upon=(under,), by=f"{under.by} and the installer of Alpine", differs=(*under.differs, _PACKAGES))


_PACKAGES = "packages of Alpine are those of the same names in Debian, where there are any"


def _of_alpine(reference: str) -> Base:
    suite = SUITES["trixie"]
    text = f"FROM {SUITE_IMAGE}:{suite.name}\n" + installed(*_TOOLS) + _installer()
    return Base(reference, text, (suite,), by=f"{suite.title} with git, curl, wget and the installer of Alpine", differs=(_PACKAGES,))


def _installer() -> str:
    return run(f"cat > /sbin/apk <<'END'\n{programs.text('apk.sh').decode()}END\nchmod 755 /sbin/apk")


def _of_files(reference: str, use: Taken) -> Base:
    if not use.paths or any(path == "/" or _INSTALLED.search(path) for path, _ in use.paths):
        raise NotKnown("it is not in the table of base images, and what is copied out of it cannot be made up")
    suite = SUITES["trixie"]
    text = f"FROM {SUITE_IMAGE}:{suite.name}\n" + "".join(_made(path, goes_to) for path, goes_to in use.paths)
    named = ", ".join(path for path, _ in use.paths)
    differs = (f"{named}: small files and empty directories, programs that do nothing",)
    return Base(reference, text, (suite,), by="files at the paths that the build copies out of it", differs=differs)


def _made(path: str, goes_to: str) -> str:
    """A step that makes what is copied: a program, a file, or a directory."""
    path = re.sub(r"[*?]|\[[^]]*\]", "double", path)
    name, quoted = posixpath.basename(path), shlex.quote(path)
    make = f"mkdir -p {shlex.quote(posixpath.dirname(path))}"
    if name in _OWN:
        return run(f"{make}\ncat > {quoted} <<'END'\n{programs.text(_OWN[name]).decode()}END\nchmod 755 {quoted}")
    if _FILE.search(name):
        return run(f"{make} && : > {quoted}")
    if _PROGRAMS.search(path) or _PROGRAMS.search(goes_to) or goes_to.endswith("bin/"):
        return run(f"{make} && printf '#!/bin/sh\\nexit 0\\n' > {quoted} && chmod 755 {quoted}")
    return run(f"mkdir -p {quoted}")
