"""RC004: declared inputs become the request model."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG

rule = Rule(
    code="RC004",
    title="Input(...) -> a Pydantic model",
    safety="safe",
    guide=("Replicate 6",),
    explanation="""
    Description, bounds, choices and default of every `Input` stand in the request model of the app file, which refuses what Cog
    refused. In the kept code only the default stays, so that the method can still be called from elsewhere.
    Check inputs that other code calls with values outside their bounds: Cog checked requests only, and so does the model.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "bounds and defaults move into the model",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = Input(description="Text"), steps: int = Input(default=20, ge=1, le=50)) -> str:
                        return prompt * steps
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={
                "app.py": ('prompt: str = Field(description="Text")', "steps: int = Field(default=20, ge=1, le=50)"),
                "predict.py": ("def predict(self, prompt: str, steps: int = 20) -> str:",),
            },
            style="keep",
        ),
        Case(
            "a parameter with a plain default needs no change",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str, steps: int = 20) -> str:
                        return prompt * steps
                """,
            },
            has={"predict.py": ("def predict(self, prompt: str, steps: int = 20) -> str:",)},
            style="keep",
        ),
        Case(
            "an Input of another library stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from keras import Input


                class Predictor(BasePredictor):
                    def setup(self):
                        self.layer = Input(shape=(8,))

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            has={"predict.py": ("Input(shape=(8,))",)},
        ),
    ),
)
