"""RC037: names of Cog that have no counterpart."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC037",
    title="names of Cog that have no counterpart",
    safety="manual",
    expected="nothing on the runner imports Cog",
    explanation="""
    A name of Cog that this converter does not know, or one that is used as a value, stays in the code, and Cog stays among the
    requirements, so that the code loads. What it does belongs to Cog's own server, which does not run on fal.
    Replace it, and take `cog` out of the requirements.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "an unknown name stays and is reported",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Weird


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return Weird(prompt)
                """,
            },
            seen=(Seen("manual", 1, "predict.py"), Seen("manual", 6, "predict.py")),
            has={"predict.py": ("from cog import Weird",), "app.py": ('"cog"',)},
            status="partial",
        ),
        Case(
            "a known name in a module that Cog does not have is not known",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from cog.colour import Path


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return str(Path(prompt))
                """,
            },
            seen=(Seen("manual", 2, "predict.py"), Seen("manual", 7, "predict.py")),
            has={"predict.py": ("from cog.colour import Path",), "app.py": ('"cog"',)},
            status="partial",
        ),
        Case("a predictor of known names needs Cog no more", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}, status="converted"),
        Case(
            "an unknown name of another library is none",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from weird import Weird


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return Weird(prompt)
                """,
            },
        ),
        Case(
            "a decorator that is a value keeps its own import alone",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, streaming

                wrap = streaming


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 3, "predict.py"),),
            has={"predict.py": ("from cog import streaming\n",)},
            lacks={"predict.py": ("BasePredictor",)},
            status="partial",
        ),
    ),
)
