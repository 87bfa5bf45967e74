"""RC027: the name of the image names the app."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC027",
    title="image: r8.im/owner/name -> the app's name",
    safety="safe",
    expected="cog.yaml names an image that was pushed, and the login of its registry is a secret of the account",
    guide=("Replicate 7",),
    explanation="""
    `cog push` takes the name of the model from `image`; `fal deploy` takes the app's name from the class, so the last part of the one
    becomes the other. The registry and the owner have no part in it.
    Check that the name is free in your account.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/deployment/deploy-to-production")),
    cases=(
        Case(
            "the last part of the image names the app",
            "converted",
            {"cog.yaml": "image: r8.im/me/painter\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
            seen=(Seen("converted", 1, "cog.yaml"),),
            has={"app.py": ('name="painter"',), "pyproject.toml": ("[tool.fal.apps.painter]",)},
        ),
        Case(
            "without an image the folder names the app",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            has={"app.py": ('name="worker"',)},
        ),
        Case(
            "an image that was pushed runs as it is, after a login",
            "partial",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                image: r8.im/acme/upscaler
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(
                Seen("manual", 1, "cog.yaml", says="`fal secrets set REPLICATE_CLI_AUTH_TOKEN=...` (for r8.im"),
                Seen("kept", 1, "cog.yaml"),
                Seen("kept", 2, "cog.yaml"),
                Seen("converted", 3, "cog.yaml"),
                Seen("kept", 4, "cog.yaml"),
            ),
            target="pyproject",
            status="converted",
        ),
        Case(
            "an image that was not pushed is asked for",
            "partial",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                image: upscaler
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(
                Seen("manual", 1, "cog.yaml"),
                Seen("kept", 1, "cog.yaml"),
                Seen("kept", 2, "cog.yaml"),
                Seen("manual", 3, "cog.yaml"),
                Seen("converted", 3, "cog.yaml"),
                Seen("kept", 4, "cog.yaml"),
            ),
            target="pyproject",
        ),
    ),
)
