"""What a converted app answers with: read from its folder, so that its callers look under the key that it has."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converters.errors import UsageError
from converters.python.unparsed import unparse
from converters.targets.contract import NAME

MEDIA = frozenset({"Image", "Video", "Audio", "File"})


@dataclass(frozen=True)
class Contract:
    """What an app takes and answers in other words than its source: old field -> new one, and which of the new ones are files.

    `files` maps a field of the answer to "file", an object with a `url`, or to "files", a list of them.
    """

    input: Mapping[str, str] = field(default_factory=dict)
    output: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def changes(self, name: str) -> bool:
        """Whether a field of the answer is another one, or holds something else."""
        return self.output.get(name, name) != name or self.output.get(name, name) in self.files

    @property
    def changed(self) -> list[str]:
        """The old fields of the answer that callers find in another way."""
        return sorted({*self.output, *(name for name in self.files if name not in self.output.values())})


def left(folder: Path, name: str) -> Contract | None:
    """The contract of an app that the conversion left in its folder; None where there is none, or it changes nothing."""
    entry = _entry(folder / NAME, name)
    if entry is None:
        return None
    found = Contract(*(_texts(entry.get(part)) for part in ("input", "output", "files")))
    return found if found.input or found.output or found.files else None


def is_typed(folder: Path, name: str) -> bool:
    """Whether an app is a class of its own, and not the server as it is."""
    import tomlkit

    try:
        table = tomlkit.parse((folder / "pyproject.toml").read_text("utf-8")).unwrap()["tool"]["fal"]["apps"][name]
        return "ref" in table and f"class {table['ref'].partition('::')[2]}(" in (folder / table["ref"].partition("::")[0]).read_text()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _texts(value: Any) -> dict[str, str]:
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def answer_key(folder: Path, app: str) -> str:
    """The key of the app's answer that holds Replicate's `output`; '' where the answer is that output. Raises `UsageError`.

    `app` is the id of the app, `owner/name`; its name stands in the pyproject.toml of the folder.
    """
    import tomlkit

    if (known := _left(folder / NAME, app.split("/")[1])) is not None:
        return known
    try:
        document = tomlkit.parse((folder / "pyproject.toml").read_text("utf-8")).unwrap()
        apps = document["tool"]["fal"]["apps"]
        name = app.split("/")[1]
        entry = apps[name] if name in apps else next(iter(apps.values())) if len(apps) == 1 else apps[name]
        file, _, _ = str(entry["ref"]).partition("::")
        tree = ast.parse((folder / file).read_text("utf-8"))
        output = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Output")
    except (OSError, ValueError, KeyError, TypeError, IndexError, SyntaxError, StopIteration, AttributeError) as error:
        raise UsageError(
            f"--map: {folder} holds no app {app} of which the answer can be read.", hint="Name the converted folder."
        ) from error
    fields = [node for node in output.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    if len(fields) != 1:
        return ""
    key = unparse(fields[0].target)
    media = {node.id for node in ast.walk(fields[0].annotation) if isinstance(node, ast.Name)} & MEDIA
    return key if key == "output" or media else ""


def _left(file: Path, name: str) -> str | None:
    """The key in the contract that the conversion left; None where there is none, or none of this app."""
    entry = _entry(file, name)
    return str(entry["key"]) if entry is not None and "key" in entry else None


def _entry(file: Path, name: str) -> dict[str, Any] | None:
    """What a contract says of one app."""
    try:
        apps = json.loads(file.read_bytes())["apps"]
        entry = apps[name] if name in apps or len(apps) != 1 else next(iter(apps.values()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
