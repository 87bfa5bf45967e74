"""From a table of pyproject.toml to what a runner is started with: load, pickle, lay out the files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import image
from .engine import HOOK, Engine, ProcessEngine, redirected_bind
from .errors import LoadFailure, RuntimeFailure
from .interception import Interceptor, without_credentials
from .project import Project
from .spec import Spec
from .zygote import Zygote
from .zygotes import Zygotes


@dataclass(frozen=True)
class Loaded:
    """An app that is ready to be run: its spec, the command for its zygote, and what the person should know."""

    spec: Spec
    zygote: Zygote
    command: Mapping[str, Any]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Host:
    """The machine as apps see it, and whose they are.

    ``directory`` is scratch space, ``data`` the directory for ``/data``, ``origin`` the gateway's (host, port), ``env`` what every
    runner gets beside the environment of this process, ``secrets`` what apps may ask for, ``environment`` fal's ``--env``.
    ``key`` is what runners have for a key. The ``interceptor`` leads the platform's hosts to the gateway: its ``directory`` holds all
    that runners must be able to read for that.
    """

    directory: Path
    data: Path
    origin: tuple[str, int]
    env: Mapping[str, str]
    secrets: Mapping[str, str]
    owner: str
    environment: str | None
    key: str
    interceptor: Interceptor | None


class Loader:
    """Loads the apps of one project. ``echo(app, line)`` gets what installers print."""

    def __init__(self, project: Project, zygotes: Zygotes, host: Host, echo: Callable[[str, str], None]) -> None:
        self._project = project
        self._zygotes = zygotes
        self._host = host
        self._echo = echo
        self._engine: Engine = ProcessEngine()

    async def load(self, app: str) -> Loaded:
        """Raises LoadFailure."""
        place = self._host.directory / f"app-{len(list(self._host.directory.glob('app-*')))}"
        for name in ("root", "empty"):
            (place / name).mkdir(parents=True)
        description = await self._describe(app, place / "payload")
        spec = Spec.from_description(description).in_environment(self._host.environment)
        notices: list[str] = []
        if spec.python_version and spec.python_version != f"{sys.version_info.major}.{sys.version_info.minor}":
            notices.append(f"python_version is {spec.python_version}; runs here on {sys.version_info.major}.{sys.version_info.minor}")
        missing = [name for name in spec.settings.get("secrets") or () if name not in self._host.secrets and name not in os.environ]
        notices += [f"secret {name} is listed by the app but not given" for name in missing]
        zygote = await self._zygote_of(spec, notices)
        layout = self._lay_out(spec, place / "root", notices)
        command = self._command(spec, zygote, layout, place)
        if spec.kind == "image":
            server = self._engine.command(spec, layout)
            command.update(argv=server.argv, env={**command["env"], **server.env})
        return Loaded(spec, zygote, command, tuple(notices))

    async def _zygote_of(self, spec: Spec, notices: list[str]) -> Zygote:
        """A warm process in the app's environment."""
        if self._zygotes.installs and spec.requirements is None:
            notices.append("nothing is installed for it: what its image installs must be installed here")
        try:
            return await self._zygotes.get(spec.requirements, lambda line: self._echo(spec.name, line))
        except RuntimeFailure as failure:
            raise LoadFailure(f"{spec.name}: {failure}") from None

    async def _describe(self, app: str, payload: Path) -> Mapping[str, Any]:
        events: list[dict[str, Any]] = []
        lines: list[str] = []
        command = {"op": "load", "app": app, "root": str(self._project.root), "payload": str(payload), "env": {}}
        child = await self._zygotes.own.fork(command, lambda _, text: lines.append(text), events.append)
        code = await child.exited
        if events and events[-1]["event"] == "loaded":
            description: Mapping[str, Any] = events[-1]["description"]
            return description
        if events:
            place = f"{events[-1]['where']}: " if events[-1]["where"] else ""
            raise LoadFailure(f"{app}: {place}{events[-1]['message']}")
        raise LoadFailure(f"{app}: loading it ended the process with exit code {code}: {lines[-1] if lines else 'no output'}")

    def _lay_out(self, spec: Spec, root: Path, notices: list[str]) -> image.Layout:
        """Put the app's files where the platform puts them, below ``root``."""
        layout = image.Layout(workdir="")
        if spec.image is not None and spec.image.get("dockerfile_str"):
            layout = image.read(spec.image["dockerfile_str"], spec.image.get("build_args") or {})
            notices.extend(image.stage(layout, spec.files, root))
            notices.extend(
                f"COPY {pattern}: fal uploads no file for a pattern; name the files before you deploy" for pattern in spec.patterns
            )
        elif spec.app_files:
            (root / "app").mkdir()
            for absolute, relative in spec.files:
                target = root / "app" / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(absolute, target)
        return layout

    def _exposed(self, spec: Spec) -> Mapping[str, str]:
        """The secrets of an app: those that it lists, or all where it lists none."""
        listed = spec.settings.get("secrets")
        return self._host.secrets if listed is None else {name: value for name, value in self._host.secrets.items() if name in listed}

    def _intercepted(self, env: Mapping[str, str]) -> dict[str, str]:
        """The variables of a runner with those that keep it on this machine; the user's own key is not among them."""
        interceptor = self._host.interceptor
        return without_credentials(env, self._host.key) if interceptor is None else interceptor.environment(env)

    def _command(self, spec: Spec, zygote: Zygote, layout: image.Layout, place: Path) -> dict[str, Any]:
        root, workdir = place / "root", layout.workdir.lstrip("/")
        private = zygote.sandbox_refused is None
        data = "/data" if private else str(self._host.data)
        hook = self._host.interceptor.directory if self._host.interceptor else HOOK
        env = {
            **{name: value for name, value in layout.env.items() if name != "PATH"},
            "FAL_APP_NAME": f"{self._host.owner}/{spec.name}",
            "FAL_APP_ID": spec.name,
            "FAL_USER_NICKNAME": self._host.owner,
            "FAL_REGION": "local",
            "FAL_RUNNER_STATE": "SETUP",
            "IS_ISOLATE_AGENT": "1",
            "PYTHONUNBUFFERED": "1",
            **zygote.activation(),
            **self._exposed(spec),
            **self._host.env,
            **(redirected_bind(layout.env, spec.exposed_port or 0, hook) if spec.brings_server else {}),
            "HF_HOME": self._exposed(spec).get("HF_HOME") or layout.env.get("HF_HOME") or f"{data}/.cache/huggingface",
        }
        env = self._intercepted(env)
        shipped = bool(spec.entry_point and spec.app_files)
        app = "/app" if private else str(root / "app")
        home = root / workdir if layout.workdir else place / "empty"
        (root / "tmp").mkdir(parents=True, exist_ok=True)  # what a runner adds to /tmp is its own, as in a container
        sandbox = {
            "stage": str(self._host.directory / "stage"),
            "scratch": str(root),
            "binds": {"/data": str(self._host.data)},
            "cwd": layout.workdir or ("/app" if shipped else str(place / "empty")),
        }
        return {
            "op": "run",
            "kind": spec.kind,
            "payload": str(place / "payload"),
            "entry_point": spec.entry_point,
            "exposed_port": spec.exposed_port,
            "origin": self._host.origin,
            "env": env,
            "path": [app] if shipped else [],
            "data": None if private else str(self._host.data),
            "app": str(root / "app") if spec.app_files and not private else None,
            "cwd": app if shipped else str(home),
            "roots": [str(self._project.root), app, layout.workdir or app],
            "sandbox": sandbox if private else None,
        }
