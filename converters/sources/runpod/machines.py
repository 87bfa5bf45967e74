"""RunPod's pools and GPU names -> fal's machine types (fal's machine types page)."""

from __future__ import annotations

import re

POOLS: dict[str, tuple[str, str]] = {
    "AMPERE_16": ("GPU-RTX4090", ""),
    "AMPERE_24": ("GPU-RTX4090", ""),
    "ADA_24": ("GPU-RTX4090", ""),
    "ADA_32_PRO": ("GPU-RTX5090", ""),
    "AMPERE_48": ("GPU-L40", ""),
    "ADA_48_PRO": ("GPU-L40", ""),
    "AMPERE_80": ("GPU-H100", "fal's GPU-A100 has 40 GB where this pool has 80 GB; take GPU-A100 if the model needs less"),
    "ADA_80_PRO": ("GPU-H100", ""),
    "HOPPER_141": ("GPU-H200", ""),
    "HOPPER_143": ("GPU-H200", ""),
    "BLACKWELL_96": ("GPU-H200", ""),
    "BLACKWELL_180": ("GPU-B200", ""),
}
"""Pool -> (machine type, remark)."""

GPU_NAMES: tuple[tuple[str, str], ...] = (
    (r"B300", "GPU-B300"),
    (r"B200|MI300X", "GPU-B200"),
    (r"H200|RTX PRO 6000|GH200", "GPU-H200"),
    (r"H100", "GPU-H100"),
    (r"A100", "GPU-H100"),
    (r"L40|A40|RTX A6000|6000 Ada|A6000", "GPU-L40"),
    (r"5090", "GPU-RTX5090"),
    (r"4090|4080|4070|3090|3080|3070|A5000|A4500|A4000|\bL4\b|A30|4000 Ada|2000 Ada|5080|V100|A2000|5000 Ada|T4", "GPU-RTX4090"),
)


def machine_of(name: str) -> tuple[str, str] | None:
    """(machine type, remark) for a pool id or a GPU name of RunPod; None where it is not known."""
    key = name.strip()
    if key in POOLS:
        return POOLS[key]
    for pattern, machine in GPU_NAMES:
        if re.search(pattern, key, re.IGNORECASE):
            remark = ""
            if machine == "GPU-H100" and "A100" in key.upper():
                remark = POOLS["AMPERE_80"][1]
            if "MI300X" in key.upper():
                remark = "fal has no AMD GPUs"
            return machine, remark
    return None
