"""RC011: code that notices that its prediction was cancelled."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC011",
    title="CancelationException -> the /cancel route",
    safety="safe",
    explanation="""
    Cog raises CancelationException in a running prediction when it is cancelled, so that the code can clean up. The exception becomes a
    class of the kept file, which the app's `/cancel` route raises in the running prediction; fal calls it when a request is cancelled.
    Without such code, the route raises an exception of the app file's own: the prediction stops, and its `finally` blocks run.
    In native style the route is there for a method that cleans up or trains; any other goes on to its end, as MIGRATION.md says.
    Check clean-up code that takes long: the runner serves the next request after it.
    """,
    links=(cog_docs("python"), fal_docs("documentation/model-apis/inference/queue")),
    cases=(
        Case(
            "a cancelled prediction cleans up as before",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, CancelationException


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        try:
                            return prompt.upper()
                        except CancelationException:
                            print("stopped")
                            raise
                """,
            },
            seen=(Seen("converted", 8, "predict.py"),),
            has={"predict.py": ("class CancelationException(BaseException):",)},
            style="keep",
        ),
        Case(
            "an exception of the project's own stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from asyncio import CancelledError
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        try:
                            return prompt.upper()
                        except CancelledError:
                            raise
                """,
            },
            lacks={"predict.py": ("CancelationException",)},
        ),
        Case(
            "a predictor that does not look is stopped all the same",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            has={"app.py": ('@fal.endpoint("/cancel")', "class CancelationException(BaseException):")},
            style="keep",
        ),
        Case(
            "a predictor that cleans up is stopped in native style, too",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        try:
                            return prompt.upper()
                        finally:
                            print("done")
                """,
            },
            has={"app.py": ('@fal.endpoint("/cancel")', "    @cancellable\n", "        finally:\n            print(")},
            style="native",
        ),
        Case(
            "an asynchronous predictor has no thread to stop, which is said",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR.replace("def predict", "async def predict")},
            has={"MIGRATION.md": ("a running prediction goes on to its end",)},
            lacks={"app.py": ("/cancel",)},
        ),
        Case(
            "an exception that is named with its module gets a name of its own",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import cog


                class Predictor(cog.BasePredictor):
                    def predict(self, prompt: str) -> str:
                        try:
                            return prompt.upper()
                        except cog.CancelationException:
                            raise
                """,
            },
            seen=(Seen("converted", 8, "predict.py"),),
            has={"predict.py": ("        except CancelationException:\n",)},
            lacks={"predict.py": ("cog",)},
            style="keep",
        ),
        Case(
            "an exception that a function imports is defined where the app can import it",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import sys


                class Predictor:
                    def predict(self, prompt: str) -> str:
                        from cog import CancelationException

                        try:
                            return prompt + str(sys.argv)
                        except CancelationException:
                            raise
                """,
            },
            seen=(Seen("converted", 10, "predict.py"),),
            has={
                "predict.py": ("import sys\n\n\nclass CancelationException(BaseException):\n",),
                "app.py": ("import CancelationException, Predictor",),
            },
            lacks={"predict.py": ("import CancelationException",)},
            style="keep",
            status="converted",
        ),
        Case(
            "an exception that is imported under another name keeps that name",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from cog import CancelationException as Stop


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        try:
                            return prompt.upper()
                        except Stop:
                            raise
                """,
            },
            seen=(Seen("converted", 9, "predict.py"),),
            has={"predict.py": ("class CancelationException(BaseException):\n", "\nStop = CancelationException\n")},
            style="keep",
            status="converted",
        ),
    ),
)
