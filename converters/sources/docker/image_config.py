"""`--image-config FILE`: the configuration of a ready image, as `docker image inspect` and `skopeo inspect --config` print it.

Keys are those of the OCI image configuration (https://github.com/opencontainers/image-spec/blob/main/config.md) and of Docker's
inspection, which adds `Healthcheck` and the image's names. Durations are in nanoseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from converters import rules
from converters.containers.dockerfile_model import Command, EnvValue, Healthcheck, Port, Stage
from converters.containers.instruction_options import port
from converters.containers.json_lines import Located, locate
from converters.credentials.recognize import is_secret
from converters.errors import Unreadable, UsageError
from converters.ir import App, Disposition, EnvVar, Origin, Scope
from converters.ledger import Ledger
from converters.rules import dk041_image_config

RULE = rules.DK041
MAX_SIZE = 2**20
"""Bytes of a configuration that is still read."""
HINT = "Give what `docker image inspect NAME` or `skopeo inspect --config docker://NAME` prints."
NANOSECOND = 1e-9
EMPTY = Stage(index=0, name=None, base="", base_stage=None, base_image="", platform=None, line=1)


@dataclass(frozen=True)
class ImageConfig:
    """What a ready image starts. `stage` is what a Dockerfile of it would say, its lines those of the file."""

    file: str
    references: tuple[str, ...]
    """The image's names; none in an OCI configuration."""
    stage: Stage
    architecture: str
    located: Located
    path: tuple[str | int, ...]
    """Of the object with `Cmd`, `Env` ... below the file's top."""

    def origin(self, *path: str | int) -> Origin:
        """Where a key stands, counted from `path`."""
        line, end_line, _ = self.located.lines.get((*self.path, *path), (1, 1, 0))
        return Origin(file=self.file, line=line, end_line=end_line)

    def names(self, image: str) -> bool:
        """Whether it is the configuration of this image."""
        return plain(image) in {plain(one) for one in self.references}


def plain(reference: str) -> str:
    """A reference as Docker completes it, without its digest: `nginx` is `docker.io/library/nginx:latest`."""
    name = reference.partition("@")[0]
    first, slash, rest = name.partition("/")
    if not slash or not re.search(r"[.:]|^localhost$", first):
        first, rest = "docker.io", name if slash else f"library/{name}"
    return f"{first}/{rest}" if ":" in rest else f"{first}/{rest}:latest"


def read(path: Path, name: str = "") -> ImageConfig:
    """Read the file; `name` is the image's where the file has none.

    Raises `Unreadable` with the line for what is no configuration, `UsageError` for several images in one file.
    """
    located = _located(path)
    top: tuple[str | int, ...] = ()
    document = located.value
    if isinstance(document, list):
        if len(document) != 1:
            raise UsageError(f"describes {len(document)} images.", file=str(path), hint="Give the configuration of one.")
        document, top = document[0], (0,)
    inner = next((key for key in ("Config", "config") if isinstance(document, dict) and isinstance(document.get(key), dict)), None)
    if inner is None:
        raise Unreadable("is no configuration of an image: it has no object `config`.", file=str(path), line=1, hint=HINT)
    references = [name] if name else _references(document, document[inner])
    architecture = str(document.get("Architecture") or document.get("architecture") or "")
    found = ImageConfig(path.name, tuple(references), EMPTY, architecture, located, (*top, inner))
    return replace(found, stage=_stage(found, document[inner], str(path)))


def _located(path: Path) -> Located:
    try:
        if path.stat().st_size > MAX_SIZE:
            raise Unreadable(f"is larger than {MAX_SIZE // 2**20} MiB.", file=str(path), hint=HINT)
        return locate(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot be read: {error}.", file=str(path), hint=HINT) from error
    except (ValueError, IndexError, RecursionError) as error:
        message = getattr(error, "msg", str(error))
        raise Unreadable(f"is not valid JSON: {message}.", file=str(path), line=getattr(error, "lineno", 1), hint=HINT) from error


def _references(document: dict[str, Any], config: dict[str, Any]) -> list[str]:
    lists = [value for key in ("RepoTags", "RepoDigests") if isinstance(value := document.get(key), list)]
    stated = [*(name for names in lists for name in names), config.get("Image")]
    return [one for one in stated if isinstance(one, str) and one and not one.startswith("sha256:")]


def _stage(found: ImageConfig, config: dict[str, Any], file: str) -> Stage:
    def line(*path: str | int) -> int:
        return found.origin(*path).line

    def of(key: str, kind: type, default: Any) -> Any:
        value = config.get(key)
        if value is not None and not isinstance(value, kind):
            raise Unreadable(f"`{key}` is {type(value).__name__} and no {kind.__name__}.", file=file, line=line(key), hint=HINT)
        return value or default

    def command(key: str) -> Command | None:
        words = of(key, list, [])
        origin = found.origin(key)
        return Command("exec", tuple(map(str, words)), " ".join(map(str, words)), origin.line, origin.end_line) if words else None

    env: dict[str, EnvValue] = {}
    for index, item in enumerate(of("Env", list, [])):
        name, _, value = str(item).partition("=")
        env[name] = EnvValue(value, line("Env", index), value)
    exposed: tuple[Port, ...] = tuple(port(word, line("ExposedPorts", word)) for word in of("ExposedPorts", dict, {}))
    return replace(
        EMPTY,
        line=line(),
        env=env,
        workdir=of("WorkingDir", str, "/"),
        cmd=command("Cmd"),
        entrypoint=command("Entrypoint"),
        expose=exposed,
        user=of("User", str, "") or None,
        healthcheck=_healthcheck(of("Healthcheck", dict, {}), line("Healthcheck")),
        volumes=tuple(of("Volumes", dict, {})),
        stopsignal=of("StopSignal", str, "") or None,
    )


def _healthcheck(stated: dict[str, Any], line: int) -> Healthcheck | None:
    test = [str(word) for word in stated.get("Test") or []] if isinstance(stated.get("Test"), list) else []
    if len(test) < 2 or test[0] not in ("CMD", "CMD-SHELL"):
        return None
    words = tuple(test[1:])
    command = Command("exec" if test[0] == "CMD" else "shell", words if test[0] == "CMD" else None, " ".join(words), line, line)

    def seconds(key: str) -> float | None:
        value = stated.get(key)
        return value * NANOSECOND if isinstance(value, int) and value > 0 else None

    retries = stated.get("Retries")
    return Healthcheck(command, line, seconds("Interval"), seconds("Timeout"), seconds("StartPeriod"), seconds("StartInterval"),
                       retries if isinstance(retries, int) and retries > 0 else None)  # fmt: skip


def settle(config: ImageConfig, app: App, ledger: Ledger, *, changed: bool) -> None:
    """Every key of the configuration; `changed` says that the app has a command of its own."""
    inner = config.located.value
    for part in config.path[:-1]:
        inner = inner[part]
    for key in inner:
        if key != config.path[-1]:
            line, end_line, _ = config.located.lines.get((*config.path[:-1], key), (1, 1, 0))
            construct = ledger.record("image", key, Origin(file=config.file, line=line, end_line=end_line))
            if key in dk041_image_config.AROUND:
                ledger.settle(construct, RULE, Disposition.DROPPED, "says how the image was built and stored")
    if config.architecture not in ("", "amd64"):
        line = config.located.lines.get((*config.path[:-1], "Architecture"), (1, 1, 0))[0]
        message = f"the image is for {config.architecture}, and fal's machines are amd64: give the configuration of that image."
        ledger.note(RULE, Disposition.MANUAL, message, Origin(file=config.file, line=line))
    for key, value in inner[config.path[-1]].items():
        if key == "Env":
            _variables(config, app, ledger)
            continue
        construct = ledger.record("image", key, config.origin(key))
        if value in (None, "", [], {}, False):
            ledger.settle(construct, RULE, Disposition.DROPPED, "not set")
        elif key in ("Cmd", "Entrypoint") and changed:
            ledger.settle(construct, RULE, Disposition.CONVERTED, "the app's own `entrypoint` and `cmd` take its place")
        elif key == "Volumes":
            message = f"what is written to {', '.join(config.stage.volumes)} is lost with the runner: put what must last below /data."
            ledger.settle(construct, rules.DK031, Disposition.MANUAL, message, scope=Scope.DEPLOY)
        elif key in dk041_image_config.KEPT:
            ledger.settle(construct, RULE, Disposition.KEPT, dk041_image_config.KEPT[key])
        elif key in dk041_image_config.CONVERTED:
            ledger.settle(construct, RULE, Disposition.CONVERTED, dk041_image_config.CONVERTED[key])
        elif key in dk041_image_config.DROPPED:
            ledger.settle(construct, RULE, Disposition.DROPPED, dk041_image_config.DROPPED[key])


def _variables(config: ImageConfig, app: App, ledger: Ledger) -> None:
    for name, value in config.stage.env.items():
        origin = Origin(file=config.file, line=value.line)
        construct = ledger.record("variable", name, origin)
        if value.value and is_secret(name, value.value):
            if all(known.name != name for known in app.secrets):
                app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
            message = f"{name} is a secret whose value stands in the image: set it with `fal secrets set {name}=...`."
            ledger.settle(construct, rules.ENV004, Disposition.MANUAL, message, scope=Scope.DEPLOY)
        else:
            ledger.settle(construct, rules.ENV001, Disposition.KEPT, f"{name} is set in the image")
