"""RC034: model files that were put beside the code by hand, and caches on the runner's own disk."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC034",
    title="weights that are not in the project",
    safety="manual",
    explanation="""
    Many authors download weights by hand and let `cog build` copy them into the image. Code that opens a file which the project does
    not hold is named, and so is code that sets a cache to a folder of its own, which every new runner finds empty.
    Upload the files to `/data`, and let fal's own cache stand.
    """,
    links=(cog_docs("getting-started-own-model"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "a file that the project does not hold is named",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import torch
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        self.model = torch.load("weights/model.pth")

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 7, "predict.py"),),
            status="converted",
        ),
        Case(
            "a file that the project holds is in order",
            "untouched",
            {
                "cog.yaml": COG,
                "weights/model.pth": "0",
                "predict.py": """
                import torch
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        self.model = torch.load("weights/model.pth")

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
        ),
        Case("a predictor that opens nothing needs nothing", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
