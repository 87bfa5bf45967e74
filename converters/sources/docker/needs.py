"""What a server needs to start that nothing in the project gives it: a command, a model, build arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.concepts.environment import missing_item
from converters.containers.packaging import Packaging
from converters.ir import App, Disposition, EnvVar, Scope
from converters.ledger import Ledger
from converters.project import Project
from converters.provenance import Origin
from converters.python.environ import code_variables
from converters.sources.docker import official_images
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.official_images import Model
from converters.sources.docker.serving import Listener

RULE = rules.DK043
SHELL = frozenset({"HOME", "PATH", "PWD", "USER", "HOSTNAME", "SHELL", "UID", "BASH_SOURCE"})
EMPTY = r"-z\s+[\"']?\$\{?(?P<name>[A-Za-z_]\w*)(?:[:]?[-+])?\}?[\"']?\s*\]"
IF_EMPTY = re.compile(rf"\bif\s+\[+\s*{EMPTY}\]?\s*;?\s*then\b(?P<body>(?:(?!\bfi\b|\belse\b|\bthen\b).)*?\bexit\s+[1-9])", re.DOTALL)
EMPTY_AND = re.compile(rf"(?m)^\s*\[+\s*{EMPTY}\]?\s*&&(?P<body>[^\n]*\bexit\s+[1-9])")
FULL_OR = re.compile(r"(?m)^\s*\[+\s*-n\s+[\"']?\$\{?(?P<name>[A-Za-z_]\w*)(?::-)?\}?[\"']?\s*\]\]?\s*\|\|(?P<body>[^\n]*\bexit\s+[1-9])")
MODEL_FILES = frozenset(
    {
        "-m",
        "--model",
        "--model-path",
        "--model_base_path",
        "--model-base-path",
        "--model-repository",
        "--model-store",
        "--model_config_file",
    }
)
"""Flags by which llama.cpp, vLLM, SGLang, TensorFlow Serving, Triton and TorchServe are given a file or folder."""
READS = r"(?:environ(?:\.get)?|getenv)\s*[\(\[]\s*[\"']{name}[\"']|\$\{{?{name}\b|process\.env\.{name}\b|ENV\[[\"']{name}[\"']\]"
"""How Python, shell, JavaScript and Ruby read a variable."""


def read(project: Project, candidate: Candidate, app: App, ledger: Ledger) -> None:
    """Name everything that is missing."""
    _command(candidate, ledger)
    _base(candidate, ledger)
    _model(candidate, ledger)
    _model_files(candidate, ledger)
    if candidate.packaging is not None:
        _arguments(project, candidate.packaging, app, ledger)
    given = {*candidate.env(), *(variable.name for variable in app.environment.variables), *SHELL}
    _scripts(project, candidate, app, given, ledger)
    if candidate.listener is not None and candidate.listener.code is not None:
        paths = [module.path for module in candidate.listener.modules]
        code_variables(app, candidate.listener.code, paths, ledger, given)


def _scripts(project: Project, candidate: Candidate, app: App, given: set[str], ledger: Ledger) -> None:
    """Variables without which a start script ends."""
    known = {variable.name for variable in app.secrets}
    for path in dict.fromkeys(path for process in candidate.processes for path in process.via if path in project.files):
        for name, line in demanded(project.files[path].data.decode(errors="replace")):
            if name not in given | known:
                known.add(name)
                origin = Origin(file=path, line=line)
                app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
                missing_item(ledger, name, origin)


def demanded(text: str) -> Iterator[tuple[str, int]]:
    """(name, line) of variables that a shell script ends without: `${X:?}`, and tests for an empty one that lead to `exit`."""
    found: list[tuple[str, int]] = [(match[1], match.start()) for match in re.finditer(r"\$\{([A-Za-z_]\w*):?\?", text)]
    for pattern in (IF_EMPTY, EMPTY_AND, FULL_OR):
        for match in pattern.finditer(text):
            if not re.search(rf"\b{match['name']}=", match["body"]):
                found.append((match["name"], match.start()))
    for name, start in sorted(found, key=lambda one: one[1]):
        if not re.search(rf"(?m)(^|[\s;]){name}=|\$\{{{name}:?=|\bread\s[^\n]*\b{name}\b|\bfor\s+{name}\b", text[:start]):
            yield name, text.count("\n", 0, start) + 1


def _command(candidate: Candidate, ledger: Ledger) -> None:
    known = official_images.official(candidate.base)
    if known is not None and not known.starts and not candidate.start.words:
        message = f"the image {candidate.base} starts no server by itself: state its command with CMD, or with `command` in compose."
        ledger.note(RULE, Disposition.MANUAL, message, candidate.start.origin)


def _base(candidate: Candidate, ledger: Ledger) -> None:
    """A base image that is built by hand on one machine, by the name that its own guide gives it."""
    match = official_images.UNPUBLISHED.fullmatch(candidate.base)
    if match is not None and candidate.packaging is not None:
        message = (
            f"{candidate.base} is what llama.cpp's guide calls an image that one builds oneself: no registry has it. "
            f"FROM ghcr.io/ggml-org/llama.cpp:{match['tag']} is the published one."
        )
        ledger.note(RULE, Disposition.MANUAL, message, candidate.packaging.origin(candidate.packaging.stage.line))


def _model_files(candidate: Candidate, ledger: Ledger) -> None:
    """The folder or file of a model that the command names, where nothing in the build puts it there and no volume brings it."""
    listener, packaging = candidate.listener, candidate.packaging
    if listener is None or packaging is None or listener.program is None or listener.program.application:
        return
    mounted = [volume.target for volume in candidate.service.volumes] if candidate.service is not None else []
    mounted += ["/data", *(line.value for line in packaging.dockerfile.instructions if line.keyword == "VOLUME")]
    text = " ".join(run.script for stage in packaging.dockerfile.stages for run in stage.runs)
    for flag, path in _stated_files(listener.process.words):
        place = path.rstrip("/")
        filled = any(known == place or known.startswith(f"{place}/") for known in packaging.layout.files)
        brought = any(place == folder or place.startswith(f"{folder.rstrip('/')}/") for folder in mounted)
        copied = any(copy.from_stage is not None and place.startswith(copy.dest.rstrip("/")) for copy in packaging.stage.copies)
        made = re.search(rf"(?<![\w-]){re.escape(PurePosixPath(place).name)}(?![\w-])", text) is not None
        if not (filled or brought or copied or made):
            message = (
                f"{flag} names {path}, which the build does not put there: copy the model into the image, or name a folder below /data "
                "and fill that with `fal files upload`."
            )
            ledger.note(RULE, Disposition.MANUAL, message, listener.process.origin)


def _stated_files(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(flag, absolute path) of the models that a command names."""
    for index, word in enumerate(words):
        flag, sign, value = word.partition("=")
        value = value if sign else words[index + 1] if index + 1 < len(words) else ""
        if flag in MODEL_FILES and value.startswith("/") and "$" not in value:
            yield flag, value


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
