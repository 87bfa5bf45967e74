"""PF006: a script that is started and is not there."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="PF006",
    title="a script that is started and is not there",
    safety="manual",
    explanation="""
    Scripts that RUN lines and a server's start command name by their paths are looked up among the files of the image. What the build
    clones, downloads or unpacks may hold them, so nothing is said then.
    Add the script.
    """,
    links=(
        docker_docs("reference/dockerfile/#entrypoint"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a start script that nobody has is named",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("CMD", 'ENTRYPOINT ["/app/entry.sh"]\nCMD')},
            seen=(Seen("manual", 6, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a start script that the image holds is in order",
            "untouched",
            {
                "main.py": SERVER,
                "entry.sh": '#!/bin/sh\nexec "$@"',
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py", "COPY main.py entry.sh")
                .replace("/app/main.py", "/app/")
                .replace("CMD", 'ENTRYPOINT ["/app/entry.sh"]\nCMD'),
            },
        ),
        Case(
            "a script that the build downloads is in order",
            "untouched",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("COPY", "RUN curl -o install.sh https://example.com/install.sh && sh install.sh\nCOPY"),
            },
        ),
    ),
)
