"""The kept Dockerfile: what starts the old worker goes, what fal needs comes last."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from converters import rules
from converters.concepts import interpreters
from converters.containers import base_images
from converters.containers.packaging import Packaging
from converters.containers.pythons import lacks_python
from converters.errors import Unreadable
from converters.escape import docker_list, docker_shell, docker_word
from converters.fal.image import CURL, CURL_OF_ALPINE
from converters.ir import App, Application, Edit
from converters.ledger import Ledger
from converters.project import Project
from converters.targets import image_secrets
from converters.targets.image_copies import with_names, without_entry


def edits(project: Project, packaging: Packaging, app: App, ledger: Ledger) -> list[Edit]:
    """Edits of the Dockerfile of an app whose environment is an image."""
    file = packaging.file
    encoding = packaging.dockerfile.encoding
    found: list[Edit] = []
    for instruction in packaging.dockerfile.instructions:
        last_stage = instruction.stage == packaging.stage.index
        if instruction.keyword in ("CMD", "ENTRYPOINT") and last_stage:
            start = len(file.data[: instruction.start].decode(encoding, errors="replace"))
            end = len(file.data[: instruction.end].decode(encoding, errors="replace"))
            found.append(
                Edit(file=file.path, start=start, end=end, replacement="", rule=rules.DK008, reason="fal starts the app in the image")
            )
        elif app.style == "native" and (line := without_entry(project, packaging, instruction, app)) is not None:
            start = len(file.data[: instruction.start].decode(encoding, errors="replace"))
            end = len(file.data[: instruction.end].decode(encoding, errors="replace"))
            reason = "the handler stands in the app file"
            found.append(Edit(file=file.path, start=start, end=end, replacement=line, rule=rules.DK006, reason=reason))
        elif instruction.keyword in ("COPY", "ADD") and (line := with_names(project, packaging, instruction)):
            start = len(file.data[: instruction.start].decode(encoding, errors="replace"))
            end = len(file.data[: instruction.end].decode(encoding, errors="replace"))
            reason = "fal's client does not expand patterns"
            found.append(Edit(file=file.path, start=start, end=end, replacement=line, rule=rules.DK028, reason=reason))
    found += image_secrets.edits(packaging, app, ledger, found)
    text = file.data.decode(encoding, errors="replace")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _last_lines(project, packaging, app.environment.installs)
    if app.environment.copies:
        lines = [*(copy_line(source, dest) for source, dest in app.environment.copies), "", *lines]
    lead = "" if text.endswith("\n") or not text else newline
    gap = newline if lines else ""
    addition = lead + gap + newline.join(lines) + newline
    found.append(
        Edit(
            file=file.path,
            start=len(text),
            end=len(text),
            replacement=addition,
            rule=rules.DK012,
            reason="fal needs curl and its own packages in the image, installed last",
        )
    )
    return found


def copy_line(source: str, dest: str) -> str:
    return f"COPY {docker_list([source, dest])}"


def _last_lines(project: Project, packaging: Packaging, installs: list[str]) -> list[str]:
    lines = ["# fal needs these in the image, installed last"]
    if packaging.stage.user not in (None, "root", "0"):
        lines.append("USER root")
    if not any("curl" in step.packages or step.command.words[:1] == ("curl",) for _, step, _ in packaging.steps):
        lines.append(CURL_OF_ALPINE if "alpine" in packaging.stage.base_image else CURL)
    path, install = _interpreter(project, packaging)
    if path:
        lines.append(path)
    scripts = (run.script for run in packaging.stage.runs)
    if "pip install --no-cache-dir" in install and any("--break-system-packages" in script for script in scripts):
        install += " --break-system-packages"
    lines.append(" ".join([f"RUN {install} fal", *map(docker_shell, installs)]))
    if packaging.stage.user not in (None, "root", "0"):
        lines.append(f"USER {docker_word(str(packaging.stage.user))}")
    return lines


def _interpreter(project: Project, packaging: Packaging) -> tuple[str, str]:
    """(a line that makes the worker's Python the `python` that fal starts, the command that installs there)."""
    entry = packaging.entry
    interpreter = entry.interpreter if entry and re.fullmatch(r"[\w./-]*python[\d.]*", entry.interpreter) else "python3"
    found = interpreters.of_worker(project, packaging)
    if found is None:
        scripts = "\n".join(run.script for run in packaging.stage.runs)
        bare = lacks_python(packaging.stage.base_image, scripts, interpreters.read(project, packaging).links)
        link = f'ln -s "$(command -v {interpreter})" /usr/local/bin/python' if PurePosixPath(interpreter).name != "python" else ""
        if link and not bare:  # only the image knows by which names it has its Python
            link = f"command -v python >/dev/null || {link}" if base_images.describe(packaging.stage.base_image).unknown else ""
        return f"RUN {link}" if link else "", f"{interpreter} -m pip install --no-cache-dir"
    first = interpreters.read(project, packaging).first
    path = "" if first is not None and first.folder == found.folder else f'ENV PATH="{found.folder}/bin:$PATH"'
    python = f"{found.folder}/bin/python"
    if found.pip:
        return path, f"{python if path else interpreter} -m pip install --no-cache-dir"
    if any(command.words[:1] == ("uv",) for run in packaging.stage.runs for command in run.commands()):
        return path, f"uv pip install --no-cache --python {python}"
    return path, f"{python} -m ensurepip && {python} -m pip install --no-cache-dir"


def require_utf8(project: Project, application: Application) -> None:
    """Raises `Unreadable` for a Dockerfile that fal's client, which decodes it as UTF-8, could not send."""
    for app in application.apps:
        file = project.files.get(app.environment.dockerfile or "") if app.environment.kind == "image" else None
        if file is None:
            continue
        try:
            file.data.decode()
        except UnicodeDecodeError as error:
            line = file.data.count(b"\n", 0, error.start) + 1
            message = f"is not valid UTF-8 (byte {error.start}), as which fal's client reads a Dockerfile."
            raise Unreadable(message, file=file.path, line=line, hint="Save it as UTF-8.") from error
