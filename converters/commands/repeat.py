"""A command line once more: what was typed, without what writes or what only shows it otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converters.credentials.vault import Vault
from converters.output import Asked

_SHOWN = (
    "style",
    "target",
    "name",
    "endpoint_config",
    "image_config",
    "openapi",
    "idiomatic",
    "realtime",
    "resolve",
    "settings",
    "only",
    "skip",
    "plan",
)
"""Options of `migrate PATH` that decide the result, by the names of their values."""
_OPTIONS = {"settings": "set"}
"""Name of a value -> of its option, where that is another."""


_FILES = ("endpoint_config", "image_config", "plan")
"""Those of them that name a file."""


def asked(path: Path, typed: Mapping[str, Any]) -> Asked:
    """What was typed, as JSON has it, with files under names that hold in every folder."""
    decisive = {name: typed[name] for name in (*_SHOWN, "unit") if typed.get(name) not in (None, False, "", [])}
    return Asked(path, {name: str(Path(value).absolute()) if name in _FILES else value for name, value in decisive.items()})


def typed_again(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options as they are typed."""
    return {name: Path(value) if name in _FILES else value for name, value in options.items()}


def conversion(path: Path, typed: Mapping[str, Any]) -> str:
    """`migrate PATH` with the options that decide the result, so that it writes nothing and prints its findings."""
    return _joined([*_path(path), *options({name: typed.get(name) for name in _SHOWN}), "--check"])


def callers(path: Path, typed: Mapping[str, Any]) -> str:
    """`migrate callers PATH`, the same way."""
    return _joined(["callers", str(path), *options(typed), "--check"])


def command(name: str, *paths: Path | None, **typed: Any) -> str:
    """Another command with its paths and the options that are not None, False or empty."""
    return _joined([name, *(str(path) for path in paths if path is not None), *options(typed)])


def options(typed: Mapping[str, Any]) -> list[str]:
    """The words of options: nothing for None, False and '', the option once for each element of a list."""
    words: list[str] = []
    for name, value in typed.items():
        option = f"--{_OPTIONS.get(name, name).replace('_', '-')}"
        if value is True:
            words.append(option)
        elif isinstance(value, list | tuple):
            words += [word for one in value for word in (option, str(one))]
        elif value not in (None, False, ""):
            words += [option, str(value)]
    return words


def _path(path: Path) -> list[str]:
    """A path as the default command takes it: one that is called as a command is written with its folder."""
    text = str(path)
    return [f"./{text}" if "/" not in text and not text.startswith(".") else text]


def _joined(words: list[str]) -> str:
    """The words for a shell, with secrets among them masked: it is printed, also where a command line is refused."""
    return Vault().mask(shlex.join(["migrate", *words, "--format", "json"]))
