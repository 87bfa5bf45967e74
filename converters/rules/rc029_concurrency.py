"""RC029: predictions at a time."""

from __future__ import annotations

from converters.ir import Disposition
from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

KEYS = {"concurrency.default_target": (Disposition.DROPPED, "a hint for Replicate's scheduler; fal goes by max_multiplexing")}
"""Key -> what becomes of it, and why."""

rule = Rule(
    code="RC029",
    title="concurrency.max -> max_multiplexing",
    safety="safe",
    explanation="""
    `concurrency.max` says how many predictions Cog's server runs at a time, which only an asynchronous predictor can; it becomes
    `max_multiplexing`. One at a time is fal's default and is not written.
    Check the number against the memory of the machine.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "several predictions at a time are written",
            "converted",
            {
                "cog.yaml": """
                concurrency:
                  max: 4
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR.replace("def predict", "async def predict"),
            },
            seen=(Seen("converted", 2, "cog.yaml"),),
            has={"app.py": ("max_multiplexing = 4",)},
        ),
        Case(
            "a training function that is not async stays alone",
            "converted",
            {
                "cog.yaml": """
                concurrency:
                  max: 4
                predict: predict.py:Predictor
                train: train.py:train
                """,
                "predict.py": PREDICTOR.replace("def predict", "async def predict"),
                "train.py": """
                from cog import BaseModel, Path


                class TrainingOutput(BaseModel):
                    weights: Path


                def train(data: Path) -> TrainingOutput:
                    return TrainingOutput(weights=data)
                """,
            },
            seen=(Seen("converted", 2, "cog.yaml"),),
            has={"app.py": ("max_multiplexing = 4",)},
            lacks={"train_app.py": ("max_multiplexing",)},
        ),
        Case(
            "a predictor that is not async answers one at a time",
            "converted",
            {
                "cog.yaml": """
                concurrency:
                  max: 4
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("dropped", 2, "cog.yaml", says="one at a time: Cog takes several only where the code is async"),),
            lacks={"app.py": ("max_multiplexing",)},
        ),
        Case(
            "a cog.yaml without the key says nothing",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            lacks={"app.py": ("max_multiplexing",)},
        ),
        Case(
            "one prediction at a time of an async predictor is fal's default",
            "converted",
            {
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    async def predict(self, prompt: str) -> str:
                        return prompt
                """,
                "cog.yaml": COG + "concurrency:\n  max: 1\n",
            },
            seen=(Seen("dropped", 5, "cog.yaml", says="one prediction at a time, as fal does by itself"),),
        ),
    ),
)
