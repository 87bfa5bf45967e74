"""Programs that an image holds beside those of this machine: its Python under other names, what runs commands in an
environment of a project, and the commands of the project itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from converters.project import SourceFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_VERSIONS = range(6, 20)
"""Of Python 3: an image's ``python3.12`` is the interpreter here, whatever its version."""
_LAUNCHERS = ("uv", "poetry", "pipenv", "pdm", "hatch", "rye")
_RUN = """#!/bin/sh
# NAME run [OPTION...] COMMAND...: the command runs in the one environment that there is here; anything else would install
[ "$1" = run ] || exit 0
shift
while :; do
    case "$1" in
        --extra|--group|--package|--project|--directory|--python|--with|-p|-C|-P) shift 2 ;;
        --) shift; break ;;
        -*) shift ;;
        *) break ;;
    esac
done
exec "$@"
"""


def install(folder: Path, interpreter: Path, files: Mapping[str, SourceFile]) -> None:
    """Write them to ``folder``. ``files``: those of the image by their paths."""
    folder.mkdir(exist_ok=True)
    for number in _VERSIONS:
        _write(folder / f"python3.{number}", f'#!/bin/sh\nexec "{interpreter}" "$@"\n')
    for name in _LAUNCHERS:
        _write(folder / name, _RUN)
    for path, file in files.items():
        if PurePosixPath(path).name == "pyproject.toml":
            for name, module, attribute in _commands(file.data):
                lines = [f"#!{interpreter}", "import importlib, operator, sys", f"sys.path[:0] = {_search(path)!r}"]
                lines.append(f"sys.exit(operator.attrgetter({attribute!r})(importlib.import_module({module!r}))())")
                _write(folder / name, "\n".join(lines) + "\n")


def places(files: Iterable[str]) -> Iterator[str]:
    """Folders of an image from which installing the project lets its packages be imported: the project's own, and ``src`` in it."""
    for path in files:
        if PurePosixPath(path).name in ("pyproject.toml", "setup.py"):
            yield from _search(path)


def _search(path: str) -> list[str]:
    folder = PurePosixPath(path).parent
    return [str(folder), str(folder / "src")]


def _commands(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Name, module and attribute of the commands that installing a project gives (PEP 621, Poetry)."""
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return
    for keys in (("project", "scripts"), ("tool", "poetry", "scripts")):
        table: Any = document
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        for name, target in table.items() if isinstance(table, dict) else ():
            module, _, attribute = str(target).partition("[")[0].strip().partition(":")
            if attribute and PurePosixPath(name).name == name:
                yield name, module, attribute


def _write(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)
