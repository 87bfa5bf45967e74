"""RC042: Cog's mark for JSON objects that it does not look into."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC042",
    title="Annotated[T, Opaque] -> a JSON object",
    safety="safe",
    explanation="""
    Cog hands an input that is marked `Opaque` on as the JSON object that the caller sent, whatever class stands in the annotation. The
    request model takes an object there, or a list, and the mark goes from the kept code.
    Check code that expects an instance of the class: it got a dictionary from Cog, too.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "a marked input is an object",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from typing import Annotated

                from cog import BasePredictor, Opaque


                class Shape:
                    sides = 4


                class Predictor(BasePredictor):
                    def predict(self, shape: Annotated[Shape, Opaque], more: Annotated[list[Shape] | None, Opaque] = None) -> str:
                        return f"{sorted(shape)}, {more}"
                """,
            },
            seen=(Seen("converted", 11, "predict.py"),),
            has={
                "app.py": ("shape: dict[str, Any]", "more: list[Any] | None = None"),
                "predict.py": ("def predict(self, shape: Shape, more: list[Shape] | None = None) -> str:",),
            },
            style="keep",
            status="converted",
        ),
        Case(
            "the mark of another library stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from typing import Annotated

                from cog import BasePredictor
                from marks import Opaque


                class Predictor(BasePredictor):
                    def predict(self, shape: Annotated[str, Opaque]) -> str:
                        return shape.upper()
                """,
                "marks.py": "Opaque = object()",
            },
            has={"predict.py": ("shape: Annotated[str, Opaque]",)},
            style="keep",
        ),
        Case("an input without a mark is what its type says", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a mark between others goes alone",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from typing import Annotated

                from cog import BasePredictor, Opaque


                class Predictor(BasePredictor):
                    def predict(self, shape: Annotated[dict, "first", Opaque, "last"]) -> str:
                        return str(shape)
                """,
            },
            seen=(Seen("converted", 7, "predict.py"),),
            has={"predict.py": ('shape: Annotated[dict, "first", "last"]) -> str:',)},
            style="keep",
        ),
    ),
)
