"""What fal's client sends of a project, by the rules of `fal.container` and `fal.file_sync` (fal 1.83).

An ignore file is read as a list of gitignore patterns without negation: `!x` leaves `x` out, too. A path that `COPY` names is taken as it
is, so a pattern such as `*.py` names nothing.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.fal.client import APP_FILES_LEFT_OUT, LEFT_OUT
from converters.preflight.apps import Image, Program
from converters.project import Project, normalize

_COPY = re.compile(r"^(?P<keyword>COPY|ADD)\s+(?P<rest>.+?)(?:\s*\\)?$", re.MULTILINE | re.IGNORECASE)
_FLAG = re.compile(r'--\w+(?:=[^\s\]]+|="[^"]*")?')

Ignores = Callable[[str], str]
"""Path relative to the context -> the pattern that leaves it out, '' for none."""


@dataclass(frozen=True)
class Source:
    """A source of a COPY or ADD line as the client reads it."""

    path: str
    line: int
    """In the text of the Dockerfile."""


def copy_sources(text: str) -> list[Source]:
    """The sources of COPY and ADD that the client looks for: none of lines with `--from` in front or with an address."""
    lines: list[int] = []  # the line of each character of the joined text
    number = 1
    joined = ""
    for part in re.split(r"(\\\n\s*)", text):
        shown = " " if part.startswith("\\\n") else part
        for letter in shown:
            lines.append(number)
            number += letter == "\n"
        number += part.count("\n") if shown == " " else 0
        joined += shown
    return [source for match in _COPY.finditer(joined) for source in _sources(match, lines[match.start()])]


def _sources(match: re.Match[str], line: int) -> Iterator[Source]:
    keyword, rest = match["keyword"].upper(), match["rest"].strip()
    if (keyword == "COPY" and re.match(r"--from=", rest, re.IGNORECASE)) or (keyword == "ADD" and re.search(r"https?://", rest, re.I)):
        return
    plain = _FLAG.sub("", rest).strip()
    try:
        words = json.loads(plain) if plain.endswith("]") else shlex.split(plain)
    except ValueError:
        return
    if isinstance(words, list) and len(words) > 1:
        yield from (Source(word.lstrip("/"), line) for word in words[:-1] if isinstance(word, str))


def ignores(image: Image, project: Project) -> tuple[Ignores, str]:
    """(which pattern leaves a path of the context out, the file that holds the patterns: '' for the client's own list)."""
    where = f"{image.context}/.dockerignore".lstrip("/")
    own = project.get(where)
    if image.ignore is not None:
        return _by_patterns(image.ignore), image.file
    if own is not None:
        lines = (line.strip() for line in own.data.decode(errors="replace").splitlines())
        return _by_patterns(line for line in lines if line and not line.startswith("#")), own.path
    return _by_patterns(LEFT_OUT), ""


def _by_patterns(patterns: Iterable[str]) -> Ignores:
    from pathspec.patterns.gitwildmatch import GitWildMatchPattern

    read: list[tuple[str, re.Pattern[str]]] = []
    for pattern in patterns:
        try:
            expression, _ = GitWildMatchPattern.pattern_to_regex(pattern)
        except (ValueError, re.error):
            continue
        if isinstance(expression, str) and expression:
            read.append((pattern, re.compile(expression)))
    return lambda path: next((pattern for pattern, expression in read if expression.search(path)), "")


def image_files(image: Image, project: Project) -> set[str]:
    """Paths of the project that the client sends for the build of an image."""
    leaves_out, _ = ignores(image, project)
    prefix = f"{image.context}/" if image.context else ""
    found: set[str] = set()
    for source in copy_sources(image.data.decode(errors="replace")):
        path = normalize(prefix + source.path)
        if path is not None:
            found |= {name for name in _below(project, path) if not leaves_out(name[len(prefix) :])}
    return found


def app_files(program: Program, project: Project) -> dict[str, str]:
    """Path below `/app` on the runner -> path of the project, by `app_files` and what it leaves out."""
    folder = str(PurePosixPath(program.file).parent)
    context = normalize(f"{folder}/{program.value('app_files_context_dir', '')}")
    listed = program.value("app_files", [])
    patterns = program.value("app_files_ignore", APP_FILES_LEFT_OUT)
    if context is None or not isinstance(listed, list):
        return {}
    expressions = [re.compile(pattern) for pattern in patterns if isinstance(pattern, str)]
    prefix = f"{context}/" if context else ""
    found: dict[str, str] = {}
    for entry in listed:
        path = normalize(prefix + entry) if isinstance(entry, str) else None
        for name in _below(project, path) if path is not None else ():
            relative = name.removeprefix(prefix)
            if not any(expression.search(relative) for expression in expressions):
                found[relative] = name
    return found


def _below(project: Project, path: str) -> list[str]:
    """The file at a path, or the files of the folder there."""
    return [path] if path in project.files else [file.path for file in project.below(path)]
