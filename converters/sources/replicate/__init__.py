"""Replicate models: a cog.yaml and the predictor that it names."""

from __future__ import annotations

from converters.sources.replicate.analyze import analyze, detect

__all__ = ["analyze", "detect"]
