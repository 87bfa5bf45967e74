"""From a table of pyproject.toml to what a runner is started with: load, pickle, lay out the files."""

from __future__ import annotations

import re
import shutil
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import image
from .confinement import Support, View
from .engine import Backend, Engine, Given
from .environments import Environments, not_installed
from .errors import LoadFailure, RuntimeFailure
from .interception import Interceptor, without_credentials
from .local import Local
from .own_server import HOOK, command, redirected_bind
from .project import Project
from .spec import Spec
from .zygote import Zygote

_MISSING = re.compile("ModuleNotFoundError: No module named ")
#: Where a process with files of its own finds the node-local uploader.
_UPLOADER = "/run/fal/api.sock"


@dataclass(frozen=True)
class Loaded:
    """An app as ``fal deploy`` knows it. ``place`` is scratch space with its pickle."""

    key: str
    spec: Spec
    place: Path


@dataclass(frozen=True)
class Prepared:
    """What starts the runners of an app, and what the person should know."""

    backend: Backend
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Host:
    """The machine as apps see it, and whose they are.

    ``directory`` is scratch space, ``data`` the directory for ``/data``, ``origin`` the gateway's (host, port), ``uploader`` the socket of
    the node-local uploader, ``variables`` the environment that every process of an app starts with, ``secrets`` what apps may ask for,
    ``environment`` fal's ``--env``, ``key`` what runners have for a key. The ``interceptor`` leads the platform's hosts to the gateway: its
    ``directory`` holds all that runners must be able to read for that. ``readable`` and ``writable`` are paths of the machine that apps
    see where they are.
    """

    directory: Path
    data: Path
    origin: tuple[str, int]
    uploader: Path
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    owner: str
    environment: str | None
    key: str
    interceptor: Interceptor | None
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()


class Loader:
    """Loads the apps of one project. ``echo(app, line)`` gets what installers print.

    With an ``engine`` that starts the runners, else they are processes of this machine: with ``environments`` each app in one with its
    requirements, else in that of this process.
    """

    def __init__(
        self,
        project: Project,
        zygote: Zygote,
        environments: Environments | None,
        host: Host,
        echo: Callable[[str, str], None],
        engine: Engine | None = None,
    ) -> None:
        self._project = project
        self._zygote = zygote
        self._environments = environments
        self._host = host
        self._echo = echo
        self._engine = engine

    async def load(self, app: str) -> Loaded:
        """What an app is. Raises LoadFailure."""
        place = self._host.directory / f"app-{len(list(self._host.directory.glob('app-*')))}"
        for name in ("root", "empty", "loading", "payload"):
            (place / name).mkdir(parents=True)
        return Loaded(app, (await self.describe(app, place)).in_environment(self._host.environment), place)

    async def prepare(self, loaded: Loaded) -> Prepared:
        """Make what it runs in, which may take as long as its requirements or its image do. Raises LoadFailure."""
        app, spec, place = loaded.key, loaded.spec, loaded.place
        missing = [name for name in spec.settings.get("secrets") or () if name not in self._host.secrets]
        notices = [f"secret {name} is listed by the app but not given" for name in missing]
        backend = await (
            self._local(spec, place, notices) if self._engine is None else self._elsewhere(self._engine, app, spec, place, notices)
        )
        return Prepared(backend, tuple(notices))

    async def _elsewhere(self, engine: Engine, app: str, spec: Spec, place: Path, notices: list[str]) -> Backend:
        """What starts its runners where the engine puts them."""
        payload = _payload(place)
        given = Given(
            key=app,
            spec=spec,
            payload=payload if payload.exists() else None,
            root=self._project.root,
            directory=place,
            data=self._host.data,
            uploader=self._host.uploader,
            origin=self._host.origin,
            variables={**self._told(spec), "FAL_KEY": self._host.key, **self._exposed(spec)},
            secrets=self._host.secrets,
        )
        return await engine.prepare(given, notices.append, lambda line: self._echo(spec.name, line))

    async def _local(self, spec: Spec, place: Path, notices: list[str]) -> Backend:
        """What starts its runners as processes of this machine."""
        if spec.python_version and spec.python_version != f"{sys.version_info.major}.{sys.version_info.minor}":
            notices.append(f"python_version is {spec.python_version}; runs here on {sys.version_info.major}.{sys.version_info.minor}")
        python = await self._install(spec, notices)
        layout = self._lay_out(spec, place / "root", notices)
        told = self._command(spec, python, layout, place)
        if spec.kind == "image":
            server = command(spec, layout)
            told.update(argv=server.argv, env={**told["env"], **server.env})
        return Local(spec, told, self._zygote)

    async def _install(self, spec: Spec, notices: list[str]) -> Path | None:
        """The interpreter of the app's own environment; None where it runs in that of this process."""
        if self._environments is None:
            if missing := not_installed(spec.requirements or ()):
                notices.append(f"not installed here: {', '.join(missing)}; --install gives the app an environment with its requirements")
            return None
        if spec.requirements is None:
            notices.append("nothing is installed for it: what its image installs must be installed here")
            return None
        try:
            return await self._environments.python(spec.requirements, lambda line: self._echo(spec.name, line))
        except RuntimeFailure as failure:
            raise LoadFailure(f"{spec.name}: {failure}") from None

    def payload(self, place: Path) -> Path:
        """Where :meth:`describe` writes the pickled callable of an app that has one."""
        return _payload(place)

    async def describe(self, app: str, place: Path) -> Spec:
        """Load an app as ``fal deploy`` does; ``place`` has the directories ``loading`` and ``payload``. Raises LoadFailure."""
        events: deque[dict[str, Any]] = deque(maxlen=1)
        lines: deque[str] = deque(maxlen=1)  # the code may say more than there is memory for
        own = self._zygote
        root = str(self._project.root)
        view = View(
            self._stage,
            place / "loading",
            root,
            (*self._readable, root),
            (str(place / "payload"), *self._host.writable),
        )
        command = {
            "op": "load",
            "app": app,
            "root": root,
            "payload": str(_payload(place)),
            "env": {"HOME": _home(view, own.confinement)},
            "view": view.as_json(),
            "confinement": own.confinement.kind,
        }
        child = await own.fork(command, lambda _, text: lines.append(text), events.append)
        code = await child.exited
        if events and events[-1]["event"] == "loaded":
            try:
                return Spec.from_description(events[-1]["description"])
            except (KeyError, TypeError, ValueError, AttributeError) as error:  # told by a process that runs the project's code
                raise LoadFailure(f"{app}: loading it told no description of an app: {type(error).__name__}: {error}") from None
        if events:
            where, message = events[-1].get("where"), str(events[-1].get("message"))
            hint = "; `fal deploy` imports it as well: install it here, or import it in setup()" if _MISSING.match(message) else ""
            raise LoadFailure(f"{app}: {f'{where}: ' if where else ''}{message}{hint}")
        raise LoadFailure(f"{app}: loading it ended the process with exit code {code}: {lines[-1] if lines else 'no output'}")

    @property
    def _stage(self) -> Path:
        return self._host.directory / "stage"

    @property
    def _readable(self) -> tuple[str, ...]:
        """What every process of an app needs beside its interpreter."""
        interceptor = self._host.interceptor
        return (str(self._host.directory / "package"), *([str(interceptor.directory)] if interceptor else []), *self._host.readable)

    def _lay_out(self, spec: Spec, root: Path, notices: list[str]) -> image.Layout:
        """Put the app's files where the platform puts them, below ``root``.

        Raises LoadFailure where one lies outside the project, or is no file: which files there are is told by the project's own code.
        """
        try:
            return self._copied(spec, root, notices)
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise LoadFailure(f"{spec.name}: its files cannot be copied: {place}{error.strerror}") from None

    def _copied(self, spec: Spec, root: Path, notices: list[str]) -> image.Layout:
        for absolute, relative in spec.files:
            if not absolute.resolve().is_relative_to(self._project.root.resolve()):
                raise LoadFailure(f"{spec.name}: {relative} lies outside the project, at {absolute.resolve()}: copy it into the project")
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
                target = image.inside(root / "app", relative)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(absolute, target)
        return layout

    def _told(self, spec: Spec) -> dict[str, str]:
        """What the platform tells a runner of itself."""
        return {
            "FAL_APP_NAME": f"{self._host.owner}/{spec.name}",
            "FAL_APP_ID": spec.name,
            "FAL_USER_NICKNAME": self._host.owner,
            "FAL_REGION": "local",
            "FAL_RUNNER_STATE": "SETUP",
        }

    def _exposed(self, spec: Spec) -> Mapping[str, str]:
        """The secrets of an app: those that it lists, or all where it lists none."""
        listed = spec.settings.get("secrets")
        return self._host.secrets if listed is None else {name: value for name, value in self._host.secrets.items() if name in listed}

    def _own_file(self, spec: Spec) -> tuple[str, ...]:
        """The file of the app itself, which is pickled: it is seen where it is, for the text of its lines in tracebacks."""
        name = (spec.ref or "").partition("::")[0]
        file = self._project.root / name
        return (str(file),) if name.endswith(".py") and file.resolve().is_relative_to(self._project.root.resolve()) else ()

    def _intercepted(self, env: Mapping[str, str]) -> dict[str, str]:
        """The variables of a runner with those that keep it on this machine; the user's own key is not among them."""
        interceptor = self._host.interceptor
        return without_credentials(env, self._host.key) if interceptor is None else interceptor.environment(env)

    def _command(self, spec: Spec, python: Path | None, layout: image.Layout, place: Path) -> dict[str, Any]:
        zygote = self._zygote
        root, private = place / "root", zygote.confinement.private
        data = "/data" if private else str(self._host.data)
        hook = self._host.interceptor.directory if self._host.interceptor else HOOK
        shipped = bool(spec.entry_point and spec.app_files)
        app = "/app" if private else str(root / "app")
        cwd = layout.workdir or (app if shipped else str(place / "empty"))
        view = View(
            self._stage,
            root,
            cwd if private or not layout.workdir else str(root / layout.workdir.lstrip("/")),
            (*self._readable, str(hook), str(place / "payload"), *self._own_file(spec), *([str(python.parents[1])] if python else [])),
            (str(place / "empty"), *self._host.writable, *(() if private else (str(self._host.uploader),))),
            {"/data": str(self._host.data), _UPLOADER: str(self._host.uploader)},
        )
        env = {
            "HOME": _home(view, zygote.confinement),
            **({} if private else {"TMPDIR": str(root / "tmp")}),
            **{name: value for name, value in layout.env.items() if name != "PATH"},
            **self._told(spec),
            "IS_ISOLATE_AGENT": "1",
            "PYTHONUNBUFFERED": "1",
            **(zygote.activation(python) if python else {}),
            **self._exposed(spec),
            "FAL_USE_LOCAL_UPLOADER": "1",
            "FAL_API_SOCKET": _UPLOADER if private else str(self._host.uploader),
            **(redirected_bind(layout.env, spec.exposed_port or 0, self._host.variables, hook) if spec.brings_server else {}),
            "HF_HOME": self._exposed(spec).get("HF_HOME") or layout.env.get("HF_HOME") or f"{data}/.cache/huggingface",
        }
        env = self._intercepted(env)
        (root / "tmp").mkdir(parents=True, exist_ok=True)  # what a runner adds to /tmp is its own, as in a container
        if private and self._host.interceptor is not None:
            self._host.interceptor.place_hosts(root)
        return {
            "op": "run",
            "kind": spec.kind,
            "payload": str(_payload(place)),
            "entry_point": spec.entry_point,
            "exposed_port": spec.exposed_port,
            "origin": self._host.origin,
            "env": env,
            "path": [app] if shipped else [],
            "data": None if private else str(self._host.data),
            "app": str(root / "app") if spec.app_files and not private else None,
            "roots": [str(self._project.root), app, layout.workdir or app],
            "view": view.as_json(),
            "confinement": zygote.confinement.kind,
            "python": str(python) if python else None,
            "boot": zygote.boot("go_on"),
        }


def _payload(place: Path) -> Path:
    return place / "payload" / "app.pickle"


def _home(view: View, confinement: Support) -> str:
    """An empty home directory: root's, as on the platform, where a process has files of its own."""
    (view.scratch / "root").mkdir(exist_ok=True)
    return "/root" if confinement.private else str(view.scratch / "root")
