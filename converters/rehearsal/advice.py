"""What the output of a step that failed means, and what to do: a table of patterns."""

from __future__ import annotations

from collections.abc import Sequence

from converters.rehearsal.engines import Step


def advice(step: Step, output: Sequence[str]) -> tuple[str, str]:
    """What a failure means and what to do; empty where the table says nothing."""
    return "", ""
