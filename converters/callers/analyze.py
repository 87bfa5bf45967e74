"""Reads a project for calls of RunPod and Replicate: the edits that make them calls of fal, and an account of every one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from converters import rules
from converters.callers import javascript, requirements, server_scripts, servers, shell
from converters.callers.apps import Apps
from converters.callers.python import PythonFile, is_caller
from converters.errors import MigrateError, Unsupported
from converters.ir import Application, Disposition, Edit, Evidence, Origin, Scope
from converters.ledger import Ledger
from converters.options import Options
from converters.project import MAX_FILE, Project, SourceFile
from converters.python.code import Code
from converters.sources.registry import platforms

PLATFORMS = tuple(platform for platform in platforms() if platform.caller is not None)
MARKS = tuple(platform.caller.package.encode() for platform in PLATFORMS if platform.caller is not None)
HOSTS = tuple(platform.caller.host.encode() for platform in PLATFORMS if platform.caller is not None)
SHEBANGS = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash", b"#!/usr/bin/env sh")
DOCUMENTS = (".md", ".rst", ".txt", ".html")
OTHER = rules.CL019
CLIENT = re.compile(rb"^\s*(import|from) fal_client\b|https://(queue\.)?fal\.run/", re.MULTILINE)


class CallsFal(MigrateError):
    """The programs call fal already."""


@dataclass
class Callers:
    """What was found so far."""

    project: Project
    named: Mapping[str, str]
    ledger: Ledger
    storage: Mapping[str, Any] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)

    @cached_property
    def _own(self) -> tuple[str, tuple[str, ...]]:
        return _converted_app(self.project)

    @cached_property
    def apps(self) -> Apps:
        return Apps(self.named, self._own[0], self.project.root, self.storage)

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of servers that an app was given for."""
        return servers.addresses(tuple(self.named))

    @property
    def envelope(self) -> tuple[str, ...]:
        """Keys beside `input` that the project's own worker reads."""
        return self._own[1]


def analyze(
    project: Project,
    named: Mapping[str, str],
    ledger: Ledger,
    *,
    every_app_used: bool = False,
    only: str = "",
    storage: Mapping[str, Any] | None = None,
) -> Application:
    """The callers of a project, or the `only` one of them, as a model with edits.

    Raises `Unsupported` where nothing calls RunPod or Replicate, and `UsageError` for an app whose endpoint nothing calls, where
    `every_app_used` is asked for.
    """
    found = Callers(project, named, ledger, storage or {})
    code = Code(project)
    marks = (*MARKS, *(one.encode() for one in found.servers))
    for path, file in project.files.items():
        if (only and path != only) or file.size > MAX_FILE or not any(mark in file.data for mark in marks):
            continue
        if path.endswith(".py"):
            _python(found, code, file)
        elif path.endswith(javascript.ENDINGS):
            _javascript(found, file)
        elif path.endswith((".sh", ".bash")) or file.data.startswith(SHEBANGS):
            _shell(found, file)
        elif any(host in file.data for host in (*HOSTS, *(one.encode() for one in found.servers))):
            _other(found, file)
    if not found.evidence and _calls_fal(project, only):
        raise CallsFal("calls fal already.")
    if not found.evidence:
        hint = "Calls are looked for in Python, JavaScript and shell files: runpod.Endpoint, replicate.run, api.runpod.ai ..."
        raise Unsupported("nothing here calls a RunPod endpoint or Replicate's API.", hint=hint)
    if every_app_used:
        found.apps.refuse_unused(project.files[one.file].data for one in found.evidence)
    requirements.add(project, code, found.edits, ledger)
    platform = found.platforms[0] if found.platforms else PLATFORMS[0].name
    return Application(platform=platform, evidence=found.evidence, edits=found.edits)


def _calls_fal(project: Project, only: str) -> bool:
    """Whether programs here use fal's client, so that nothing is left to rewrite."""
    files = [file for path, file in project.files.items() if file.size <= MAX_FILE and (not only or path == only)]
    return any(file.name.endswith((".py", ".sh", ".bash")) and CLIENT.search(file.data) for file in files)


def _converted_app(project: Project) -> tuple[str, tuple[str, ...]]:
    """Name of the one app that the project itself becomes, and the keys beside `input` that its worker reads."""
    for platform in platforms():
        try:
            if platform.detect(project):
                apps = platform.analyze(project, Options(), Ledger()).apps
                return (apps[0].name if len(apps) == 1 else ""), tuple(dict.fromkeys(key for app in apps for key in app.envelope))
        except MigrateError:
            break
    return "", ()


def _python(found: Callers, code: Code, file: SourceFile) -> None:
    module = code.module(file.path)
    if module is None:
        problem = code.problems[file.path]
        if any(word in file.data for word in (*HOSTS, b"runpod.Endpoint", b"replicate.run", b"import replicate")):
            origin = Origin(file=file.path, line=problem.line or 1)
            found.ledger.note(OTHER, Disposition.MANUAL, f"the file {problem.message} Its calls are left as they are.", origin)
            found.evidence.append(Evidence(file=file.path, line=origin.line, why="names RunPod or Replicate, and cannot be read"))
        return
    if is_caller(code, module, found.servers):
        caller = PythonFile(code, module, found.apps, found.envelope, found.ledger, found.servers)
        found.edits += caller.convert()
        found.platforms.append(caller.platform.name)
        _evidence(found, file, caller.line, f"calls {caller.platform.title}")


def _javascript(found: Callers, file: SourceFile) -> None:
    if javascript.account(file, file.text, found.ledger):
        platform = next((one for one, mark in zip(PLATFORMS, MARKS, strict=True) if mark in file.data), PLATFORMS[0])
        found.platforms.append(platform.name)
        _evidence(found, file, _line(file), f"calls {platform.title} from JavaScript")


def _shell(found: Callers, file: SourceFile) -> None:
    before = len(found.ledger.constructs)
    if shell.HOST.search(file.text):
        found.edits += shell.convert(file, file.text, found.apps, found.ledger)
    if found.servers:
        found.edits += server_scripts.convert(file, file.text, found.apps, found.servers, found.ledger)
    if len(found.ledger.constructs) > before:
        _evidence(found, file, _line(file), "calls what was converted from a script")


def _other(found: Callers, file: SourceFile) -> None:
    """A file that names an API and is not read: documents stay as they are, anything else is looked at by a person."""
    if b"\0" in file.data:
        return
    origin = Origin(file=file.path, line=_line(file))
    if file.path.lower().endswith(DOCUMENTS):
        found.ledger.note(OTHER, Disposition.KEPT, "the text tells readers how to call the old endpoint: bring it up to date.", origin)
    else:
        text = "names an address of RunPod's or Replicate's API; files of this kind are not rewritten: fal's address is https://queue.fal.run/OWNER/APP."
        found.ledger.note(OTHER, Disposition.MANUAL, text, origin, scope=Scope.DEPLOY)
        _evidence(found, file, origin.line, "names an address of the API")


def _evidence(found: Callers, file: SourceFile, line: int, why: str) -> None:
    found.evidence.append(Evidence(file=file.path, line=line, why=why))


def _line(file: SourceFile) -> int:
    """The first line that names one of the APIs or packages."""
    data = file.data
    at = min((data.find(mark) for mark in HOSTS if mark in data), default=max(data.find(MARKS[1]), 0))
    return data.count(b"\n", 0, max(at, 0)) + 1
