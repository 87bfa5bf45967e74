"""What a start command does beside starting the worker: servers it launches, variables it exports, links it makes.

The script stays; the line that starts the worker becomes `exit 0`, and `setup()` runs it. A script that fails before that line
fails `setup()`, as it kept the worker from starting.
"""

from __future__ import annotations

import re

from converters import rules
from converters.concepts import environment as environments
from converters.concepts import storage, variables
from converters.containers.dockerfile import command_line
from converters.containers.packaging import Packaging
from converters.containers.shell import ShellCommand, expand, split
from converters.credentials.recognize import is_secret
from converters.ir import App, Disposition, Edit, EnvVar, Origin
from converters.ledger import Ledger
from converters.project import Project, SourceFile
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
WRAPPERS = "exec|nohup|time|nice|setsid|env"
"""Words before a command that say how it runs, not what."""
REASON = "setup() runs the script up to the line that starts the worker"


def carry_over(project: Project, unit: Unit, app: App, edits: list[Edit], ledger: Ledger) -> None:
    """Give `setup()` what the start command does before the worker runs."""
    packaging = unit.packaging
    entry = packaging.entry if packaging else None
    if packaging is None or entry is None or entry.file != unit.entry:
        return
    if entry.script:
        _script(project.files[entry.script], packaging, unit, app, edits, ledger)
    else:
        _inline(packaging, unit, app, ledger)


def _worker_call(unit: Unit) -> re.Pattern[str]:
    """The text of a command that starts the entry file."""
    name = re.escape(unit.entry.rsplit("/", 1)[-1])
    stem = re.escape(unit.entry.rsplit("/", 1)[-1].removesuffix(".py"))
    word = r"(?:>&|&>|[^;&|\n#])*"
    return re.compile(
        rf"(?m)^(?P<before>[^#\n]*?)(?P<call>(?:(?:{WRAPPERS})\s+)*(?:[A-Za-z_]\w*=\S*\s+)*[\w./${{}}\"-]*python[\d.]*\"?\s{word}(?:{name}|-m\s+[\w.]*{stem})\b{word})"
    )


def _script(file: SourceFile, packaging: Packaging, unit: Unit, app: App, edits: list[Edit], ledger: Ledger) -> None:
    text = file.text
    call = _worker_call(unit)
    spans = [(match.start("call"), match.end("call")) for match in call.finditer(text)]
    if not spans and (arguments := list(re.finditer(r"(?m)^[ \t]*(?P<call>(?:exec[ \t]+)?\"?\$[@*]\"?)[ \t]*$", text))):
        spans = [(match.start("call"), match.end("call")) for match in arguments]
    lines = text.splitlines(keepends=True)
    for command in _commands(text):
        if _starts_in_heredoc(command):
            spans.append((command.start, len("".join(lines[: command.end_line]).rstrip("\r\n"))))
    significant = [command for command in _commands(text) if _is_significant(command, unit)]
    exports = _exports(_commands(text), packaging, unit)
    for name, value, line in exports:
        _export(app, name, value, Origin(file=file.path, line=line), ledger)
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
    edits += _volume_edits(file, app)
    for command in significant:
        if "activate" in command.text and storage.VOLUME in command.text:
            ledger.note(
                rules.RP017,
                Disposition.MANUAL,
                "the Python environment lies on the network volume, which is not part of the image: install its packages in the image.",
                Origin(file=file.path, line=command.line),
            )
    places = [image for image, path in packaging.layout.files.items() if path == file.path]
    app.start_command = ["bash", places[0] if app.environment.kind == "image" and places else file.path]
    app.environment.files = sorted({*app.environment.files, file.path})


def _end_there(file: SourceFile, spans: list[tuple[int, int]], significant: list[ShellCommand], edits: list[Edit], ledger: Ledger) -> bool:
    """The script ends where it starts the worker; what it runs beside a worker in the background goes on. False where that is open."""
    text = file.text
    for start, end in spans:
        origin = Origin(file=file.path, line=text.count("\n", 0, start) + 1)
        background = re.match(r"[ \t]*&(?!&)", text[end:])
        behind = end + (background.end() if background else 0)
        beside = [command for command in significant if command.start >= behind] if background else []
        if not beside:
            edits.append(Edit(file=file.path, start=start, end=behind, replacement="exit 0", rule=rules.RP016, reason=REASON))
            ledger.note(rules.RP016, Disposition.CONVERTED, f"{REASON}: {_listed(significant)}", origin)
        elif len(spans) == 1 and any(not command.compound and command.start <= start < command.end for command in split(text)):
            reason = "what the script runs beside the worker goes on in the background, and setup() does not wait for it"
            ending = ("" if text.endswith("\n") else "\n") + ") &\nexit 0\n"
            edits.append(Edit(file=file.path, start=start, end=behind, replacement="(", rule=rules.RP016, reason=reason))
            edits.append(Edit(file=file.path, start=len(text), end=len(text), replacement=ending, rule=rules.RP016, reason=reason))
            ledger.note(rules.RP016, Disposition.CONVERTED, f"{reason}: {_listed(beside)}", origin)
        else:
            message = "the script starts the worker in the background and goes on: do in setup() what it does then, without waiting."
            ledger.note(rules.RP016, Disposition.MANUAL, message, origin)
            return False
    return True


def _inline(packaging: Packaging, unit: Unit, app: App, ledger: Ledger) -> None:
    """`CMD nginx && python -u handler.py`, or the same in `sh -c`."""
    words = command_line(packaging.stage)
    text = words[-1] if words and len(words) > 1 and words[-2].startswith("-") and "c" in words[-2] else ""
    significant = [command for command in _commands(text) if _is_significant(command, unit)]
    match = _worker_call(unit).search(text)
    command = packaging.stage.cmd or packaging.stage.entrypoint
    if not significant or match is None or command is None:
        return
    for name, value, _ in _exports(_commands(text), packaging, unit):
        _export(app, name, value, packaging.origin(command.line), ledger)
    app.start_command = ["bash", "-c", _around(text, match, unit)]
    ledger.note(
        rules.RP016,
        Disposition.CONVERTED,
        f"setup() runs what the command runs before the worker and beside it: {_listed(significant)}",
        packaging.origin(command.line),
    )


def _around(text: str, call: re.Match[str], unit: Unit) -> str:
    """A command line without its call of the worker: `a & worker` leaves `a &`, which is not waited for, and `a && worker` leaves `a`."""
    before = re.sub(r"[\s;]*(?:(?:&&|\|\|)[\s;]*)*$", "", text[: call.start("call")])
    behind = text[call.end("call") :].lstrip()
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
    if _worker_call(unit).search(command.text) or _starts_in_heredoc(command):
        return False
    words = [word for word in command.words if word not in ("exec", "sudo", "then", "else", "do", "$@", "$*")]
    return bool(words) and words[0] not in TRIVIAL and not words[0].startswith("[")


def _starts_in_heredoc(command: ShellCommand) -> bool:
    return any("serverless.start" in body for body in command.heredocs)


def _listed(commands: list[ShellCommand]) -> str:
    texts = [" ".join(command.text.split())[:50] for command in commands]
    return "; ".join(f"`{text}`" for text in texts[:4]) + (" ..." if len(texts) > 4 else "")


def _exports(commands: list[ShellCommand], packaging: Packaging, unit: Unit) -> list[tuple[str, str | None, int]]:
    """(name, value or None where only the running shell knows it, line) of every export, and of what the worker alone is given."""
    known = {name: value.value for name, value in packaging.stage.env.items()}
    found: list[tuple[str, str | None, int]] = []
    for command in commands:
        given = [f"{name}={value}" for name, value in command.assignments] if _worker_call(unit).search(command.text) else []
        if command.words[:1] != ("export",) and not given:
            continue
        for word in given or command.raw_words[1:]:
            name, sign, raw = word.partition("=")
            if not sign or not re.fullmatch(r"[A-Za-z_]\w*", name):
                continue
            dynamic = "$(" in raw or "`" in raw or any(part not in known for part in re.findall(r"\$\{?([A-Za-z_]\w*)(?![\w:]*:?-)", raw))
            values = () if dynamic else expand([raw], known)
            value = values[0] if len(values) == 1 else "" if not dynamic else None
            found.append((name, value, command.line))
            if value is not None:
                known[name] = value
    return found


def _export(app: App, name: str, value: str | None, origin: Origin, ledger: Ledger) -> None:
    if variables.LOADER.match(name) or name in ("PATH", "PYTHONUNBUFFERED"):
        ledger.note(
            rules.ENV002,
            Disposition.DROPPED,
            f"`{name}` of the script holds for what the script starts; the app's own process is started by fal",
            origin,
        )
    elif value is not None and value and is_secret(name, value):
        if all(known.name != name for known in app.secrets):
            app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
        environments.secret_item(ledger, name, origin, f"the start script exports the secret {name}")
    elif value is None or is_secret(name):
        ledger.note(
            rules.ENV001, Disposition.MANUAL, f"the script computes {name} when it runs: set it in setup() if the handler reads it.", origin
        )
    else:
        moved = storage.moved(value, app)
        app.environment.variables = [known for known in app.environment.variables if known.name != name]
        app.environment.variables.append(EnvVar(name=name, value=moved, preset=True, origin=origin))
        ledger.note(rules.ENV001, Disposition.CONVERTED, f"{name} is exported by the start script: set in setup()", origin)


def _volume_edits(file: SourceFile, app: App) -> list[Edit]:
    folder = storage.volume_folder(app)
    reason = f"RunPod's network volume becomes the folder {folder} of fal's persistent /data"
    return [
        Edit(file=file.path, start=match.start(), end=match.end(), replacement=folder, rule=rules.FS001, reason=reason)
        for match in re.finditer(rf"{storage.VOLUME}(?=[/\"'\s:;)]|$)", file.text)
    ]
