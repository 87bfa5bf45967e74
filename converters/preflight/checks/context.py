"""The files that an image's build asks for are in the project, and fal's client sends them."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from converters import rules
from converters.containers import base_images
from converters.containers.brought import may_bring
from converters.containers.dockerfile import command_line
from converters.containers.start_command import absent_of
from converters.preflight import client
from converters.preflight.checks.imports import may_be_installed
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.paths import IMPORTED_FROM, Need, needs
from converters.preflight.runner import Built
from converters.preflight.suggestions import kept_by_client
from converters.preflight.values import absolute
from converters.project import normalize

SCRIPT = re.compile(r"\.(sh|py)$")
SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "daphne", "granian"})
INSTALLS = re.compile(
    r"git clone|unzip|tar |wget|curl|poetry install|uv sync|pdm install|setup\.py|hatch|make "
    r"|pip3? install [^&;|]*(?<!\S)(-e\s+)?\.{1,2}(/|\[|\s|$)"
)
"""Build steps after which the image may hold modules that no COPY names."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF005: a source that COPY names and the build does not get. PF006: a script that is started and not there. PF007: ignored files."""
    image = deployment.image
    if image is None:
        return
    yield from _sources(deployment, image)
    yield from _ignored(deployment, image)
    yield from _scripts(deployment, image)


def _sources(deployment: Deployment, image: Built) -> Iterator[Finding]:
    project, prefix = deployment.project, f"{image.image.context}/" if image.image.context else ""
    leaves_out, where = client.ignores(image.image, project)
    for source in client.copy_sources(image.image.data.decode(errors="replace")):
        line = image.line_of(source.line)
        path = normalize(prefix + source.path)
        if path is None or "$" in source.path or source.path.startswith("<<"):
            continue
        if re.search(r"[*?\[]", source.path):
            message = f"`{source.path}` is a pattern, which fal's client does not expand: the build gets no file of it. Name the files."
            yield Finding(image.image.file, line, rules.PF005, message, about=source.path)
        elif path not in project.files and not project.is_folder(path):
            message = f"`{source.path}` is copied, and it is not in the project: add it, or take the line out."
            yield Finding(image.image.file, line, rules.PF005, message, about=source.path)
        elif path in project.files and (pattern := leaves_out(path[len(prefix) :])):
            kept = kept_by_client(image.image, project, pattern)
            yield Finding(image.image.file, line, rules.PF007, _left_out(source.path, pattern, where), about=source.path, suggestion=kept)


def _left_out(path: str, pattern: str, where: str) -> str:
    source = f"`{pattern}` in {where}" if where else f"`{pattern}`, which is on its own list where there is no .dockerignore"
    return f"fal's client does not send `{path}`, by {source}: write a .dockerignore that keeps it."


def _ignored(deployment: Deployment, image: Built) -> Iterator[Finding]:
    """Files that Docker would copy, that what runs reads or imports, and that the client leaves out."""
    lost = image.lost
    if not lost:
        return
    leaves_out, where = client.ignores(image.image, deployment.project)
    prefix = f"{image.image.context}/" if image.image.context else ""
    wanted = {place: (need.scope.unit.path, need.line) for need in needs(deployment) for place in _at(need, lost)}
    for unit, found in deployment.running.missing:
        for base in deployment.running.search:
            stem = f"{base.rstrip('/')}/{found.module.replace('.', '/')}"
            for place in (f"{stem}.py", f"{stem}/__init__.py"):
                if place in lost:
                    wanted.setdefault(place, (unit.path, found.node.lineno))
    for place, (file, line) in wanted.items():
        pattern = leaves_out(lost[place][len(prefix) :])
        if pattern:
            kept = kept_by_client(image.image, deployment.project, pattern)
            yield Finding(file, line, rules.PF007, _left_out(lost[place], pattern, where), about=lost[place], suggestion=kept)


def _at(need: Need, lost: Mapping[str, str]) -> list[str]:
    """The lost file at a path, or one of those below it: a module, where modules are what the folder is for."""
    below = (place for place in lost if place.startswith(f"{need.path}/") and (need.why != IMPORTED_FROM or place.endswith((".py", ".so"))))
    return [need.path] if need.path in lost else [*below][:1]


def _scripts(deployment: Deployment, image: Built) -> Iterator[Finding]:
    """Scripts that RUN lines and a server's command start by their paths below the folders that the project fills."""
    said: set[str] = set()
    for run in image.runs:
        made = " ".join(other.script for other in image.runs if other.line <= run.line)
        for outer in run.commands():
            for command in (outer, *outer.inner):
                for word in _started(command.words):
                    place = absolute(word, run.workdir or "/")
                    name = PurePosixPath(word).name
                    if place not in image.layout.files and place not in said and not _is_made(name, made):
                        said.add(place)
                        message = f"`{word}` is run while the image is built, and it is not in the project: add it."
                        yield Finding(image.image.file, image.line_of(command.line), rules.PF006, message, about=word)
    yield from _lists(image)
    yield from _of_command(deployment, image)
    yield from _modules(deployment, image)


def _lists(image: Built) -> Iterator[Finding]:
    """Lists of requirements that a step of the built stage installs, below a folder that the project fills."""
    said: set[str] = set()
    for run in image.stage.runs:
        made = " ".join(other.script for other in image.runs if other.line <= run.line)
        mounted = {absolute(mount.target or "", run.workdir or "/") for mount in run.mounts}
        for outer in run.commands():
            for command in (outer, *outer.inner):
                for word in _requirement_lists(command.words):
                    place = absolute(word, run.workdir or "/")
                    folder = place.rpartition("/")[0]
                    filled = any(known.startswith(f"{folder}/") for known in image.layout.files)
                    there = place in image.layout.files or place in image.lost or any(place.startswith(one) for one in mounted)
                    if filled and not there and place not in said and not _is_made(PurePosixPath(word).name, made):
                        said.add(place)
                        message = f"`{word}` is installed while the image is built, and it is not in the project: add it."
                        yield Finding(image.image.file, image.line_of(command.line), rules.PF006, message, about=word)


def _requirement_lists(words: tuple[str, ...]) -> list[str]:
    """The files that `pip install -r` names."""
    if "install" not in words or not any(PurePosixPath(word).name in ("pip", "pip3", "uv") for word in words):
        return []
    named = [word for flag, word in itertools.pairwise(words) if flag in ("-r", "--requirement", "--requirements")]
    return [word for word in named if "$" not in word and "://" not in word]


def _modules(deployment: Deployment, image: Built) -> Iterator[Finding]:
    """Modules that a server's command imports by name: `uvicorn app.main:app`, `python -m app.main`."""
    start, stated = image.stage.entrypoint or image.stage.cmd, deployment.program.image
    overridden = [*listed(stated.entrypoint), *listed(stated.cmd)] if stated is not None else []
    words = tuple(overridden) or command_line(image.stage) or ()
    if deployment.program.kind != "server" or not deployment.runner.cwd or brings_more(image):
        return
    line = image.line_of(start.line if start is not None else image.stage.line)
    for module in _named_modules(words):
        stem, top = module.replace(".", "/"), module.partition(".")[0]
        bases = [base.rstrip("/") for base in deployment.runner.search]
        if any(f"{base}/{stem}{end}" in image.layout.files for base in bases for end in (".py", "/__init__.py", "/__main__.py")):
            continue
        own = next((path for path in deployment.project.files if f"/{path}".endswith((f"/{stem}.py", f"/{stem}/__init__.py"))), "")
        if own:
            todo = f"{own} is in the project and not in the image under this name: copy it there."
        elif "." in module and any(f"{base}/{top}" in deployment.runner.folders for base in bases):
            todo = f"{top}/ has no such module: add it."
        elif top not in sys.stdlib_module_names and not may_be_installed(deployment, top):
            todo = "no COPY and no requirement brings it: copy the code into the image."
        else:
            continue  # a package that is installed may have the name
        yield Finding(image.image.file, line, rules.PF006, f"the image starts `{module}`, and {todo}", about=module)


def listed(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def brings_more(image: Built) -> bool:
    """Whether the image may hold modules that the context does not: copied from elsewhere, cloned, or installed from the project."""
    copied = any(one.from_stage is not None or any("://" in source for source in one.sources) for one in image.stage.copies)
    text = " ".join(run.script for run in image.runs)
    return copied or INSTALLS.search(text) is not None


def _named_modules(words: tuple[str, ...]) -> list[str]:
    """Dotted names of modules by which a command is told what to run, where nothing moves it to another folder first."""
    text = " ".join(words)
    if re.search(r"(^|[\s;&])cd |--app-dir|--chdir|--pythonpath|\$", text):
        return []
    plain = [part for word in words for part in word.split()]
    program = next((PurePosixPath(word).name for word in plain if PurePosixPath(word).name in SERVERS), "")
    named = re.findall(r"(?<![\w./-])([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*(?:\(\))?(?![\w/])", text) if program else []
    ran = [name for flag, name in itertools.pairwise(plain) if flag == "-m" and re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", name)]
    return list(dict.fromkeys([*named, *ran]))


def _of_command(deployment: Deployment, image: Built) -> Iterator[Finding]:
    """The scripts that a server's image starts, also through one of its own."""
    start, stated = image.stage.entrypoint or image.stage.cmd, deployment.program.image
    overridden = stated is not None and (stated.entrypoint or stated.cmd)
    known = deployment.runner.cwd and not base_images.describe(image.stage.base_image).unknown
    if deployment.program.kind != "server" or start is None or overridden or not known:
        return
    for absent in absent_of(image.stage, image.layout, deployment.project):
        if absent.path not in image.lost and not may_bring(image.stage, image.runs, deployment.project, absent.path):
            message = f"`{absent.word}` is what the image starts, and it is not in the project: add it."
            file, line = (absent.script, absent.line) if absent.script else (image.image.file, image.line_of(start.line))
            yield Finding(file, line, rules.PF006, message, about=absent.word)


def _started(words: tuple[str, ...]) -> list[str]:
    """The script that a command starts: itself, or the first argument of an interpreter."""
    if not words:
        return []
    program = PurePosixPath(words[0]).name
    if SCRIPT.search(words[0]) and ("/" in words[0] or len(words) == 1):
        return [words[0]] if "$" not in words[0] else []
    if re.match(r"^(python[\d.]*|bash|sh)$", program):
        rest = [word for word in words[1:] if not word.startswith("-u")]
        return rest[:1] if rest and SCRIPT.search(rest[0]) and not rest[0].startswith("-") and "$" not in rest[0] else []
    return []


def _is_made(name: str, made: str) -> bool:
    """Whether the build itself brings a script: it is mentioned elsewhere, or something is cloned, unpacked or fetched."""
    return (
        made.count(name) > 1
        or name in ("setup.py", "get-pip.py")
        or re.search(r"git clone|unzip|tar |wget|curl|COPY --from", made) is not None
    )
