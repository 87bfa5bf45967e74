"""The SDK's helpers that stay in kept code, by the exact names that the tables of their rules hold.

A name that is not here is not known: nobody has checked that it works without the platform, or that it exists.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from converters import rules
from converters.rules import (
    rp001_sdk_import,
    rp030_validator,
    rp031_download,
    rp032_upload,
    rp033_cleanup,
    rp034_logger,
    rp035_debugger,
    rp036_cuda_check,
    rp037_sdk_version,
)
from converters.rules.sdk_names import UTILS
from converters.sources.runpod.sdk import Occurrence


@dataclass(frozen=True)
class Helper:
    """Names that stay by one rule, with the reason."""

    rule: str
    reason: str
    names: frozenset[str]


HELPERS = (
    Helper(rules.RP030, rp030_validator.REASON, rp030_validator.NAMES),
    Helper(rules.RP031, rp031_download.REASON, rp031_download.NAMES),
    Helper(rules.RP032, rp032_upload.REASON, rp032_upload.NAMES),
    Helper(rules.RP033, rp033_cleanup.REASON, rp033_cleanup.NAMES),
    Helper(rules.RP034, rp034_logger.REASON, rp034_logger.NAMES),
    Helper(rules.RP035, rp035_debugger.REASON, rp035_debugger.NAMES),
    Helper(rules.RP036, rp036_cuda_check.REASON, rp036_cuda_check.NAMES),
    Helper(rules.RP037, rp037_sdk_version.REASON, rp037_sdk_version.NAMES),
    Helper(rules.RP001, rp001_sdk_import.REASON, rp001_sdk_import.KEPT),
)
BUCKET = ("BUCKET_ENDPOINT_URL", "BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY")
"""Variables in which the upload helpers look for their bucket."""
_BUCKET_CALLS = {"upload_image": None, "files": None, "upload_file_to_bucket": 2, "upload_in_memory_object": 2}
"""Upload helpers that look there -> the place of an argument that takes its place; None where there is none."""
_BY_NAME = {name: helper for helper in HELPERS for name in helper.names}


def needs_bucket(occurrence: Occurrence) -> bool:
    """Whether a use of the upload helpers writes to the bucket that the environment names."""
    module, _, name = occurrence.dotted.rpartition(".")
    if occurrence.is_import or name not in _BUCKET_CALLS or module not in (f"{UTILS}.rp_upload", UTILS):
        return False
    call, place = occurrence.call, _BUCKET_CALLS[name]
    if call is None or place is None:
        return True
    given = [keyword.value for keyword in call.keywords if keyword.arg in ("bucket_creds", None)] + call.args[place : place + 1]
    return not given or all(isinstance(value, ast.Constant) and value.value is None for value in given)


def helper(dotted: str) -> Helper | None:
    """The helper of a name of the SDK; None for a name that is none."""
    return _BY_NAME.get(dotted)
