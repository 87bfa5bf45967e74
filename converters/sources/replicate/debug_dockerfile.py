"""A Dockerfile that a person made with `cog debug`: kept, with the three edits that fal's guide asks for.

https://fal.ai/docs/documentation/development/migrate-from-replicate
"""

from __future__ import annotations

import re

from converters import rules
from converters.concepts.cog.build import Build
from converters.concepts.cog.dockerfile import pip_line
from converters.ir import Edit
from converters.project import Project, SourceFile

MADE_BY_COG = re.compile(r"cog\.server\.http|cog-[\w.]+-py3-none-any\.whl|\.cog/(tmp|build)|--from=cog_build|uv pip install.*\bcog\b")
WHEEL = re.compile(r"(cog|coglet)-[\w.-]+\.whl|\bpip install\b[^&|;]*\s['\"]?(cog|coglet)([=<>~!][^\s]*)?['\"]?(\s|$)|cog_build.*\.whl")
REQUIREMENTS = re.compile(r"^(COPY\b.*requirements\.txt\b|RUN\b.*\bpip install\b.*-r\s+\S*requirements\.txt)", re.DOTALL)
INSTRUCTION = re.compile(r"^[ \t]*([A-Z]+)\b(?:[^\\\n]|\\[^\n]|\\\n)*(?:\n|$)", re.MULTILINE)


def find(project: Project, folder: str) -> SourceFile | None:
    """The Dockerfile beside the cog.yaml, where Cog wrote it."""
    file = project.get(f"{folder}/Dockerfile".strip("/"))
    return file if file is not None and file.size < 2**20 and MADE_BY_COG.search(file.text) else None


def edits(file: SourceFile, build: Build) -> list[Edit]:
    """Without EXPOSE, without Cog's wheel, and with the project's packages in place of Cog's requirements file."""
    found: list[Edit] = []
    installed = False
    for match in INSTRUCTION.finditer(file.text):
        text, keyword = match.group().strip(), match.group(1)
        if keyword == "EXPOSE":
            found.append(_edit(file, match, "", "fal reaches the app through its own port"))
        elif keyword in ("COPY", "RUN") and WHEEL.search(text):
            found.append(_edit(file, match, "", "fal does not run Cog"))
        elif REQUIREMENTS.match(text):
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
    return found


def _edit(file: SourceFile, match: re.Match[str], replacement: str, reason: str) -> Edit:
    return Edit(file=file.path, start=match.start(), end=match.end(), replacement=replacement, rule=rules.RC039, reason=reason)
