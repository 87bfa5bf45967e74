"""RunPod serverless workers: `runpod.serverless.start({"handler": ...})`."""

from __future__ import annotations

from converters.sources.runpod.analyze import analyze, detect

__all__ = ["analyze", "detect"]
