"""Commands that a project installs (pyproject.toml, setup.py, package.json), and what JavaScript says about its port."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from converters.ir import Origin
from converters.project import Project
from converters.sources.docker.defaults import Known
from converters.sources.docker.processes import Process

if TYPE_CHECKING:
    from converters.sources.docker.listener import Listener


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
    words = command.split()
    for index, word in enumerate(words):
        if PurePosixPath(word).name in ("node", "nodemon", "ts-node", "tsx", "bun") and index + 1 < len(words):
            plain = [one for one in words[index + 1 :] if not one.startswith("-")]
            if plain:
                return plain[0]
    main = document.get("main") if isinstance(document, dict) else None
    return str(main) if main else None


def read_javascript(listener: Listener, path: str, text: str, process: Process) -> None:
    """`listen(process.env.PORT || 3000, "localhost")`, `port: 3000`, `const PORT = 3000`."""
    text = re.sub(r"(?m)^\s*//.*$", lambda match: " " * len(match.group()), text)

    def known(value: str, start: int) -> Known | None:
        variable = re.search(r"process\.env\.(\w+)", value)
        origin = Origin(file=path, line=text.count("\n", 0, start) + 1)
        if variable and process.env.get(variable.group(1)):
            return Known(process.env[variable.group(1)], origin, f"variable {variable.group(1)}", env=variable.group(1))
        number = re.search(r"\b(\d{2,5})\b", value)
        if number:
            return Known(number.group(1), origin, "in the code", env=variable.group(1) if variable else "")
        name = re.fullmatch(r"\s*([A-Za-z_$][\w$]*)\s*", value)
        assigned = re.search(rf"\b(?:const|let|var)\s+{re.escape(name.group(1))}\s*=\s*([^;\n]+)", text) if name else None
        return known(assigned.group(1), assigned.start()) if assigned and assigned.group(1).strip() != value.strip() else None

    for pattern in (
        r"\.listen\(\s*\{[^}]*?port\s*:\s*([^,}\n]+)",
        r"\.listen\(\s*([^,)\n]+)",
        r"\bport\s*:\s*([^,}\n]+)",
        r"\b(?:const|let|var)\s+PORT\s*=\s*([^;\n]+)",
    ):
        for match in re.finditer(pattern, text):
            listener.port = listener.port or known(match.group(1), match.start())
    host = re.search(r"\bhost(?:name)?\s*:\s*[\"'`]([\w.:]+)[\"'`]|\.listen\([^)]*?,\s*[\"']([\w.]+)[\"']", text)
    if host:
        origin = Origin(file=path, line=text.count("\n", 0, host.start()) + 1)
        listener.host = Known(host.group(1) or host.group(2), origin, "in the code")
