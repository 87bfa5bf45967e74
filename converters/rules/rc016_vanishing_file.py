"""RC016: files that are deleted before anybody reads them."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC016",
    title="A file that vanishes with its temporary folder is named",
    safety="manual",
    expected="a file that is returned is there when it is read",
    explanation="""
    A predictor that returns a path from inside `with TemporaryDirectory()` returns a file that the end of the block deletes. Cog answers
    null for it, without an error. The code is left as it is, and the place is named: make the folder with `tempfile.mkdtemp()`, so that
    the file can be uploaded.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "a file in a temporary folder is left to the person",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import tempfile
                from cog import BasePredictor, Path


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> Path:
                        with tempfile.TemporaryDirectory() as folder:
                            out = Path(folder) / "out.txt"
                            out.write_text(prompt)
                            return out
                """,
            },
            seen=(Seen("manual", 10, "predict.py", says="make the folder with tempfile.mkdtemp"),),
        ),
        Case("a predictor that answers text has no file to lose", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
