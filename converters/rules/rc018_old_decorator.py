"""RC018: inputs declared by the decorators of 2021."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC018",
    title="@cog.input(...) of 2021 -> a Pydantic model",
    safety="safe",
    explanation="""
    The first releases of Cog declared inputs by decorators above `predict`. They become fields of the request model like today's
    `Input`, with type, default, help, options, min and max; the decorators go.
    Check the Python version: these projects usually ask for one that fal no longer has.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "decorators of 2021 become fields",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog


                class Predictor(cog.Predictor):
                    @cog.input("prompt", type=str, help="Text")
                    def predict(self, prompt):
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"app.py": ('prompt: str = Field(description="Text")',)},
            lacks={"predict.py": ("@cog",)},
        ),
        Case(
            "an input that is declared twice is a field once and left to a person",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog


                class Predictor(cog.Predictor):
                    @cog.input("prompt", type=str, help="Text")
                    @cog.input("prompt", type=int)
                    def predict(self, prompt):
                        return prompt
                """,
            },
            seen=(Seen("manual", 6, "predict.py", rule="RC019", says="declared before"),),
        ),
        Case("inputs of today's form are another rule", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a decorator called input of another library stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                import forms
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    @forms.input("prompt")
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            has={"predict.py": ('@forms.input("prompt")',)},
        ),
    ),
)
