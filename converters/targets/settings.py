"""What `--set KEY=VALUE` may set on a server, and where each key stands in each target (the parameter table of fal's guide)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from converters.errors import UsageError
from converters.ir import App, Setting

Kind = str
EVERYWHERE = ("pyproject", "function", "app")
CALLABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
REGIONS = ("us-west", "us-central", "us-east", "eu-north", "eu-west")


@dataclass(frozen=True)
class Parameter:
    """A setting of the host: `targets` take it; elsewhere it is refused with `refusal`."""

    name: str
    kind: Kind
    targets: tuple[str, ...] = EVERYWHERE
    refusal: str = ""


PARAMETERS: dict[str, Parameter] = {
    one.name: one
    for one in (
        Parameter("machine_type", "names"),
        Parameter("num_gpus", "int"),
        Parameter("exposed_port", "int"),
        Parameter("keep_alive", "int"),
        Parameter("min_concurrency", "int"),
        Parameter("max_concurrency", "int"),
        Parameter("max_multiplexing", "int"),
        Parameter("concurrency_buffer", "int"),
        Parameter("concurrency_buffer_perc", "int"),
        Parameter("scaling_delay", "int"),
        Parameter("request_timeout", "int"),
        Parameter("request_start_timeout", "int"),
        Parameter("startup_timeout", "int"),
        Parameter("termination_grace_period_seconds", "int"),
        Parameter("regions", "regions"),
        Parameter("secrets", "list"),
        Parameter("data_mounts", "list"),
        Parameter("private_logs", "bool"),
        Parameter("skip_retry_conditions", "list"),
        Parameter("health_check", "path"),
        Parameter("auth", "auth"),
        Parameter("image", "str"),
        Parameter(
            "requirements",
            "list",
            (),
            "the image holds its own packages; beside an image fal would build a second environment at every cold start",
        ),
        Parameter("setup_function", "callable", ("function",), "only a function has one; a server prepares itself when it starts"),
        Parameter("serve", "bool", (), "the server listens itself (exposed_port); `serve` is for a function that answers one request"),
        Parameter(
            "metadata",
            "metadata",
            ("function",),
            "fal reads the OpenAPI document from the server (/openapi.json), or from the endpoints of the app",
        ),
        Parameter(
            "local_python_modules", "list", ("function", "app"), "the app is an image alone, and no Python of the project is pickled"
        ),
        Parameter("python_version", "str", (), "the image holds its own Python"),
    )
}


def only_a_function_takes(settings: dict[str, Any]) -> str:
    """The setting that an image alone refuses and a function takes; '' where there is none."""
    known = [name for name in settings if name in PARAMETERS]
    return next((name for name in known if "function" in PARAMETERS[name].targets and "pyproject" not in PARAMETERS[name].targets), "")


def apply(app: App, settings: dict[str, Any]) -> None:
    """Lay the settings that a person gave over those that were found. Raises `UsageError` for what the target does not take."""
    for name, value in settings.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            raise UsageError(f"--set {name} is not known.", hint=f"Known are: {', '.join(sorted(PARAMETERS))}.")
        if app.target not in parameter.targets:
            raise UsageError(f"--set {name} does not fit `--target {app.target}`: {parameter.refusal}.", hint="Leave it out.")
        _check(parameter, value)
        _set(app, name, value)


def _check(parameter: Parameter, value: Any) -> None:
    name, kind = parameter.name, parameter.kind
    number = isinstance(value, int) and not isinstance(value, bool)
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    expected = {
        "int": (number and value >= 0, "a whole number"),
        "bool": (isinstance(value, bool), "true or false"),
        "str": (isinstance(value, str) and bool(value), "a text"),
        "callable": (isinstance(value, str) and CALLABLE.fullmatch(value) is not None, "module:function, such as helpers:prepare"),
        "path": (isinstance(value, str) and value.startswith("/"), "a path such as /health"),
        "list": (texts, 'a JSON list of texts, such as ["A", "B"]'),
        "names": (isinstance(value, str) or texts, "a machine type, or a JSON list of them"),
        "regions": (texts and all(one in REGIONS for one in value), f"a JSON list of {', '.join(REGIONS)}"),
        "auth": (value in ("private", "public", "shared"), "private, public or shared"),
        "metadata": (isinstance(value, dict), "a JSON object"),
    }[kind]
    if not expected[0]:
        raise UsageError(f"--set {name} is {value!r}.", hint=f"Give {expected[1]}.")
    if name == "exposed_port" and not 0 < value < 65536:
        raise UsageError(f"--set exposed_port is {value}.", hint="Give a port from 1 to 65535.")


def _set(app: App, name: str, value: Any) -> None:
    server = app.server
    assert server is not None
    if name == "exposed_port":
        server.port = value
    elif name == "health_check":
        server.health_path = value
    elif name == "image":
        server.image = value
        app.environment.dockerfile = None
    elif name == "auth":
        server.extra["auth"] = value
    else:
        app.settings = [known for known in app.settings if known.name != name]
        app.settings.append(Setting(name=name, value=value, note="asked for with --set"))
