"""RC038: a command that takes pip away."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC038",
    title="disabling pip",
    safety="safe",
    explanation="""
    Some models disable pip at the end of their build, so that Replicate cannot install another release of Cog over theirs. fal
    installs its own packages with pip, after everything else, so the command goes.
    Check nothing.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a command that disables pip is dropped",
            "converted",
            {
                "cog.yaml": """
                build:
                  system_packages:
                    - ffmpeg
                  run:
                    - ln -sf $(which echo) $(which pip)
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("dropped", 5, "cog.yaml"),),
            lacks={"Dockerfile": ("which echo",)},
        ),
        Case(
            "a command that uses pip is another rule",
            "untouched",
            {"cog.yaml": "build:\n  run:\n    - pip install numpy==1.26.4\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
        ),
        Case("a cog.yaml without commands takes nothing away", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
