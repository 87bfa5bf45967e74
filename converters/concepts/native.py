"""What the native style of every platform shares: why a program is kept instead, and the names that `fal.App` has itself."""

from __future__ import annotations

import ast
import itertools
import re

from converters.python.module import FunctionNode, own_nodes
from converters.python.names import plain_names
from converters.python.undefined import undefined
from converters.python.unparsed import unparse

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


CONTEXT = re.compile(r"(torch\.)?(inference_mode|no_grad|autocast|amp\.autocast|cuda\.amp\.autocast)\(")
"""Decorators that are contexts, too: `with torch.no_grad():` around a body does what they do."""


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


def contexts(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """The innermost decorators of a function that can stand around its body instead."""
    found: list[ast.expr] = []
    if isinstance(node, ast.AsyncFunctionDef) or any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node)):
        return found
    for decorator in reversed(node.decorator_list):
        if not CONTEXT.match(unparse(decorator)):
            break
        found.insert(0, decorator)
    return found


def early_decorators(node: ast.stmt) -> list[ast.expr]:
    """Decorators that have to be there while a function, or a class with its methods, is defined: all but contexts."""
    if isinstance(node, FunctionNode):
        late = contexts(node)
        return [part for part in node.decorator_list if part not in late]
    assert isinstance(node, ast.ClassDef)
    inner = (each for each in node.body if isinstance(each, FunctionNode | ast.ClassDef))
    return [*node.decorator_list, *(part for each in inner for part in early_decorators(each))]
