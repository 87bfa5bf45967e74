"""RC002: the predictor becomes the endpoint of an app."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC002",
    title="predict: predict.py:Predictor -> class MyApp(fal.App)",
    safety="safe",
    guide=("Replicate 2", "Replicate 3", "Replicate 4"),
    explanation="""
    `setup()` of the app imports the predictor's file, makes the predictor and calls its `setup()`, once per runner, as Cog does; the
    endpoint calls `predict` with the fields of the request and answers `{"output": ...}`, as Cog answers. An exception fails the
    request with its message.
    Check that callers read `output`: on Replicate it stood in the prediction, beside its status.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "a predictor is served by an app",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            seen=(Seen("converted", 3, "cog.yaml"),),
            has={"app.py": ("from predict import Predictor", "self.predictor = Predictor()", '@fal.endpoint("/")')},
            style="keep",
        ),
        Case(
            "a predictor that is not there is refused",
            "untouched",
            {"cog.yaml": COG, "other.py": PREDICTOR},
            status="unsupported",
        ),
        Case(
            "another class of the file is left alone",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "helper.py": "class Predictor:\n    def predict(self):\n        return 1"},
            within=("helper.py", "predict.py"),
        ),
        Case(
            "the older key of two is what Cog does not serve",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                run: predict.py:Predictor
                predict: predict.py:Predictor
                """,
            },
            seen=(
                Seen("converted", 3, "cog.yaml"),
                Seen("dropped", 4, "cog.yaml"),
            ),
        ),
    ),
)
