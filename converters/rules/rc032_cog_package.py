"""RC032: installations of Cog itself."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import PREDICTOR

rule = Rule(
    code="RC032",
    title="cog among the packages goes",
    safety="safe",
    explanation="""
    Some projects list Cog among their packages or install it in a build command. The kept code imports nothing of it any more, and
    its pins of pydantic and FastAPI would fight with fal's, so it goes; it stays only where a name of Cog has no counterpart.
    Check nothing.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "a listed Cog goes and the others stay",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_packages:
                    - cog==0.9.0
                    - numpy==1.26.4
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("dropped", 3, "cog.yaml"),),
            has={"app.py": ('requirements = ["numpy==1.26.4"]',)},
        ),
        Case(
            "a package whose name only begins like Cog stays",
            "untouched",
            {
                "cog.yaml": """
                build:
                  python_packages:
                    - cogapp==3.4.1
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            has={"app.py": ('requirements = ["cogapp==3.4.1"]',)},
        ),
        Case(
            "a command that installs Cog itself is left out",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  run:
                    - pip install cog
                  python_packages: ["cog==0.9.0", "six==1.16.0"]
                predict: predict.py:Predictor
                """,
            },
            seen=(
                Seen("dropped", 4, "cog.yaml"),
                Seen("dropped", 5, "cog.yaml"),
                Seen("converted", 5, "cog.yaml", "RC023"),
            ),
        ),
        Case(
            "a Cog in the requirements file is left out",
            "converted",
            {
                "predict.py": PREDICTOR,
                "requirements.txt": """
                cog==0.9.0
                six==1.16.0
                """,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  python_requirements: requirements.txt
                predict: predict.py:Predictor
                """,
            },
            seen=(Seen("dropped", 1, "requirements.txt"),),
        ),
        Case(
            "a worker that Cog builds and that imports Cog keeps it",
            "untouched",
            {
                "handler.py": """
                import runpod
                from cog import Path


                def handler(job):
                    return {"text": str(Path(job["input"]["prompt"]))}


                runpod.serverless.start({"handler": handler})
                """,
                "cog.yaml": "build:\n  python_packages: [numpy==1.26.4]\n",
            },
            has={"app.py": ('requirements = ["numpy==1.26.4", "cog"]',)},
        ),
    ),
)
