"""RP035: RunPod's debugger stays, and its checkpoints are cleared after every request."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER
from converters.rules.sdk_names import UTILS, held_by

_HELD = ("Checkpoints", "FunctionTimer", "LineTimer", "clear_debugger_output", "get_debugger_output")
NAMES = frozenset(held_by(f"{UTILS}.rp_debugger", *_HELD))
"""Names of the SDK that stay."""
REASON = "the debugger stays; its checkpoints are cleared after every request, as RunPod's loop does"

rule = Rule(
    code="RP035",
    title="rp_debugger stays, cleared after every request",
    safety="safe",
    explanation="""
    RunPod's worker loop clears the debugger's checkpoints after every job; without that the second request fails because its
    checkpoint names exist already. The endpoint therefore clears them, as the loop does.
    Check whether the timings are still wanted: fal shows the time of every request itself.
    """,
    links=(runpod_docs("serverless/development/overview"), fal_docs("documentation/serverless/observability/monitor-performance")),
    cases=(
        Case(
            "a timed handler is cleared after every request",
            "converted",
            {
                "handler.py": """
                import runpod
                from runpod.serverless.utils import rp_debugger

                @rp_debugger.FunctionTimer
                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("kept", 2), Seen("kept", 4)),
            has={"app.py": ("clear_debugger_output()",)},
        ),
        Case(
            "a handler without the debugger clears nothing",
            "untouched",
            {"handler.py": WORKER},
            lacks={"app.py": ("clear_debugger_output",)},
            style="keep",
        ),
    ),
)
