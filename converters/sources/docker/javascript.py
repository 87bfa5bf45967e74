"""What JavaScript says about the port and host on which it listens."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from converters.ir import Origin
from converters.project import Project
from converters.sources.docker.defaults import Known
from converters.sources.docker.listener import is_port
from converters.sources.docker.processes import Process
from converters.sources.docker.serving import Unread

if TYPE_CHECKING:
    from converters.sources.docker.serving import Listener


def read_javascript(listener: Listener, path: str, text: str, process: Process, project: Project | None = None) -> None:
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
        if name is None and project is not None and (found := _of_json(project, path, text, value)) is not None:
            return found
        assigned = re.search(rf"\b(?:const|let|var)\s+{re.escape(name.group(1))}\s*=\s*([^;\n]+)", text) if name else None
        return known(assigned.group(1), assigned.start()) if assigned and assigned.group(1).strip() != value.strip() else None

    for pattern in (
        r"\.listen\(\s*\{[^}]*?port\s*:\s*([^,}\n]+)",
        r"\.listen\(\s*([^,)\n]+)",
        r"\bport\s*:\s*([^,}\n]+)",
        r"\b(?:const|let|var)\s+PORT\s*=\s*([^;\n]+)",
    ):
        found = [one for match in re.finditer(pattern, text) if (one := known(match.group(1), match.start())) is not None]
        if found and listener.port is None:
            listener.port = found[0]
            listener.certain = pattern.startswith(r"\.listen") and len({one.value for one in found}) == 1
    given = re.search(r"\b(?:app|server|http\w*|api)\.listen\(\s*([A-Za-z_$][\w$.]*)\s*[,)]", text)
    if listener.port is None and given is not None:
        origin = Origin(file=path, line=text.count("\n", 0, given.start(1)) + 1)
        listener.unread.append(Unread("port", given[1][:80], origin))
    if most := re.search(r"\.maxConnections\s*=\s*(\d{1,5})\b", text):
        origin = Origin(file=path, line=text.count("\n", 0, most.start()) + 1)
        listener.limit = Known(most.group(1), origin, "in the code")
    host = re.search(r"\bhost(?:name)?\s*:\s*[\"'`]([\w.:]+)[\"'`]|\.listen\([^)]*?,\s*[\"']([\w.]+)[\"']", text)
    if host:
        origin = Origin(file=path, line=text.count("\n", 0, host.start()) + 1)
        listener.host = Known(host.group(1) or host.group(2), origin, "in the code")


def _of_json(project: Project, path: str, text: str, value: str) -> Known | None:
    """`config.port` where `config` comes out of a JSON file of the project: `require("./config.json")`."""
    match = re.fullmatch(r"\s*([A-Za-z_$][\w$]*)\.(\w+(?:\.\w+)*)\s*", value)
    assigned = re.search(rf"\b{re.escape(match[1])}\s*=\s*[^;\n]*?require\([\"'](\.[^\"']+\.json)[\"']\)", text) if match else None
    file = project.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), assigned[1]))) if assigned else None
    if match is None or file is None or file.size > 2**18:
        return None
    try:
        found = json.loads(file.data)
        for key in match[2].split("."):
            found = found[key]
    except (ValueError, KeyError, TypeError):
        return None
    line = next((n for n, one in enumerate(file.data.splitlines(), 1) if f'"{match[2].split(".")[-1]}"'.encode() in one), 1)
    return Known(str(found), Origin(file=file.path, line=line), "in the code") if is_port(found) else None
