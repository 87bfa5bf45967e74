"""Commands of the build are ones that the newest release of their program has, where nothing asks for an older one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.ir import Suggestion
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.packages import Packages
from converters.preflight.runner import goes_on

HUB = ("huggingface-hub", "transformers", "diffusers")
"""Packages whose newest releases come with huggingface_hub 1.0 or newer."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF035: a command that ends the build, since the release that pip takes today does not know it."""
    image = deployment.image
    for run in image.runs if image is not None else ():
        for outer in run.commands():
            for command in (outer, *outer.inner):
                message, old, new = _gone(command.words, deployment.packages)
                if image is not None and message and not goes_on(run, command.text):
                    file, line = image.image.file, image.line_of(command.line)
                    suggestion = Suggestion(file=file, line=line, old=old, new=new) if old else None
                    yield Finding(file, line, rules.PF035, message, about=" ".join(command.words[:2]), suggestion=suggestion)


def _gone(words: tuple[str, ...], installed: Packages) -> tuple[str, str, str]:
    """What is wrong with a command ('' for nothing that is known), the word that is wrong, and what takes its place."""
    program = PurePosixPath(words[0]).name if words else ""
    if program == "poetry" and _is_newest("poetry", installed):
        if "--no-dev" in words:
            message = "poetry has no `--no-dev` since release 2.0, and the newest is installed: write `--only main`."
            return message, "--no-dev", "--only main"
        if words[1:2] == ("export",) and installed.find("poetry-plugin-export") is None:
            plugin = "install `poetry-plugin-export` with it."
            return f"poetry has no `export` of its own since release 2.0, and the newest is installed: {plugin}", "", ""
    if program == "huggingface-cli" and _is_newest("huggingface-hub", installed, HUB) and installed.find("huggingface-hub") is not None:
        message = "huggingface_hub has no `huggingface-cli` since release 1.0, and the newest is installed: write `hf` in its place."
        return message, "huggingface-cli", "hf"
    return "", "", ""


def _is_newest(name: str, installed: Packages, family: tuple[str, ...] = ()) -> bool:
    """Whether a package is installed by its bare name, and no other of its family by a release."""
    named = [requirement.text for requirement in installed.requirements if requirement.name in (name, *family)]
    return bool(named) and not any(re.search(r"[=<>~!@]", text) for text in named)
