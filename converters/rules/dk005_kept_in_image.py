"""DK005: lines of a Dockerfile that fal builds as they are."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

WRITES = WORKER.replace("    return", '    open("/opt/results/last.txt", "w").write("x")\n    return')
"""A worker that writes into /opt/results."""
MAKES = PIP.replace("COPY", "RUN mkdir -p /opt/results\nCOPY")
"""A Dockerfile that makes the folder in line 3."""


def _other_folder(name: str, made: str, code: str) -> Case:
    """A worker that does without the folder of its image: the image gives way to requirements."""
    files = {"handler.py": WRITES.replace('open("/opt/results/last.txt", "w").write("x")', code), "prompts/a.txt": "a"}
    dockerfile = PIP.replace("COPY", f"RUN {made}\nCOPY")
    return Case(name, "untouched", {**files, "Dockerfile": dockerfile}, lacks={"app.py": ("ContainerImage",)})


rule = Rule(
    code="DK005",
    title="ContainerImage: the Dockerfile stays",
    safety="safe",
    guide=("RunPod 9",),
    explanation="""
    System packages, compilers, clones, several stages, a base that holds more than Python, or a folder that the code uses and only the
    build makes need an image, so the project's own Dockerfile is built by fal as a `ContainerImage`, line by line as it stands. Never both
    an image and `requirements`: that would be a second environment at every cold start.
    Check that the build needs nothing but its context: fal builds it on its own machines.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a Dockerfile with a system package stays",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            seen=(
                Seen("kept", 1, "Dockerfile"),
                Seen("kept", 2, "Dockerfile"),
                Seen("converted", 4, "Dockerfile", "DK006", "the handler stands in the app file"),
            ),
            has={"app.py": ("ContainerImage.from_dockerfile(",), "Dockerfile": ("RUN apt-get update && apt-get install -y ffmpeg",)},
            lacks={"app.py": ("requirements =",)},
        ),
        Case(
            "a folder that the code writes to and only the build makes keeps the image",
            "converted",
            {"handler.py": WRITES, "Dockerfile": MAKES},
            seen=(Seen("kept", 3, "Dockerfile"),),
            has={"app.py": ("ContainerImage.from_dockerfile(",), "Dockerfile": ("RUN mkdir -p /opt/results",)},
            lacks={"app.py": ("requirements =",)},
        ),
        Case(
            "a folder below the working directory that the code writes to keeps the image",
            "converted",
            {
                "handler.py": WRITES.replace("/opt/results/", "results/"),
                "Dockerfile": MAKES.replace("RUN mkdir -p /opt/results", "WORKDIR /srv/worker\nRUN install -d -m 0777 results"),
            },
            seen=(Seen("kept", 4, "Dockerfile"),),
        ),
        _other_folder(
            "a folder that the code makes itself needs no image",
            "mkdir -p /opt/results",
            "__import__('os').makedirs('/opt/results', exist_ok=True)",
        ),
        _other_folder(
            "a folder that the code makes above the one of the build needs no image",
            "mkdir -p /opt/results",
            "__import__('pathlib').Path('/opt/results/new').mkdir(parents=True, exist_ok=True)",
        ),
        Case(
            "the top of the file system, where files are copied to, needs no image",
            "untouched",
            {
                "handler.py": WRITES.replace("/opt/results/", "/results/"),
                "Dockerfile": "FROM python:3.11-slim\nRUN pip install runpod\nCOPY handler.py /\nCMD python -u /handler.py\n",
            },
            lacks={"app.py": ("ContainerImage",)},
        ),
        _other_folder("a folder that no code uses needs no image", "mkdir -p /opt/results", "print('/opt/other')"),
        _other_folder("a folder that every system has needs no image", "mkdir -p /tmp/work /var/log", "open('/var/log/worker.txt', 'w')"),
        _other_folder("a folder of the volume needs no image", "mkdir -p /runpod-volume/models", "print('/runpod-volume/models/a')"),
        _other_folder(
            "an address with the folder's name needs no image", "mkdir -p /opt/results", "print('https://a.example/opt/results')"
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
