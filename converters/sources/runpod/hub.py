"""`.runpod/hub.json`, `.runpod/tests.json` and `test_input.json`: machine, disk, environment, and examples of the input."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters import rules
from converters.containers.json_lines import Located, locate
from converters.credentials.recognize import is_secret
from converters.fal import machine_types
from converters.ir import Disposition, EnvVar, Origin, Safety, Scope, Setting, Value
from converters.ledger import Construct, Ledger
from converters.project import Project, SourceFile
from converters.rules import rp042_hub_listing, rp049_hub_presets
from converters.sources.runpod.machines import machine_of

DRIVERS = "fal chooses machines whose driver fits; the wheels or the image bring their CUDA"


@dataclass
class Hub:
    """What the listing of a worker on RunPod's hub states."""

    settings: list[Setting] = field(default_factory=list)
    variables: list[EnvVar] = field(default_factory=list)
    http: Origin | None = None
    """`"type": "http"`: a load-balancing worker, which has no job handler."""


def load(project: Project, folder: str, ledger: Ledger) -> Located | None:
    """`hub.json` of a worker (in `.runpod/` or beside the handler); invalid JSON is reported with its line."""
    for candidate in (f"{folder}/.runpod/hub.json", f"{folder}/hub.json"):
        file = project.get(candidate)
        if file is not None and file.size:
            return _load(file, ledger)
    return None


def _load(file: SourceFile, ledger: Ledger) -> Located | None:
    try:
        return locate(file.data.decode("utf-8-sig"))
    except (ValueError, IndexError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        message = getattr(error, "msg", str(error))
        ledger.note(
            rules.RP040,
            Disposition.MANUAL,
            f"is not valid JSON ({message}): correct it, its settings were not read.",
            Origin(file=file.path, line=line),
            scope=Scope.DEPLOY,
        )
        return None


def read_hub(project: Project, folder: str, ledger: Ledger) -> Hub:
    """Settings and variables of `hub.json`, every key of it entered into the ledger."""
    hub = Hub()
    file = next(
        (found for name in (f"{folder}/.runpod/hub.json", f"{folder}/hub.json") if (found := project.get(name)) and found.size), None
    )
    located = load(project, folder, ledger)
    if file is None or located is None:
        return hub
    if not isinstance(located.value, dict):
        ledger.note(
            rules.RP040,
            Disposition.MANUAL,
            "is no JSON object: its settings were not read.",
            Origin(file=file.path, line=1),
            scope=Scope.DEPLOY,
        )
        return hub
    for key, value in located.value.items():
        construct = ledger.record("key", key, located.origin(file, key), offset=located.offset(key))
        if key == "config" and isinstance(value, dict):
            ledger.settle(construct, rules.RP041, Disposition.CONVERTED, "read key by key, below")
            _config(file, located, value, hub, ledger)
        elif key in rp042_hub_listing.LISTING:
            ledger.settle(construct, rules.RP042, Disposition.DROPPED, f"`{key}` only describes the worker on RunPod's hub")
            if key == "type" and value == "http":
                hub.http = located.origin(file, key)
        elif key == "allowedCudaVersions":
            ledger.settle(construct, rules.RP047, Disposition.DROPPED, DRIVERS)
    return hub


def _config(file: SourceFile, located: Located, config: dict[str, Any], hub: Hub, ledger: Ledger) -> None:
    for key, value in config.items():
        origin = located.origin(file, "config", key)
        construct = ledger.record("key", f"config.{key}", origin, offset=located.offset("config", key))
        if key == "gpuIds":
            found, remarks = _machines(str(value))
            if found:
                hub.settings.append(
                    Setting(name="machine_type", value=found[0] if len(found) == 1 else found, origin=origin, note=str(value))
                )
                ledger.settle(
                    construct,
                    rules.RP043,
                    Disposition.CONVERTED,
                    f"`{value}` -> machine_type {', '.join(found)}{''.join(f' ({text})' for text in remarks)}",
                )
            else:
                ledger.settle(
                    construct, rules.RP043, Disposition.MANUAL, f"GPU `{value}` is not known: choose a machine_type.", scope=Scope.DEPLOY
                )
        elif key == "gpuCount":
            _gpu_count(construct, value, hub, origin, ledger)
        elif key == "runsOn":
            if value == "CPU":
                hub.settings.append(Setting(name="machine_type", value=machine_types.ASSUMED_CPU, origin=origin, note="runs on a CPU"))
            ledger.settle(construct, rules.RP045, Disposition.CONVERTED, f"{value}: the machine type says it")
        elif key == "containerDiskInGb":
            ledger.settle(
                construct,
                rules.RP046,
                Disposition.DROPPED,
                f"{value} GB of container disk: fal runners have no such setting; large files belong in /data",
            )
        elif key == "allowedCudaVersions":
            ledger.settle(construct, rules.RP047, Disposition.DROPPED, DRIVERS)
        elif key == "env" and isinstance(value, list):
            ledger.settle(construct, rules.RP048, Disposition.CONVERTED, "read entry by entry, below")
            for index, entry in enumerate(value):
                _variable(file, located, index, entry, hub, ledger)
        elif key == "endpointType" and isinstance(value, str):
            ledger.settle(construct, rules.RP041, Disposition.CONVERTED, f"{value}: the image is converted as what it starts")
        elif key == "presets" and isinstance(value, list):
            ledger.settle(construct, rules.RP049, Disposition.CONVERTED, "alternative settings, listed below")
            stated = "gpuIds" in config or config.get("runsOn") == "CPU"
            _presets(file, located, value, hub, ledger, machine=not stated)


def _gpu_count(construct: Construct, value: object, hub: Hub, origin: Origin, ledger: Ledger) -> None:
    if not isinstance(value, int) or value < 0:
        message = f"`gpuCount` is {json.dumps(value)}, which is no number of GPUs: set it with `--set num_gpus=N` if there are several."
        ledger.settle(construct, rules.RP044, Disposition.MANUAL, message, scope=Scope.DEPLOY)
    elif value < 2:
        said = "one GPU, which is the default" if value else "no GPU: the machine type says it"
        ledger.settle(construct, rules.RP044, Disposition.CONVERTED, f"{value} -> {said}")
    else:
        hub.settings.append(Setting(name="num_gpus", value=value, origin=origin))
        ledger.settle(construct, rules.RP044, Disposition.CONVERTED, f"{value} -> num_gpus")


def _machines(text: str) -> tuple[list[str], list[str]]:
    found: list[str] = []
    remarks: list[str] = []
    for part in text.split(","):
        name = part.strip()
        if name.startswith("-"):
            remarks.append(f"the exclusion {name} has no equivalent")
        elif name and (machine := machine_of(name)) is not None:
            found.append(machine[0])
            remarks += [machine[1]] if machine[1] else []
        elif name:
            remarks.append(f"{name} is not known")
    return machine_types.in_order(found), list(dict.fromkeys(remarks))


def _variable(file: SourceFile, located: Located, index: int, entry: Any, hub: Hub, ledger: Ledger) -> None:
    origin = located.origin(file, "config", "env", index)
    name = entry.get("key") if isinstance(entry, dict) else None
    construct = ledger.record("key", f"config.env[{name or index}]", origin, offset=located.offset("config", "env", index))
    if not isinstance(name, str) or not isinstance(entry, dict):
        return
    field_ = entry.get("input") if isinstance(entry.get("input"), dict) else {}
    value = entry.get("value", field_.get("default") if isinstance(field_, dict) else None)
    secret = is_secret(name, None if value is None else str(value)) or (
        isinstance(field_, dict) and field_.get("type") in ("secret", "huggingface") and "token" in name.lower()
    )
    if isinstance(field_, dict) and field_.get("type") == "secret":
        secret = True
    if secret:
        hub.variables.append(EnvVar(name=name, secret=True, origin=origin))
        ledger.settle(
            construct,
            rules.RP048,
            Disposition.MANUAL,
            f"`{name}` is a secret: set it with `fal secrets set {name}=...`.",
            scope=Scope.DEPLOY,
        )
    elif (value is None or value == "") and isinstance(field_, dict) and field_.get("required") is True:
        hub.variables.append(EnvVar(name=name, secret=True, origin=origin))
        message = f"`{name}` is required and has no default: set it with `fal secrets set {name}=...`."
        ledger.settle(construct, rules.RP048, Disposition.MANUAL, message, scope=Scope.DEPLOY)
    elif value is None or value == "":
        ledger.settle(
            construct, rules.RP048, Disposition.DROPPED, f"`{name}` is optional and empty by default: the code's own default stands"
        )
    else:
        text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        hub.variables.append(EnvVar(name=name, value=text, origin=origin))
        ledger.settle(construct, rules.RP048, Disposition.CONVERTED, f"`{name}` is set to the hub's default in setup()", safety=Safety.SAFE)


def _presets(file: SourceFile, located: Located, presets: list[Any], hub: Hub, ledger: Ledger, *, machine: bool) -> None:
    """Account for every preset. `machine`: the first one that names a GPU tells it, since nothing else of the listing does."""
    for index, preset in enumerate(presets):
        name = preset.get("name", index) if isinstance(preset, dict) else index
        origin = located.origin(file, "config", "presets", index)
        construct = ledger.record("key", f"config.presets[{name}]", origin, offset=located.offset("config", "presets", index))
        told = _preset_machine(preset, hub, origin) if machine and isinstance(preset, dict) else ""
        machine = machine and not told
        if told and not any(isinstance(value, dict | list) and value for value in preset.values()):
            ledger.settle(construct, rules.RP049, Disposition.CONVERTED, f"preset `{name}`: {told}")
            continue
        said = f"{told}; " if told else ""
        message = f"preset `{name}`: {said}deploy another app with these variables if you use it."
        ledger.settle(construct, rules.RP049, Disposition.MANUAL, message, scope=Scope.DEPLOY)


def _preset_machine(preset: dict[str, Any], hub: Hub, origin: Origin) -> str:
    """Take the machine of a preset that names its GPU; what was read, '' for one that names none that is known."""
    stated = next((preset[key] for key in rp049_hub_presets.GPUS if preset.get(key)), "")
    text = ",".join(map(str, stated)) if isinstance(stated, list) else str(stated)
    found, _ = _machines(text)
    if not found:
        return ""
    hub.settings.append(Setting(name="machine_type", value=found[0] if len(found) == 1 else found, origin=origin, note=text))
    count = preset.get("gpuCount")
    if isinstance(count, int) and count > 1 and all(one.name != "num_gpus" for one in hub.settings):
        hub.settings.append(Setting(name="num_gpus", value=count, origin=origin))
    return f"`{text}` -> machine_type {', '.join(found)}, which nothing else of the listing states"


def examples(project: Project, folder: str, ledger: Ledger) -> list[Value[Any]]:
    """Inputs of `test_input.json` and `.runpod/tests.json`, as they reach the handler under `job["input"]`."""
    found: list[Value[Any]] = []
    for file in _example_files(project, folder):
        located = _load(file, ledger) if file.size < 2**20 else None
        if located is None:
            continue
        for value, path in _inputs(located.value):
            if isinstance(value, dict) and len(json.dumps(value)) < 20_000:
                found.append(Value(value=value, origin=located.origin(file, *path)))
    return found


def _example_files(project: Project, folder: str) -> list[SourceFile]:
    names: list[str] = []
    for path in project.files:
        name = PurePosixPath(path).name
        parent = str(PurePosixPath(path).parent)
        near = not folder or path.startswith(f"{folder}/") or parent in (".", ".runpod", ".github") or folder.startswith(parent)
        if near and (name == "test_input.json" or (name == "tests.json" and parent.endswith((".runpod", ".github")))):
            names.append(path)
    return [project.files[path] for path in sorted(names, key=lambda path: (path.count("/"), path))][:12]


def _inputs(value: Any) -> list[tuple[Any, tuple[str | int, ...]]]:
    if isinstance(value, dict) and isinstance(value.get("tests"), list):
        return [
            (test["input"], ("tests", index)) for index, test in enumerate(value["tests"]) if isinstance(test, dict) and "input" in test
        ]
    if isinstance(value, dict) and "input" in value:
        return [(value["input"], ("input",))]
    if isinstance(value, list):
        rows: list[tuple[Any, tuple[str | int, ...]]] = []
        for index, row in enumerate(value):
            inner = row.get("input") if isinstance(row, dict) else None
            if isinstance(inner, dict):
                rows.append((inner.get("input", inner), (index,)))
        return rows
    return []
