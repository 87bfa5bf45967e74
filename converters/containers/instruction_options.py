"""The smaller pieces of instructions: paths, ports, durations, mounts, triggers, and the script of a RUN."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from converters.containers.dockerfile_model import Command, Healthcheck, Instruction, Mount, Port, Segment
from converters.containers.dockerfile_words import split_flags
from converters.containers.logical_lines import heredoc_words, split_keyword

_PORT = re.compile(r"(?:.*:)?(\d{1,5})(?:-(\d{1,5}))?(?:/([A-Za-z]+))?", re.ASCII)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def join(workdir: str, path: str, *, keep_slash: bool = False) -> str:
    """`path` resolved against `workdir`; with `keep_slash` a path that names a folder keeps its last slash."""
    folder = path in ("", ".") or path.endswith(("/", "/."))
    joined = "/" + posixpath.normpath(posixpath.join(workdir, path)).lstrip("/")
    return joined + "/" if keep_slash and folder and joined != "/" else joined


def blank_words(text: str) -> Iterator[tuple[int, str]]:
    """The words between blanks with their offsets; quotes mean nothing here (FROM, EXPOSE, COPY, VOLUME)."""
    return ((match.start(), match.group()) for match in re.finditer(r"[^\t\v\f\r ]+", text))


def flags(values: Iterable[str], name: str) -> list[str]:
    """The values of all `--name=value`."""
    return [value.partition("=")[2] for value in values if value.startswith(f"--{name}=")]


def flag(values: Iterable[str], name: str) -> str | None:
    """The value of `--name=value`, None where it is not given."""
    found = flags(values, name)
    return found[-1] if found else None


def port(word: str, line: int) -> Port:
    """One EXPOSE argument: `80`, `80/udp`, `8000-8010`; a host part is dropped as Docker does."""
    match = _PORT.fullmatch(word)
    if not match or int(match[1]) > 65535 or int(match[2] or match[1]) > 65535:
        return Port(word, None, None, "tcp", line)
    return Port(word, int(match[1]), int(match[2] or match[1]), (match[3] or "tcp").lower(), line)


def seconds(text: str | None) -> float | None:
    """A Go duration (`1m30s`, `500ms`) in seconds; None for nothing and for what is no duration."""
    if not text:
        return None
    if text == "0":
        return 0.0
    found = _DURATION.findall(text)
    if "".join(number + unit for number, unit in found) != text:
        return None
    return round(sum(float(number) * _SECONDS[unit] for number, unit in found), 9)


def healthcheck(command: Command | None, instruction: Instruction) -> Healthcheck:
    """A HEALTHCHECK with the options of its flags."""
    retries = flag(instruction.flags, "retries") or ""
    return Healthcheck(
        command=command,
        line=instruction.line,
        interval=seconds(flag(instruction.flags, "interval")),
        timeout=seconds(flag(instruction.flags, "timeout")),
        start_period=seconds(flag(instruction.flags, "start-period")),
        start_interval=seconds(flag(instruction.flags, "start-interval")),
        retries=int(retries[:9]) if retries.isdecimal() else None,
    )


def mount(value: str, expand: Callable[[str], str]) -> Mount:
    """A `--mount=type=bind,source=a,target=b`. Raises WordError from `expand`."""
    options: dict[str, str] = {}
    for part in value.split(","):
        name, _, text = part.strip().partition("=")
        options[name.lower()] = expand(text)
    source = options.get("source", options.get("src"))
    target = options.get("target", options.get("dst", options.get("destination")))
    return Mount(options.get("type", "bind"), source, target, options.get("from"), options)


def trigger(instruction: Instruction) -> Instruction:
    """The instruction inside an ONBUILD; it keeps the place of the ONBUILD."""
    keyword, start = split_keyword(instruction.value)
    found, offset = split_flags(instruction.value[start:], instruction.escape)
    offset += start
    segments = cut(instruction.segments, instruction.value, offset, instruction.encoding)
    return replace(instruction, keyword=keyword, value=instruction.value[offset:], flags=found, segments=segments)


def cut(segments: Sequence[Segment], text: str, offset: int, encoding: str) -> tuple[Segment, ...]:
    """The segments of `text[offset:]`, given those of `text`."""
    later = [replace(segment, offset=segment.offset - offset) for segment in segments if segment.offset > offset]
    before = [segment for segment in segments if segment.offset <= offset]
    if not before:
        return tuple(later)
    last = before[-1]
    return (Segment(0, last.line, last.byte + len(text[last.offset : offset].encode(encoding))), *later)


def heredoc_name(word: str) -> str | None:
    """The name in a COPY source of the form `<<NAME`."""
    found = heredoc_words(word)
    return found[0][2] if found else None


def script(instruction: Instruction, shell: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[Segment, ...]]:
    """What a RUN gives to its shell, that shell, and where each part of the text stands.

    A RUN that is nothing but one heredoc runs its body, with the program of a `#!` line if it has one; else the
    bodies follow the command line, as in a script (https://docs.docker.com/reference/dockerfile/#here-documents).
    """
    heredocs = instruction.heredocs
    if not heredocs:
        return instruction.value, shell, instruction.segments
    if len(heredocs) == 1 and heredoc_name(instruction.value) == heredocs[0].name and len(instruction.value.split()) == 1:
        body = heredocs[0].data
        program = body.partition("\n")[0]
        interpreter = tuple(program[2:].split()) if program.startswith("#!") else ()
        return body, interpreter or shell, (Segment(0, heredocs[0].line, instruction.start),)
    text = instruction.value + "\n"
    segments = list(instruction.segments)
    for heredoc in heredocs:
        segments.append(Segment(len(text), heredoc.line, instruction.start))
        text += f"{heredoc.content}{heredoc.name}\n"
    return text, shell, tuple(segments)
