"""RC028: the managed weights of cog.yaml."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC028",
    title="weights -> files in /data, fetched by setup()",
    safety="safe",
    expected="the weights are on the runner at the path that the model opens",
    explanation="""
    Cog's `weights` name files that it fetches when the model is built. `setup()` fetches URLs and repositories of the Hugging Face Hub
    into `/data`, once for all runners, and links them to where the code expects them. Files of your own machine are left to a person.
    Copy those with `fal files upload`.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/download-model-weights-and-files")),
    cases=(
        Case(
            "a URL is fetched once by setup",
            "converted",
            {
                "cog.yaml": """
                predict: predict.py:Predictor
                weights:
                  - source: https://example.com/model.bin
                    target: model.bin
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 3, "cog.yaml"),),
            has={"app.py": ('Path("model.bin"))',)},
        ),
        Case(
            "a file of the author's machine is left to a person",
            "partial",
            {
                "cog.yaml": """
                predict: predict.py:Predictor
                weights:
                  - source: ./model.bin
                    target: model.bin
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 3, "cog.yaml"),),
            status="partial",
        ),
        Case("a cog.yaml without weights fetches none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "weights of one's own machine are told with the place where the code expects them",
            "partial",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                predict: predict.py:Predictor
                weights:
                  - target: /src/models
                    source:
                      uri: ./models
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 5, "cog.yaml"),),
            has={"MIGRATION.md": ("weights are expected at /src/models (cog.yaml:5)",)},
            status="partial",
        ),
    ),
)
