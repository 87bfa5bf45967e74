"""RC017: names of Cog that only describe Cog."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG

rule = Rule(
    code="RC017",
    title="cog.__version__ and Cog's warning",
    safety="safe",
    explanation="""
    Cog is not installed on fal, so its version becomes a literal and its ExperimentalFeatureWarning the FutureWarning from which it is
    derived. Nothing on fal raises that warning.
    Check code that behaves differently by version of Cog.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "the version becomes a literal",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog


                class Predictor(cog.BasePredictor):
                    def predict(self, prompt: str) -> str:
                        print(cog.__version__)
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            lacks={"predict.py": ("cog.",)},
            has={"app.py": ('print("0.23.1")',)},
        ),
        Case(
            "the version of another package stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                import torch
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        print(torch.__version__)
                        return prompt.upper()
                """,
            },
            has={"predict.py": ("torch.__version__",)},
            style="keep",
        ),
        Case(
            "the warning in the default of an input is that of Python",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, ExperimentalFeatureWarning, Input


                class Predictor(BasePredictor):
                    def predict(self, kind: str = Input(default=ExperimentalFeatureWarning)) -> str:
                        return str(kind)
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"predict.py": ("kind: str = FutureWarning)",)},
            style="keep",
        ),
        Case(
            "in a text that quotes hold the version stands in the other quotes",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog


                class Predictor(cog.BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return f"{prompt} of {cog.__version__}" + cog.__version__
                """,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            has={"predict.py": ("of {'0.23.1'}",)},
            style="keep",
        ),
    ),
)
