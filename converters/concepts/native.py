"""What the native style of every platform shares: why a program is kept instead, and the names that `fal.App` has itself."""

from __future__ import annotations

import ast
import itertools

from converters.python.names import plain_names
from converters.python.undefined import undefined

APP_ATTRIBUTES = frozenset(
    {"app_auth", "app_files", "app_files_context_dir", "app_files_ignore", "app_name", "build_metadata", "collect_routes",
     "concurrency_buffer", "concurrency_buffer_perc", "current_request", "data_mounts", "get_billing_components", "get_endpoints",
     "get_health_check_config", "handle_exit", "health", "host_kwargs", "image", "isolate_channel", "kind", "lifespan", "local_file_path",
     "local_python_modules", "machine_type", "max_concurrency", "max_multiplexing", "metrics_port", "min_concurrency", "name", "num_gpus",
     "openapi", "provide_hints", "regions", "request_start_timeout", "request_timeout", "requirements", "requirements_context_dir",
     "retry_config", "run_local", "scaling_delay", "secrets", "serve", "setup", "skip_retry_conditions", "spawn", "startup_timeout",
     "teardown", "termination_grace_period_seconds", "version"}
)  # fmt: skip
"""Attributes that `fal.App` has itself (fal 1.80)."""

APP_IMPORTS = {
    **{name: name for name in (
        "asyncio", "contextlib", "ctypes", "dataclasses", "fal", "importlib", "inspect", "json", "mimetypes", "os", "shutil", "signal",
        "subprocess", "sys", "tempfile", "threading", "traceback", "urllib",
    )},
    **{name: f"collections.abc.{name}" for name in ("AsyncIterable", "AsyncIterator", "Awaitable", "Callable", "Iterable", "Iterator")},
    **{name: f"fal.toolkit.{name}" for name in
       ("Audio", "AudioField", "File", "FileField", "Image", "ImageField", "Video", "VideoField")},
    **{name: f"pydantic.{name}" for name in ("BaseModel", "ConfigDict", "Field", "SecretStr", "WithJsonSchema", "WrapValidator")},
    **{name: f"typing.{name}" for name in ("Annotated", "Any", "Literal", "TYPE_CHECKING")},
    "ContainerImage": "fal.container.ContainerImage",
    "Enum": "enum.Enum",
    "HTTPException": "fastapi.HTTPException",
    "JSONResponse": "fastapi.responses.JSONResponse",
    "Path": "pathlib.Path",
    "PurePath": "pathlib.PurePath",
    "RequestCancelledException": "fal.exceptions.RequestCancelledException",
    "StreamingResponse": "fastapi.responses.StreamingResponse",
    "ThreadPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
    "datetime": "datetime.datetime",
    "unquote_plus": "urllib.parse.unquote_plus",
    "urlparse": "urllib.parse.urlparse",
    "wraps": "functools.wraps",
}  # fmt: skip
"""Names that an app file may import, and what they stand for there."""


class NotNative(Exception):
    """Why the original module has to stay; the message is shown to the person."""


def must_define(text: str) -> None:
    """Raises `NotNative` for a file that reads a name which nothing defines: what it means cannot be told elsewhere either."""
    for name, line in undefined(text).items():
        raise NotNative(f"line {line} reads `{name}`, which nothing defines")


def shows(node: ast.AST, wanted: set[str]) -> bool:
    """Whether an f-string of the kind `f"{name=}"` tells how an expression with one of these names is written."""
    for text in ast.walk(node):
        parts = text.values if isinstance(text, ast.JoinedStr) else []
        for before, part in itertools.pairwise(parts):
            if not isinstance(part, ast.FormattedValue) or not plain_names(part.value) & wanted:
                continue
            as_shown = part.conversion == ord("r") or part.format_spec is not None
            if as_shown and isinstance(before, ast.Constant) and str(before.value).rstrip().endswith("="):
                return True
    return False
