"""RC004: declared inputs become the request model."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG

rule = Rule(
    code="RC004",
    title="Input(...) -> a Pydantic model",
    safety="safe",
    expected="every input is declared by a call of `Input` in the signature",
    guide=("Replicate 6",),
    explanation="""
    Description, bounds, choices and default of every `Input` stand in the request model of the app file, which refuses what Cog
    refused. In the kept code only the default stays, so that the method can still be called from elsewhere.
    A `float` takes an int as it was sent, as Cog does since 0.17; where the project states an older release, it becomes a float.
    Check inputs that other code calls with values outside their bounds: Cog checked requests only, and so does the model.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case(
            "bounds and defaults move into the model",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = Input(description="Text"), steps: int = Input(default=20, ge=1, le=50)) -> str:
                        return prompt * steps
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={
                "app.py": ('prompt: str = Field(description="Text")', "steps: int = Field(default=20, ge=1, le=50)"),
                "predict.py": ("def predict(self, prompt: str, steps: int = 20) -> str:",),
            },
            style="keep",
        ),
        Case(
            "a default that names itself keeps its parentheses",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = Input(default=(first := "a cat"))) -> str:
                        return prompt
                """,
            },
            has={"predict.py": ('def predict(self, prompt: str = (first := "a cat")) -> str:',)},
            style="keep",
        ),
        Case(
            "a default of several lines that stood in no other parentheses keeps them",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input

                PROMPT = Input(
                    default="a cat "
                    "on a mat"
                )


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = PROMPT) -> str:
                        return prompt
                """,
            },
            has={"predict.py": ('PROMPT = ("a cat "\n    "on a mat")\n',)},
            style="keep",
        ),
        Case(
            "a parameter with a plain default needs no change",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str, steps: int = 20) -> str:
                        return prompt * steps
                """,
            },
            has={"predict.py": ("def predict(self, prompt: str, steps: int = 20) -> str:",)},
            style="keep",
        ),
        Case(
            "an annotation of Cog's own type becomes another",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    known: "dict[str, Input]" = {}

                    def described(self, field: Input) -> "list[Input]":
                        return [field]

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 7, "predict.py"),),
            has={"predict.py": ('known: "dict[str, object]" = {}', 'def described(self, field: object) -> "list[object]":')},
            lacks={"predict.py": ("cog",), "app.py": ('"cog"',)},
            status="converted",
            style="keep",
        ),
        Case(
            "a number is handed on as it was sent",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, scale: float = Input(default=0.5, ge=0, le=1), shift: float = Input(default=1)) -> str:
                        return f"{scale}-{shift}"
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"app.py": ("Number = Annotated[float, WrapValidator(", "scale: Number = Field(default=0.5, ge=0, le=1)")},
        ),
        Case(
            "a release of Cog that made floats of all numbers is followed",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  python_packages: ["cog==0.9.4"]
                predict: predict.py:Predictor
                """,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, scale: float = Input(default=0.5, ge=0, le=1)) -> str:
                        return f"{scale}"
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"app.py": ("scale: float = Field(default=0.5, ge=0, le=1)",)},
        ),
        Case(
            "an input that is a whole number needs no such care",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, scale: int = Input(default=2, ge=0, le=9)) -> str:
                        return f"{scale}"
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"app.py": ("scale: int = Field(default=2, ge=0, le=9)",)},
            lacks={"app.py": ("Number",)},
        ),
        Case(
            "an Input of another library stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from keras import Input


                class Predictor(BasePredictor):
                    def setup(self):
                        self.layer = Input(shape=(8,))

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            has={"predict.py": ("Input(shape=(8,))",)},
            style="keep",
        ),
        Case(
            "an `Input` that is a value keeps Cog, under the name that leads to it",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog
                from cog import BasePredictor

                make = cog.Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 4, "predict.py"),),
            has={"predict.py": ("import cog\n",), "app.py": ('requirements = ["cog"]',)},
            lacks={"predict.py": ("BasePredictor",)},
        ),
        Case(
            "a default that is read from a signature is the value itself now",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import inspect

                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = Input(default="a cat")) -> str:
                        return prompt.upper()


                def defaults():
                    signature = inspect.signature(Predictor.predict)
                    return [one.default.default for one in signature.parameters.values() if hasattr(one.default, "default")]
                """,
            },
            seen=(Seen("converted", 7, "predict.py"),),
            has={"predict.py": ("[one.default for one in signature.parameters.values() if one.default is not inspect.Parameter.empty]",)},
        ),
        Case(
            "a default that is no input's is read as it was",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, prompt: str = Input(default="a cat")) -> str:
                        return prompt.upper()


                def first(option):
                    return option.default if hasattr(option.default, "default") else option.choices
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            style="keep",
            has={"predict.py": ('option.default if hasattr(option.default, "default") else option.choices',)},
        ),
        Case(
            "a required input that is passed by name alone loses its default, another one keeps its own",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Input


                class Predictor(BasePredictor):
                    def predict(self, *, prompt: str = Input(description="Text"), steps: int = Input(default=4)) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 5, "predict.py"),),
            has={"predict.py": ("def predict(self, *, prompt: str, steps: int = 4) -> str:",)},
            style="keep",
        ),
    ),
)
