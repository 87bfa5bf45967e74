"""RC007: output classes."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC007",
    title="class Output(cog.BaseModel) -> a dataclass",
    safety="safe",
    explanation="""
    Cog makes a dataclass of its output models, so the kept code gets one; a class that uses pydantic's own features becomes a model
    of pydantic. So does one with fields that may be None and state no default: up to Cog 0.16 a result could go without them, and the
    answer then had no such key, as it has none on fal.
    Check code that calls `.dict()` or `.json()` on an output.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "an output class becomes a dataclass",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BaseModel, BasePredictor


                class Output(BaseModel):
                    text: str


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> Output:
                        return Output(text=prompt.upper())
                """,
            },
            seen=(Seen("converted", 4, "predict.py"),),
            has={"predict.py": ("@dataclass\nclass Output:\n", "from dataclasses import dataclass")},
            style="keep",
        ),
        Case(
            "a field that a result may go without is not answered then",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from typing import Optional

                from cog import BaseModel, BasePredictor


                class Output(BaseModel):
                    subtitles: Optional[str]
                    text: str


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> Output:
                        return Output(text=prompt.upper())
                """,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            has={
                "predict.py": ("class Output(BaseModel):\n    subtitles: Optional[str] = None\n", "from pydantic import BaseModel"),
                "app.py": ("if name in value.model_fields_set}",),
            },
            style="keep",
        ),
        Case(
            "a model of pydantic stays one",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from pydantic import BaseModel


                class Output(BaseModel):
                    text: str


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> Output:
                        return Output(text=prompt.upper())
                """,
            },
            has={"predict.py": ("class Output(BaseModel):",)},
            style="keep",
        ),
        Case("a predictor that returns text has no output class", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a class that is only asked for is pydantic's, by either name",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog
                from cog import BaseModel as Base
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt + str(isinstance(prompt, Base)) + str(isinstance(prompt, cog.BaseModel))
                """,
            },
            seen=(Seen("converted", 8, "predict.py"),),
            has={
                "predict.py": (
                    "from pydantic import BaseModel as Base\n",
                    "str(isinstance(prompt, Base)) + str(isinstance(prompt, BaseModel))",
                )
            },
            style="keep",
        ),
        Case(
            "a class that is named with its module is a model of pydantic by its name alone",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from typing import Optional

                import cog


                class Output(cog.BaseModel):
                    subtitles: Optional[str]
                    text: str


                class Predictor(cog.BasePredictor):
                    def predict(self, prompt: str) -> Output:
                        return Output(text=prompt.upper())
                """,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            has={"predict.py": ("from pydantic import BaseModel\n", "class Output(BaseModel):\n    subtitles: Optional[str] = None\n")},
            style="keep",
        ),
    ),
)
