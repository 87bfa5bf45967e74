"""PF042: RunPod's volume in a file that is no program."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="PF042",
    title="RunPod's volume in a file that is no program",
    safety="manual",
    expected="the paths that files name are ones that fal has",
    explanation="""
    /runpod-volume does not exist on fal. Python files are moved to the app's folder below /data; other files that go along are named with
    their line.
    Write the folder below /data into which the volume's files go.
    """,
    links=(
        runpod_docs("storage/network-volumes"),
        fal_docs("documentation/development/use-persistent-storage"),
    ),
    cases=(
        Case(
            "a path of the volume in a settings file is named",
            "partial",
            {
                "main.py": SERVER,
                "paths.yaml": "models: /runpod-volume/models",
                "Dockerfile": SERVER_IMAGE.replace("main.py /app/main.py", "main.py paths.yaml /app/"),
            },
            seen=(Seen("manual", 1, "paths.yaml"),),
            status="partial",
        ),
        Case(
            "a path of the volume in a comment is in order",
            "untouched",
            {
                "main.py": SERVER,
                "paths.yaml": "# /runpod-volume/models on RunPod\nmodels: models",
                "Dockerfile": SERVER_IMAGE.replace("main.py /app/main.py", "main.py paths.yaml /app/"),
            },
        ),
        Case("a file that stays behind is in order", "untouched", {"handler.py": WORKER, "docs/setup.yaml": "at: /runpod-volume"}),
    ),
)
