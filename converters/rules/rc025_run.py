"""RC025: build commands of cog.yaml."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC025",
    title="run -> RUN in the Dockerfile",
    safety="safe",
    explanation="""
    Build commands run in the Dockerfile at the same point as with Cog: after the packages and before the source is copied. One that
    only installs Python packages is read into their list; one that leaves nothing behind goes where no image is needed.
    Check commands that rely on Cog's own folders.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a command runs in the Dockerfile",
            "converted",
            {
                "cog.yaml": """
                build:
                  run:
                    - make -C /opt tools
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 2, "cog.yaml"), Seen("kept", 3, "cog.yaml")),
            has={"Dockerfile": ("RUN make -C /opt tools",)},
        ),
        Case("a cog.yaml without commands runs none", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a shell script that nothing runs stays a file",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "scripts/tools.sh": "make -C /opt tools"},
        ),
        Case(
            "commands that install packages or leave nothing behind become requirements",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  run:
                    - pip install numpy==1.26.0
                    - echo hello
                predict: predict.py:Predictor
                """,
            },
            seen=(
                Seen("converted", 3, "cog.yaml"),
                Seen("converted", 4, "cog.yaml"),
                Seen("dropped", 5, "cog.yaml"),
            ),
        ),
        Case(
            "of the commands that run in the image those that fetch models are told apart",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  system_packages: [ffmpeg]
                  run:
                    - curl -L -o /src/model.pth https://example.com/model.pth
                    - echo built
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("kept", 5, "cog.yaml"), Seen("kept", 6, "cog.yaml")),
            has={"MIGRATION.md": ("`curl -L -o /src/model.pth https://example.com/model.pth` stays baked in the image",)},
            lacks={"MIGRATION.md": ("echo built",)},
        ),
    ),
)
