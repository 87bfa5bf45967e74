"""The machine that a library describes while it is imported: always the same one, and without a process of its own to find out."""

from __future__ import annotations

import sys
import types
from collections.abc import Collection
from typing import Any


def install(own: Collection[str]) -> None:
    """Stand in for ``cpuinfo``, which RunPod's SDK asks as it is imported and which starts Python twice. ``own``: names of the project."""
    if "cpuinfo" not in own:
        sys.modules["cpuinfo"] = module = types.ModuleType("cpuinfo", "What verification says of the processor.")
        vars(module)["get_cpu_info"] = _processor


def _processor() -> dict[str, Any]:
    return {
        "arch": "X86_64",
        "arch_string_raw": "x86_64",
        "bits": 64,
        "brand_raw": "a processor",
        "count": 1,
        "flags": [],
        "vendor_id_raw": "double",
    }
