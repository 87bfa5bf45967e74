"""PF008: images that only their author has."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="PF008",
    title="an image that only the machine has on which it was built",
    safety="manual",
    expected="the base image is one that a registry has",
    explanation="""
    A name without an owner is one of Docker Hub's official images, or an image that was built on the author's machine; `localhost` is a
    registry there. fal builds elsewhere and cannot pull it.
    Push the image to a registry and write its full name, or build it in a stage of the Dockerfile.
    """,
    links=(docker_docs("reference/dockerfile/#from"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a base image without an owner is named",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("python:3.11-slim", "our-base:py3.11")},
            seen=(Seen("manual", 1, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "an image of which files are copied is named",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "COPY --from=kernels /k /k\nCOPY")},
            seen=(Seen("manual", 4, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a stage of the Dockerfile is no image",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("FROM python:3.11-slim", "FROM python:3.11-slim AS base\nFROM base").replace(
                    "COPY", "COPY --from=base /etc/hostname /built\nCOPY"
                ),
            },
        ),
        Case("an official image can be pulled", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
        Case(
            "an image of an owner can be pulled",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("python:3.11-slim", "acme/base:py3.11")},
        ),
    ),
)
