"""RC019: inputs whose declaration only running code knows, or that Cog refuses."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC019",
    title="choices, defaults and bounds that are computed or contradict each other",
    safety="manual",
    expected="every input is declared once, with a literal default, choices and bounds that agree",
    explanation="""
    Choices that are read from a folder, or a default from the environment, are known only where the code runs; in a request model they
    would be frozen on the machine that deploys. Such a part is left out of the model, so that no request is refused wrongly.
    A default that breaks its own bound, which Cog refuses to build, stays as it is: only a person knows which of the two is meant.
    Write the values out in the app file, or check them in the code.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "choices that are read from a folder are left open",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import os
                from cog import BasePredictor, Input

                STYLES = os.listdir("/styles")


                class Predictor(BasePredictor):
                    def predict(self, style: str = Input(choices=STYLES)) -> str:
                        return style
                """,
            },
            seen=(Seen("manual", 8, "predict.py", says="`choices` of `style` is computed by `STYLES`: write it out in app.py"),),
            lacks={"app.py": ("Literal",)},
            status="partial",
        ),
        Case(
            "choices that a constant names are read",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input

                STYLES = ["plain", "loud"]


                class Predictor(BasePredictor):
                    def predict(self, style: str = Input(choices=STYLES)) -> str:
                        return style
                """,
            },
            has={"app.py": ('Literal["plain", "loud"]',)},
        ),
        Case(
            "a default below its own bound is named",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, n: int = Input(default=1, ge=2), s: str = Input(default="abc", max_length=2)) -> str:
                        return s * n
                """,
            },
            seen=(Seen("manual", 5, "predict.py"), Seen("manual", 5, "predict.py")),
            status="partial",
        ),
        Case(
            "a default on its own bound is fine",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, n: int = Input(default=2, ge=2, le=2), s: str = Input(default="ab", max_length=2)) -> str:
                        return s * n
                """,
            },
            status="converted",
        ),
        Case("an input without choices is open anyway", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
