"""RC005: types of Cog that are other libraries' own."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

MOVED = {
    "Path": ("pathlib", "Path", "the same class without Cog's URL handling, which app.py does"),
    "Secret": ("pydantic", "SecretStr", "hides its value in logs and has the same `get_secret_value()`"),
    "File": ("io", "IOBase", "app.py opens the downloaded file"),
}
"""Name -> (module, name, why that is the same)."""

rule = Rule(
    code="RC005",
    title="cog.Path, Secret and File -> pathlib, pydantic and io",
    safety="safe",
    guide=("Replicate 5",),
    explanation="""
    Cog's Path is pathlib's with a way to read URLs, its Secret pydantic's SecretStr. The kept code imports them from there; the app
    file downloads input files before the call, as Cog did, and uploads returned paths to fal's CDN.
    Check nothing: the values have the same types and methods.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/working-with-files")),
    cases=(
        Case(
            "a file input and a file output are paths as before",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Path


                class Predictor(BasePredictor):
                    def predict(self, image: Path) -> Path:
                        return Path(image)
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"predict.py": ("from pathlib import Path",), "app.py": ("image: str = ImageField()",)},
            lacks={"predict.py": ("cog",)},
            style="keep",
        ),
        Case(
            "pathlib's own Path stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from pathlib import Path
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, name: str) -> str:
                        return Path(name).stem
                """,
            },
            has={"predict.py": ("from pathlib import Path",)},
            style="keep",
        ),
        Case("a predictor of plain text needs none of them", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
