"""The build's own commands (`build.run`, `build.pre_install`): which install packages, which only serve Cog, which need an image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from converters.concepts.cog.cog_yaml import CogYaml, Entry
from converters.containers import commands
from converters.containers.commands import Step
from converters.containers.shell import ShellCommand, split
from converters.python import pip

Purpose = Literal["pip", "cog", "pip-off", "pget", "neutral", "image"]
FLAG = re.compile(r"^\s*--(?:mount|network|security)=\S+\s+")
PIP_OFF = re.compile(r"\bln\b.*\bwhich\s+(echo|true)\b.*\bwhich\s+pip")
NEUTRAL = frozenset({"cleanup", "folders", "tooling"})


@dataclass
class RunStep:
    """One item of `run`. `words`: arguments of pip for the purposes pip and cog."""

    entry: Entry
    command: str
    purpose: Purpose
    installs: list[tuple[str, ...]] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    """(id, target) of secret mounts."""
    deprecated: bool = False
    mounted: tuple[str, ...] = ()
    """Ids of secrets that the command itself begins to mount (`--mount=type=secret,id=...`)."""

    @property
    def mounts(self) -> list[str]:
        """Its secret mounts as flags of RUN, where a Dockerfile can say them."""
        plain = re.compile(r"[\w./-]+")
        places = [
            (name, target)
            for name, target in self.secrets
            if name not in self.mounted and plain.fullmatch(name) and plain.fullmatch(target or "-")
        ]
        return [f"--mount=type=secret,id={name}" + (f",target={target}" if target else "") for name, target in places]

    @property
    def build_secrets(self) -> dict[str, str]:
        """What the image needs for its secret mounts: id -> `$NAME` of a fal secret."""
        return {name: f"${variable(name)}" for name, _ in self.secrets}

    @property
    def has_environment(self) -> bool:
        return bool(re.match(r"\s*([A-Z_][A-Z0-9_]*=\S+\s+)+", self.command) or "export " in self.command)


def variable(secret: str) -> str:
    """The name of the fal secret for the id of a secret mount."""
    return secret if secret.isidentifier() else re.sub(r"\W+", "_", secret).strip("_").upper() or "SECRET"


def read(config: CogYaml) -> list[RunStep]:
    """The steps in the order in which Cog runs them: `run`, then what the deprecated `pre_install` lists."""
    found = [_step(entry, deprecated=False) for entry in _items(config, "build.run")]
    return found + [_step(entry, deprecated=True) for entry in _items(config, "build.pre_install")]


def _items(config: CogYaml, path: str) -> list[Entry]:
    entry = config.find(path)
    if entry is None:
        return []
    return entry.value if isinstance(entry.value, list) else entry.items()


def _step(entry: Entry, *, deprecated: bool) -> RunStep:
    command = entry.text
    secrets: tuple[tuple[str, str], ...] = ()
    if isinstance(entry.value, dict):
        inner = entry.get("command")
        command = inner.text if inner else ""
        mounts = entry.get("mounts")
        if mounts is not None and isinstance(mounts.value, list):
            secrets = tuple(
                (_text(mount, "id"), _text(mount, "target")) for mount in mounts.value if _text(mount, "type") in ("", "secret")
            )
    flags: list[str] = []
    while match := FLAG.match(command):
        flags.append(match.group().strip())
        command = command[match.end() :]
    purpose, installs = _purpose(command)
    mounted = tuple(name for flag in flags if (name := _mounted(flag)))
    secrets += tuple((name, "") for name in mounted)
    return RunStep(entry, command.strip(), purpose, installs, tuple(flags), secrets, deprecated, mounted)


def _mounted(flag: str) -> str:
    """The id of `--mount=type=secret,id=NAME,target=PATH`; '' for other flags."""
    values = dict(re.findall(r"(\w+)=([^,\s]+)", flag.partition("=")[2]))
    name = values.get("id") or PurePosixPath(values.get("target") or values.get("dst") or "").name
    return name if values.get("type") == "secret" else ""


def _text(entry: Entry, key: str) -> str:
    found = entry.get(key)
    return found.text if found else ""


def _purpose(command: str) -> tuple[Purpose, list[tuple[str, ...]]]:
    """What a command is for, by all simple commands in it."""
    if PIP_OFF.search(command):
        return "pip-off", []
    found: list[Purpose] = []
    installs: list[tuple[str, ...]] = []
    for step in _steps(command):
        arguments = step.arguments
        if step.purpose == "pip":
            wanted = [word for word in arguments if not word.startswith("-")]
            only_cog = bool(wanted) and all(pip.name(word) in ("cog", "coglet") or _is_cog_url(word) for word in wanted)
            found.append("cog" if only_cog else "pip")
            installs.append(arguments)
        elif _is_pget(step):
            found.append("pget")
        elif step.purpose in NEUTRAL:
            found.append("neutral")
        else:
            found.append("image")
    order: tuple[Purpose, ...] = ("image", "pip", "pget", "cog")
    for purpose in order:
        if purpose in found:
            return purpose, installs
    return "neutral", installs


def _steps(command: str) -> Iterator[Step]:
    for simple in split(command):
        yield from _flat(simple)


def _flat(simple: ShellCommand) -> Iterator[Step]:
    if simple.words[:1] in (("bash",), ("sh",), ("/bin/bash",), ("/bin/sh",)) and "-c" in simple.words:
        yield commands.Step(simple, "script")
        return
    yield commands.classify(simple)


def _is_pget(step: Step) -> bool:
    """A step that fetches the `pget` tool or makes it executable."""
    text = step.command.text
    return bool(re.search(r"replicate/pget/releases|/pget\b", text)) and step.purpose in ("download", "folders", "other", "script")


def _is_cog_url(word: str) -> bool:
    return bool(re.search(r"github\.com/replicate/cog(\.git|@|$|/)|/cog-[\d.]+\S*\.whl", word))
