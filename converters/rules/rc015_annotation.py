"""RC015: an annotation that disagrees with the code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC015",
    title="return annotations that disagree with the body",
    safety="safe",
    explanation="""
    Cog decides by the code whether a method is a generator, whatever its annotation says; so does the app file. The disagreement is
    named, because a reader of the annotation would expect something else.
    Correct the annotation when you next touch the file.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/endpoints-overview")),
    cases=(
        Case(
            "an asynchronous generator with the annotation of a plain one",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, ConcatenateIterator


                class Predictor(BasePredictor):
                    async def predict(self, prompt: str) -> ConcatenateIterator[str]:
                        yield prompt.upper()
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
        ),
        Case("an annotation that agrees is no remark", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a generator that says so is no remark",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, ConcatenateIterator


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> ConcatenateIterator[str]:
                        yield prompt.upper()
                """,
            },
        ),
    ),
)
