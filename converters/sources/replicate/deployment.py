"""Hardware and scaling: a deployment's JSON, and what safe-push configurations say; also the example requests that those hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from converters import rules
from converters.concepts.cog import cog_yaml
from converters.concepts.cog.cog_yaml import Entry
from converters.errors import Unreadable
from converters.ir import App, Disposition, Origin, Scope, Setting, Value
from converters.ledger import Ledger
from converters.project import Project, SourceFile

HARDWARE: tuple[tuple[str, str, str], ...] = (
    (r"cpu-small", "M", ""),
    (r"cpu", "L", ""),
    (r"gpu-t4|gpu-rtx", "GPU-RTX4090", ""),
    (r"gpu-a40", "GPU-L40", ""),
    (r"gpu-l40s?", "GPU-L40", ""),
    (r"gpu-a100", "GPU-H100", "fal's GPU-A100 has 40 GB where Replicate's has 80; GPU-H100 has 112 GB of RAM where Replicate's has 144"),
    (r"gpu-h100", "GPU-H100", ""),
    (r"gpu-h200", "GPU-H200", ""),
    (r"gpu-b200", "GPU-B200", ""),
)  # fmt: skip
"""Replicate's names (without `-small`, `-large`, `-2x`) -> (machine type, remark)."""
SAFE_PUSH = re.compile(r"(^|/)(cog-)?safe-push(-configs)?(/[\w.-]+)?\.ya?ml$")


def machine(hardware: str) -> tuple[str, int, str] | None:
    """(machine type, number of GPUs, remark) for a hardware name of Replicate; None where it is not known."""
    name = hardware.strip().lower().replace("_", "-")
    for pattern, found, remark in HARDWARE:
        if re.match(pattern, name):
            times = re.search(r"-(\d)x(?:-|$)", name) or re.search(r"(?:^|-)(\d)x-", name)
            return found, int(times.group(1)) if times else 1, remark
    return None


def read(path: Path) -> dict[str, Any]:
    """The configuration in a deployment's JSON, flat or as Replicate's API answers it. Raises `Unreadable`."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}.", file=str(path)) from error
    except ValueError as error:
        raise Unreadable(f"is no JSON: {error}.", file=str(path), hint="Save the answer of `GET /v1/deployments/OWNER/NAME`.") from error
    for key in ("current_release", "configuration"):
        if isinstance(document, dict) and isinstance(document.get(key), dict):
            document = document[key]
    if not isinstance(document, dict) or not {"hardware", "min_instances", "max_instances"} & set(document):
        raise Unreadable("holds no hardware and no instances.", file=str(path), hint="Save the answer of `GET /v1/deployments/OWNER/NAME`.")
    return document


def settings(path: Path) -> list[Setting]:
    """The settings that a deployment states."""
    document, where = read(path), f"deployment {path.name}"
    found: list[Setting] = []
    known = machine(str(document.get("hardware", "")))
    if known is not None:
        found.append(
            Setting(name="machine_type", value=known[0], note=f"{where}: {document['hardware']}{f'; {known[2]}' if known[2] else ''}")
        )
        if known[1] > 1:
            found.append(Setting(name="num_gpus", value=known[1], note=f"{where}: {document['hardware']}"))
    for theirs, ours in (("min_instances", "min_concurrency"), ("max_instances", "max_concurrency")):
        if isinstance(document.get(theirs), int):
            found.append(Setting(name=ours, value=document[theirs], note=f"{where}: {theirs}"))
    return found


NAMED = re.compile(r"\b((?:cpu|gpu-(?:t4|a40|l40s?|a100|h100|h200))(?:-(?:small|large|\dx))*)\b")
ABOUT = re.compile(r"hardware|\bruns?\b|\bdeploy|\bmachine", re.IGNORECASE)
"""What a line says that is about where a model runs."""
KEY = re.compile(r"^\s*(?:-\s*)?[\"']?(\w*hardware)[\"']?\s*:")


def stated(project: Project, folder: str, app: App, ledger: Ledger, *, gpu: bool) -> bool:
    """Write the machine that a safe-push configuration or the README beside the cog.yaml names; False where neither does.

    A model that needs a GPU gets none without one: the hardware of a test push, or of another model in the README, may well be that.
    """
    readme = project.get(f"{folder}/README.md".strip("/"))
    for file in [*configurations(project), *([readme] if readme is not None else [])]:
        for number, line in sorted(enumerate(file.text.splitlines()[:2000], 1), key=lambda row: _is_test(row[1])):
            match = NAMED.search(line)
            known = machine(match.group(1)) if match and ABOUT.search(line) else None
            if match and known is not None and (known[0].startswith("GPU") or not gpu):
                origin = Origin(file=file.path, line=number)
                app.settings.append(Setting(name="machine_type", value=known[0], origin=origin, note=match.group(1)))
                if known[1] > 1:
                    app.settings.append(Setting(name="num_gpus", value=known[1], origin=origin))
                text = f"{match.group(1)} of Replicate becomes {known[0]}{f': {known[2]}' if known[2] else ''}"
                ledger.note(rules.RC040, Disposition.CONVERTED, text, origin, scope=Scope.DEPLOY)
                return True
    return False


def _is_test(line: str) -> bool:
    """Whether a line states the hardware of a test push, which is heard last."""
    key = KEY.match(line)
    return key is not None and key.group(1) != "hardware"


def configurations(project: Project) -> list[SourceFile]:
    return [file for path, file in project.files.items() if SAFE_PUSH.search(path) and file.size < 2**18]


def examples(project: Project, app: App) -> list[Value[Any]]:
    """Requests that safe-push configurations hold: `predict.test_cases[].inputs`, as far as the predictor knows their names."""
    names = {field.name for field in app.endpoints[0].input.fields}
    found: list[Value[Any]] = []
    for file in configurations(project):
        try:
            config = cog_yaml.read(file)
        except Unreadable:
            continue
        cases = config.find("predict.test_cases")
        for case in cases.items() if cases is not None else []:
            inputs = case.get("inputs")
            value = {key: _plain(entry) for key, entry in inputs.value.items()} if inputs and isinstance(inputs.value, dict) else {}
            if value and set(value) <= names:
                found.append(Value(value=value, origin=case.origin))
    return found[:5]


def _plain(entry: Entry) -> Any:
    if isinstance(entry.value, dict):
        return {key: _plain(item) for key, item in entry.value.items()}
    if isinstance(entry.value, list):
        return [_plain(item) for item in entry.value]
    if isinstance(entry.value, str) and re.fullmatch(r"[-+]?\d+\.\d+", entry.value):
        return float(entry.value)
    return entry.value
