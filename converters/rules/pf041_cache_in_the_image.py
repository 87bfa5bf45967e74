"""PF041: a cache folder of the image that does not last."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="PF041",
    title="a cache folder of the image that does not last",
    safety="manual",
    expected="caches are below /data, which outlasts a runner",
    explanation="""
    A server's image that sets HF_HOME or another cache to a folder of its own starts with it empty on every new runner, unless the build
    fills it. fal's own HF_HOME lies on persistent storage.
    Set it below /data, or leave fal's own value.
    """,
    links=(
        docker_docs("reference/dockerfile/#env"),
        fal_docs("documentation/development/use-persistent-storage"),
    ),
    cases=(
        Case(
            "a cache elsewhere in the image is named",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("COPY", "ENV TORCH_HOME=/models/torch\nCOPY")},
            seen=(Seen("manual", 3, "Dockerfile"),),
        ),
        Case(
            "a cache below the mount is in order",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("COPY", "ENV TORCH_HOME=/data/torch\nCOPY")},
        ),
        Case(
            "the mount itself is a cache that lasts",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("COPY", "ENV HF_HUB_CACHE=/data\nCOPY")},
        ),
        Case(
            "a cache that the build fills is in order",
            "untouched",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("COPY", "ENV HF_HOME=/models\nRUN hf download openai/whisper-tiny\nCOPY"),
            },
        ),
    ),
)
