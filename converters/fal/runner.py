"""What a runner of fal brings: the Pythons that it takes, packages in versions of its own, and variables that it sets."""

from __future__ import annotations

OLDEST_PYTHON = (3, 10)
"""Of the SDK, which is installed beside the app."""
INSTALLED = {"pydantic": "2.12.0", "fastapi": "0.120.0", "tblib": "3.1.0"}
"""Package -> a current release of it: the SDK brings its own, so that a pin that excludes it has no solution."""
PRESET_VARIABLES = frozenset({"HF_HOME"})
"""Set on every runner (HF_HOME=/data/.cache/huggingface), so a project's own value must be assigned."""
STARTUP_TIMEOUT = 600
"""Seconds that a runner has to start where the app states no `startup_timeout`."""
