"""What a stand-in is, and the pieces of Dockerfile that stand-ins share."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from converters.rehearsal.bases.suites import SUITES, Suite

SUITE_IMAGE = "localhost/rehearsal/suite"
_SCRIPTS = Path(__file__).with_name("scripts")
_CLEAN = "rm -rf /var/lib/apt/lists/*"


@dataclass(frozen=True)
class Base:
    """What stands in for `image`: a Dockerfile upon releases (`suites`) and other stand-ins; `by` and `differs` say it to a person."""

    image: str
    text: str
    suites: tuple[Suite, ...] = ()
    upon: tuple[Base, ...] = ()
    by: str = ""
    differs: tuple[str, ...] = ()
    folder: Path | None = None
    """A directory with all its files, instead of releases."""

    @property
    def tag(self) -> str:
        """The name under which an engine keeps it: by its content."""
        content = self.text + "".join(suite.name for suite in self.suites) + str(self.folder or "")
        return f"localhost/rehearsal/base:{hashlib.sha256(content.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Reference:
    """An image as it is referred to: `repository` without the default registry."""

    reference: str
    repository: str
    tag: str


def read_reference(text: str) -> Reference:
    """An image as it stands in a Dockerfile, by its repository and tag."""
    name = text.partition("@")[0]
    repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    return Reference(text, re.sub(r"^((index\.)?docker\.io/)?(library/)?", "", repository), tag)


class NotKnown(Exception):
    """Nothing stands in for an image; the message says why."""


def of_suite(reference: str, suite: Suite) -> Base:
    """A release alone, as the images `debian` and `ubuntu` are it."""
    return Base(reference, f'FROM {SUITE_IMAGE}:{suite.name}\nCMD ["bash"]\n', (suite,), by=suite.title)


def run(script: str, flags: str = "") -> str:
    """A RUN that stops at the first command that fails."""
    return f"RUN {flags}{json.dumps(['/bin/sh', '-ec', script])}\n"


def installed(*packages: str) -> str:
    """A RUN that installs packages of the release."""
    return run(f"apt-get update -q && apt-get install -y -q --no-install-recommends {' '.join(packages)} && {_CLEAN}")


def script(name: str, flags: str = "", **words: str) -> str:
    """A RUN with one of our scripts, in which `@NAME@` is replaced."""
    text = (_SCRIPTS / name).read_text()
    for word, value in words.items():
        text = text.replace(f"@{word.upper()}@", value)
    return run(text, flags)


def suite_in(tag: str, distribution: str = "") -> Suite | None:
    """The release that a tag names: by its name, or as `debian12`, `ubuntu22.04`, `ubuntu2204`; by its number alone for `distribution`."""
    for suite in SUITES.values():
        if distribution and suite.distribution != distribution:
            continue
        number = re.escape(suite.version).replace(r"\.", r"\.?")
        pattern = rf"\b{suite.name}\b|{suite.distribution}-?{number}(?!\d)"
        if re.search(pattern if not distribution else rf"{pattern}|^{number}(?![\d])", tag):
            return suite
    return None


def python_of(minor: str) -> Suite:
    """The release whose own interpreter is of a minor, else of the nearest one."""
    found = next((suite for suite in SUITES.values() if suite.python == minor), None)
    return found or min(SUITES.values(), key=lambda suite: abs(int(suite.python[2:]) - int(minor[2:])))


def runs_on(source: Suite, wanted: Suite) -> Suite:
    """The release on which the interpreter of another one runs: the one that is wanted, else the next whose C library is no older."""
    if source.glibc <= wanted.glibc:
        return wanted
    able = [suite for suite in SUITES.values() if suite.glibc >= source.glibc]
    return min(able, key=lambda suite: (suite.distribution != wanted.distribution, suite.glibc))


def collected(source: Suite) -> str:
    """A stage `python` with the interpreter of a release, to be placed in another one."""
    download = f"cd /tmp && apt-get download -q libpython{source.python}-dev && dpkg -x libpython*.deb / && rm *.deb"
    install = "apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-venv"
    stage = f"FROM {SUITE_IMAGE}:{source.name} AS python\n"
    return stage + run(f"{install} && {download} && {_CLEAN}") + script("collect-python.sh")


def placed(prefix: str = "/usr/local") -> str:
    """A step that places the interpreter of the stage `python`."""
    return script("place-python.sh", "--mount=type=bind,from=python,source=/python,target=/python ", prefix=prefix)


def differences(minor: str, source: Suite, wanted: Suite, target: Suite) -> tuple[str, ...]:
    """What is not as in the image that a Python of `minor` on `wanted` stands in for."""
    found = [f"Python {source.python} stands in for {minor}"] if source.python != minor else []
    if target is not wanted:
        found.append(f"{target.title} stands in for {wanted.title}, on which this Python does not run")
    return tuple(found)
