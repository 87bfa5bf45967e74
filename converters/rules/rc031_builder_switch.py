"""RC031: switches of Cog's own builder."""

from __future__ import annotations

from converters.ir import Disposition
from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

KEYS = {
    "build.fast": (Disposition.DROPPED, "a switch of Cog's builder that Cog itself has removed"),
    "build.cog_runtime": (Disposition.DROPPED, "a switch of Cog's builder that Cog itself has removed"),
    "build.sdk_version": (Disposition.DROPPED, "chooses the release of Cog, which fal does not run"),
}
"""Key -> what becomes of it, and why."""

rule = Rule(
    code="RC031",
    title="fast, cog_runtime and sdk_version",
    safety="safe",
    explanation="""
    These keys choose how Cog builds its image and which release of Cog runs in it. fal runs no Cog, so they go; two of them Cog
    itself has removed.
    Check nothing.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "a switch of the builder is dropped",
            "converted",
            {"cog.yaml": "build:\n  fast: true\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
            seen=(Seen("dropped", 2, "cog.yaml"),),
            status="converted",
        ),
        Case("a cog.yaml without switches loses none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
