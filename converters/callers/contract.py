"""What a converted app answers with: read from its folder, so that its callers look under the key that it has."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from converters.errors import UsageError
from converters.targets.contract import NAME

MEDIA = frozenset({"Image", "Video", "Audio", "File"})


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
    key = ast.unparse(fields[0].target)
    media = {node.id for node in ast.walk(fields[0].annotation) if isinstance(node, ast.Name)} & MEDIA
    return key if key == "output" or media else ""


def _left(file: Path, name: str) -> str | None:
    """The key in the contract that the conversion left; None where there is none, or none of this app."""
    try:
        apps = json.loads(file.read_bytes())["apps"]
        return str((apps[name] if name in apps or len(apps) != 1 else next(iter(apps.values())))["key"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
