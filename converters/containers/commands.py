"""What a shell command of an image build is for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from converters.containers.shell import ShellCommand
from converters.python import pip

Purpose = Literal["pip", "tooling", "interpreter", "apt", "cleanup", "folders", "clone", "download", "script", "other"]

INTERPRETER_PACKAGES = re.compile(
    r"^(python[\d.]*(-(dev|venv|distutils|minimal|full|pip|setuptools|wheel|tk|lib2to3))?|python-is-python3|software-properties-common|ca-certificates"
    r"|apt-utils|apt-transport-https|gnupg2?|dirmngr|locales|tzdata|lsb-release)(=.*)?$"
)
TOOL_PACKAGES = re.compile(
    r"^(curl|wget|git|git-lfs|unzip|zip|vim|nano|htop|tmux|sudo|bash|less|tini|openssh-(client|server)|rsync|aria2|jq|procps|bc|lsof)(=.*)?$"
)
HOUSEKEEPING = frozenset({"update", "upgrade", "dist-upgrade", "clean", "autoclean", "autoremove", "remove", "purge"})
NEUTRAL = frozenset(
    {"true", ":", "echo", "set", "sync", "ldconfig", "hash", "which", "ls", "pwd", "whoami", "date", "sleep", "cat", "printf", "test", "[",
     "type", "nvcc", "nvidia-smi", "ffmpeg", "deactivate", "wait", "exit"}
)  # fmt: skip
FOLDERS = frozenset({"mkdir", "chmod", "chown", "touch"})
DOWNLOADERS = frozenset({"wget", "curl", "aria2c", "huggingface-cli", "hf", "gdown", "pget", "git-lfs"})
PIP_FREE = re.compile(r"^(python[\d.]*|pip[\d.]*)$")


@dataclass(frozen=True)
class Step:
    """A command with its purpose. `packages`: of apt; `arguments`: of pip install."""

    command: ShellCommand
    purpose: Purpose
    packages: tuple[str, ...] = ()
    arguments: tuple[str, ...] = field(default=())


def classify(command: ShellCommand) -> Step:
    """The purpose of one command; what is not known is `other`."""
    words = tuple(word for word in command.words)
    if command.compound or command.unparsed:
        return Step(command, "other")
    if not words:
        return Step(command, "folders")
    while words and words[0] in ("sudo", "command", "-E", "-H"):
        words = words[1:]
    arguments = pip.arguments(words)
    if arguments is not None:
        named = [word for word in arguments if not word.startswith("-")]
        if named and all(pip.is_upkeep(word) for word in named):
            return Step(command, "tooling")
        return Step(command, "pip", arguments=arguments)
    return Step(command, *_other(words)) if words else Step(command, "folders")


def _other(words: tuple[str, ...]) -> tuple[Purpose, tuple[str, ...]]:
    program = PurePosixPath(words[0]).name
    rest = words[1:]
    plain = tuple(word for word in rest if not word.startswith("-"))
    if program in ("apt-get", "apt", "aptitude"):
        return _apt(plain)
    if program == "add-apt-repository":
        return ("interpreter" if any("deadsnakes" in word for word in rest) else "apt"), ()
    if program in ("update-alternatives", "ln"):
        names = {PurePosixPath(word).name for word in plain} | set(re.findall(r"python[\d.]*|pip[\d.]*", " ".join(rest)))
        return ("interpreter" if any(PIP_FREE.match(word) for word in names) else "other"), ()
    if program == "rm":
        return ("cleanup" if _only_caches(plain) else "other"), ()
    if program in ("pip", "pip3") or (
        program.startswith(("python", "pip")) and rest[:2] in (("-m", "pip"), ("-m", "venv"), ("-m", "ensurepip"))
    ):
        return ("interpreter" if "venv" in rest or "ensurepip" in rest else "cleanup"), ()
    if program in ("virtualenv", "locale-gen") or (program == "uv" and rest[:1] and rest[0] in ("venv", "python", "cache", "self")):
        return "interpreter", ()
    if program == "curl" and any("get-pip" in word or "astral.sh/uv" in word for word in rest):
        return "interpreter", ()
    if program in ("conda", "mamba", "micromamba") and plain[:1] == ("clean",):
        return "cleanup", ()
    if program == "git":
        return (
            "clone"
            if plain[:1] in (("clone",), ("checkout",), ("submodule",), ("pull",), ("lfs",))
            else "other"
            if plain[:1] != ("config",)
            else "folders"
        ), ()
    if program in DOWNLOADERS or re.search(r"snapshot_download|from_pretrained|hf_hub_download", " ".join(words)):
        return "download", ()
    if program in ("export", "cd", "pushd", "popd", "source", ".", "useradd", "adduser", "groupadd", "usermod"):
        return "folders", ()
    if program in NEUTRAL and not (program == "ffmpeg" and "-i" in rest):
        return "folders", ()
    if program in FOLDERS:
        return "folders", ()
    if re.match(r"^python[\d.]*$", program) or program.endswith((".sh", ".py")) or program in ("bash", "sh"):
        return "script", ()
    return "other", ()


def _apt(plain: tuple[str, ...]) -> tuple[Purpose, tuple[str, ...]]:
    if not plain or plain[0] in HOUSEKEEPING:
        return "cleanup", ()
    if plain[0] != "install":
        return "apt", ()
    packages = plain[1:]
    if all(INTERPRETER_PACKAGES.match(package) for package in packages):
        return "interpreter", packages
    return "apt", packages


def needs_system(package: str) -> bool:
    """Whether an apt package is more than the interpreter or a tool for a person at a shell."""
    return not (INTERPRETER_PACKAGES.match(package) or TOOL_PACKAGES.match(package))


def _only_caches(paths: tuple[str, ...]) -> bool:
    known = re.compile(
        r"^(/var/lib/apt|/var/cache|/root/\.cache|~/\.cache|/tmp|/etc/apt/sources\.list\.d|/var/tmp|/usr/share/doc|/var/log)|requirements[\w.-]*\.txt$|\.(deb|sh)$|get-pip\.py$|/usr/bin/python3?$"
    )
    return all(known.search(path) for path in paths)
