"""RC021: the image that Cog would build, without Cog."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import IMAGE, PREDICTOR, WORKER

rule = Rule(
    code="RC021",
    title="cuda, system_packages and run -> a Dockerfile, and torch's own index",
    safety="safe",
    guide=("Replicate 1",),
    explanation="""
    Where cog.yaml asks for more than Python packages, a Dockerfile is written that holds what Cog's image held: the same CUDA base by
    Cog's own tables, packages, commands and source, without Cog's server, and with fal's packages last. A pinned torch comes from the
    index that Cog resolves for its CUDA.
    Check the build on fal once: the base image is the newest patch release of its version.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a system package makes an image",
            "converted",
            {
                "cog.yaml": """
                build:
                  gpu: true
                  cuda: "12.1"
                  system_packages:
                    - ffmpeg
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 3, "cog.yaml", says="the base image of Dockerfile holds CUDA 12.1"),),
            has={"Dockerfile": ("FROM nvidia/cuda:12.1", "ffmpeg"), "app.py": ("ContainerImage.from_dockerfile(",)},
        ),
        Case(
            "Python packages alone need no image",
            "untouched",
            {
                "cog.yaml": """
                build:
                  python_packages:
                    - numpy==1.26.4
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            has={"app.py": ('requirements = ["numpy==1.26.4"]',)},
        ),
        Case("a Dockerfile of another platform is kept as it is", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
        Case(
            "a wheel of PyTorch comes from the index that Cog takes",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  gpu: true
                  cuda: "11.8"
                  python_version: "3.11"
                  python_packages: ["torch==2.1.0"]
                predict: predict.py:Predictor
                """,
            },
            seen=(
                Seen("converted", 3, "cog.yaml", says="the wheels bring their own CUDA"),
                Seen("converted", 5, "cog.yaml"),
            ),
        ),
    ),
)
