"""RC041: code that parses the command line it was started with."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

OPTIONS = """
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=64)
options = parser.parse_args()
"""
PREDICT = """
from cog import BasePredictor

from options import options


class Predictor(BasePredictor):
    def predict(self, prompt: str) -> str:
        return prompt * options.size
"""
SCRIPT = """

if __name__ == "__main__":
    import sys

    print(sys.argv)
"""

rule = Rule(
    code="RC041",
    title="the command line is empty, as in Cog's worker",
    safety="safe",
    explanation="""
    Cog starts its worker without arguments, so code that parses its command line gets the defaults. A runner of fal has arguments of its
    own, which such a parser refuses: it would end the process. setup() sets the arguments that Cog's worker had.
    Check code that waits for an argument of Cog's own server.
    """,
    links=(cog_docs("http"), fal_docs("documentation/development/app-lifecycle")),
    cases=(
        Case(
            "options that are parsed on import",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICT, "options.py": OPTIONS},
            seen=(Seen("converted", 5, "options.py"),),
            has={"app.py": ('sys.argv = ["-c"]',)},
        ),
        Case(
            "a name that the code takes from the command line",
            "converted",
            {"cog.yaml": COG, "predict.py": "import sys\n\nNAME = sys.argv[0]\n\n\n" + PREDICTOR},
            has={"app.py": ('sys.argv = ["-c"]',)},
        ),
        Case(
            "options that only a script of the project parses",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": PREDICTOR + SCRIPT,
            },
            lacks={"app.py": ("sys.argv",)},
        ),
        Case(
            "a parser that is given its arguments",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICT, "options.py": OPTIONS.replace("parse_args()", "parse_args([])")},
            lacks={"app.py": ("sys.argv",)},
        ),
        Case("a predictor that reads none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}, lacks={"app.py": ("sys.argv",)}),
    ),
)
