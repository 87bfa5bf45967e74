"""RC003: imports and base classes of Cog go."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC003",
    title="from cog import ... and BasePredictor go",
    safety="safe",
    guide=("Replicate 2",),
    explanation="""
    fal does not run Cog, so the kept code must not import it: each name is replaced by what it is (pathlib's Path, a dataclass, the
    bare default of an input), the base class goes, and so does `super().setup()`, which did nothing. Nothing else of the file changes.
    Check nothing: a name that has no counterpart stays and is reported.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "the import and the base class go",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            seen=(Seen("converted", 1, "predict.py"), Seen("converted", 4, "predict.py")),
            has={"predict.py": ("class Predictor:\n",)},
            lacks={"predict.py": ("cog", "BasePredictor")},
            style="keep",
        ),
        Case(
            "a name that falls back to the project's own is Cog's where Cog is there",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                try:
                    from cog import BasePredictor, Input
                except ImportError:
                    from stubs import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = Input(description="what to say")) -> str:
                        return prompt.upper()
                """,
                "stubs.py": """
                BasePredictor = object


                def Input(**about):
                    return None
                """,
            },
            has={"predict.py": ("class Predictor:\n", "prompt: str) -> str:")},
        ),
        Case(
            "a base class of the project's own stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from base import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
                "base.py": """
                class BasePredictor:
                    pass
                """,
            },
            has={"predict.py": ("class Predictor(BasePredictor):",)},
        ),
        Case(
            "imports in a branch keep to their branch, beside what shares their line",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import sys

                class Predictor:
                    def predict(self, prompt: str) -> str:
                        if prompt: print(prompt); from cog import Path, Secret
                        if sys.argv:
                            from cog import CancelationException, Path, Secret
                            return str(Path(prompt)) + repr(Secret) + repr(CancelationException)
                        return prompt
                """,
            },
            has={
                "predict.py": (
                    "if prompt: print(prompt); from pathlib import Path; from pydantic import SecretStr as Secret\n",
                    "            from pathlib import Path\n            from pydantic import SecretStr as Secret\n            return",
                )
            },
            style="keep",
        ),
        Case(
            "a module whose name only begins like Cog stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cogwheel


                class Predictor:
                    def predict(self, prompt: str) -> str:
                        return cogwheel.turn(prompt)
                """,
            },
            has={"predict.py": ("import cogwheel",)},
            style="keep",
        ),
        Case(
            "a call of the empty setup of Cog's class goes",
            "converted",
            {
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        super().setup()
                        self.x = 1

                    def predict(self, prompt: str) -> str:
                        return prompt
                """,
                "cog.yaml": COG,
            },
            seen=(
                Seen("converted", 1, "predict.py"),
                Seen("converted", 4, "predict.py"),
                Seen("dropped", 6, "predict.py"),
            ),
            style="keep",
        ),
    ),
)
