"""`--endpoint-config FILE`: an endpoint as RunPod's REST API or console exports it -> scaling, machine, regions, variables.

Field names are those of the endpoint and template objects of RunPod's REST API (`workersMax`, `gpuTypeIds` ...) and of its older
GraphQL API (`gpuIds`, `locations`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converters import rules
from converters.concepts import storage, variables
from converters.containers.json_lines import Located, locate
from converters.credentials.recognize import is_secret
from converters.errors import Unreadable
from converters.ir import App, Disposition, EnvVar, Origin, Scope, Setting
from converters.ledger import Construct, Ledger
from converters.rules import rp051_endpoint_config
from converters.sources.runpod import init_timeout
from converters.sources.runpod.machines import machine_of

REGIONS: tuple[tuple[str, str], ...] = (
    ("US-CA", "us-west"),
    ("US-OR", "us-west"),
    ("US-WA", "us-west"),
    ("US-TX", "us-central"),
    ("US-IL", "us-central"),
    ("US-KS", "us-central"),
    ("US-MO", "us-central"),
    ("US-", "us-east"),
    ("CA-", "us-east"),
    ("EU-SE", "eu-north"),
    ("EUR-NO", "eu-north"),
    ("EUR-IS", "eu-north"),
    ("EU", "eu-west"),
)
"""Prefix of a RunPod data centre -> fal region, first match wins."""
KINDS: dict[str, tuple[type, ...]] = {
    "gpuIds": (str, list),
    "gpuTypeIds": (str, list),
    "dataCenterIds": (str, list),
    "locations": (str, list),
    "env": (dict, list),
    "template.env": (dict, list),
}
"""What a key holds whose value is taken apart."""


@dataclass(frozen=True)
class _Row:
    """One key of the file on its way into an app."""

    key: str
    value: Any
    origin: Origin
    construct: Construct


def apply(path: Path, app: App, ledger: Ledger) -> None:
    """Read the file into the app's settings. Raises `Unreadable` for a missing file and for one that is no JSON object."""
    located = read(path)
    document = located.value
    reader = _Reader(path.name, located, document, app, ledger)
    for key, value in document.items():
        reader.key(key, value, (key,))
    template = document.get("template")
    if isinstance(template, dict):
        for key, value in template.items():
            reader.template_key(key, value)


def read(path: Path) -> Located:
    """The file with the lines of its keys. Raises `Unreadable` for a missing file and for one that is no JSON object."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot be read: {error}.", file=str(path), hint="Give the JSON of GET /v1/endpoints/ID.") from error
    try:
        located = locate(text)
    except (ValueError, IndexError, RecursionError) as error:
        message = getattr(error, "msg", str(error))
        raise Unreadable(
            f"is not valid JSON: {message}.", file=str(path), line=getattr(error, "lineno", 1), hint="Export it again."
        ) from error
    if not isinstance(located.value, dict):
        raise Unreadable("is no JSON object.", file=str(path), line=1, hint="Give the JSON of one endpoint, not a list of them.")
    return located


class _Reader:
    """Carries the keys of one file over, each with its disposition."""

    def __init__(self, name: str, located: Located, document: dict[str, Any], app: App, ledger: Ledger) -> None:
        self.name, self.located, self.document, self.app, self.ledger = name, located, document, app, ledger
        self.keys: dict[str, Callable[[_Row], None]] = {
            "workersMax": lambda row: self._number(row, "max_concurrency"),
            "workersMin": lambda row: self._number(row, "min_concurrency"),
            "idleTimeout": lambda row: self._number(row, "keep_alive"),
            "executionTimeoutMs": self._timeout,
            "gpuIds": self._machines,
            "gpuTypeIds": self._machines,
            "gpuCount": self._gpu_count,
            "scalerType": self._scaler,
            "scalerValue": lambda row: self._settle(row, Disposition.CONVERTED, "read with scalerType"),
            "dataCenterIds": self._regions,
            "locations": self._regions,
            "networkVolumeId": self._volume,
            "networkVolume": self._volume,
            "networkVolumeIds": self._volume,
            "env": self._env,
            "template": lambda row: self._settle(row, Disposition.CONVERTED, "read key by key"),
            "vcpuCount": lambda row: self._settle(row, Disposition.DROPPED, "the machine type fixes the number of CPUs"),
            "allowedCudaVersions": lambda row: self._settle(row, Disposition.DROPPED, "fal chooses machines whose driver fits"),
            "minCudaVersion": lambda row: self._settle(row, Disposition.DROPPED, "fal chooses machines whose driver fits"),
            "flashboot": self._flashboot,
            "flashBootType": self._flashboot,
        }

    def key(self, key: str, value: Any, path: tuple[str | int, ...]) -> None:
        row = self._row(key, value, path)
        if key in self.keys:
            if value in (None, "", [], {}) and value != 0:
                self._settle(row, Disposition.DROPPED, "not set")
            elif not self._is_other_kind(row):
                self.keys[key](row)
        elif key in rp051_endpoint_config.IDENTITY:
            self._settle(row, Disposition.DROPPED, "identifies the endpoint on RunPod")

    def template_key(self, key: str, value: Any) -> None:
        row = self._row(f"template.{key}", value, ("template", key))
        if key == "imageName" and self.app.server is not None and value:
            built = "the image is built from the project" if self.app.environment.dockerfile else "the app's image"
            self._settle(row, Disposition.CONVERTED, built)
        elif value in (None, "", [], {}) or key in rp051_endpoint_config.TEMPLATE:
            self._settle(row, Disposition.DROPPED, "describes the template on RunPod" if value else "not set")
        elif key == "env":
            if not self._is_other_kind(row):
                self._env(row)
        elif key == "containerRegistryAuthId":
            message = "the image is in a private registry: give its user and a secret for the password in `registries` of the image."
            self._settle(row, Disposition.MANUAL, message, scope=Scope.DEPLOY)
        elif key in ("dockerStartCmd", "dockerEntrypoint") and self.app.server is not None and not self.app.environment.dockerfile:
            self._settle(row, Disposition.CONVERTED, "the command of the app's image")
        elif key in ("dockerArgs", "dockerStartCmd", "dockerEntrypoint"):
            message = "the template starts the worker with another command than the Dockerfile: check what setup() runs."
            self._settle(row, Disposition.MANUAL, message, scope=Scope.CODE)
        elif key == "volumeMountPath":
            self._settle(row, Disposition.DROPPED, f"persistent files lie in {storage.volume_folder(self.app)}")

    def _is_other_kind(self, row: _Row) -> bool:
        """Whether a value is of a type that RunPod never exports for its key; then it is an item."""
        if isinstance(row.value, KINDS.get(row.key, (object,))):
            return False
        self._settle(
            row, Disposition.MANUAL, f"`{row.key}` is {row.value!r}, which cannot be read: look the setting up in RunPod's console."
        )
        return True

    def _row(self, key: str, value: Any, path: tuple[str | int, ...]) -> _Row:
        line, end_line, offset = self.located.lines.get(path, (1, 1, 0))
        origin = Origin(file=self.name, line=line, end_line=end_line)
        return _Row(key, value, origin, self.ledger.record("key", key, origin, offset=offset))

    def _settle(self, row: _Row, disposition: Disposition, message: str, *, scope: Scope = Scope.DEPLOY) -> None:
        self.ledger.settle(row.construct, rules.RP051, disposition, message, scope=scope)

    def _set(self, row: _Row, name: str, value: Any, note: str = "") -> None:
        self.app.settings = [setting for setting in self.app.settings if setting.name != name]
        self.app.settings.append(Setting(name=name, value=value, origin=row.origin, note=note or row.key))
        self._settle(row, Disposition.CONVERTED, f"{row.key} {row.value} -> {name} = {value!r}")

    def _number(self, row: _Row, name: str) -> None:
        if isinstance(row.value, int) and not isinstance(row.value, bool) and row.value >= 0:
            self._set(row, name, row.value)
        else:
            self._settle(row, Disposition.MANUAL, f"`{row.value}` is no number of {name}.")

    def _timeout(self, row: _Row) -> None:
        if isinstance(row.value, int | float) and math.isfinite(row.value) and row.value > 0:
            self._set(row, "request_timeout", math.ceil(row.value / 1000))
        else:
            self._settle(row, Disposition.DROPPED, "no limit is set: fal's default of an hour applies")

    def _machines(self, row: _Row) -> None:
        names = row.value.split(",") if isinstance(row.value, str) else list(row.value)
        found = [machine[0] for name in names if (machine := machine_of(str(name))) is not None]
        unknown = [str(name) for name in names if machine_of(str(name)) is None]
        if not found:
            self._settle(row, Disposition.MANUAL, f"no machine is known for {', '.join(unknown)}: choose a machine_type.")
            return
        listed = list(dict.fromkeys(found))
        self._set(row, "machine_type", listed[0] if len(listed) == 1 else listed, ", ".join(str(name).strip() for name in names))

    def _gpu_count(self, row: _Row) -> None:
        if isinstance(row.value, int) and row.value > 1:
            self._set(row, "num_gpus", row.value)
        else:
            self._settle(row, Disposition.CONVERTED, "one GPU, which is the default")

    def _scaler(self, row: _Row) -> None:
        value = self.document.get("scalerValue")
        if row.value == "QUEUE_DELAY" and isinstance(value, int):
            self._set(row, "scaling_delay", value, f"QUEUE_DELAY {value} s")
        elif row.value == "REQUEST_COUNT" and value in (None, 1):
            self._settle(row, Disposition.CONVERTED, "a worker for each waiting request, which is what fal does")
        else:
            message = f"{row.value} {value}: fal counts max_multiplexing requests a runner; raise it if one runner may take several."
            self._settle(row, Disposition.MANUAL, message)

    def _regions(self, row: _Row) -> None:
        names = row.value.split(",") if isinstance(row.value, str) else list(row.value)
        found: list[str] = []
        for name in names:
            region = next((region for prefix, region in REGIONS if str(name).strip().upper().startswith(prefix)), None)
            if region is not None and region not in found:
                found.append(region)
        if found:
            self._set(row, "regions", found)
        else:
            self._settle(row, Disposition.DROPPED, "fal has no region there: it chooses one")

    def _volume(self, row: _Row) -> None:
        folder = storage.volume_folder(self.app)
        self._settle(
            row, Disposition.MANUAL, f"copy the network volume to {folder} (`fal files upload LOCAL {folder.removeprefix('/data/')}`)."
        )

    def _flashboot(self, row: _Row) -> None:
        message = "fal has no such switch; min_concurrency, keep_alive and weights in /data shorten cold starts there"
        self._settle(row, Disposition.DROPPED, message)

    def _env(self, row: _Row) -> None:
        """A mapping, or a list of `{"key": ..., "value": ...}`."""
        pairs = (
            list(row.value.items())
            if isinstance(row.value, dict)
            else [(entry.get("key"), entry.get("value")) for entry in row.value if isinstance(entry, dict)]
        )
        self._settle(row, Disposition.CONVERTED, f"{len(pairs)} variables, one by one")
        for name, value in pairs:
            self._variable(str(name), value, row.origin)

    def _variable(self, name: str, value: Any, origin: Origin) -> None:
        if is_secret(name, str(value)) or "{{ RUNPOD_SECRET" in str(value):
            if all(known.name != name for known in self.app.secrets):
                self.app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
            message = f"{name} is a secret, and its value is not copied: set it with `fal secrets set {name}=...`."
            self.ledger.note(rules.ENV004, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)
        elif name == init_timeout.NAME:
            init_timeout.apply(self.app, str(value), origin, self.ledger)
        elif variables.PLATFORM.match(name):
            self.ledger.note(rules.ENV002, Disposition.DROPPED, f"`{name}` steers RunPod's own worker", origin)
        else:
            environment, where = self.app.environment, "setup()" if self.app.server is None else "the image"
            environment.variables = [known for known in environment.variables if known.name != name]
            environment.variables.append(EnvVar(name=name, value=storage.moved(str(value), self.app), preset=True, origin=origin))
            self.ledger.note(rules.ENV001, Disposition.CONVERTED, f"{name} of the endpoint is set in {where}", origin)
