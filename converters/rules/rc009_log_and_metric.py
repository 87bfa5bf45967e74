"""RC009: log lines and metrics of a prediction."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC009",
    title="self.log and record_metric -> print",
    safety="safe",
    explanation="""
    What a prediction logs, and the metrics it records, are shown beside it on Replicate. On fal what the code prints is the log of the
    request, so both become `print`.
    Check tools that read the metrics from the prediction.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/logging")),
    cases=(
        Case(
            "a metric becomes a line of the log",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        self.record_metric("words", len(prompt))
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 6, "predict.py", says='the metric "words" is a line'),),
            has={"predict.py": ('print("metric", "words", len(prompt))',)},
            style="keep",
        ),
        Case(
            "what a metric is made of loses its names of Cog, too",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, Path, current_scope


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        current_scope().record_metric("home", value=str(Path(prompt)))
                        return prompt.upper()
                """,
            },
            has={"predict.py": ('print("metric", "home", str(Path(prompt)))', "from pathlib import Path")},
            style="keep",
        ),
        Case(
            "a value that needs parentheses among others keeps them",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, ConcatenateIterator


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> ConcatenateIterator[str]:
                        self.record_metric("words", (yield prompt))
                """,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            has={"predict.py": ('print("metric", "words", (yield prompt))',)},
            style="keep",
        ),
        Case(
            "a metric that is recorded by way of a name becomes a line of the log, too",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, current_scope


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        scope = current_scope()
                        scope.record_metric("words", len(prompt))
                        scope.metrics["letters"] = 3
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            has={
                "predict.py": ('print("metric", "words", len(prompt))', 'print("metric", "letters", 3)'),
                "MIGRATION.md": ("no longer carries",),
            },
            lacks={"predict.py": ("scope", "cog")},
            style="keep",
            status="converted",
        ),
        Case(
            "a scope of the project's own stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor
                from scopes import current_scope


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        scope = current_scope()
                        scope.record_metric("words", len(prompt))
                        return prompt.upper()
                """,
                "scopes.py": """
                class Scope:
                    def record_metric(self, name, value):
                        print(name, value)


                def current_scope():
                    return Scope()
                """,
            },
            has={"predict.py": ('scope.record_metric("words", len(prompt))',)},
            style="keep",
        ),
        Case(
            "a method called log of the project's own stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def log(self, text):
                        print("predictor:", text)

                    def predict(self, prompt: str) -> str:
                        self.log("working")
                        return prompt.upper()
                """,
            },
            has={"predict.py": ('self.log("working")',)},
            style="keep",
        ),
        Case("a predictor that logs nothing has nothing to change", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "the log of the predictor becomes print",
            "converted",
            {
                "predict.py": """
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        self.log('hello')
                        return prompt
                """,
                "cog.yaml": COG,
            },
            seen=(Seen("converted", 6, "predict.py"),),
            style="keep",
        ),
        Case(
            "metrics of the predictor's scope and of the function for them become lines of the log",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                from cog import BasePredictor, emit_metric


                class Predictor(BasePredictor):
                    def predict(self, prompt: str) -> str:
                        self.scope.record_metric("words", 3)
                        emit_metric("letters", len(prompt))
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 6, "predict.py", name="self.scope"), Seen("converted", 7, "predict.py")),
            has={"predict.py": ('        print("metric", "words", 3)\n        print("metric", "letters", len(prompt))\n',)},
            lacks={"predict.py": ("cog",)},
            style="keep",
        ),
    ),
)
