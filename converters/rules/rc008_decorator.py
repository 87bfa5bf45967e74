"""RC008: decorators of Cog."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC008",
    title="@streaming and @concurrent go",
    safety="safe",
    explanation="""
    `@streaming` and `@concurrent(max=N)` tell Cog's server how to serve a method. The app file says the same: `/stream` for the one,
    `max_multiplexing = N` for the other; the decorators go.
    Check N against the memory of the machine.
    """,
    links=(cog_docs("python"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "a number of predictions at a time is written",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, concurrent


                class Predictor(BasePredictor):
                    @concurrent(max=4)
                    async def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 5, "predict.py", says="app.py states the number as max_multiplexing"),),
            has={"app.py": ("max_multiplexing = 4",)},
            lacks={"predict.py": ("concurrent",)},
        ),
        Case(
            "a decorator of another library stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                import torch
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    @torch.inference_mode()
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            has={"predict.py": ("@torch.inference_mode()",)},
            style="keep",
        ),
        Case("a method without decorators loses none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
