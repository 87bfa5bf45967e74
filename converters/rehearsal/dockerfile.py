"""A Dockerfile made ready for an engine: the same steps on stand-ins, each RUN through our wrapper, each step known by its line.

What the target does not need is left out, as BuildKit leaves it out. Heredocs become what they mean, for older engines have none: the
script of a RUN is one argument, the files of a COPY come from a context of their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import posixpath
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from converters.containers.dockerfile import parse
from converters.containers.dockerfile_model import Copy, Dockerfile, Instruction, Run, Stage
from converters.containers.instruction_options import heredoc_name

WRAPPER = "/rehearsal/run"
"""What every RUN goes through in the image: it sets the variables of the rehearsal and starts its arguments."""
CONTENT = "content:"
"""What an argument of the wrapper begins with that tells what the command mounts, and is nothing to start."""
FILES = "rehearsal"
"""The name of the build context that holds the files of heredocs."""
_NOT_KNOWN_TO_ENGINES = ("--link", "--parents", "--network", "--security", "--keep-git-dir", "--exclude")
_NOT_DONE = {
    "--network": "`{flag}` is not rehearsed: the command sees the network of the rehearsal",
    "--security": "`{flag}` is not rehearsed: whether fal's builder allows it is not known, and the command has no more rights here",
    "--exclude": "`{flag}` is not rehearsed: the files that it leaves out are copied",
}
"""What is said of options whose meaning is lost. Those of the others are kept, or make no difference to what is in the image."""
_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Line:
    """An instruction as the project wrote it, and the first and last line of that."""

    text: str
    number: int
    last: int


@dataclass
class Prepared:
    """The text for the engine, and for each of its stages the instructions that its steps stand for."""

    text: str
    stages: list[list[Line | None]] = field(default_factory=list)
    """None: a step that no line stands for."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What the context :data:`FILES` holds."""
    diagnostics: tuple[tuple[int, str], ...] = ()
    """What Docker would refuse, with its line."""
    not_done: list[tuple[int, str]] = field(default_factory=list)
    """What is not as in a real build, with its line."""


def prepare(
    text: str,
    arguments: Mapping[str, str],
    stand_in: Callable[[str, int], str],
    content: Callable[[str], str] = lambda path: "",
) -> Prepared:
    """Prepare a Dockerfile.

    ``stand_in`` names the image to be used for a base image of a line; what it raises goes through. ``content`` is a digest of what
    the context holds at a path: engines know a command that mounts files by its words alone.
    """
    read = parse(text.encode(), arguments)
    prepared = Prepared("", diagnostics=tuple((one.line, one.message) for one in read.diagnostics))
    if not read.stages:
        return prepared
    writer = _Writer(read, stand_in, prepared, content)
    lines = ["# escape=`"] if read.escape == "`" else []
    lines += [_plain(one) for one in read.instructions if one.stage is None and one.keyword == "ARG"]
    for stage in _needed(read):
        for name in writer.aliases(stage):
            lines += [f"FROM {name} AS {_alias(name, stage)}", f"LABEL rehearsal.mounted={secrets.token_hex(8)}"]
            prepared.stages.append([None, None])
        prepared.stages.append([])
        for instruction in read.instructions:
            if instruction.stage == stage.index:
                prepared.not_done += _not_done(instruction)
                for step in writer.written(instruction, stage):
                    lines.append(step)
                    writer.texts[stage.index] += step
                    prepared.stages[-1].append(Line(_as_written(text, instruction), instruction.line, instruction.end_line))
    prepared.text = "".join(f"{line}\n" for line in lines)
    return prepared


class _Writer:
    def __init__(self, read: Dockerfile, stand_in: Callable[[str, int], str], prepared: Prepared, content: Callable[[str], str]) -> None:
        self.read, self.stand_in, self.prepared, self.content = read, stand_in, prepared, content
        self.texts = dict.fromkeys(range(len(read.stages)), "")
        self.runs: dict[tuple[int, int], Run] = {(run.stage, run.line): run for stage in read.stages for run in stage.runs}
        self.copies: dict[tuple[int, int], Copy] = {(copy.stage, copy.line): copy for stage in read.stages for copy in stage.copies}

    def aliases(self, stage: Stage) -> list[str]:
        """The stages that the commands of a stage mount: buildah 1.28 mounts none whose steps it took from its cache.

        So they get a name for a stage upon them, with a step of its own that is in no cache.
        """
        mounts = [mount.from_stage for run in stage.runs if run.stage == stage.index for mount in run.mounts if mount.from_stage]
        return list(dict.fromkeys(_name(found) for name in mounts if (found := self.stage(name)) is not None))

    def written(self, instruction: Instruction, stage: Stage) -> list[str]:
        """The steps that stand for an instruction."""
        if instruction.keyword == "FROM":
            return [self.base(stage)]
        if instruction.keyword == "RUN" and (run := self.runs.get((stage.index, instruction.line))) is not None:
            return [self.run(instruction, run)]
        if instruction.keyword in ("COPY", "ADD") and (copy := self.copies.get((stage.index, instruction.line))) is not None:
            return self.copy(instruction, copy)
        return [_plain(instruction)]

    def base(self, stage: Stage) -> str:
        if stage.base_stage is not None:
            source = _name(self.read.stages[stage.base_stage])
        else:
            source = stage.base if stage.base == "scratch" else self.stand_in(stage.base, stage.line)
        return f"FROM {source} AS {_name(stage)}"

    def run(self, instruction: Instruction, run: Run) -> str:
        flags = [self.mounted(word, self.read.stages[run.stage], run.line) for word in _known(instruction.flags)]
        argv = run.argv if run.argv is not None else (*run.shell, run.script)
        digest = self.mounted_content(run)
        return " ".join(["RUN", *flags, json.dumps([WRAPPER, *([CONTENT + digest] if digest else []), *argv])])

    def mounted_content(self, run: Run) -> str:
        """A digest of what a command mounts of the context and of stages; empty where it mounts nothing."""
        told = [self.content(mount.source or "") for mount in run.mounts if mount.type == "bind" and mount.from_stage is None]
        for mount in run.mounts:
            if mount.from_stage and self.stage(mount.from_stage) is not None:
                told += [*self.texts.values(), self.content("")]
        return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16] if told else ""

    def mounted(self, word: str, stage: Stage, line: int) -> str:
        """A `--mount` whose `from` is an image or a number, with the name of what stands for that."""
        option, equals, value = word.partition("=")
        if option != "--mount":
            return word
        parts = [part.partition("=") for part in value.split(",")]
        renamed = [(name, sign, self.mount_source(source, stage, line) if name == "from" else source) for name, sign, source in parts]
        return option + equals + ",".join("".join(part) for part in renamed)

    def copy(self, instruction: Instruction, copy: Copy) -> list[str]:
        flags = [word for word in _known(instruction.flags) if not word.startswith("--from=")]
        if copy.files:
            return self.heredocs(instruction, copy, flags)
        if copy.from_stage is not None:
            flags.append(f"--from={self.source(copy.from_stage, copy.line)}")
        if any(word.partition("=")[0] == "--parents" and not word.endswith("=false") for word in instruction.flags):
            return self.with_parents(instruction, copy, flags)
        return [" ".join([instruction.keyword, *flags, instruction.value])]

    def with_parents(self, instruction: Instruction, copy: Copy, flags: list[str]) -> list[str]:
        """A step for each source, which names its folders: engines do not know the option. Those of one with `/./` begin behind that.

        fal sends no file for a wildcard, so that of the project's files none can be lost by one.
        """
        *sources, target = _copied(instruction.value)
        steps = []
        for source in sources:
            if _WILDCARD.search(source):
                said = f"`--parents` with `{source}` is not rehearsed: the files are copied without their folders"
                self.prepared.not_done += [(copy.line, said)] if copy.from_stage is not None else []
                words = [source, target]
            else:
                words = [source, posixpath.join(target, posixpath.normpath(source.rpartition("/./")[2]).lstrip("/"))]
            steps.append(" ".join([instruction.keyword, *flags, json.dumps(words)]))
        return steps

    def heredocs(self, instruction: Instruction, copy: Copy, flags: list[str]) -> list[str]:
        """The files of heredocs come from a context of their own, sources of the project beside them in a step of the same line."""
        folder = f"{copy.stage}-{copy.line}"
        for heredoc in copy.files:
            self.prepared.files[f"{folder}/{heredoc.name}"] = heredoc.data.encode()
        words = instruction.value.split()
        names = [name for word in words[:-1] if (name := heredoc_name(word)) is not None]
        sources = [f"{folder}/{name}" for name in names]
        others = [word for word in words[:-1] if heredoc_name(word) is None]
        steps = [" ".join([instruction.keyword, *flags, *others, words[-1]])] if others else []
        return [*steps, " ".join(["COPY", *flags, f"--from={FILES}", *sources, words[-1]])]

    def mount_source(self, name: str, stage: Stage, line: int) -> str:
        found = self.stage(name)
        return self.source(name, line) if found is None else _alias(_name(found), stage)

    def source(self, name: str, line: int) -> str:
        """What a `--from` means: a stage by its name, or the stand-in of an image."""
        if (stage := self.stage(name)) is not None:
            return _name(stage)
        return name if name == "scratch" else self.stand_in(name, line)

    def stage(self, name: str) -> Stage | None:
        """The stage of a name or number."""
        found = (one for one in reversed(self.read.stages) if one.name == name.lower() or str(one.index) == name)
        return next(found, None)


def _needed(read: Dockerfile) -> Iterator[Stage]:
    """The stages that the last one needs, in their order."""
    wanted, open_stages = set[int](), [read.stages[-1].index]
    while open_stages:
        index = open_stages.pop()
        if index in wanted:
            continue
        wanted.add(index)
        stage = read.stages[index]
        open_stages += [one for one in (stage.base_stage, *(copy.from_index for copy in stage.copies)) if one is not None and one < index]
        names = [mount.from_stage for run in stage.runs for mount in run.mounts if mount.from_stage]
        open_stages += [one.index for one in read.stages if one.index < index and (one.name in names or str(one.index) in names)]
    return (stage for stage in read.stages if stage.index in wanted)


def _name(stage: Stage) -> str:
    return stage.name or f"stage-{stage.index}"


def _alias(name: str, stage: Stage) -> str:
    return f"{name}-for-{stage.index}"


def _not_done(instruction: Instruction) -> list[tuple[int, str]]:
    """What is said of the options of an instruction whose meaning is lost; `--network=default` is what there is without it."""
    said = [(_NOT_DONE.get(flag.partition("=")[0]), flag) for flag in instruction.flags if flag != "--network=default"]
    return [(instruction.line, text.format(flag=flag)) for text, flag in said if text is not None]


def _copied(value: str) -> list[str]:
    """The sources and the destination of a COPY, as they are written."""
    if value.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            return [str(word) for word in json.loads(value)]
    return value.split()


def _known(flags: tuple[str, ...]) -> list[str]:
    return [word for word in flags if word.partition("=")[0] not in _NOT_KNOWN_TO_ENGINES]


def _plain(instruction: Instruction) -> str:
    return " ".join(filter(None, [instruction.keyword, *instruction.flags, instruction.value]))


def _as_written(text: str, instruction: Instruction) -> str:
    return "\n".join(text.split("\n")[instruction.line - 1 : instruction.end_line])
