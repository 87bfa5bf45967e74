"""RC012: the weights that a training hands to setup()."""

from __future__ import annotations

from converters.rules.model import Case, Rule, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC012",
    title="setup(self, weights) -> COG_WEIGHTS",
    safety="manual",
    expected="COG_WEIGHTS is set where the model has weights of its own",
    explanation="""
    A predictor whose `setup()` takes weights gets the URL or path of a training's result from the variable COG_WEIGHTS, as with Cog.
    The old type `cog.types.Weights` becomes `str`, which it was.
    Set COG_WEIGHTS for each trained model, or deploy one app for each.
    """,
    links=(cog_docs("training"), fal_docs("documentation/development/environment-variables")),
    cases=(
        Case(
            "the old type of the weights becomes text",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from cog.types import Weights


                class Predictor(BasePredictor):
                    def setup(self, weights: Weights = None):
                        self.weights = weights

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            has={"predict.py": ("weights: str",), "app.py": ("COG_WEIGHTS",)},
            lacks={"predict.py": ("cog",)},
            style="keep",
        ),
        Case(
            "a setup without weights reads no variable",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            lacks={"app.py": ("COG_WEIGHTS",)},
        ),
        Case(
            "a class called Weights of the project stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from models import Weights


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return Weights().answer(prompt)
                """,
                "models.py": "class Weights:\\n    def answer(self, text):\\n        return text",
            },
            has={"predict.py": ("from models import Weights",)},
            style="keep",
        ),
    ),
)
