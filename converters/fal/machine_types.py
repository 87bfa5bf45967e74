"""The machines of fal, by the names that `machine_type` takes (fal's machine types page, and the SDK's own docstrings)."""

from __future__ import annotations

CPU = ("XS", "S", "M", "L", "XL")
GPU = ("GPU-RTX4090", "GPU-RTX5090", "GPU-A100", "GPU-L40", "GPU-H100", "GPU-H200", "GPU-B200", "GPU-B300")
"""By memory."""
OLDER = ("GPU", "GPU-T4", "GPU-A10G", "GPU-A6000", "GPU-A100-40G", "GPU-A100-80G")
"""Names of earlier documentation, which apps still use."""
NAMES = (*CPU, *GPU, *OLDER)
ASSUMED_GPU = "GPU-A100"
ASSUMED_CPU = "L"
"""What is written where a project states no machine."""


def in_order(machines: list[str]) -> list[str]:
    """Without repeats, smallest memory first: fal tries a list from the front."""
    known = dict.fromkeys(machines)
    return sorted(known, key=lambda name: GPU.index(name) if name in GPU else len(GPU))
