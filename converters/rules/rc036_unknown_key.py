"""RC036: keys of cog.yaml that are not Cog's."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC036",
    title="keys of cog.yaml that nobody knows",
    safety="manual",
    expected="every key of cog.yaml has its counterpart, or nothing needs it",
    explanation="""
    Cog refuses unknown keys in some places and ignores them in others. The converter never passes one over: it may belong to a newer
    Cog, or be a slip for a key that matters.
    See what it does, and carry it over by hand.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "an unknown key is left to a person",
            "partial",
            {"cog.yaml": "build:\n  colour: green\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
            seen=(Seen("manual", 2, "cog.yaml"),),
            status="partial",
        ),
        Case("a cog.yaml of known keys leaves nothing", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}, status="converted"),
        Case(
            "a key in a comment is none",
            "untouched",
            {"cog.yaml": "build:\n  # colour: green\n  gpu: false\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
        ),
    ),
)
