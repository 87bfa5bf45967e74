"""RC022: the Python version, and pins that have no wheel for a newer one."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC022",
    title="python_version -> python_version",
    safety="safe",
    expected="every pinned release has a wheel for the app's Python",
    explanation="""
    The version goes into the class of the app. One below 3.10 is raised, because fal has none older, and a pin whose package has no
    wheel for the raised version is raised, too, where its series of releases has one (numpy 1.21.1 becomes 1.21.2); else it is named with
    the first release that has one.
    Check the code against that release.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/fal-runtime")),
    cases=(
        Case(
            "the stated version is written",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            seen=(Seen("converted", 2, "cog.yaml"),),
            has={"app.py": ('python_version="3.11"',)},
        ),
        Case(
            "a pin without a wheel for the raised version is left to a person",
            "partial",
            {
                "cog.yaml": """
                build:
                  python_version: "3.8"
                  python_packages:
                    - torch==1.8.0
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 4, "cog.yaml"),),
            status="partial",
        ),
        Case(
            "a pin whose series has a wheel for the raised version is raised within it",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_version: "3.8"
                  python_packages:
                    - numpy==1.21.1
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 4, "cog.yaml", says="raised to numpy==1.21.2"),),
            has={"app.py": ('"numpy==1.21.2"',)},
            lacks={"app.py": ("1.21.1",)},
            status="converted",
        ),
        Case(
            "a cog.yaml that states no version is silent",
            "untouched",
            {"cog.yaml": "predict: predict.py:Predictor", "predict.py": PREDICTOR},
        ),
    ),
)
