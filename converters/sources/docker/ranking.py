"""What speaks for and against an image being the project's server: one table of evidence, and the classes that no points bridge."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from converters.containers import base_images
from converters.sources.docker import official_images
from converters.sources.docker.candidate import Rank
from converters.sources.docker.listener import is_port
from converters.sources.docker.processes import SHELLS

if TYPE_CHECKING:
    from converters.project import Project
    from converters.sources.docker.candidate import Candidate

CLOSE = 8
"""Points within which two images of the same class could both be meant."""
HELPER = re.compile(
    r"(^|[/._-])(tests?|testing|e2e|examples?|samples?|docs?|bench(mark)?s?|demos?|ci|devcontainer|load_?tests?|playwright|mocks?|fixtures?"
    r"|tutorials?|archived?|deprecated|legacy)([/._-]|$)",
    re.IGNORECASE,
)
"""Places of what helps to test, show or measure a project and is never the project itself."""
ASIDE = re.compile(
    r"(^|[/._-])(old|clients?|frontends?|web|ui|web-?ui"
    r"|tools?|scripts?|build(er)?-env|dev|debug|lint|notebooks?|jupyter|train(ing)?|windows|local|staging|experiments?|integrations?"
    r"|plugins?|third_?party|kserve|kubernetes)([/._-]|$)",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"(^|[/._-])(rocm\d*|amd|xpu|intel|hpu|gaudi|habana|neuron|tpu|arm64|aarch64|arm|jetson|l4t|ppc64le|s390x|vulkan|musa|cann|ascend|npu|openblas|cn)([/._-]|$)",
    re.IGNORECASE,
)
CPU = re.compile(r"(^|[/._-])cpu([/._-]|$)", re.IGNORECASE)
CUDA = re.compile(r"(^|[/._-])(cuda\w*|gpu|nvidia|cu\d{2,3})([/._-]|$)", re.IGNORECASE)
WORKER_WORDS = re.compile(
    r"(^|[-_])(worker|celery|beat|db|database|cache|proxy|frontend|ui|web-?ui|prestart|migrat\w*|init|client|test|redis|queue)([-_]|$)",
    re.IGNORECASE,
)
INTERFACE = re.compile(r"(^|[-_])(front-?end|ui|web-?ui|web|dashboard|streamlit|gradio)([-_]|$)", re.IGNORECASE)
"""Names of services that people look at."""
NO_SERVERS = frozenset(
    {
        "pytest", "tox", "nox", "ruff", "mypy", "pylint", "flake8", "black", "coverage", "make", "sleep", "tail", "true", "cat", "echo",
        "pip", "ls",
    }
)  # fmt: skip
DEFAULT_COMPOSE = frozenset({"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"})


def judge(project: Project, candidate: Candidate, variants: frozenset[bool]) -> None:
    """Collect the evidence. `variants`: whether the project has Dockerfiles for a GPU, and for none."""
    _program(candidate)
    _service(candidate, variants)
    _places(candidate)
    candidate.rank = _rank(candidate)


def _program(candidate: Candidate) -> None:
    listener = candidate.listener
    if listener is not None and listener.framework and listener.http:
        candidate.add("server with a port" if listener.port else "server", listener.framework)
        if listener.framework == "Jupyter":
            candidate.add("aside", listener.framework)
    elif official_images.official(candidate.base) is not None:
        candidate.add("server image" if candidate.start.form == "base" else "server image with a command", candidate.base)
    elif listener is not None:
        candidate.add("program")
    if candidate.config is not None:
        candidate.add("configuration")
    # what a known server says of its port tells more than EXPOSE does
    known = candidate.service is None and listener is not None and listener.framework and listener.http and listener.port
    if not known and candidate.stage and any(port.protocol == "tcp" for port in candidate.stage.expose):
        candidate.add("exposed")
    if candidate.start.form == "none":
        candidate.add("nothing")


def _service(candidate: Candidate, variants: frozenset[bool]) -> None:
    service, packaging = candidate.service, candidate.packaging
    if service is None:
        return
    candidate.add("service" if service.dockerfile else "service of the image", service.name)
    if service.ports:
        candidate.add("published")
    if PurePosixPath(service.file.path).name in DEFAULT_COMPOSE:
        candidate.add("default compose file", service.file.path)
    address = re.compile(rf"//{re.escape(service.name)}\b")
    callers = [one.name for one in service.others if address.search(" ".join([*(one.command or []), *(one.entrypoint or [])]))]
    if callers:
        candidate.add("called", callers[0])
    variant = bool(CUDA.search(f"{service.file.path} {service.image}".replace(" ", "/")))
    if packaging and not service.dockerfile and variant != bool(CUDA.search(packaging.file.path)) and variant in variants:
        candidate.add("other variant")
    fronts = [one.name for one in service.others if INTERFACE.search(one.name) and service.name in one.depends_on]
    if fronts and not INTERFACE.search(service.name):
        candidate.add("behind the interface", fronts[0])
    if WORKER_WORDS.search(service.name):
        candidate.add("worker", service.name)
    if service.keys.get("profiles"):
        candidate.add("profile")


def _places(candidate: Candidate) -> None:
    """What names and places say."""
    packaging, service = candidate.packaging, candidate.service
    path = packaging.file.path if packaging else service.file.path if service else ""
    base = base_images.describe(candidate.base)
    if (base.gpu and "rocm" not in candidate.base) or (service is not None and service.gpus):
        candidate.add("gpu")
    for name in [path, candidate.target or ""] + ([service.file.path] if service and packaging else []):
        for kind, pattern in (("aside", ASIDE), ("aside", HELPER), ("foreign", FOREIGN), ("cpu", CPU), ("cuda", CUDA)):
            if pattern.search(name):
                candidate.add(kind, name)
    for _ in range(path.count("/")):
        candidate.add("depth")
    if packaging and PurePosixPath(path).name == "Dockerfile":
        candidate.add("plain name")


def _rank(candidate: Candidate) -> Rank:
    if not starts(candidate):
        return Rank.NOTHING
    packaging, service = candidate.packaging, candidate.service
    helper = HELPER.search(packaging.file.path if packaging else service.file.path if service else "")
    if serves(candidate):
        return Rank.HELPER if helper else Rank.SERVER
    silent = candidate.listener is not None and candidate.listener.entry is not None
    return Rank.NOTHING if helper or silent else Rank.UNKNOWN


def starts(candidate: Candidate) -> bool:
    """Whether the image starts something other than a shell, a test run or a tool; an unknown base image may."""
    words = candidate.start.words
    if not words:
        return candidate.packaging is None or bool(candidate.stage and candidate.stage.expose)
    last = [re.split(r"&&|;|\n", words[-1])[-1].strip()] if len(words) > 1 and words[0].rsplit("/", 1)[-1] in SHELLS else []
    names = {PurePosixPath(word).name for word in (words[0], *(last[0].split()[:1] if last and last[0] else []))}
    module = words[2] if len(words) > 2 and words[1] == "-m" else ""
    if module in NO_SERVERS or names & NO_SERVERS:
        return False
    shell = words[0].rsplit("/", 1)[-1] in SHELLS
    return not shell or (len(words) > 1 and re.fullmatch(r"(exec\s+)?(/bin/)?(ba|z)?sh", last[0] if last else "") is None)


def serves(candidate: Candidate) -> bool:
    """Whether anything says that requests can reach it: a known server, a declared port, a server's own image."""
    listener, stage = candidate.listener, candidate.stage
    known = listener is not None and bool(listener.framework)
    if known or official_images.official(candidate.base) is not None or candidate.config is not None:
        return True
    if (candidate.service is not None and candidate.service.ports) or (candidate.packaging is None and candidate.service is None):
        return True
    return stage is not None and (bool(stage.expose) or any(name == "PORT" and is_port(one.value) for name, one in stage.env.items()))
