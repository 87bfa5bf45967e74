"""The file system of a runner as far as the project fills it: what lies where, the working directory, where modules are looked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from converters.containers.dockerfile import command_line
from converters.containers.dockerfile_model import Dockerfile, Run, Stage
from converters.containers.layout import Layout, layout
from converters.containers.parsed import parsed
from converters.containers.start_command import entry_of
from converters.preflight import client
from converters.preflight.apps import Image, Program
from converters.preflight.values import absolute
from converters.project import Project

PLAIN = re.compile(r"^((docker\.io/)?(library/)?(python|ubuntu|debian)|(docker\.io/)?nvidia/cuda)(:|@|$)")
"""Base images whose contents are known: no WORKDIR but `/`, no packages but those of the system."""
APP = "/app"
"""Where fal puts `app_files`, and the working directory there."""


@dataclass(frozen=True)
class Built:
    """A Dockerfile that was read, with the stage that is built and what the context puts into it."""

    image: Image
    dockerfile: Dockerfile
    stage: Stage
    layout: Layout
    sent: frozenset[str]
    """Paths of the project that fal's client sends to the build."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Path in the image -> path of the project, of files that Docker would copy and fal's client does not send."""

    def line_of(self, line: int) -> int:
        return self.image.line_of(line)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The RUN lines of this stage and of the stages that it copies from or starts from."""
        wanted, found = [self.stage.index], []
        while wanted:
            index = wanted.pop()
            stage = self.dockerfile.stages[index]
            if stage in found:
                continue
            found.append(stage)
            wanted += [copy.from_index for copy in stage.copies if copy.from_index is not None and copy.from_index < index]
            wanted += [stage.base_stage] if stage.base_stage is not None else []
        runs = {(run.line, run.end_line): run for stage in found for run in stage.runs}
        return tuple(runs[key] for key in sorted(runs))


def built(image: Image | None, project: Project) -> Built | None:
    """Read an image's Dockerfile; None where there is none, or it has no stage."""
    if image is None or not image.data:
        return None
    arguments = {name: str(value) for name, value in image.build_args.items()}
    dockerfile = parsed(project, image.data, arguments)
    stage = dockerfile.stage()
    if stage is None:
        return None
    sent = frozenset(client.image_files(image, project))
    context = Project(root=project.root, files={path: project.files[path] for path in project.files if path in sent})
    found = layout(dockerfile, stage, context, image.context)
    whole = layout(dockerfile, stage, project, image.context)
    lost = {place: path for place, path in whole.files.items() if place not in found.files}
    return Built(image, dockerfile, stage, found, sent, lost)


def goes_on(run: Run, text: str) -> bool:
    """Whether a build goes on where one of its commands fails: `COMMAND || true`."""
    return re.search(rf"{re.escape(text)}\s*\|\|", run.script) is not None


@dataclass(frozen=True)
class Runner:
    """`files`: path on the runner -> path of the project."""

    files: Mapping[str, str]
    cwd: str
    """'' where only the base image says."""
    search: tuple[str, ...] = ()
    folders: frozenset[str] = field(default=frozenset())

    def holds(self, path: str) -> bool:
        """Whether the project puts a file or folder there."""
        return path in self.files or path in self.folders


def runner(program: Program, project: Project, image: Built | None) -> Runner:
    """The runner of an app."""
    if image is None:
        files = {f"{APP}/{relative}": path for relative, path in client.app_files(program, project).items()}
        return Runner(files, "" if program.image is not None else APP, (APP,), _folders(files))
    stage = image.stage
    known = stage.workdir_line is not None or bool(PLAIN.match(stage.base_image))
    variable = stage.env.get("PYTHONPATH")
    paths = [part for part in (variable.value if variable else "").split(":") if part.startswith("/")]
    cwd = stage.workdir if known else ""
    return Runner(image.layout.files, cwd, tuple(dict.fromkeys([*([cwd] if cwd else []), *paths])), _folders(image.layout.files))


MODULE = re.compile(r"(?<![\w./-])([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*(?:\(\))?(?![\w/])")
"""`package.module:app`, as uvicorn, gunicorn and hypercorn take it."""


def started(program: Program, project: Project, image: Built | None) -> tuple[str, ...]:
    """Places on the runner of the Python files that a server's command starts, as far as reading tells."""
    if image is None or program.kind != "server":
        return ()
    stage = image.stage
    held = Project(root=project.root, files={path: project.files[path] for path in set(image.layout.files.values())})
    entry = entry_of(stage, image.layout, held)
    if entry is not None:
        return (entry.image_path,)
    words = program.image.cmd if program.image is not None and program.image.cmd else command_line(stage)
    text = " ".join(map(str, words)) if isinstance(words, list | tuple) else str(words or "")
    for word in text.split():
        script = project.files.get(image.layout.files.get(absolute(word, stage.workdir), "")) if word.endswith(".sh") else None
        text += script.data.decode(errors="replace") if script is not None and script.size < 2**18 else ""
    places = [f"{stage.workdir.rstrip('/')}/{match[1].replace('.', '/')}.py" for match in MODULE.finditer(text)]
    return tuple(place for place in places if place in image.layout.files)


def _folders(files: Mapping[str, str]) -> frozenset[str]:
    found: set[str] = set()
    for path in files:
        while "/" in path:
            path = path.rpartition("/")[0]
            if path in found:
                break
            found.add(path or "/")
    return frozenset(found)
