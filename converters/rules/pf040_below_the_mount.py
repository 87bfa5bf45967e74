"""PF040: image contents below fal's own storage."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="PF040",
    title="image contents below fal's own storage",
    safety="manual",
    explanation="""
    fal mounts its persistent storage over /data on every runner, so what an image holds there is hidden: code, environments, models.
    Put it elsewhere in the image, or name the app's `data_mounts` without /data.
    """,
    links=(
        docker_docs("reference/dockerfile/#copy"),
        fal_docs("documentation/development/use-persistent-storage"),
    ),
    cases=(
        Case(
            "code below the mount is named",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("/app", "/data")},
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case("code elsewhere is in order", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a folder that only begins like it is in order",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("/app", "/database")},
        ),
    ),
)
