"""RC030: variables of cog.yaml."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC030",
    title="environment -> setup() and secrets",
    safety="safe",
    expected="the secret is set in the account",
    explanation="""
    A variable is set before the predictor's module is imported, by `setup()` or by the image. A secret never gets a value in the
    output: it is named, with the command that sets it.
    Check the values against the deployment on Replicate.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a variable is set before the module is imported",
            "converted",
            {
                "cog.yaml": """
                environment:
                  - MODE=fast
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 2, "cog.yaml"),),
            has={"app.py": ('os.environ.setdefault("MODE", "fast")',)},
        ),
        Case(
            "a secret is named and not copied",
            "partial",
            {
                "cog.yaml": """
                environment:
                  - HF_TOKEN=hf_abc
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 2, "cog.yaml"),),
            lacks={"app.py": ("hf_abc",), "MIGRATION.md": ("hf_abc",)},
        ),
        Case(
            "a cog.yaml without variables sets none",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            lacks={"app.py": ("setdefault",)},
        ),
    ),
)
