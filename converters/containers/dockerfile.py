"""Reads a Dockerfile: `parse` gives its instructions, its build stages and what is wrong with it.

dockerfile-parse lists the instructions, from text in which `lines` has already joined continuations and taken out
heredocs; `stages` says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType

from converters.containers import instruction_options
from converters.containers.dockerfile_model import Diagnostic, Dockerfile, Instruction, Stage
from converters.containers.dockerfile_words import pairs, split_flags
from converters.containers.expansion import WordError
from converters.containers.logical_lines import Logical, Reader
from converters.containers.stages import evaluate

_GUARD = "\ufdd0"  # keeps dockerfile-parse from stripping or continuing what stands between two of them


@dataclass(frozen=True)
class Listing:
    """The instructions of a Dockerfile, before anything is known of its build: the same for all build arguments."""

    instructions: tuple[Instruction, ...]
    diagnostics: tuple[Diagnostic, ...]
    lines: int
    escape: str
    encoding: str


def parse(data: bytes, build_args: Mapping[str, str] = MappingProxyType({})) -> Dockerfile:
    """The Dockerfile in `data`, whatever the bytes are. `build_args` are those of `docker build --build-arg`.

    Raises nothing: what Docker would refuse, or what cannot be read, stands in `diagnostics`. A project's own Dockerfile is read by
    `parsed.py`, once.
    """
    return build(listed(data), build_args)


def listed(data: bytes) -> Listing:
    """The instructions in `data`."""
    reader = Reader(data)
    instructions = tuple(_instructions(list(reader.logical()), reader))
    return Listing(instructions, tuple(reader.diagnostics), len(reader.lines), reader.escape, reader.encoding)


def build(listing: Listing, build_args: Mapping[str, str] = MappingProxyType({})) -> Dockerfile:
    """What the instructions mean under these build arguments."""
    built = evaluate(listing.instructions, build_args)
    if not built.stages:
        built.diagnostics.append(Diagnostic(max(1, listing.lines), "there is no FROM"))
    return Dockerfile(
        instructions=listing.instructions,
        stages=tuple(built.stages),
        args=MappingProxyType(built.args),
        diagnostics=tuple(sorted([*listing.diagnostics, *built.diagnostics], key=lambda item: item.line)),
        escape=listing.escape,
        encoding=listing.encoding,
    )


def _structure(logical: Sequence[Logical], count: int) -> dict[int, tuple[str, str]]:
    """Line -> (keyword, arguments), as dockerfile-parse reads the joined lines."""
    from dockerfile_parse import DockerfileParser

    lines = ["\n"] * count
    for item in logical:
        lines[item.line - 1] = f"{item.keyword} {_GUARD}{item.rest}{_GUARD}\n"
    parser = DockerfileParser(fileobj=BytesIO("".join(lines).encode()), env_replace=False)
    return {entry["startline"] + 1: (entry["instruction"], entry["value"][1:-1]) for entry in parser.structure}


def _instructions(logical: Sequence[Logical], reader: Reader) -> Iterator[Instruction]:
    structure = _structure([item for item in logical if item.keyword.isascii() and item.keyword.isalpha()], len(reader.lines))
    stage = -1
    for item in logical:
        keyword, rest = structure.get(item.line, (item.keyword, item.rest))
        stage += keyword == "FROM"
        flags, offset = split_flags(rest, reader.escape)
        yield Instruction(
            keyword=keyword,
            value=rest[offset:],
            line=item.line,
            end_line=item.end_line,
            stage=stage if stage >= 0 else None,
            start=item.start,
            end=item.end,
            flags=flags,
            heredocs=item.heredocs,
            escape=reader.escape,
            encoding=reader.encoding,
            segments=instruction_options.cut(item.segments, rest, offset, reader.encoding) if offset else item.segments,
        )


def env_names(instruction: Instruction) -> tuple[tuple[str, int], ...]:
    """(name, line) of everything that one ENV (or LABEL) defines; nothing where it is malformed."""
    try:
        found = pairs(instruction.value, instruction.escape)
    except WordError:
        return ()
    return tuple((name, instruction.line_at(offset)) for offset, name, _ in found)


def command_line(stage: Stage) -> tuple[str, ...] | None:
    """The argv that a container of this stage runs, None where only the base image says.

    The table "Understand how CMD and ENTRYPOINT interact" of the Dockerfile reference: a shell-form ENTRYPOINT takes
    no arguments from CMD. Variables in it are left to the shell.
    """
    entrypoint, cmd = stage.entrypoint, stage.cmd
    if entrypoint is not None and entrypoint.form == "shell":
        return entrypoint.words
    words = (*(entrypoint.words if entrypoint else ()), *(cmd.words if cmd else ()))
    return words or None
