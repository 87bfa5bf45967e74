"""Everything that touches the private surface of the ``fal`` SDK, in one place.

It runs only in the processes that the zygote forks: :func:`describe` does what ``fal deploy`` does on the
deployer's machine, :func:`load` what the platform does on a runner.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import marshal
import os
import pickle
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from types import CodeType
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import fal.app
import fal.app_files
import fal.toolkit.kv
import fal.toolkit.utils.download_utils
import fal.toolkit.utils.ssrf
from fal.api._sdist import _parse_local_path_requirement
from fal.api.api import (
    FalServerlessHost,
    IsolatedFunction,
    Options,
    _prepare_partial_func,
    _runtime_config_from_options,
)
from fal.cli._utils import AppData, get_app_data_from_toml
from fal.container import ContainerImage
from fal.file_sync import FileSync, FileSyncOptions
from fal.utils import load_function_from
from isolate.backends.common import Requirements

from fal_runtime._hook.sitecustomize import STAND_IN, Platform

Json = dict[str, Any]

_SERVER_KEYS = [
    "keep_alive",
    "min_concurrency",
    "max_concurrency",
    "concurrency_buffer",
    "concurrency_buffer_perc",
    "scaling_delay",
    "max_multiplexing",
    "request_timeout",
    "request_start_timeout",
    "startup_timeout",
    "termination_grace_period_seconds",
    "skip_retry_conditions",
    "retry_config",
    "machine_type",
    "num_gpus",
    "private_logs",
    "secrets",
    "data_mounts",
]


# --- what the deployer's machine does ---------------------------------------------------------------------------------


def describe(app: str) -> tuple[Json, bytes | None]:
    """Load the app of that table of the current directory's pyproject.toml, or ``file.py[::Class]``, as ``fal deploy`` does.

    Returns what the platform is told about it (JSON), and the pickled callable that it receives, None for an app that is
    not pickled (an entry point, or an image alone). Raises whatever the project or the SDK raises.
    """
    _build_images_here()
    data = _app_data(app)
    path, name = _split_ref(data.ref)
    host = FalServerlessHost("localhost", local_file_path=path or "")
    loaded = load_function_from(
        host, path, name, options=data.options, app_name=data.name, app_auth=data.auth, python_entry_point=data.python_entry_point
    )
    function = loaded.function
    description = {
        "name": loaded.app_name,
        "auth": loaded.app_auth,
        "ref": data.ref or data.python_entry_point,
        "kind": _kind(data, function),
        "entry_point": data.python_entry_point,
        "settings": {key: function.options.host[key] for key in _SERVER_KEYS if function.options.host.get(key) is not None},
        "health_check": _health_check(function.options),
        "exposed_port": function.options.get_exposed_port(),
        "python_version": function.options.environment.get("python_version"),
        "requirements": _requirements(function.options, path),
        "image": function.options.environment.get("image"),
        "image_requirements": _image_requirements(function.options),
        "files": _files(function.options, path),
        "patterns": _patterns(function.options),
        "app_files": bool(function.options.host.get("app_files")),
        "openapi": function.build_metadata().get("openapi"),
    }
    return description, _pickle(function, path)


def _app_data(app: str) -> AppData:
    path, name = _split_ref(app)
    if path is None or not path.endswith(".py"):
        return get_app_data_from_toml(app, emit_deprecation_warnings=False)
    return AppData(ref="::".join([str(Path(path).resolve()), *([name] if name else [])]))


def _build_images_here() -> None:
    """An image is built from the directory in which the SDK was imported: the deployer's is that of the project."""
    imported_in, here = ContainerImage.__dataclass_fields__["context_dir"].default, Path.cwd()
    made: Any = ContainerImage.__init__
    made.__defaults__ = tuple(here if value is imported_in else value for value in made.__defaults__)


def _split_ref(ref: str | None) -> tuple[str | None, str | None]:
    if ref is None:
        return None, None
    path, _, name = ref.partition("::")
    return path, name or None


def _kind(data: AppData, function: IsolatedFunction[..., Any]) -> str:
    if data.python_entry_point is not None:
        return "entry_point"
    if function.raw_func is None:
        return "image"
    if getattr(function.func, "_fal_local_app", False) or function.options.gateway.get("serve"):
        return "app"
    return "function"


def _requirements(options: Options, path: str | None) -> list[list[str]] | None:
    """The layers of pip requirements, local projects as absolute paths; None where an image or conda says what is installed."""
    if options.environment["kind"] != "virtualenv":
        return None
    context = Path(path or ".").resolve().parent if path else Path.cwd()
    context /= options.host.get("requirements_context_dir") or "."
    layers = Requirements.from_raw(options.environment.get("requirements") or []).layers
    return [[_located(item, context) for item in layer] for layer in layers]


def _image_requirements(options: Options) -> list[str]:
    """What the platform installs into an image beside what its Dockerfile does."""
    if options.environment["kind"] != "container":
        return []
    return [item for layer in Requirements.from_raw(options.environment.get("requirements") or []).layers for item in layer]


def _located(requirement: str, context: Path) -> str:
    local = _parse_local_path_requirement(requirement, context)
    return requirement if local is None else f"{local.path}{local.extras}"


def _health_check(options: Options) -> Json | None:
    check = options.host.get("health_check_config")
    return asdict(check) if check is not None else None


def _files(options: Options, path: str | None) -> list[tuple[str, str]]:
    """The files that ``fal deploy`` uploads, as (absolute path, path below the context), without the app's own file.

    With those that a pattern of a Dockerfile's COPY stands for, which fal 1.83 does not upload (see :func:`_patterns`).
    """
    wanted = FileSyncOptions.from_options(options)
    if not wanted.files_list:
        return []
    ignore = list(wanted.files_ignore)
    context = Path(wanted.files_context_dir or ".").resolve()
    if path is not None and Path(path).resolve().is_relative_to(context):
        own = Path(path).resolve().relative_to(context).as_posix()
        ignore.append(re.compile(f"^{re.escape(own)}$"))
    sync = FileSync(path or "", credentials=object())
    matched = [file.relative_to(context).as_posix() for pattern in _patterns(options) for file in sorted(context.glob(pattern))]
    named = [name for name in wanted.files_list if name not in _patterns(options)]
    found = sync.collect_files(named + matched, wanted.files_context_dir, files_ignore=ignore)
    kept = {file.relative_path: file.absolute_path for file in found if not any(rule.search(file.relative_path) for rule in ignore)}
    return [(absolute, relative) for relative, absolute in sorted(kept.items())]


def _patterns(options: Options) -> list[str]:
    """Sources of COPY and ADD with wildcards: fal 1.83 takes each for the name of a file, finds none and skips it."""
    wanted = FileSyncOptions.from_options(options)
    if options.environment.get("kind") != "container":
        return []
    context = Path(wanted.files_context_dir or ".").resolve()
    inside = [name for name in wanted.files_list if not name.startswith("/") and ".." not in PurePath(name).parts]
    return [name for name in inside if re.search(r"[*?\[]", name) and not (context / name).exists()]


def _pickle(function: IsolatedFunction[..., Any], path: str | None) -> bytes | None:
    if function.raw_func is None:
        return None
    runtime_config = _runtime_config_from_options(function.options, path)
    executable = _prepare_partial_func(function.func, runtime_config=runtime_config)  # type: ignore[arg-type]
    payload = io.BytesIO()
    _Pickler(payload).dump(executable)
    return payload.getvalue()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles as cloudpickle does, but for compiled code, which stays as it is.

    cloudpickle 3.1.3 names no file in it any more; tracebacks, the debugger and whoever asks whose code it is need that name.
    """

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, CodeType):
            with contextlib.suppress(ValueError):  # its constants are no literals: some other program made it
                return marshal.loads, (marshal.dumps(obj),)
        return super().reducer_override(obj)


# --- what a runner does -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overrides:
    """What the SDK fixes as a constant and one machine has to change.

    ``origin`` is the (host, port) whose files apps may read although it is a loopback address; ``data`` and ``app`` are
    directories to take for ``/data`` and ``/app`` where those paths cannot be given to the process itself; ``platform`` are the
    hosts that lead to this machine, None where no host does.
    """

    origin: tuple[str, int]
    data: Path | None = None
    app: Path | None = None
    platform: Platform | None = None

    def apply(self, module: str, values: dict[str, Any]) -> None:
        """Change the globals of a module; ``values`` may hold only some of its names."""
        if module == "fal.toolkit.utils.ssrf" and "resolve_and_validate_host" in values:
            values["resolve_and_validate_host"] = _allow(self, values["resolve_and_validate_host"])
        if module == "fal.toolkit.kv" and "FAL_KV_HOST" in values:
            host, port = self.origin
            values["FAL_KV_HOST"] = f"http://{f'[{host}]' if ':' in host else host}:{port}/kv"
        if module == "fal.toolkit.kv" and "fal_v3_token_manager" in values:
            values["fal_v3_token_manager"] = _OwnKey()
        if self.app is not None and module.startswith("fal.") and "include_app_files_path" in values:
            values["include_app_files_path"] = _include_below(self.app)
        if self.data is not None:
            for name in ("FAL_PERSISTENT_DIR", "FAL_REPOSITORY_DIR", "FAL_MODEL_WEIGHTS_DIR"):
                if isinstance(path := values.get(name), PurePath) and path.is_relative_to("/data"):
                    values[name] = PurePath(self.data) / path.relative_to("/data")

    def apply_to_imported(self) -> None:
        """Change the SDK that this process has imported (its pickled copy is changed by :func:`load`)."""
        for module in (fal.toolkit.kv, fal.toolkit.utils.ssrf, fal.toolkit.utils.download_utils, fal.toolkit, fal.api.api):
            self.apply(module.__name__, vars(module))


class _OwnKey:
    """Stands in for the token manager of ``fal.toolkit.kv``: the runner's own key is its token."""

    token_type = "Key"

    @property
    def token(self) -> str:
        return os.environ["FAL_KEY"]

    def get_token(self) -> _OwnKey:
        return self


def _allow(overrides: Overrides, original: Callable[[str, int | None], list[str]]) -> Callable[[str, int | None], list[str]]:
    def resolve_and_validate_host(hostname: str, port: int | None) -> list[str]:
        if overrides.platform is not None and overrides.platform.has(hostname):
            return [STAND_IN]
        return [hostname] if (hostname, port) == overrides.origin else original(hostname, port)

    return resolve_and_validate_host


def _include_below(directory: Path) -> Callable[[str | None], None]:
    def include_app_files_path(relative: str | None) -> None:
        final = directory / (relative or ".")
        final.mkdir(parents=True, exist_ok=True)
        sys.path.extend(entry for entry in map(str, dict.fromkeys((final.resolve(), directory))) if entry not in sys.path)
        os.chdir(final)

    return include_app_files_path


class _Unpickler(pickle.Unpickler):
    """Applies overrides to the functions of the SDK that the payload carries by value."""

    def __init__(self, payload: bytes, overrides: Overrides) -> None:
        super().__init__(io.BytesIO(payload))
        self._overrides = overrides

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if module.startswith("cloudpickle") and name == "_function_setstate":
            return self._set_state(found)
        return found

    def _set_state(self, original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def set_state(function: Any, state: Any) -> None:
            original(function, state)
            self._overrides.apply(str(function.__module__), function.__globals__)

        return set_state


def load(payload: bytes, overrides: Overrides) -> Callable[..., Any]:
    """Unpickle what the deployer's machine sent. Raises ModuleNotFoundError and the like, as on the platform."""
    function: Callable[..., Any] = _Unpickler(payload, overrides).load()
    return function


def entry_point(reference: str) -> Callable[..., Any]:
    """The callable that the platform runs for ``python_entry_point = "module:symbol"``."""
    module, _, symbol = reference.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), symbol).run_local
    return function
