"""Commands that a project installs (pyproject.toml, setup.py, package.json), and what JavaScript says about its port."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from converters.project import Project


def console_scripts(project: Project) -> dict[str, str]:
    """Commands that the project installs -> the module behind each (pyproject.toml, setup.cfg, setup.py)."""
    found: dict[str, str] = {}
    for path, file in project.files.items():
        if path.rsplit("/", 1)[-1] not in ("pyproject.toml", "setup.py", "setup.cfg") or file.size > 2**18:
            continue
        text = file.data.decode(errors="replace")
        for match in re.finditer(
            r"^\s*[\"']?([\w.-]+)[\"']?\s*=\s*[\"']?([\w.]+):[\w.]+[\"']?\s*,?\s*$|[\"']([\w.-]+)\s*=\s*([\w.]+):[\w.]+[\"']",
            text,
            re.MULTILINE,
        ):
            found.setdefault(match.group(1) or match.group(3), match.group(2) or match.group(4))
    return found


def package_script(project: Project, folder: str, name: str) -> str | None:
    """The file that a script of package.json runs with node."""
    file = project.get(f"{folder}/package.json".lstrip("/"))
    try:
        document = json.loads(file.data) if file else {}
    except ValueError:
        return None
    scripts = document.get("scripts") if isinstance(document, dict) else None
    command = str(scripts.get(name, "")) if isinstance(scripts, dict) else ""
    if not command and name == "start":
        return "server.js"
    words = re.split(r"&&|;", command)[-1].split()  # what comes before it is done by then
    for index, word in enumerate(words):
        if PurePosixPath(word).name in ("node", "nodemon", "ts-node", "tsx", "bun") and index + 1 < len(words):
            plain = [one for one in words[index + 1 :] if not one.startswith("-")]
            if plain:
                return plain[0]
    main = document.get("main") if isinstance(document, dict) else None
    return str(main) if main else None
