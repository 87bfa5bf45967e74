"""The machines of fal, by the names that `machine_type` takes (fal's machine types page, and the SDK's own docstrings)."""

from __future__ import annotations

from collections.abc import Sequence

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


_MEMORY = {
    "XS": 0.5, "S": 1, "M": 2, "L": 15, "XL": 30, "GPU-RTX4090": 48, "GPU-RTX5090": 60, "GPU-A100": 60, "GPU-L40": 100, "GPU-H100": 112,
    "GPU-H200": 112, "GPU-B200": 210,
}  # fmt: skip
"""Main memory in GB (fal's machine types page)."""


def memory(machine: str | Sequence[str] | None) -> int | None:
    """Bytes of main memory of a machine, of a list those of the first; None where the page does not say it."""
    name = machine if isinstance(machine, str) else next(iter(machine or ()), "")
    size = _MEMORY.get(name)
    return None if size is None else int(size * 10**9)
