"""PF040: image contents below fal's own storage."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="PF040",
    title="image contents below fal's own storage",
    safety="manual",
    expected="neither files nor the working directory of the image are below /data",
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
        Case(
            "what a build step downloads below the mount is named",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "RUN wget -q https://example.com/m.bin -O /data/m.bin\nCOPY")},
            seen=(Seen("manual", 4, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a working directory below the mount is named",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "WORKDIR /data/app\nCOPY")},
            seen=(Seen("manual", 4, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a link that leads below the mount is in order",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "RUN mkdir -p /data/models && ln -s /data/models /models\nCOPY")},
        ),
        Case("code elsewhere is in order", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a folder that only begins like it is in order",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("/app", "/database")},
        ),
    ),
)
