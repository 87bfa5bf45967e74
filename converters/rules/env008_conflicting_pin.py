"""ENV008: pins that exclude what fal installs on the runner."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PREDICTOR, WORKER

rule = Rule(
    code="ENV008",
    title="pins of pydantic, fastapi or tblib that fal cannot meet",
    safety="manual",
    expected="the pin allows a release that fal's own requirements allow",
    explanation="""
    fal's server runs in the same environment as the app and needs pydantic 2 and its own FastAPI. A pin such as `pydantic==1.10`
    has no solution together with them, so the environment would not build. A pin of FastAPI gives way
    where the worker never imports it; else which of the two has to is a person's decision.
    Loosen the pin, and adapt the code if it needs the old version.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "an old pydantic is left to a person",
            "partial",
            {
                "handler.py": """
                import pydantic
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "by": pydantic.VERSION}

                runpod.serverless.start({"handler": handler})
                """,
                "requirements.txt": "pydantic==1.10.13",
            },
            seen=(Seen("manual", 1, "requirements.txt"),),
            status="partial",
        ),
        Case(
            "a pin of what the worker never imports gives way",
            "converted",
            {"handler.py": WORKER, "requirements.txt": "fastapi==0.110.0\nnumpy==1.26.4"},
            seen=(Seen("converted", 1, "requirements.txt"),),
            has={"app.py": ('requirements = ["numpy==1.26.4"]',)},
            status="converted",
        ),
        Case(
            "a pydantic without a pin is no conflict",
            "untouched",
            {"handler.py": WORKER, "requirements.txt": "pydantic>=1.10"},
            has={"app.py": ('"pydantic>=1.10"',)},
            status="converted",
        ),
        Case(
            "an old version of another package is no conflict",
            "untouched",
            {"handler.py": WORKER, "requirements.txt": "pydantic-settings==2.0.0\nnumpy==1.21.6"},
            status="converted",
        ),
        Case(
            "a pin that gives way leaves the steps that are installed in order, too",
            "converted",
            {
                "handler.py": WORKER,
                "requirements.txt": "--extra-index-url https://download.pytorch.org/whl/cpu\nfastapi==0.110.0\ntorch==2.4.0",
            },
            seen=(Seen("converted", 2, "requirements.txt"),),
            has={"app.py": ('        ["--extra-index-url", "https://download.pytorch.org/whl/cpu", "torch==2.4.0"]',)},
            lacks={"app.py": ("fastapi==",)},
        ),
        Case(
            "a pin in the image of a predictor is the image's own",
            "untouched",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  python_packages: ["fastapi==0.110.0"]
                  system_packages: [ffmpeg]
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            has={"Dockerfile": ("fastapi==0.110.0",)},
        ),
        Case(
            "a pin in the list of a predictor is named",
            "partial",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  python_packages: ["fastapi==0.110.0"]
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 3, "cog.yaml", says="`fastapi==0.110.0` conflicts with the fastapi that fal installs"),),
            status="partial",
        ),
    ),
)
