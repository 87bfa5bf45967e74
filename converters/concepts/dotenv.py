"""The variables of `.env` files, which are left out of the output: they come from the environment instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import environment as environments
from converters.concepts import variables
from converters.credentials.recognize import is_secret
from converters.ir import App, Disposition, EnvVar, Origin
from converters.ledger import Ledger
from converters.project import Project, SourceFile

LOADERS = re.compile(rb"\bload_dotenv\b|\bdotenv_values\b|\bdotenv\b|\benv_file\b|\benvirons\b|\bdecouple\b")
NAMED = re.compile(rb"[\"']([\w./-]*\.env[\w.-]*)[\"']")
COMPOSE = re.compile(r"(^|/)(docker-)?compose[\w.-]*\.ya?ml$")
HOSTS_OWN = re.compile(r"^(COMPOSE_\w+|DOCKER_\w+|BUILDKIT_\w+)$")


def carry_over(
    project: Project,
    app: App,
    folders: Iterable[str],
    closure: Iterable[str],
    image: Iterable[str],
    ledger: Ledger,
    *,
    compose: bool = False,
) -> None:
    """Give the app the variables of its `.env`; secrets by their name alone.

    `folders`: where the file may stand; `closure`: the app's Python files; `image`: names that the image sets, which win. With `compose`,
    a `.env` beside a compose file is that file's, whose services say what they take of it, unless the code loads it, too.
    """
    have = {variable.name for variable in app.environment.variables} | {secret.name for secret in app.secrets} | set(image)
    for file in _files(project, list(dict.fromkeys(folders)), closure, compose):
        for name, value, line in _variables(file):
            if name in have or _belongs_to_the_machine(name):
                continue
            have.add(name)
            origin = Origin(file=file.path, line=line)
            if is_secret(name, value):
                app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
                environments.secret_item(ledger, name, origin, f"{file.name} gives the secret {name}")
            elif value:
                app.environment.variables.append(EnvVar(name=name, value=value, origin=origin))
                ledger.note(rules.ENV001, Disposition.CONVERTED, f"{name} of {file.name} is set in the app's environment", origin)


def _belongs_to_the_machine(name: str) -> bool:
    patterns = (variables.BUILD_ONLY, variables.LOADER, variables.PLATFORM, HOSTS_OWN)
    return name in variables.COMMON or any(pattern.match(name) for pattern in patterns)


def _files(project: Project, folders: list[str], closure: Iterable[str], compose: bool) -> Iterator[SourceFile]:
    """`.env`, and others of its kind that the code names."""
    loads, named = False, set[str]()
    for path in closure:
        file = project.get(path)
        if file is not None and LOADERS.search(file.data):
            loads = True
            named |= {PurePosixPath(match.decode()).name for match in NAMED.findall(file.data)}
    for folder in folders:
        composed = compose and any(
            COMPOSE.search(path) and PurePosixPath(path).parent == PurePosixPath(folder or ".") for path in project.files
        )
        for name in sorted({".env", *named}):
            path = f"{folder}/{name}".lstrip("/")
            if path in project.withheld and (loads or not composed):
                yield project.withheld[path].file


def names(file: SourceFile) -> list[str]:
    """The variables of a file such as `.env`."""
    return list(dict.fromkeys(name for name, _, _ in _variables(file)))


def _variables(file: SourceFile) -> Iterator[tuple[str, str, int]]:
    """(name, value, line)."""
    from converters.containers.interpolate import env_file

    text = file.readable
    for name, value in env_file(text).items():
        match = re.search(rf"^\s*(?:export\s+)?{re.escape(name)}\s*=", text, re.MULTILINE)
        yield name, value, text.count("\n", 0, match.end()) + 1 if match else 1
