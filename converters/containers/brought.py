"""Whether an image may hold a file that the build context does not give it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from converters.containers.dockerfile_model import Copy, Run, Stage
from converters.project import Project

FETCHES = re.compile(
    r"\b(unzip|tar\s|7z|bsdtar|gsutil|aws\s+s3|rclone|cookiecutter|degit|git\s+(pull|checkout|submodule|init))\b|\bcomfy-cli\b"
)
"""Build steps that bring files whose names they do not say."""
PACKAGES = frozenset({"apt-get", "apt", "aptitude", "apk", "yum", "dnf", "microdnf", "zypper", "pacman"})
"""Programs whose arguments are names of packages, of which one may be `unzip`."""
MOVES = frozenset({"cp", "mv", "ln", "rsync", "install"})
INSTALLS = re.compile(r"\b(pip3?|uv|poetry|pdm|hatch)\b[^&;|]*\b(install|sync)\b|\bmake\s|setup\.py")
"""Build steps after which there may be a program in a folder of installed ones."""
OF_BASES = (
    (re.compile(r"^(docker\.io/)?runpod/"), re.compile(r"^/(start|pre_start|post_start)\.sh$")),
    (re.compile(r"^(docker\.io/)?nvidia/|^nvcr\.io/"), re.compile(r"^/opt/nvidia/")),
)
"""(base images, the scripts that they bring)."""


def may_bring(stage: Stage, runs: Iterable[Run], project: Project, path: str) -> bool:
    """Whether a base image that is known, a build step or a COPY from elsewhere may put a file at `path` of the image."""
    name = PurePosixPath(path).name
    if any(base.match(stage.base_image) and script.match(path) for base, script in OF_BASES):
        return True
    if any(_covers(copy, path) for copy in stage.copies):
        return True
    runs = list(runs)
    text = "\n".join(run.script for run in runs)
    if re.search(rf"(?<![\w-]){re.escape(name)}(?!\w)", text) or any(map(_fetches, runs)):
        return True
    if any(_filled(run, path) for run in runs):
        return True
    if PurePosixPath(path).parent.name in ("bin", "sbin") and INSTALLS.search(text):
        return True
    return any(_names(project, word, name) for word in re.findall(r"[\w./-]+\.(?:sh|bash|py)\b", text))


def _fetches(run: Run) -> bool:
    """Whether a build step brings files whose names it does not say; installing the program that could is not yet that."""
    for outer in run.commands():
        for command in outer.inner if outer.compound else (outer, *outer.inner):
            words = command.words[1:] if command.words[:1] == ("sudo",) else command.words
            if not (words and PurePosixPath(words[0]).name in PACKAGES) and FETCHES.search(command.text):
                return True
    return False


def _covers(copy: Copy, path: str) -> bool:
    """Whether a COPY from another image or stage, of a text, or of an address may make the file, or one whose source is missing does."""
    dest = copy.dest.rstrip("/")
    below = path == dest or path.startswith(f"{dest}/")
    named = any(PurePosixPath(source).name == PurePosixPath(path).name for source in copy.sources)
    elsewhere = copy.from_stage is not None or bool(copy.files) or any("://" in source or "git@" in source for source in copy.sources)
    return below and (elsewhere or named)


def _names(project: Project, word: str, name: str) -> bool:
    """Whether a script of the project that a build step runs mentions the file, or brings some without naming them."""
    tail = PurePosixPath(word).name
    texts = [file.readable for path, file in project.files.items() if PurePosixPath(path).name == tail and file.size < 2**18]
    return any(name in text or FETCHES.search(text) for text in texts)


def _filled(run: Run, path: str) -> bool:
    """Whether a clone or a copy of a build step may put the file there: into a folder above it, or one that is not known."""
    moved = False
    for outer in run.commands():
        for command in (outer, *outer.inner):
            words = command.words
            moved = moved or words[:1] in (("cd",), ("pushd",))
            clones = words[:1] == ("git",) and "clone" in words
            if not clones and (not words or words[0] not in MOVES):
                continue
            target = _cloned(words) if clones else words[-1]
            place = str(PurePosixPath(run.workdir or "/", target))
            if (moved and not target.startswith("/")) or "$" in target or path == place or path.startswith(f"{place.rstrip('/')}/"):
                return True
    return False


def _cloned(words: tuple[str, ...]) -> str:
    """The folder of a `git clone`: the one behind the address, or that of its name."""
    plain = [word for word in words[words.index("clone") + 1 :] if not word.startswith("-")]
    if plain and not re.search(r"://|git@|\.git$", plain[-1]):
        return plain[-1]
    return re.sub(r"\.git$", "", plain[-1].rstrip("/").rpartition("/")[2]) if plain else "."
