"""What a server needs to start that nothing in the project gives it: a command, a model, build arguments."""

from __future__ import annotations

import re

from converters import rules
from converters.containers.packaging import Packaging
from converters.ir import App, Disposition, Scope
from converters.ledger import Ledger
from converters.project import Project
from converters.provenance import Origin
from converters.sources.docker import official_images
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.official_images import Model
from converters.sources.docker.serving import Listener

RULE = rules.DK043
READS = r"(?:environ(?:\.get)?|getenv)\s*[\(\[]\s*[\"']{name}[\"']|\$\{{?{name}\b|process\.env\.{name}\b|ENV\[[\"']{name}[\"']\]"
"""How Python, shell, JavaScript and Ruby read a variable."""


def read(project: Project, candidate: Candidate, app: App, ledger: Ledger) -> None:
    """Name everything that is missing."""
    _command(candidate, ledger)
    _model(candidate, ledger)
    if candidate.packaging is not None:
        _arguments(project, candidate.packaging, app, ledger)


def _command(candidate: Candidate, ledger: Ledger) -> None:
    known = official_images.official(candidate.base)
    if known is not None and not known.starts and not candidate.start.words:
        message = f"the image {candidate.base} starts no server by itself: state its command with CMD, or with `command` in compose."
        ledger.note(RULE, Disposition.MANUAL, message, candidate.start.origin)


def _model(candidate: Candidate, ledger: Ledger) -> None:
    listener = candidate.listener
    program = listener.program if listener is not None else None
    model = official_images.MODELS.get(program.name) if program is not None else None
    if listener is None or model is None or program is None or _names_one(listener, model):
        return
    how = " or ".join([*model.flags[:2], *model.variables[:2]])
    if model.default:
        message = f"nothing names a model, so {program.name} serves {model.default}: name another one with {how}."
        ledger.note(RULE, Disposition.MANUAL, message, candidate.start.origin, scope=Scope.DEPLOY)
    else:
        message = f"nothing names the model that {program.name} serves, and it does not start without one: give it by {how}."
        ledger.note(RULE, Disposition.MANUAL, message, candidate.start.origin)


def _names_one(listener: Listener, model: Model) -> bool:
    words = listener.process.words
    if any(word == flag or word.startswith(f"{flag}=") for word in words for flag in model.flags):
        return True
    if any(listener.process.env.get(name) for name in model.variables) or listener.unread:
        return True
    if "--config" in words or any(re.search(r"\$[\w{(@*]", word) for word in words):
        return True  # a file or a variable may name it
    return model.positional and any(not word.startswith("-") and word not in ("vllm", "serve") for word in _arguments_of(words))


def _arguments_of(words: tuple[str, ...]) -> list[str]:
    """The words that stand behind no flag."""
    plain = []
    for index, word in enumerate(words[1:], 1):
        if not words[index - 1].startswith("--") or "=" in words[index - 1]:
            plain.append(word)
    return plain


def _arguments(project: Project, packaging: Packaging, app: App, ledger: Ledger) -> None:
    """ARGs without a value that scripts of RUN steps read: an ARG is a variable of every later RUN of its stage."""
    for stage in packaging.dockerfile.stages:
        for name, argument in stage.args.items():
            if argument.value is not None or app.environment.build_args.get(name) or name.startswith(("TARGET", "BUILD")):
                continue
            if found := _reader(project, packaging, stage.index, name, argument.line):
                message = f"{found} reads the build argument {name}, which has no default: give it in `build_args`."
                ledger.note(RULE, Disposition.MANUAL, message, packaging.origin(argument.line))


def _reader(project: Project, packaging: Packaging, stage: int, name: str, line: int) -> Origin | None:
    """The file of the project that a later RUN of the stage runs and that reads the variable."""
    reads = re.compile(READS.format(name=re.escape(name)))
    for run in packaging.dockerfile.stages[stage].runs:
        if run.line < line:
            continue
        for word in re.findall(r"[\w./-]+\.(?:py|sh|bash|js|mjs|rb)\b", run.script):
            tail = word.rsplit("/", 1)[-1]
            for path, file in project.files.items():
                if path.rsplit("/", 1)[-1] == tail and file.size < 2**18 and (found := reads.search(file.data.decode(errors="replace"))):
                    return Origin(file=path, line=file.data.decode(errors="replace").count("\n", 0, found.start()) + 1)
    return None
