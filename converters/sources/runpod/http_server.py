"""Load-balancing workers: HTTP servers that their image starts, which RunPod's hub or an endpoint describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from converters import rules
from converters.containers import packaging as docker
from converters.containers.json_lines import Located, locate
from converters.credentials.recognize import is_secret
from converters.errors import Unreadable
from converters.given_server import GivenServer
from converters.ir import App, Disposition, EnvVar, Origin, Setting
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project
from converters.sources.runpod import endpoint_config, hub
from converters.sources.runpod.dispositions import listed_variables
from converters.sources.runpod.sdk import files_that_name
from converters.sources.runpod.units import survey

BALANCED = frozenset({"lb", "load_balancer", "load_balancing", "load-balancer", "load-balancing"})
"""Values of `endpointType` (https://docs.runpod.io/hub/publishing-guide); an older listing says `"type": "http"`."""
SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "flask", "fastapi", "streamlit", "waitress-serve"})
"""Programs that answer HTTP and start no job loop."""


def is_server(project: Project) -> bool:
    """Whether an image of the project is an HTTP server and no queue worker.

    Either its listing says so, and no image starts the handler; or the only image that has a command starts a known server, and no file
    with a start call is in it.
    """
    starting = frozenset(path for path in files_that_name(project) if b"serverless.start" in project.files[path].data)
    if not starting and _listing(project) is None:
        return False
    read = [one for path, file in project.files.items() if docker.is_dockerfile(path) and (one := docker.read(project, file, starting))]
    images = [one for one in read if one.stage.cmd is not None or one.stage.entrypoint is not None]
    if not images or any(one.entry is not None and one.entry.file in starting for one in images):
        return False
    if _balanced(project) is not None:
        return True
    held = {path for one in images for path in one.layout.files.values()}
    return bool(starting) and not starting & held and all(_serves(one) for one in images)


def _serves(image: docker.Packaging) -> bool:
    """Whether an image's command starts a program that answers HTTP."""
    words = [word for command in (image.stage.entrypoint, image.stage.cmd) if command is not None for word in command.words]
    return any(PurePosixPath(part).name in SERVERS for word in words for part in word.split())


def _balanced(project: Project) -> Origin | None:
    """Where a listing says that the worker is a load-balancing one."""
    found = _listing(project)
    if found is None:
        return None
    path, located = found
    document = located.value
    config = document.get("config") if isinstance(document.get("config"), dict) else {}
    for keys, value in ((("config", "endpointType"), config.get("endpointType")), (("endpointType",), document.get("endpointType"))):
        if isinstance(value, str) and value.lower() in BALANCED:
            return located.origin(project.files[path], *keys)
    return located.origin(project.files[path], "type") if document.get("type") == "http" else None


def _listing(project: Project) -> tuple[str, Located] | None:
    for path in (".runpod/hub.json", "hub.json"):
        file = project.get(path)
        if file is not None and file.size:
            try:
                located = locate(file.data.decode("utf-8-sig"))
            except (ValueError, IndexError, RecursionError):
                return None
            return (path, located) if isinstance(located.value, dict) else None
    return None


def given(project: Project, options: Options) -> GivenServer | None:
    """What the listing and an exported endpoint say about the project's server.

    Raises `Unreadable` for an export that is no JSON object.
    """
    exported = options.endpoint_config
    if exported is None and _listing(project) is None and not is_server(project):
        return None
    environment: dict[str, tuple[str, Origin]] = {}
    listed = hub.read_hub(project, "", Ledger())
    for variable in listed.variables:
        if not variable.secret and variable.value is not None and variable.origin is not None:
            environment[variable.name] = (variable.value, variable.origin)
    document = _document(exported) if exported is not None else {}
    template = document.get("template") if isinstance(document.get("template"), dict) else {}
    assert isinstance(template, dict)
    origin = Origin(file=exported.name if exported is not None else ".runpod/hub.json", line=1)
    for holder in (template, document):
        environment.update({name: (value, origin) for name, value in _pairs(holder.get("env"))})
    return GivenServer(
        what="the endpoint" if exported is not None else "its listing on RunPod's hub",
        origin=origin,
        apply=lambda app, ledger: _apply(project, exported, app, ledger),
        environment=environment,
        image=next((str(one["imageName"]) for one in (template, document) if isinstance(one.get("imageName"), str)), ""),
        command=_command(template),
        ports=tuple(_ports(template)),
        gpu=_gpu(project),
    )


def _document(path: Path) -> dict[str, Any]:
    value = endpoint_config.read(path).value
    if not isinstance(value, dict):
        raise Unreadable("is no JSON object.", file=str(path), line=1, hint="Give the JSON of one endpoint.")
    return value


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """Variables of a mapping, or of a list of `{"key": ..., "value": ...}`, but for secrets."""
    listed = [(one.get("key"), one.get("value")) for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    for name, text in value.items() if isinstance(value, dict) else listed:
        if isinstance(text, str | int | float) and not is_secret(str(name), str(text)) and "RUNPOD_SECRET" not in str(text):
            yield str(name), str(text)


def _command(template: dict[str, Any]) -> tuple[str, ...]:
    """The template's entrypoint and command, which take the place of the image's own."""
    words: list[str] = []
    for key in ("dockerEntrypoint", "dockerStartCmd"):
        value = template.get(key)
        words += [str(word) for word in value] if isinstance(value, list) else []
    return tuple(words)


def _ports(template: dict[str, Any]) -> Iterator[int]:
    """`["5000/http", "22/tcp"]`, or one string with commas."""
    value = template.get("ports")
    for part in value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ():
        if match := re.fullmatch(r"\s*(\d{2,5})/http\s*", str(part)):
            yield int(match.group(1))


def _gpu(project: Project) -> Origin | None:
    found = _listing(project)
    config = found[1].value.get("config") if found is not None else None
    if found is None or not isinstance(config, dict) or config.get("runsOn") != "GPU":
        return None
    return found[1].origin(project.files[found[0]], "config", "runsOn")


def _apply(project: Project, exported: Path | None, app: App, ledger: Ledger) -> None:
    _account_for_stub(project, ledger)
    listing = hub.read_hub(project, "", ledger)
    app.settings += _replacing(app, listing.settings)
    listed_variables(app, listing)
    if exported is not None:
        endpoint_config.apply(exported, app, ledger)
    app.environment.variables = [EnvVar(**{**one.model_dump(), "preset": False}) for one in app.environment.variables]


def _account_for_stub(project: Project, ledger: Ledger) -> None:
    """The SDK's names in files that the server does not run: a handler that only stands for the listing."""
    message = "stands for the listing on RunPod's hub: the image starts a server, which does not run it"
    found = survey(project, ledger)
    for start in found.starts:
        for option in start.options.values():
            construct = ledger.record("option", option.key, option.origin, offset=option.offset)
            ledger.settle(construct, rules.RP011, Disposition.DROPPED, message)
    for occurrences in found.occurrences.values():
        for occurrence in occurrences:
            if not ledger.is_settled(occurrence.construct):
                ledger.settle(occurrence.construct, rules.RP011, Disposition.DROPPED, message)


def _replacing(app: App, settings: list[Setting]) -> list[Setting]:
    """The settings, after those of the same names are gone from the app."""
    names = {one.name for one in settings}
    app.settings = [one for one in app.settings if one.name not in names]
    return settings
