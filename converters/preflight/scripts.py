"""Shell scripts that run on a runner: what an image or an app starts, and what those scripts start in turn."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from converters.containers.dockerfile import command_line
from converters.preflight.apps import Program
from converters.preflight.runner import Built, Runner
from converters.preflight.running import Scope
from converters.preflight.values import absolute
from converters.project import Project

SHELLS = re.compile(r"^(.*/)?(bash|sh|dash|zsh)$")
SCRIPT = re.compile(r"(?:^|[\s;&|(])(?:exec\s+|source\s+|\.\s+|bash\s+|sh\s+)?[\"']?([\w./-]+\.sh)\b")
LIMIT = 2**18


def started_scripts(program: Program, image: Built | None, runner: Runner, scopes: Sequence[Scope], project: Project) -> Iterator[str]:
    """Paths of the project, each once."""
    seen: set[str] = set()
    queue = [absolute(word, runner.cwd) for word in (*_of_command(program, image), *_of_code(scopes))]
    while queue:
        place = queue.pop(0)
        path = runner.files.get(place)
        if path is None or path in seen or path.endswith(".py") or project.files[path].size > LIMIT:
            continue
        text = project.files[path].data.decode(errors="replace")
        if not (path.endswith(".sh") or re.match(r"#!\s*/\S*(sh|bash|env (ba)?sh)\b", text)):
            continue
        seen.add(path)
        yield path
        folder = place.rpartition("/")[0]
        for match in SCRIPT.finditer(text):
            queue += [absolute(match[1], runner.cwd), absolute(match[1], folder)]


def _of_command(program: Program, image: Built | None) -> list[str]:
    """The words of the command that a server's image runs."""
    if image is None or program.kind != "server" or program.image is None:
        return []
    words: list[str] = []
    for stated in (program.image.entrypoint, program.image.cmd):
        words += stated if isinstance(stated, list) else stated.split() if isinstance(stated, str) else []
    found = [*words, *(command_line(image.stage) or ())]
    return [part for word in found for part in str(word).split()]


def _of_code(scopes: Sequence[Scope]) -> Iterator[str]:
    """Scripts that code hands to a shell by their paths."""
    for scope in scopes:
        for node in scope.nodes:
            if isinstance(node, ast.List) and len(node.elts) > 1:
                words = [scope.text(element) or "" for element in node.elts]
                yield from (after for word, after in pairwise(words) if SHELLS.match(word) and not after.startswith("-"))
                yield from (word for word in words[:1] if word.endswith(".sh"))
