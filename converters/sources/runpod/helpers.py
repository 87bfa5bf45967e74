"""The SDK's helpers that stay in kept code, by the exact names that its releases 0.9 to 1.12 have (read from their modules).

A name that is not here is not known: nobody has checked that it works without the platform, or that it exists.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from converters import rules
from converters.sources.runpod.sdk import Occurrence

_UTILS = "runpod.serverless.utils"
_LOGGER_METHODS = ("debug", "info", "warn", "error", "trace", "secret", "tip", "log", "set_level")


@dataclass(frozen=True)
class Helper:
    """Names that stay by one rule, with the reason."""

    rule: str
    reason: str
    names: frozenset[str]


def _of(module: str, *names: str) -> Iterable[str]:
    """A module of the SDK with what it holds, and with all of it."""
    return (module, f"{module}.*", *(f"{module}.{name}" for name in names))


_ERRORS = (
    *("CONSTRAINTS_ERROR", "INVALID_TYPE_ERROR", "MISSING_DEFAULT_ERROR", "MISSING_REQUIRED_ERROR", "MISSING_TYPE_ERROR"),
    *("SCHEMA_ERROR", "UNEXPECTED_INPUT_ERROR"),
)
_UPLOADS = ("upload_file_to_bucket", "upload_in_memory_object")
_LOGGERS = ("runpod.RunPodLogger", "runpod.serverless.RunPodLogger", "runpod.serverless.modules.rp_logger.RunPodLogger")

HELPERS = (
    Helper(
        rules.RP030,
        "the validator stays, with the SDK that the source pins: its checks differ by version",
        frozenset((*_of(f"{_UTILS}.rp_validator", "validate", *_ERRORS), f"{_UTILS}.validate")),
    ),
    Helper(
        rules.RP031,
        "the download helper stays: it works without the platform",
        frozenset(
            (
                *_of(
                    f"{_UTILS}.rp_download",
                    *("download_files_from_urls", "file", "calculate_chunk_size", "extract_disposition_params", "HEADERS"),
                ),
                f"{_UTILS}.download_files_from_urls",
            )
        ),
    ),
    Helper(
        rules.RP032,
        "the upload helper stays: it writes to the bucket that BUCKET_* variables name",
        frozenset(
            (
                *_of(
                    f"{_UTILS}.rp_upload",
                    *("upload_image", "files", "bucket_upload", "get_boto_client", "extract_region_from_url", *_UPLOADS),
                ),
                *(f"{_UTILS}.{name}" for name in _UPLOADS),
            )
        ),
    ),
    Helper(
        rules.RP033,
        "the clean-up helper stays: it only removes folders of the working directory",
        frozenset(_of(f"{_UTILS}.rp_cleanup", "clean")),
    ),
    Helper(
        rules.RP034,
        "the logger stays: it prints, and fal keeps what is printed",
        frozenset(
            (
                "runpod.serverless.modules.rp_logger",
                "runpod.serverless.modules.rp_logger.*",
                *(
                    name
                    for logger in (*_LOGGERS, "runpod.serverless.log")
                    for name in (logger, *(f"{logger}.{method}" for method in _LOGGER_METHODS))
                ),
            )
        ),
    ),
    Helper(
        rules.RP035,
        "the debugger stays; its checkpoints are cleared after every request, as RunPod's loop does",
        frozenset(
            _of(f"{_UTILS}.rp_debugger", "Checkpoints", "FunctionTimer", "LineTimer", "clear_debugger_output", "get_debugger_output")
        ),
    ),
    Helper(rules.RP036, "the CUDA check stays", frozenset(_of(f"{_UTILS}.rp_cuda", "is_available"))),
    Helper(
        rules.RP037,
        "the version of the SDK stays readable",
        frozenset(("runpod.__version__", "runpod.serverless.runpod_version", *_of("runpod.version", "__version__", "get_version"))),
    ),
    Helper(
        rules.RP001,
        "the import stays for the helpers that are used",
        frozenset(("runpod", "runpod.serverless", _UTILS, "runpod.serverless.modules")),
    ),
)
BUCKET = ("BUCKET_ENDPOINT_URL", "BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY")
"""Variables in which the upload helpers look for their bucket."""
_BUCKET_CALLS = {"upload_image": None, "files": None, "upload_file_to_bucket": 2, "upload_in_memory_object": 2}
"""Upload helpers that look there -> the place of an argument that takes its place; None where there is none."""
_BY_NAME = {name: helper for helper in HELPERS for name in helper.names}


def needs_bucket(occurrence: Occurrence) -> bool:
    """Whether a use of the upload helpers writes to the bucket that the environment names."""
    module, _, name = occurrence.dotted.rpartition(".")
    if occurrence.is_import or name not in _BUCKET_CALLS or module not in (f"{_UTILS}.rp_upload", _UTILS):
        return False
    call, place = occurrence.call, _BUCKET_CALLS[name]
    if call is None or place is None:
        return True
    given = [keyword.value for keyword in call.keywords if keyword.arg in ("bucket_creds", None)] + call.args[place : place + 1]
    return not given or all(isinstance(value, ast.Constant) and value.value is None for value in given)


def helper(dotted: str) -> Helper | None:
    """The helper of a name of the SDK; None for a name that is none."""
    return _BY_NAME.get(dotted)
