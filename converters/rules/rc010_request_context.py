"""RC010: the context of a prediction."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC010",
    title="current_scope() beyond metrics",
    safety="manual",
    expected="the code reads nothing of a request but its inputs",
    explanation="""
    Replicate sends a context beside the input, which code reads through `current_scope().context`. fal sends nothing beside the
    input: the kept code sees an empty dict, so that it loads and runs.
    Make what the code reads there an input or a secret.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a read of the context sees an empty one",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, current_scope


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt + current_scope().context.get("suffix", "")
                """,
            },
            seen=(Seen("manual", 6, "predict.py"),),
            has={"predict.py": ('{}.get("suffix", "")',)},
            status="partial",
            style="keep",
        ),
        Case(
            "a metric of the scope is no context",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, current_scope


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        current_scope().record_metric("words", len(prompt))
                        return prompt.upper()
                """,
            },
        ),
        Case("a predictor without a scope needs none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a scope that is a value keeps its own import alone",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, current_scope

                make = current_scope


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 3, "predict.py"),),
            has={"predict.py": ("from cog import current_scope\n",)},
            lacks={"predict.py": ("BasePredictor",)},
            status="partial",
        ),
    ),
)
