"""RC026: commands that Cog ran before the packages."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC026",
    title="pre_install, which Cog runs like run",
    safety="safe",
    explanation="""
    `pre_install` is an old name that Cog still reads: it runs these commands after those of `run`, whatever the name says, and so does
    the Dockerfile. Each command has a line of its own in the report.
    Move the commands to `run` when you next touch the file.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "old commands run where Cog runs them",
            "converted",
            {
                "cog.yaml": """
                build:
                  pre_install:
                    - make -C /opt tools
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 2, "cog.yaml"),),
            has={"Dockerfile": ("RUN make -C /opt tools",)},
        ),
        Case("a cog.yaml without the key is silent", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
