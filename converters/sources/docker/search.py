"""What an image serves that does not say so: supervised programs, manifests, and the server programs of the project itself."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from converters.ir import Origin
from converters.project import Project
from converters.sources.docker import proxies
from converters.sources.docker.candidate import Candidate
from converters.sources.docker.choose import best, port_number
from converters.sources.docker.container_start import Start
from converters.sources.docker.kubernetes import Workload
from converters.sources.docker.processes import SHELLS, Process
from converters.sources.docker.serving import Listener

ENTRY = re.compile(rb"__name__\s*==\s*[\"']__main__[\"']")
SERVES = re.compile(rb"uvicorn\.run|\.run\(|run_app|HTTPServer|serve\(")
WEB = re.compile(rb"\b(FastAPI|Flask|Starlette|Quart|aiohttp\.web|web\.Application|Sanic)\b")


def complete(project: Project, candidate: Candidate, work: Workload | None) -> None:
    """Fill in the start of a candidate whose own command is no server, or gives none."""
    if candidate.packaging is not None and _supervised(project, candidate):
        return
    if work is not None and _manifest(candidate, work):
        return
    if _starts_nothing(candidate):
        _program(project, candidate)


def _starts_nothing(candidate: Candidate) -> bool:
    """No command, or one that ends in a shell or in help."""
    words = candidate.start.words
    if not words:
        return True
    last = words[-1].strip()
    final = re.split(r"&&|;|\n", last)[-1].strip()
    return words[0].rsplit("/", 1)[-1] in SHELLS and (len(words) == 1 or re.fullmatch(r"(exec\s+)?(/bin/)?(ba|z)?sh", final) is not None)


def _supervised(project: Project, candidate: Candidate) -> bool:
    if candidate.packaging is None or candidate.listening is None:
        return False
    listeners: list[Listener] = []
    for command, origin in proxies.supervised(project, candidate.packaging.layout):
        try:
            words = tuple(shlex.split(command))
        except ValueError:
            continue
        process = Process(words, candidate.env(), candidate.packaging.stage.workdir, origin)
        from converters.containers.images import written_scripts
        from converters.sources.docker.processes import Tracer

        tracer = Tracer(project, candidate.packaging.layout, written_scripts(candidate.packaging.stage))
        for one in tracer.trace(process):
            found = candidate.listening.listener(one)
            if found is not None and found.framework:
                listeners.append(found)
    if listeners:
        candidate.listener, candidate.supervised = best(listeners), True
        for known in listeners:
            known.certain = False
    return bool(listeners)


def _manifest(candidate: Candidate, work: Workload) -> bool:
    """The arguments that a manifest gives to the image."""
    if candidate.start.words and candidate.start.form != "base":
        return False
    words = (*work.command, *work.args)
    if not words or any("TEMPLATE" in word for word in words):
        return False
    candidate.start = Start(words, work.origin, "compose", "command of the manifest")
    if candidate.listening is not None:
        workdir = candidate.packaging.stage.workdir if candidate.packaging else "/"
        candidate.listener = candidate.listening.listener(Process(words, candidate.env(), workdir, work.origin))
    return True


def _program(project: Project, candidate: Candidate) -> None:
    """A server program among the project's files in the image: one whose port is exposed, with a web API before tools with a UI."""
    packaging, listening = candidate.packaging, candidate.listening
    if packaging is None or listening is None:
        return
    exposed = {port.port for port in packaging.stage.expose}
    exposed |= {port.container for port in candidate.service.ports} if candidate.service else set()
    ranked: list[tuple[int, str, Listener]] = []
    for image, path in sorted(packaging.layout.files.items()):
        data = project.files[path].data if path.endswith(".py") and project.files[path].size < 2**20 else b""
        if (
            image.rsplit("/", 1)[0] != packaging.stage.workdir.rstrip("/")
            or not (ENTRY.search(data) or SERVES.search(data))
            or not WEB.search(data)
        ):
            continue
        origin = Origin(file=path, line=1)
        found = listening.listener(Process(("python", image.rsplit("/", 1)[-1]), candidate.env(), packaging.stage.workdir, origin))
        number = port_number(found.port) if found else None
        if found is not None and found.framework and number:
            name = image.rsplit("/", 1)[-1]
            score = (
                10 * (number in exposed)
                + 2 * bool(re.search(r"api|server|app|main", name))
                - 5 * bool(re.search(r"webui|gradio|test|client", name))
            )
            version = int((re.search(r"v(\d+)", name) or [0, 0])[1])
            ranked.append((score * 10 + version, path, found))
    if not ranked:
        return
    _, path, listener = max(ranked, key=lambda one: one[0])
    words = list(listener.process.words)
    if listener.host_flag and listener.loopback:
        words += [listener.host_flag, "0.0.0.0"]
    if listener.port_flag:
        words += [listener.port_flag, str(port_number(listener.port))]
    origin = listener.port.origin if listener.port else Origin(file=path, line=1)
    candidate.start = Start(
        tuple(words), origin, "compose", "the image starts no server by itself; of the programs in it this one serves an exposed port"
    )
    process = replace(listener.process, words=tuple(words), origin=origin)
    candidate.listener = listening.listener(process)
