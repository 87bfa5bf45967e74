"""Exact names of RunPod's SDK, as the modules of its releases 0.9 to 1.12 hold them."""

from __future__ import annotations

UTILS = "runpod.serverless.utils"
LOGGER = "runpod.serverless.modules.rp_logger"


def held_by(module: str, *names: str) -> tuple[str, ...]:
    """A module with what it holds, and with all of it."""
    return (module, f"{module}.*", *(f"{module}.{name}" for name in names))
