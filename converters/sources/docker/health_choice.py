"""The path by which fal learns that a server is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters import rules
from converters.ir import App, Disposition, Finding, Scope
from converters.ledger import Ledger
from converters.project import Project
from converters.provenance import Certainty
from converters.sources.docker import health, native_health, official_images

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

KNOWN_PORTS = {
    7860: ("Gradio", "/"),
    8501: ("Streamlit", "/_stcore/health"),
    8188: ("ComfyUI", "/system_stats"),
    11434: ("Ollama", "/"),
    9997: ("Xinference", "/status"),
}
"""Ports that belong to one program so widely that they tell it, where nothing else does."""


def choose(project: Project, reading: Reading, app: App, ledger: Ledger) -> None:
    """Take the path that is stated, else the most likely of those that the program, the code or the port tell; ask where there is none."""
    server, candidate = app.server, reading.candidate
    assert server is not None
    stated = health.stated(candidate.stage, candidate.service, candidate.file)
    options: list[tuple[str, Finding]] = [(path, finding) for path, _, finding in stated]
    if reading.workload is not None:
        options += reading.workload.probes
    if candidate.listener is not None:
        options += list(health.from_listener(candidate.listener, reading.routes))
        options += list(native_health.routes(project, candidate))
    base = official_images.official(candidate.base)
    if base is not None and base.program.health:
        path, why = base.program.health, f"{base.program.name} answers it"
        options.append((path, health.derived(path, why, candidate.start.origin)))
    unknown = base is None and (candidate.listener is None or candidate.listener.program is None)
    if not options and unknown and (known := KNOWN_PORTS.get(server.port or 0)) is not None:
        name, path = known
        options.append(
            (
                path,
                Finding(
                    subject="health",
                    value=path,
                    why=f"{name} usually listens on {server.port} and answers it (assumed)",
                    origin=candidate.start.origin,
                    certainty=Certainty.ASSUMED,
                ),
            )
        )
    if reading.front is not None and not options:
        options.append(("/", health.derived("/", f"{reading.front.name} passes it on", reading.front.origin)))
    for path, finding in options[:1]:
        finding.decided = True
        server.health_path = path
    told: dict[tuple[str, str, str], Finding] = {}
    for path, finding in options:
        told.setdefault((path, finding.why, str(finding.origin)), finding)
    server.findings += [*told.values()][:6]
    server.health = health.times(candidate.stage, candidate.service)
    if server.health_path is None:
        ledger.note(
            rules.DK022,
            Disposition.MANUAL,
            "no GET route is known that answers 200 once the server is ready: fal then only looks whether /health answers. "
            "Name one with `--set health_check=/path`.",
            candidate.start.origin,
            scope=Scope.DEPLOY,
        )
