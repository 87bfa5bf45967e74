"""RC023: Python packages of cog.yaml."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR


def _image(*packages: str) -> dict[str, str]:
    listed = "".join(f'    - "{name}"\n' for name in packages)
    python = f"  python_packages:\n{listed}" if listed else ""
    return {"cog.yaml": f"build:\n  system_packages:\n    - ffmpeg\n{python}predict: predict.py:Predictor\n", "predict.py": PREDICTOR}


rule = Rule(
    code="RC023",
    title="python_packages and python_requirements -> requirements",
    safety="safe",
    expected="the list of requirements that cog.yaml names is in the project",
    guide=("Replicate 1",),
    explanation="""
    The packages are listed in `requirements` with their pins, or installed by the Dockerfile where an image is needed. A requirement
    file that is not in the project (a submodule, or one that a script makes) is left to a person. An image builds what has no wheel
    with a setuptools of before release 82, as it did when the project was written.
    Check packages without a version: Cog resolves them at each build, and so does fal.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "the packages of a RunPod worker that cog builds are its own",
            "converted",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """,
                "cog.yaml": """
                build:
                  python_version: "3.10"
                  python_packages:
                    - "numpy==1.26.4"
                predict: "predict.py:Predictor"
                """,
            },
            seen=(Seen("converted", 4, "cog.yaml"),),
            has={"app.py": ('requirements = ["numpy==1.26.4"]', 'python_version="3.10"')},
            status="converted",
        ),
        Case(
            "an image keeps setuptools back for releases without a wheel, which were built with an older one",
            "converted",
            _image("clip-interrogator==0.4.4", "setuptools==69.5.1"),
            has={"Dockerfile": ("RUN echo 'setuptools<81' > /etc/build-constraints.txt\nENV PIP_CONSTRAINT=",)},
            status="converted",
        ),
        Case("an image that installs nothing keeps nothing back", "untouched", _image(), lacks={"Dockerfile": ("PIP_CONSTRAINT",)}),
        Case(
            "an image that asks for a newer setuptools gets it",
            "converted",
            _image("numpy==1.26.4", "setuptools>=82"),
            lacks={"Dockerfile": ("PIP_CONSTRAINT",)},
        ),
        Case(
            "packages are listed with their pins",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_packages:
                    - numpy==1.26.4
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 2, "cog.yaml"), Seen("converted", 3, "cog.yaml")),
            has={"app.py": ('requirements = ["numpy==1.26.4"]',)},
        ),
        Case(
            "a requirement file that is not there is left to a person",
            "partial",
            {"cog.yaml": "build:\n  python_requirements: missing.txt\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
            seen=(Seen("manual", 2, "cog.yaml"),),
            status="partial",
        ),
        Case(
            "a requirement file that cog.yaml does not name is a file",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "requirements-dev.txt": "pytest"},
            lacks={"app.py": ("pytest",)},
        ),
        Case("a cog.yaml without packages asks for none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
    ),
)
