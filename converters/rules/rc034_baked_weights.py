"""RC034: caches on the runner's own disk."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC034",
    title="a cache that every new runner finds empty",
    safety="manual",
    expected="caches stay where fal's own variables put them, below /data",
    explanation="""
    Code that sets a cache to a folder of its own keeps what it downloads on the runner's disk, which every new runner finds empty.
    A folder that the code fills by a download of its own is another matter. Without the line, fal's own HF_HOME below `/data` keeps
    the files.
    """,
    links=(cog_docs("getting-started-own-model"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "a cache beside the code is named",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import os

                os.environ["HF_HOME"] = "./cache"
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 3, "predict.py"),),
            status="converted",
        ),
        Case(
            "caches that one statement sets are named, however it sets them",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import os

                os.environ["HF_HOME"] = os.environ["TORCH_HOME"] = "/src/cache"
                os.environ.update({"TRANSFORMERS_CACHE": "cache", "MODE": "fast"})
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 3, "predict.py"), Seen("manual", 4, "predict.py")),
            status="converted",
        ),
        Case(
            "a cache that the code fills itself is no matter",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                import os
                import subprocess

                CACHE = "cache"
                os.environ["HF_HOME"] = CACHE
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        subprocess.check_call(["pget", "-x", "https://example.com/cache.tar", CACHE])

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
        ),
        Case(
            "another mapping that is called the same is no environment",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor

                settings = {}
                settings["HF_HOME"] = "cache"
                settings.update({"TORCH_HOME": "cache"})


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
        ),
        Case("a predictor that sets no cache needs nothing", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
