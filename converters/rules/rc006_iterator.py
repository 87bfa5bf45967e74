"""RC006: streamed output."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

MOVED = {
    "ConcatenateIterator": ("typing", "Iterator", "the stream is served at /stream and collected at /"),
    "AsyncConcatenateIterator": ("typing", "AsyncIterator", "the stream is served at /stream and collected at /"),
}
"""Name -> (module, name, why that is the same)."""

rule = Rule(
    code="RC006",
    title="ConcatenateIterator -> /stream and the collected output",
    safety="safe",
    guide=("Replicate 5",),
    explanation="""
    A predictor that yields gets `/stream`, which sends every value as an event, and `/`, which answers with the collected output, as
    a prediction on Replicate ends with it. In the kept code the annotation becomes typing's own Iterator.
    Check callers that joined the pieces themselves: the collected output is the list of them.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/calling-your-endpoints")),
    cases=(
        Case(
            "yielded text is streamed and collected",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, ConcatenateIterator


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> ConcatenateIterator[str]:
                        yield from prompt.split()
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"app.py": ('@fal.endpoint("/stream")',), "predict.py": ("from typing import Iterator", "-> Iterator[str]:")},
            style="keep",
        ),
        Case(
            "an annotation that is typing's own stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from typing import Iterator
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> Iterator[str]:
                        yield from prompt.split()
                """,
            },
            has={"app.py": ('@fal.endpoint("/stream")',), "predict.py": ("-> Iterator[str]:",)},
            style="keep",
        ),
        Case(
            "a predictor that returns once gets no stream",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            lacks={"app.py": ("/stream",)},
        ),
    ),
)
