"""A Dockerfile that a person made with `cog debug`: kept, with the three edits that fal's guide asks for.

https://fal.ai/docs/documentation/development/migrate-from-replicate
"""

from __future__ import annotations

import re

from converters import rules
from converters.concepts.cog.build import Build
from converters.concepts.cog.dockerfile import pip_line
from converters.containers.registries import is_local
from converters.ir import Disposition, Edit, Origin
from converters.ledger import Ledger
from converters.project import Project, SourceFile

MADE_BY_COG = re.compile(r"cog\.server\.http|cog-[\w.]+-py3-none-any\.whl|\.cog/(tmp|build)|--from=cog_build|uv pip install.*\bcog\b")
REQUIREMENTS = re.compile(r"^(COPY\b.*(?<![\w.-])requirements\.txt\b|RUN\b.*\bpip install\b.*-r\s+(\S*/)?requirements\.txt)", re.DOTALL)
INSTRUCTION = re.compile(r"^[ \t]*([A-Z]+)\b(?:[^\\\n]|\\[^\n]|\\\n)*(?:\n|$)", re.MULTILINE)
INSTALL = re.compile(r"\b(?:pip[\d.]*|uv\s+pip)\s+install\b")
WORD = re.compile(r"\s+(?:\\\n\s*)*((?:\"[^\"]*\"|'[^']*'|\\[^\n]|[^\s\\])+)")
OWN = re.compile(r"^(cog|coglet)(\[[\w,-]+\])?([=<>~!@ ].*)?$|(^|/)(cog|coglet)-[^/]*\.whl$|replicate/cog(\.git|@|$)|cog_build.*\.whl$")
"""A word of a command that is Cog itself, as a requirement or as a file."""
WITH_WHEEL = re.compile(r"^pydantic\b")
"""What Cog's own line installs along with its wheel, for itself."""


def find(project: Project, folder: str) -> SourceFile | None:
    """The Dockerfile beside the cog.yaml, where Cog wrote it."""
    file = project.get(f"{folder}/Dockerfile".strip("/"))
    return file if file is not None and file.size < 2**20 and MADE_BY_COG.search(file.text) else None


def edits(file: SourceFile, build: Build) -> list[Edit]:
    """Without EXPOSE, without Cog itself, and with the project's packages in place of Cog's requirements file."""
    found: list[Edit] = []
    installed = False
    for match in INSTRUCTION.finditer(file.text):
        text, keyword = match.group().strip(), match.group(1)
        if keyword == "EXPOSE":
            found.append(_edit(file, match, "", "fal reaches the app through its own port"))
        elif REQUIREMENTS.match(text) and (keyword == "COPY" or without_cog(text) == text):
            line = "" if installed or keyword == "COPY" else pip_line(build)
            installed = installed or keyword == "RUN"
            found.append(
                _edit(
                    file,
                    match,
                    f"{line}\n" if line else "",
                    "Cog wrote its requirements file for one build only: the packages themselves stand here",
                )
            )
        elif keyword in ("COPY", "RUN") and (kept := without_cog(text)) != text:
            found.append(_edit(file, match, f"{kept}\n" if kept else "", "fal does not run Cog"))
    return found


def without_cog(instruction: str) -> str:
    """A COPY or RUN instruction without what brings Cog into the image; '' where nothing else is left of it."""
    if instruction.startswith("COPY"):
        return "" if _copies_only_cog(instruction) else instruction
    head, body = re.match(r"(RUN(?:\s+(?:\\\n\s*)*--\w+=\S+)*\s+(?:\\\n\s*)*)(.*)", instruction, re.DOTALL).groups()  # type: ignore[union-attr]
    pieces = re.split(r"(\s*(?:\\\n\s*)*(?:&&|;)\s*(?:\\\n\s*)*)", body)
    kept: list[str] = []
    for command, joint in zip(pieces[::2], ["", *pieces[1::2]], strict=True):
        left = _without_words(command)
        if left:
            kept += [joint, left] if kept else [left]
    return f"{head}{''.join(kept)}" if kept else ""


def _copies_only_cog(instruction: str) -> bool:
    words = [word.strip("\"'[],") for word in instruction.split()[1:] if not word.startswith("--")]
    return any("cog_build" in word for word in instruction.split()) or (len(words) > 1 and all(OWN.search(word) for word in words[:-1]))


def _without_words(command: str) -> str:
    """A command without Cog among what it installs; '' where it installs nothing else."""
    install = INSTALL.search(command)
    if install is None:
        return command
    words = list(WORD.finditer(command, install.end()))
    own = [word for word in words if OWN.search(word.group(1).strip("\"'"))]
    if not own:
        return command
    others = [word.group(1).strip("\"'") for word in words if word not in own]
    wheel = any(word.group(1).strip("\"'").endswith(".whl") for word in own)
    packages = [word for word in _packages(others) if not (wheel and WITH_WHEEL.match(word))]
    if not packages:
        return ""
    for word in reversed(own):
        command = command[: word.start()] + command[word.end() :]
    return command


def _packages(words: list[str]) -> list[str]:
    """The arguments of `pip install` that are neither flags nor their values."""
    valued = ("-t", "--target", "--cache-dir", "-f", "--find-links", "-i", "--index-url", "--extra-index-url", "--python", "-p")
    return [word for before, word in zip(["", *words], words, strict=False) if not word.startswith("-") and before not in valued]


def local_images(file: SourceFile, ledger: Ledger) -> None:
    """Say which images of FROM lines exist on the author's machine only: a name without an owner that is no official image."""
    stages: set[str] = set()
    for match in INSTRUCTION.finditer(file.text):
        words = [word for word in match.group().split() if not word.startswith("--")]
        taken = re.search(r"--from=(\S+)", match.group()) if match.group(1) == "COPY" else None
        named = words[1] if match.group(1) == "FROM" and len(words) > 1 else taken[1] if taken is not None else ""
        name = named.removeprefix("docker.io/library/")
        if name and not name.isdecimal() and name.lower() not in stages and is_local(name):
            ledger.note(
                rules.RC039,
                Disposition.MANUAL,
                f"`{match.group(1)} {'--from=' if taken else ''}{name}` names an image that only the machine has on which it was built: "
                "push it to a registry and write its full name, or take the Dockerfile away, so that cog.yaml is converted.",
                Origin(file=file.path, line=file.text.count("\n", 0, match.start()) + 1),
            )
        stages |= {words[3].lower()} if match.group(1) == "FROM" and len(words) > 3 and words[2].lower() == "as" else set()


def _edit(file: SourceFile, match: re.Match[str], replacement: str, reason: str) -> Edit:
    return Edit(file=file.path, start=match.start(), end=match.end(), replacement=replacement, rule=rules.RC039, reason=reason)
