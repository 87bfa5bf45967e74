"""A chosen Dockerfile as the packaging of a worker: its constructs for the ledger, its stage, its files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from converters.containers.commands import Step, classify
from converters.containers.dockerfile import env_names
from converters.containers.dockerfile_model import Dockerfile, Instruction, Run, Stage
from converters.containers.layout import Layout, best_context, layout
from converters.containers.parsed import parsed
from converters.containers.start_command import Entry, entry_of
from converters.ir import Origin
from converters.ledger import Construct, Ledger
from converters.project import Project, SourceFile


@dataclass
class Packaging:
    """A Dockerfile with everything that a conversion asks of it."""

    file: SourceFile
    dockerfile: Dockerfile
    stage: Stage
    context: str
    layout: Layout
    entry: Entry | None
    instructions: list[tuple[Instruction, Construct]] = field(default_factory=list)
    """Everything but RUN and ENV."""
    variables: dict[str, list[Construct]] = field(default_factory=dict)
    steps: list[tuple[Run, Step, Construct]] = field(default_factory=list)

    def origin(self, line: int, end_line: int = 0) -> Origin:
        return Origin(file=self.file.path, line=line, end_line=end_line or line)


def is_dockerfile(path: str) -> bool:
    """By the names in use: `Dockerfile`, `Dockerfile.gpu`, `gpu.Dockerfile`, `GPUDockerfile`, `DockerfileGpu`, `Containerfile`."""
    last = path.rsplit("/", 1)[-1]
    name = last.lower()
    if name.endswith((".dockerignore", ".md", ".sh", ".py", ".yml", ".yaml", ".json", ".txt", ".j2", ".template")):
        return False
    return (
        name in ("dockerfile", "containerfile")
        or name.startswith(("dockerfile.", "dockerfile-", "dockerfile_", "containerfile."))
        or name.endswith(("dockerfile", ".containerfile"))
        or re.fullmatch(r"Dockerfile[A-Z]\w*", last) is not None
    )


def read(project: Project, file: SourceFile, starting: frozenset[str] = frozenset()) -> Packaging | None:
    """Read a Dockerfile of the project; None where it has no stage.

    `starting`: files of the project that are meant to be started, where the start command runs several.
    """
    if file.size > 2**20:
        return None
    dockerfile = parsed(project, file.data)
    stage = dockerfile.stage()
    if stage is None:
        return None
    context = best_context(dockerfile, stage, project, file.folder)
    files = layout(dockerfile, stage, project, context)
    files.starting = starting
    return Packaging(file, dockerfile, stage, context, files, entry_of(stage, files, project))


def record(packaging: Packaging, ledger: Ledger) -> None:
    """Enter the constructs of a chosen Dockerfile: shell commands of RUN, names of ENV, every other instruction."""
    runs: dict[tuple[int, int], Run] = {(run.line, run.end_line): run for stage in packaging.dockerfile.stages for run in stage.runs}
    for instruction in packaging.dockerfile.instructions:
        origin = packaging.origin(instruction.line, instruction.end_line)
        if instruction.keyword == "ENV" and env_names(instruction):
            for index, (name, line) in enumerate(env_names(instruction)):
                construct = ledger.record("ENV", name, packaging.origin(line), offset=instruction.start + index)
                packaging.variables.setdefault(name, []).append(construct)
        elif instruction.keyword == "RUN" and (run := runs.get((instruction.line, instruction.end_line))) is not None and run.commands():
            for command in run.commands():
                label = " ".join(command.text.split())[:80]
                construct = ledger.record(
                    "command", label, packaging.origin(command.line, command.end_line), offset=instruction.start + command.start
                )
                packaging.steps.append((run, classify(command), construct))
        else:
            construct = ledger.record(
                "instruction", f"{instruction.keyword} {instruction.value[:60]}".strip(), origin, offset=instruction.start
            )
            packaging.instructions.append((instruction, construct))


def withheld(packaging: Packaging, instruction: Instruction) -> str:
    """What to do about a COPY line that names a credential file, which the output does not hold; '' for any other line."""
    names = [source for source, line in packaging.layout.withheld if line == instruction.line]
    if not names:
        return ""
    todo = "remove it here, and set what the code needs of it with `fal secrets set`."
    return f"copies {', '.join(names)}, which holds credentials and is left out: {todo}"
