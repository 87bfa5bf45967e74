"""RC024: system packages of cog.yaml."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, IMAGE, PREDICTOR, WORKER

rule = Rule(
    code="RC024",
    title="system_packages -> apt-get in the Dockerfile",
    safety="safe",
    explanation="""
    Each package is installed by the Dockerfile, under its new name where the newer base image renamed it. A tool that only a build
    needs, such as git or wget, is no reason for an image of its own. A package that Cog's base image holds is added where the code
    would miss it.
    Check code that calls a tool through `subprocess`.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a library is installed by the Dockerfile",
            "converted",
            {
                "cog.yaml": """
                build:
                  system_packages:
                    - ffmpeg
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 3, "cog.yaml"),),
            has={"Dockerfile": ("ffmpeg",)},
        ),
        Case(
            "programs of Cog's base image that build steps start are installed before them",
            "converted",
            {
                "cog.yaml": """
                build:
                  run:
                    - wget -q https://example.com/a.zip && unzip a.zip -d /opt/a
                    - make -C /opt/a
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 1, "cog.yaml"),),
            has={"Dockerfile": ("wget unzip && rm",)},
            lacks={"Dockerfile": ("cmake", "ffmpeg", "sox")},
        ),
        Case("a cog.yaml without system packages installs none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case("packages of a worker's Dockerfile are another rule", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
        Case(
            "a tool for building is not needed by a list of requirements",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  system_packages: ["build-essential"]
                predict: predict.py:Predictor
                """,
            },
            seen=(
                Seen("converted", 3, "cog.yaml"),
                Seen("dropped", 3, "cog.yaml"),
            ),
        ),
        Case(
            "an option of apt beside a package is no package, and one of another name now gets it",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  system_packages:
                    - "--no-install-recommends libgl1-mesa-glx"
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 4, "cog.yaml", says="is installed by Dockerfile; libgl1-mesa-glx is called libgl1 since Debian 12"),),
            has={"Dockerfile": (" libgl1 ",)},
        ),
    ),
)
