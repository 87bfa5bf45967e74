"""Run the apps of a fal project on one machine, with fal's own protocol and the real ``fal`` SDK in each runner."""

from __future__ import annotations

__all__: list[str] = []
