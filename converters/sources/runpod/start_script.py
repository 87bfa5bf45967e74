"""What a start command does beside starting the worker: servers it launches, variables it exports, links it makes.

The script stays; the line that starts the worker becomes `exit 0`, and `setup()` runs it. A script that fails before that line
fails `setup()`, as it kept the worker from starting.
"""

from __future__ import annotations

import itertools
import re
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import storage
from converters.containers import base_images
from converters.containers.dockerfile import command_line
from converters.containers.packaging import Packaging
from converters.containers.shell import ShellCommand, expand, split
from converters.ir import App, Disposition, Edit, Origin
from converters.ledger import Ledger
from converters.project import MAX_FILE, Project, SourceFile
from converters.sources.runpod import exports
from converters.sources.runpod.absent_start import absent_start
from converters.sources.runpod.units import Unit

TRIVIAL = frozenset(
    {
        "echo",
        "printf",
        "set",
        "export",
        "cd",
        "pushd",
        "popd",
        "true",
        ":",
        "trap",
        "date",
        "ls",
        "pwd",
        "cat",
        "exec",
        "exit",
        "wait",
        "which",
        "nvidia-smi",
        "env",
    }
)
LAUNCHERS = re.compile(r"(.*/)?(python|pypy)[\d.]*$|(.*/)?(uv|poetry|conda|micromamba|pdm|pipenv|hatch|accelerate|torchrun|xvfb-run)$|\$")
"""Programs that start a Python file they are given, a variable that names one included."""
WRAPPERS = frozenset(
    {"exec", "nohup", "time", "nice", "setsid", "env", "command", "sudo", "tini", "dumb-init", "stdbuf", "ionice", "taskset"}
)
"""Words before a command that say how it runs, not what."""
CONFIGURATION = frozenset({".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".env", ".sh", ".properties"})
"""Endings of files whose paths the code or a program reads when it runs."""
ON_EXIT = re.compile(r"(?m)^\s*trap\s.*(\bEXIT\b|\s0\b)")
OF_LIBRARIES = re.compile(
    r"(HF|HUGGING\w*|TRANSFORMERS|DIFFUSERS|TORCH|PYTORCH|CUDA|NVIDIA|NCCL|OMP|MKL|VLLM|XDG|PYTHON\w*|AWS|OPENAI)(_|$)"
)
"""Variables that libraries read by themselves."""
IDLE = frozenset({"bash", "sh", "sleep", "tail", "python", "python3", "true", "cat"})
"""Commands that start no worker, so that another one is given where the image is deployed."""
INTO_FILE = re.compile(r"\d*>>?\|?\s*(?!/dev/|&|/proc/)\S")
"""A redirection that leaves a file behind."""
RUNNER = "/app"
"""Where fal puts the files of an app without an image."""
REASON = "setup() runs the script up to the line that starts the worker"


def carry_over(project: Project, unit: Unit, app: App, edits: list[Edit], ledger: Ledger, closure: list[str]) -> None:
    """Give `setup()` what the start command does before the worker runs. `closure`: the worker's own files."""
    packaging = unit.packaging
    entry = packaging.entry if packaging else None
    if packaging is not None and not command_line(packaging.stage):
        _of_base(packaging, ledger)
    if packaging is not None and entry is None and unit.entry in packaging.layout.files.values() and absent_start(project, unit) is None:
        _of_unknown_command(packaging, unit, ledger)
    if packaging is None or entry is None or entry.file != unit.entry:
        return
    texts = [project.files[path].text for path in closure if path in project.files]
    if entry.script:
        _script(project.files[entry.script], packaging, unit, app, edits, ledger, texts)
    else:
        _inline(packaging, unit, app, ledger, texts)


def _of_unknown_command(packaging: Packaging, unit: Unit, ledger: Ledger) -> None:
    """Say that what the command of an image runs beside the worker is not known, where the way from it to the worker was not found."""
    words = command_line(packaging.stage)
    stated = packaging.stage.cmd or packaging.stage.entrypoint
    if not words or stated is None or PurePosixPath(words[0]).name in IDLE or "runpod" in " ".join(words):
        return
    message = (
        f"the image starts `{' '.join(words)[:60]}`, and how that starts {unit.entry} was not found: what else it runs, such as a server, "
        "does not run on fal; start it in setup()."
    )
    ledger.note(rules.RP016, Disposition.MANUAL, message, packaging.origin(stated.line))


def _of_base(packaging: Packaging, ledger: Ledger) -> None:
    """Say that what the base image starts beside the worker is not known, where it is more than Python."""
    base = base_images.describe(packaging.stage.base_image)
    if base.plain:
        return
    message = (
        f"the Dockerfile has no CMD, so {base.reference} starts the worker by a command of its own: what that runs before the worker, "
        "such as a server, does not run on fal; start it in setup()."
    )
    ledger.note(rules.RP016, Disposition.MANUAL, message, packaging.origin(packaging.stage.line))


def places(project: Project, unit: Unit) -> list[tuple[str, Origin]]:
    """Why what the start command does needs the image: it names files by their places there, and a list of files has others."""
    packaging = unit.packaging
    entry = packaging.entry if packaging else None
    if packaging is None or entry is None or entry.file != unit.entry:
        return []
    script = project.files.get(entry.script) if entry.script else None
    words = command_line(packaging.stage)
    text = script.text if script is not None else words[-1] if words and len(words) > 1 and words[-2].startswith("-") else ""
    command = packaging.stage.cmd or packaging.stage.entrypoint
    where = Origin(file=script.path, line=1) if script is not None else packaging.origin(command.line if command else 1)
    for one in _commands(text):
        for place, path in packaging.layout.files.items() if _is_significant(one, unit) else ():
            if place != f"{RUNNER}/{path}" and any(place == word or word.startswith(f"{place}:") for word in one.words):
                line = where.line + one.line - 1
                return [(f"the start command names {place}, a place of the image", Origin(file=where.file, line=line))]
    return []


def _starts_worker(command: ShellCommand, unit: Unit) -> bool:
    """Whether a command starts the entry file, by whichever interpreter or launcher."""
    words = list(command.words)
    while words and (PurePosixPath(words[0]).name in WRAPPERS or words[0].startswith("-") or "=" in words[0]):
        words.pop(0)
    if not words:
        return False
    names = {PurePosixPath(unit.entry).name}
    if unit.packaging is not None:
        names |= {PurePosixPath(image).name for image, path in unit.packaging.layout.files.items() if path == unit.entry}
    if PurePosixPath(words[0]).name in names:
        return True
    if not LAUNCHERS.match(words[0]):
        return False
    stems = {name.removesuffix(".py") for name in names}
    as_module = any(flag == "-m" and module.rpartition(".")[2] in stems for flag, module in itertools.pairwise(words))
    return as_module or any(PurePosixPath(word).name in names for word in words[1:])


def _worker_spans(text: str, unit: Unit) -> list[tuple[int, int]]:
    """(start, end) of every command of a script that starts the worker, with what its output is piped into."""
    found: list[tuple[int, int]] = []
    piped = False
    for command in _commands(text):
        if _starts_worker(command, unit):
            found.append((command.start, command.end))
            piped = True
        elif piped and command.operator in ("|", "|&"):
            found[-1] = (found[-1][0], command.end)
        else:
            piped = False
    return found


def _script(file: SourceFile, packaging: Packaging, unit: Unit, app: App, edits: list[Edit], ledger: Ledger, texts: list[str]) -> None:
    text = file.text
    spans = _worker_spans(text, unit)
    if not spans and (arguments := list(re.finditer(r"(?m)^[ \t]*(?P<call>(?:exec[ \t]+)?\"?\$[@*]\"?)[ \t]*$", text))):
        spans = [(match.start("call"), match.end("call")) for match in arguments]
    lines = text.splitlines(keepends=True)
    for command in _commands(text):
        if _starts_in_heredoc(command):
            spans.append((command.start, len("".join(lines[: command.end_line]).rstrip("\r\n"))))
    significant = [command for command in _commands(text) if _is_significant(command, unit)]
    for exported in exports.of(text, packaging.stage, lambda command: _starts_worker(command, unit)):
        exports.carry(app, exported, Origin(file=file.path, line=exported.line), ledger, _is_read(exported.name, texts))
    if not significant:
        return
    if not spans:
        ledger.note(
            rules.RP016,
            Disposition.MANUAL,
            "the script does more than start the worker, and its line for that was not found: run the rest in setup().",
            Origin(file=file.path, line=1),
        )
        return
    if not _end_there(file, spans, significant, edits, ledger):
        return
    _move_volume(file, app, edits, ledger)
    _volume_environment(file, packaging, ledger)
    places = [image for image, path in packaging.layout.files.items() if path == file.path]
    app.start_command = ["bash", places[0] if app.environment.kind == "image" and places else file.path]
    app.environment.files = sorted({*app.environment.files, file.path})


def _volume_environment(file: SourceFile, packaging: Packaging, ledger: Ledger) -> None:
    """Say that a script takes its Python from the network volume: `source $VENV/bin/activate`, `/runpod-volume/venv/bin/python`."""
    known = {name: value.value for name, value in packaging.stage.env.items()}
    for command in _commands(file.text):
        for name, raw in command.assignments:
            known[name] = " ".join(expand([raw], known))
        words = expand(command.raw_words, known) if command.raw_words else ()
        sourced = words[:1] in ((".",), ("source",)) and any(word.startswith(storage.VOLUME) and "activate" in word for word in words[1:])
        started = any(word.startswith(storage.VOLUME) and LAUNCHERS.match(word) for word in words[:1])
        if sourced or started:
            message = (
                "the Python environment lies on the network volume, which is not part of the image: install its packages in the image."
            )
            ledger.note(rules.RP017, Disposition.MANUAL, message, Origin(file=file.path, line=command.line))
            return


def _end_there(file: SourceFile, spans: list[tuple[int, int]], significant: list[ShellCommand], edits: list[Edit], ledger: Ledger) -> bool:
    """The script ends where it starts the worker; what it runs beside a worker in the background goes on. False where that is open."""
    text = file.text
    for start, end in spans:
        origin = Origin(file=file.path, line=text.count("\n", 0, start) + 1)
        background = re.match(r"[ \t]*&(?!&)", text[end:])
        behind = end + (background.end() if background else 0)
        beside = [command for command in significant if command.start >= behind] if background else []
        if not beside:
            ending = "trap - EXIT; exit 0" if ON_EXIT.search(text) else "exit 0"  # what it stops at its end is to go on
            edits.append(Edit(file=file.path, start=start, end=behind, replacement=ending, rule=rules.RP016, reason=REASON))
            ledger.note(rules.RP016, Disposition.CONVERTED, f"{REASON}: {_listed(significant)}", origin)
        elif len(spans) == 1 and any(not command.compound and command.start <= start < command.end for command in split(text)):
            reason = "what the script runs beside the worker goes on in the background, and setup() does not wait for it"
            end_here = "trap - EXIT; exit 0" if ON_EXIT.search(text) else "exit 0"
            ending = ("" if text.endswith("\n") else "\n") + f") &\n{end_here}\n"
            edits.append(Edit(file=file.path, start=start, end=behind, replacement="(", rule=rules.RP016, reason=reason))
            edits.append(Edit(file=file.path, start=len(text), end=len(text), replacement=ending, rule=rules.RP016, reason=reason))
            ledger.note(rules.RP016, Disposition.CONVERTED, f"{reason}: {_listed(beside)}", origin)
        else:
            message = "the script starts the worker in the background and goes on: do in setup() what it does then, without waiting."
            ledger.note(rules.RP016, Disposition.MANUAL, message, origin)
            return False
    return True


def _inline(packaging: Packaging, unit: Unit, app: App, ledger: Ledger, texts: list[str]) -> None:
    """`CMD nginx && python -u handler.py`, or the same in `sh -c`."""
    words = command_line(packaging.stage)
    text = words[-1] if words and len(words) > 1 and words[-2].startswith("-") and "c" in words[-2] else ""
    significant = [command for command in _commands(text) if _is_significant(command, unit)]
    spans = _worker_spans(text, unit)
    command = packaging.stage.cmd or packaging.stage.entrypoint
    if not significant or not spans or command is None:
        return
    for exported in exports.of(text, packaging.stage, lambda command: _starts_worker(command, unit)):
        exports.carry(app, exported, packaging.origin(command.line), ledger, _is_read(exported.name, texts))
    app.start_command = ["bash", "-c", _around(text, spans[0], unit)]
    ledger.note(
        rules.RP016,
        Disposition.CONVERTED,
        f"setup() runs what the command runs before the worker and beside it: {_listed(significant)}",
        packaging.origin(command.line),
    )


def _around(text: str, call: tuple[int, int], unit: Unit) -> str:
    """A command line without its call of the worker: `a & worker` leaves `a &`, which is not waited for, and `a && worker` leaves `a`."""
    before = re.sub(r"[\s;]*(?:(?:&&|\|\|)[\s;]*)*$", "", text[: call[0]])
    behind = text[call[1] :].lstrip()
    if behind.startswith("&") and not behind.startswith("&&"):
        beside = behind[1:].strip()
        if any(_is_significant(command, unit) for command in _commands(beside)):
            before += ("\n" if before else "") + f"({beside}) &"
    return before


def _commands(text: str) -> list[ShellCommand]:
    found: list[ShellCommand] = []
    for command in split(text):
        found += list(command.inner) if command.compound and command.inner else [command]
    return found


def _is_significant(command: ShellCommand, unit: Unit) -> bool:
    if _starts_worker(command, unit) or _starts_in_heredoc(command):
        return False
    words = [word for word in command.words if word not in ("exec", "sudo", "then", "else", "do", "$@", "$*")]
    if any(INTO_FILE.match(text) for text in command.redirects):
        return True
    return bool(words) and words[0] not in TRIVIAL and not words[0].startswith("[")


def _starts_in_heredoc(command: ShellCommand) -> bool:
    return any("serverless.start" in body for body in command.heredocs)


def _listed(commands: list[ShellCommand]) -> str:
    texts = [" ".join(command.text.split())[:50] for command in commands]
    return "; ".join(f"`{text}`" for text in texts[:4]) + (" ..." if len(texts) > 4 else "")


def _is_read(name: str, texts: list[str]) -> bool:
    """Whether the worker's files name a variable, or a library that they may use reads it."""
    return OF_LIBRARIES.match(name) is not None or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)


def configuration(unit: Unit) -> set[str]:
    """Configuration files and scripts that the image of a worker holds."""
    files = unit.packaging.layout.files.values() if unit.packaging else ()
    return {path for path in files if PurePosixPath(path).suffix.lower() in CONFIGURATION}


def configuration_edits(project: Project, app: App, edits: list[Edit], ledger: Ledger) -> None:
    """Move paths on the network volume in the configuration files that the app takes along."""
    for path in app.environment.files:
        file = project.files.get(path)
        if file is None or PurePosixPath(path).suffix.lower() not in CONFIGURATION or file.size > MAX_FILE:
            continue
        if storage.VOLUME.encode() not in file.data or PurePosixPath(path).name in ("hub.json", "tests.json", "test_input.json"):
            continue
        _move_volume(file, app, edits, ledger)


def _move_volume(file: SourceFile, app: App, edits: list[Edit], ledger: Ledger) -> None:
    """Move the paths on the network volume in a file, and say so of each that did not move before."""
    done = {(edit.file, edit.start) for edit in edits}
    for edit in _volume_edits(file, app):
        if (edit.file, edit.start) not in done:
            edits.append(edit)
            line = file.text.count("\n", 0, edit.start) + 1
            message = f"a path on the network volume -> {edit.replacement}"
            ledger.note(rules.FS001, Disposition.CONVERTED, message, Origin(file=file.path, line=line))


def _volume_edits(file: SourceFile, app: App) -> list[Edit]:
    folder = storage.volume_folder(app)
    reason = f"RunPod's network volume becomes the folder {folder} of fal's persistent /data"
    return [
        Edit(file=file.path, start=match.start(), end=match.end(), replacement=folder, rule=rules.FS001, reason=reason)
        for match in re.finditer(rf"{storage.VOLUME}(?=[/\"'\s:;,)\]}}&|]|$)", file.text)
    ]
