"""DK005: lines of a Dockerfile that fal builds as they are."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK005",
    title="ContainerImage: the Dockerfile stays",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    System packages, compilers, clones, several stages or a base that holds more than Python need an image, so the project's own
    Dockerfile is built by fal as a `ContainerImage`, line by line as it stands. Never both an image and `requirements`: that would be
    a second environment at every cold start.
    Check that the build needs nothing but its context: fal builds it on its own machines.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a Dockerfile with a system package stays",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            seen=(Seen("kept", 1, "Dockerfile"), Seen("kept", 2, "Dockerfile")),
            has={"app.py": ("ContainerImage.from_dockerfile(",), "Dockerfile": ("RUN apt-get update && apt-get install -y ffmpeg",)},
            lacks={"app.py": ("requirements =",)},
        ),
        Case(
            "a Dockerfile that is only pip work gives way to requirements",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            lacks={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a project without a Dockerfile gets none",
            "untouched",
            {"handler.py": WORKER},
            lacks={"app.py": ("ContainerImage",)},
        ),
        Case(
            "a server's build steps and files stay in its image",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "RUN make tools\nEXPOSE"),
            },
            seen=(
                Seen("kept", 1, "Dockerfile"),
                Seen("kept", 2, "Dockerfile"),
                Seen("kept", 3, "Dockerfile"),
                Seen("kept", 4, "Dockerfile"),
                Seen("kept", 5, "Dockerfile"),
            ),
        ),
        Case(
            "a stage that the image does not need stays as it is",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": "FROM python:3.11 AS test\nENV A=1\nRUN pytest\n" + SERVER_IMAGE.lstrip(),
            },
            seen=(
                Seen("kept", 1, "Dockerfile"),
                Seen("kept", 3, "Dockerfile"),
                Seen("kept", 4, "Dockerfile"),
                Seen("kept", 5, "Dockerfile"),
                Seen("kept", 6, "Dockerfile"),
                Seen("kept", 7, "Dockerfile"),
            ),
        ),
        Case(
            "an argument of the build with a default stays in the image",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("COPY", "ARG LEVEL=3\nCOPY"),
            },
            seen=(
                Seen("kept", 1, "Dockerfile"),
                Seen("kept", 2, "Dockerfile"),
                Seen("kept", 3, "Dockerfile"),
                Seen("kept", 4, "Dockerfile"),
            ),
        ),
        Case(
            "an argument of a server's build with a default stays in the image",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ARG LEVEL=3\nEXPOSE"),
            },
            seen=(
                Seen("kept", 1, "Dockerfile"),
                Seen("kept", 2, "Dockerfile"),
                Seen("kept", 3, "Dockerfile"),
                Seen("kept", 4, "Dockerfile"),
                Seen("kept", 5, "Dockerfile"),
            ),
        ),
    ),
)
