"""What the output of a step that failed means, and what to do: a table of patterns, the first that is found counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from converters.rehearsal.engines import Step


@dataclass(frozen=True)
class Pattern:
    """A pattern in the output, with what it means and what to do; `{0}`, `{1}` are its groups."""

    expression: str
    means: str
    todo: str
    not_with: str = ""
    """A pattern that must not be in the output."""


_RENAMED: Mapping[str, str] = {
    "libgl1-mesa-glx": "libgl1", "libegl1-mesa": "libegl1", "libgles2-mesa": "libgles2", "libglib2.0-0": "libglib2.0-0t64",
    "libasound2": "libasound2t64", "libssl1.1": "libssl3", "libssl3": "libssl3t64", "netcat": "netcat-openbsd",
    "libncurses5": "libncurses6", "libtinfo5": "libtinfo6", "python": "python3 and python-is-python3", "python-pip": "python3-pip",
    "python-dev": "python3-dev", "python3-distutils": "python3-setuptools", "libcurl4": "libcurl4t64", "libjpeg62": "libjpeg62-turbo",
    "libpng12-0": "libpng16-16", "libavcodec58": "libavcodec-dev", "ttf-mscorefonts-installer": "fonts-liberation",
    "libaio1": "libaio1t64", "mysql-client": "default-mysql-client",
}  # fmt: skip
"""Packages of apt that newer releases have under another name."""
_PACKAGES: Mapping[str, str] = {
    "git": "git", "curl": "curl", "wget": "wget", "unzip": "unzip", "gcc": "build-essential", "g++": "build-essential",
    "cc": "build-essential", "make": "build-essential", "cmake": "cmake", "ninja": "ninja-build", "ffmpeg": "ffmpeg",
    "python": "python-is-python3", "python3": "python3", "pip": "python3-pip", "pip3": "python3-pip", "node": "nodejs", "npm": "npm",
    "bash": "bash", "sudo": "sudo", "aria2c": "aria2", "jq": "jq", "rsync": "rsync", "file": "file", "xz": "xz-utils", "bzip2": "bzip2",
    "add-apt-repository": "software-properties-common", "gpg": "gnupg", "git-lfs": "git-lfs", "pkg-config": "pkg-config",
    "nvidia-smi": "", "nvcc": "",
}  # fmt: skip
"""The package of apt that holds a program."""

_TABLE = (
    Pattern(
        r"error: externally-managed-environment",
        "this Python belongs to the system's packages (PEP 668), and pip does not install into it",
        "Install into a virtual environment that is first on PATH, or pass --break-system-packages.",
    ),
    Pattern(
        r"No module named pip(?![\w.])",
        "this Python has no pip",
        "Install pip for it (apt-get install python3-pip, python -m ensurepip, uv venv --seed), or use the tool that made the environment.",
    ),
    Pattern(
        r"Could not open requirements file: .*?'([^']+)'",
        "{0} is not in the image at this step",
        "COPY it before this line, and check that it is uploaded.",
    ),
    Pattern(
        r"THESE PACKAGES DO NOT MATCH THE HASHES",
        "a distribution has another hash than the requirements state",
        "Renew the hashes, or check the index that is used.",
    ),
    Pattern(
        r"(?s)Cannot install (.+?) because these package versions have conflicting dependencies",
        "the requirements contradict one another: {0}",
        "Change or remove one of the pins; the lines above name who asks for what.",
    ),
    Pattern(
        r"No solution found when resolving dependencies|version solving failed|ResolutionImpossible",
        "the requirements contradict one another, or one cannot be had for this Python",
        "Change or remove one of the pins; the lines above name who asks for what.",
    ),
    Pattern(
        r"Could not find a version that satisfies the requirement (\S+).*\(from versions: none\)",
        "no release of {0} can be installed with this Python from the index that is used",
        "Check the name, the Python of the image and the index options of the line.",
    ),
    Pattern(
        r"Could not find a version that satisfies the requirement (\S+)",
        "no such release of {0} can be installed with this Python",
        "Pin one of the releases that the output lists, or use a Python that the wanted one supports.",
    ),
    Pattern(
        r"No matching distribution found for (\S+)",
        "{0} cannot be installed with this Python from the index that is used",
        "Check the name, the pin, the Python of the image and the index options of the line.",
    ),
    Pattern(
        r"(\S+\.whl) is not a supported wheel on this platform",
        "{0} was built for another Python or system",
        "Use the wheel for this image's Python and Linux x86-64.",
    ),
    Pattern(r"Invalid requirement: (.+)", "pip cannot read the requirement {0}", "Write it as NAME==VERSION."),
    Pattern(
        r"(?:CUDA_HOME environment variable is not set|nvcc.{0,20}not found|Cannot find CUDA|nvcc was not found)",
        "this step compiles for CUDA, and no stand-in has CUDA's compiler",
        "Not rehearsed: on fal it needs a -devel image of CUDA; a prebuilt wheel would spare the compilation.",
    ),
    Pattern(
        r"fatal error: Python\.h: No such file",
        "a package is compiled, and the headers of Python are not installed",
        "Install python3-dev before this line.",
    ),
    Pattern(
        r"fatal error: (\S+\.h\w*): No such file",
        "a package is compiled, and the header {0} is not installed",
        "Install the -dev package that has {0} before this line.",
    ),
    Pattern(
        r"command '?(?:\S*/)?(?:x86_64-linux-gnu-)?(?:gcc|g\+\+|cc)'? failed: No such file"
        r"|unable to execute '\S*(?:gcc|g\+\+)'|No CMAKE_CXX_COMPILER",
        "a package is compiled, and there is no compiler in the image",
        "Install build-essential before this line, or pin a release that has a wheel for this Python.",
    ),
    Pattern(
        r"Unable to locate package (\S+)",
        "there are no lists of apt's packages in the image at this step",
        "Run apt-get update in the same RUN line.",
        not_with=r"(?m)^(Get|Hit|Ign):?\d*|Reading package lists\.\.\. Done[\s\S]*Reading package lists|Fetched ",
    ),
    Pattern(
        r"Unable to locate package (\S+)|Package '([^']+)' has no installation candidate"
        r"|Couldn't find any package by (?:glob|regex) '([^']+)'",
        "this release has no package {0}",
        "{renamed}",
    ),
    Pattern(
        r"The repository '([^']+)' (?:does not have a Release file|is not signed)",
        "the repository {0} has nothing for this release, or is not trusted",
        "Use a repository for the release of the base image, with its key in signed-by.",
    ),
    Pattern(
        r"Could not open lock file .*Permission denied|are you root\?",
        "this step needs root, and the image's user is another one",
        "Write USER root before it, and the user again after it.",
    ),
    Pattern(
        r"(?:unable to find user|user|getpwnam.*|su: user) '?([\w.-]+)'?:? (?:no matching entries in passwd file|does not exist)"
        r"|unable to find user ([\w.-]+):|error looking up user \"([^\"]+)\"",
        "the image has no user {0}",
        "Make it with useradd before this line, or name one that the base image has.",
    ),
    Pattern(
        r"can't open file '([^']+)': \[Errno 2\]",
        "{0} is not in the image at this step",
        "COPY it before this line, and check the WORKDIR and that it is uploaded.",
    ),
    Pattern(
        r"ModuleNotFoundError: No module named '([^']+)'",
        "this Python cannot import {0} at this step",
        "Install it before this line into the same Python; a package that imports it while it is built needs --no-build-isolation.",
    ),
    Pattern(
        r"(?:^|[\s:])([\w.+-]+): (?:command )?not found",
        "there is no program {0} in the image at this step",
        "{package}",
    ),
    Pattern(
        r"exec(?:utable file)? `?\"?([\w./+-]+)\"?'?:? (?:not found|no such file)",
        "there is no program {0} in the image at this step",
        "{package}",
    ),
    Pattern(
        r"npm (?:ERR!|error) (?:code )?(E\w+)", "npm failed with {0}", "Check the package's name, its version and the Node.js of the image."
    ),
    Pattern(
        r"(?:cannot stat|cannot access|cannot open|can't cd to|cannot create \S+:|stat) '?\"?([^'\":\s]+)",
        "{0} is not in the image at this step",
        "COPY or make it before this line, and check the WORKDIR.",
    ),
    Pattern(
        r"(?:^|\s)'?([\w./-]*[\w/-][\w./-]*)'?: No such file or directory",
        "{0} is not in the image at this step",
        "COPY or make it before this line, and check the WORKDIR.",
    ),
    Pattern(r"No space left on device", "the disk is full", "Free some space, or remove what earlier rehearsals keep (--clean)."),
)

_MISSING_SOURCE = re.compile(r"(?:copier: stat: \"/?([^\"]+)\"|\"?/?([^\"\s]+)\"?): (?:no such file|no items matching)")


def advice(step: Step, output: Sequence[str], context: Path | None = None) -> tuple[str, str]:
    """What a failure means and what to do; empty where the table says nothing. ``context``: what COPY takes its sources from."""
    keyword = step.instruction.lstrip().partition(" ")[0].upper()
    text = "\n".join(output)
    if keyword in ("COPY", "ADD"):
        return _copied(step, text, context)
    for pattern in _TABLE:
        match = re.search(pattern.expression, text, re.MULTILINE)
        if match is not None and not (pattern.not_with and re.search(pattern.not_with, text)):
            groups = [" ".join(group.split()) for group in match.groups() if group]
            words = {"renamed": _renamed(groups), "package": _package(groups)}
            return pattern.means.format(*groups, **words), pattern.todo.format(*groups, **words)
    return "", ""


def _copied(step: Step, text: str, context: Path | None) -> tuple[str, str]:
    match = _MISSING_SOURCE.search(text)
    if match is None:
        return "", ""
    name = (match.group(1) or match.group(2)).removeprefix("./")
    if "--from" in step.instruction:
        return f"the stage or image that it copies from has no {name}", "Check the path in that stage, and that a step makes it."
    means = f"{name} is not in the build context, which holds what fal's client uploads"
    found = _same_name(name, context)
    if found:
        return means, f"The context has {found}: write the path from the top of the context."
    return means, "Check the path, and that neither .dockerignore nor the app's list of files leaves it out."


def _same_name(name: str, context: Path | None) -> str:
    last = name.rstrip("/").rpartition("/")[2]
    if context is None or not last or any(sign in last for sign in "*?["):
        return ""
    found = sorted(path.relative_to(context).as_posix() for path in context.rglob(last))
    return " and ".join(found[:3])


def _renamed(groups: Sequence[str]) -> str:
    name = groups[0] if groups else ""
    if name in _RENAMED:
        return f"Newer releases have it as {_RENAMED[name]}; or choose a base image of the release that still has {name}."
    return "Check its name, and the repository and release that have it."


def _package(groups: Sequence[str]) -> str:
    name = groups[0].rpartition("/")[2] if groups else ""
    package = _PACKAGES.get(name)
    if package == "":
        return "Not rehearsed: it comes with the driver of a GPU or with CUDA."
    return f"Install it before this line (apt-get install {package})." if package else "Install it before this line, or check PATH."
