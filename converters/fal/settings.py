"""The settings of a fal app: what each takes, what it may be, and which form of an app takes it (fal 1.83).

One table for every platform and target: `--set`, `[tool.fal-migrate]`, the targets and MIGRATION.md read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from converters.errors import UsageError
from converters.fal import machine_types

Form = Literal["worker", "app", "function", "pyproject"]
"""`worker`: a `fal.App` of a handler or predictor; `app`: one in front of a server; then `@fal.function` and an image alone."""
Kind = Literal["integer", "boolean", "string", "strings", "names", "object", "retries"]
"""`names`: one string or a list of them; `retries`: how often for each of the `allowed` conditions."""
SERVERS: tuple[Form, ...] = ("app", "function", "pyproject")
EVERYWHERE: tuple[Form, ...] = ("worker", *SERVERS)
REGIONS = ("us-west", "us-central", "us-east", "eu-north", "eu-west")
RETRY_CONDITIONS = ("timeout", "server_error", "connection_error")
OF_A_SERVER = "it belongs to a program that listens on a port, and a worker has none"
CLASS_KEEP_ALIVE, OTHER_KEEP_ALIVE = 60, 10
"""Seconds: `fal.App` always sends its own default; a function and an image alone get the platform's."""


@dataclass(frozen=True)
class Parameter:
    """One setting. `forms` take it, elsewhere it is refused with `refusal`; integers lie between `lowest` and `highest`."""

    name: str
    kind: Kind
    forms: tuple[Form, ...] = EVERYWHERE
    refusal: str = ""
    lowest: int = 0
    highest: int | None = None
    unit: str = ""
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    """What each string looks like as a whole; `example` is one."""
    example: str = ""
    default: int | None = None
    """What fal takes where nothing is set; None where that is nothing, or differs by form."""

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.kind == "integer":
            limit = f"from {self.lowest} to {self.highest}" if self.highest is not None else f"of {self.lowest} or more"
            return f"an integer {limit}{f' ({self.unit})' if self.unit else ''}"
        if self.kind in ("boolean", "object"):
            return "true or false" if self.kind == "boolean" else "a JSON object"
        if self.kind == "retries":
            return f"a JSON object such as {self.example}, with keys of {', '.join(self.allowed)}"
        word = ", ".join(self.allowed) or f"a string such as {self.example}"
        if self.kind == "string":
            return f"one of {word}" if self.allowed else word
        several = f"a list such as {json.dumps([self.example])}"
        chosen = f" of {word}" if self.allowed else ""
        return f"a string or {several}{chosen}" if self.kind == "names" else f"{several}{chosen}"

    def accepts(self, value: Any) -> bool:
        """Whether fal takes this value."""
        match self.kind:
            case "integer":
                number = isinstance(value, int) and not isinstance(value, bool)
                return number and self.lowest <= value and (self.highest is None or value <= self.highest)
            case "boolean":
                return isinstance(value, bool)
            case "object":
                return isinstance(value, dict)
            case "retries":
                return isinstance(value, dict) and bool(value) and all(self._is_retry(*entry) for entry in value.items())
            case "string":
                return self._word(value)
            case "names" if isinstance(value, str):
                return self._word(value)
        return isinstance(value, list) and (bool(value) or self.kind == "strings") and all(map(self._word, value))

    def _is_retry(self, condition: Any, entry: Any) -> bool:
        retries = entry.get("retries") if isinstance(entry, dict) and len(entry) == 1 else None
        return condition in self.allowed and isinstance(retries, int) and not isinstance(retries, bool) and retries >= 0

    def _word(self, value: Any) -> bool:
        if not isinstance(value, str) or not value:
            return False
        return value in self.allowed if self.allowed else re.fullmatch(self.pattern or ".+", value, re.ASCII) is not None


PARAMETERS: dict[str, Parameter] = {
    one.name: one
    for one in (
        Parameter("machine_type", "names", allowed=machine_types.NAMES, example="GPU-H100"),
        Parameter("num_gpus", "integer"),
        Parameter("regions", "strings", allowed=REGIONS, example="us-east"),
        Parameter("keep_alive", "integer", unit="seconds"),
        Parameter("min_concurrency", "integer", unit="runners", default=0),
        Parameter("max_concurrency", "integer", unit="runners", default=2),
        Parameter("max_multiplexing", "integer", lowest=1, unit="requests at a time", default=1),
        Parameter("concurrency_buffer", "integer", unit="runners", default=0),
        Parameter("concurrency_buffer_perc", "integer", unit="percent", default=0),
        Parameter("scaling_delay", "integer", unit="seconds", default=0),
        Parameter("request_timeout", "integer", lowest=1, unit="seconds", default=3600),
        Parameter("request_start_timeout", "integer", unit="seconds"),
        Parameter("startup_timeout", "integer", lowest=1, unit="seconds", default=600),
        Parameter("termination_grace_period_seconds", "integer", highest=3600, unit="seconds", default=5),
        Parameter("skip_retry_conditions", "strings", allowed=RETRY_CONDITIONS, example="server_error"),
        Parameter("retry_config", "retries", allowed=RETRY_CONDITIONS, example='{"server_error": {"retries": 3}}'),
        Parameter("secrets", "strings", pattern=r"[A-Za-z_]\w*", example="HF_TOKEN"),
        Parameter("data_mounts", "strings", pattern=r"/data(/[^\s/]+)*", example="/data/models"),
        Parameter("private_logs", "boolean", SERVERS, "give it as `private_logs=True` in the class statement of the app file"),
        Parameter("auth", "string", SERVERS, "write it as `app_auth` in the app file", allowed=("private", "public", "shared")),
        Parameter("exposed_port", "integer", SERVERS, OF_A_SERVER, lowest=1, highest=65535),
        Parameter("health_check", "string", SERVERS, OF_A_SERVER, pattern=r"/\S*", example="/health"),
        Parameter("service", "string", SERVERS, "a worker is no service of a compose file", pattern=r"[\w.-]+", example="api"),
        Parameter("stage", "string", SERVERS, "a worker is no stage of a Dockerfile", pattern=r"[\w.-]+", example="production"),
        Parameter("image", "string", SERVERS, "the image of a worker is built", pattern=r"[!-~]+", example="acme/speech:1.4"),
        Parameter(
            "python_version",
            "string",
            ("worker",),
            "the image holds its own Python",
            pattern=r"3\.1\d",
            example="3.11",
        ),
        Parameter(
            "requirements",
            "strings",
            (),
            "packages are read from the project; beside an image fal would build a second environment at every cold start",
            pattern=r".+",
            example="torch==2.4.0",
        ),
        Parameter(
            "setup_function",
            "string",
            ("function",),
            "only a function has one; a server prepares itself when it starts",
            pattern=r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*",
            example="helpers:prepare",
        ),
        Parameter("serve", "boolean", (), "the server listens itself (exposed_port); `serve` is for a function that answers one request"),
        Parameter(
            "metadata",
            "object",
            ("function",),
            "fal reads the OpenAPI document from the server (/openapi.json), or from the endpoints of the app",
        ),
        Parameter(
            "local_python_modules",
            "strings",
            ("function", "app"),
            "the modules of a worker are shipped with it, and an image alone has no Python of the project to pickle",
            pattern=r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*",
            example="helpers",
        ),
    )
}


def parsed(text: str) -> tuple[str, Any]:
    """`KEY=VALUE` of `--set`, checked. A list is JSON, or words with commas between them. Raises `UsageError`."""
    key, equals, value = text.partition("=")
    name, word = key.strip(), value.strip()
    if not equals or not name.isidentifier():
        raise UsageError(f"--set {text!r} is not of the form KEY=VALUE.", hint="For example: --set machine_type=GPU-H100.")
    parameter = _known(name)
    read = _read(parameter, word)
    checked({name: read})
    return name, read


def checked(settings: Mapping[str, Any], *, file: str = "") -> None:
    """Raises `UsageError` for a setting that fal does not have, or a value that it does not take."""
    where = "set" if file else "--set"
    for name, value in settings.items():
        parameter = _known(name, file)
        if not parameter.accepts(value):
            close = get_close_matches(value, parameter.allowed, n=3) if isinstance(value, str) else []
            hint = f"Did you mean {' or '.join(close)}?" if close else f"Give {parameter.expected}."
            raise UsageError(f"{where} {name} is {json.dumps(value, default=str)}.", file=file, hint=hint)
    least, most = settings.get("min_concurrency"), settings.get("max_concurrency")
    if least is not None and most is not None and least > most:
        raise UsageError(
            f"{where} min_concurrency is {least} and max_concurrency {most}.", file=file, hint="Give a maximum that is not below it."
        )


def refuse_misfits(settings: Mapping[str, Any], form: Form) -> None:
    """Raises `UsageError` for a setting that this form of an app does not take."""
    for name in settings:
        parameter = PARAMETERS[name]
        if form not in parameter.forms:
            what = "a worker" if form == "worker" else f"`--target {form}`"
            raise UsageError(f"--set {name} does not fit {what}: {parameter.refusal}.", hint="Remove the option.")


def defaults(form: Form) -> dict[str, int]:
    """What fal takes for each setting that an app of this form does not state."""
    found = {name: one.default for name, one in PARAMETERS.items() if one.default is not None}
    return {**found, "keep_alive": CLASS_KEEP_ALIVE if form in ("worker", "app") else OTHER_KEEP_ALIVE}


def _known(name: str, file: str = "") -> Parameter:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        close = get_close_matches(name, PARAMETERS, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"Known are: {', '.join(sorted(PARAMETERS))}."
        raise UsageError(f"{'set' if file else '--set'} {name} is not known.", file=file, hint=hint)
    return parameter


def _read(parameter: Parameter, word: str) -> Any:
    """The value that a person typed: JSON where it is JSON of the right kind, else the words themselves."""
    try:
        value = json.loads(word.lower() if word in ("True", "False") else word, parse_constant=str)
    except (ValueError, RecursionError):
        value = word
    if parameter.kind == "string":
        return value if isinstance(value, str) else word
    listed = parameter.kind == "strings" or (parameter.kind == "names" and "," in word)
    return [part.strip() for part in word.split(",")] if listed and isinstance(value, str) else value
