"""RC013: trainings become an app of their own."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC013",
    title="train: -> a second app",
    safety="safe",
    expected="the training's program is in the project, and its weights reach the predictor's app",
    explanation="""
    `train` takes an input of its own, so it becomes a second app beside the predictor's, whose requests are never retried: a training
    must not run twice. A training on Replicate makes a new version of the model; here the answer is the URL of the weights.
    Give the URL to the predictor's app as COG_WEIGHTS, and raise `request_timeout` where a training takes more than an hour.
    """,
    links=(cog_docs("training"), fal_docs("documentation/serverless/reliability/retries")),
    cases=(
        Case(
            "a class that also predicts is asked to train",
            "partial",
            {
                "cog.yaml": """
                predict: predict.py:Predictor
                train: train.py:Trainer
                """,
                "predict.py": PREDICTOR,
                "train.py": """
                class Trainer:
                    def predict(self, text: str) -> str:
                        return text

                    def train(self, text: str) -> str:
                        return text.upper()
                """,
            },
            seen=(Seen("converted", 2, "cog.yaml"), Seen("manual", 2, "cog.yaml")),
            has={"train_app.py": ("result = self.predictor.train(text=input.text)",)},
            style="keep",
        ),
        Case(
            "a training is served by an app of its own",
            "partial",
            {
                "cog.yaml": """
                predict: predict.py:Predictor
                train: train.py:train
                """,
                "predict.py": PREDICTOR,
                "train.py": """
                from cog import Input, Path

                def train(data: Path = Input(description="Pictures")) -> Path:
                    return data
                """,
            },
            seen=(Seen("converted", 2, "cog.yaml"), Seen("manual", 2, "cog.yaml")),
            has={"train_app.py": ("skip_retry_conditions",)},
            status="converted",
        ),
        Case(
            "a training script that cog.yaml does not name stays a file",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "train.py": "def train():\n    return 1"},
            lacks={"pyproject.toml": ("train",)},
        ),
        Case("a model without a training gets one app", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a training that is not there is named",
            "partial",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": COG + "train: train.py:train\n",
            },
            seen=(Seen("manual", 4, "cog.yaml"),),
        ),
    ),
)
