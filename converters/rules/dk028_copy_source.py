"""DK028: COPY lines that fal's client reads differently."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK028",
    title="COPY sources, seen from the folder of pyproject.toml",
    safety="safe",
    explanation="""
    fal's client sends the folder of pyproject.toml as the build's context and reads the COPY lines to find the files. A Dockerfile whose
    context was a sub-folder, whose sources hold variables, or whose `--from` is not the first flag is written as the client reads it;
    the same files land in the same places.
    Check nothing: the paths are computed.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "sources of a sub-folder get its name",
            "converted",
            {"api/main.py": SERVER, "api/Dockerfile": SERVER_IMAGE},
            has={"api/Dockerfile": ("COPY api/main.py /app/main.py",)},
            why={"api/Dockerfile": ("DK028: the build context on fal is the folder of pyproject.toml",)},
        ),
        Case(
            "sources beside pyproject.toml stay as they are",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            has={"Dockerfile": ("COPY main.py /app/main.py",)},
        ),
        Case("a COPY line of a queue worker stays", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
        Case(
            "a target keeps its variable, a source loses its own, and a list stays a list",
            "converted",
            {
                "api/main.py": SERVER,
                "api/my data.txt": "a",
                "api/Dockerfile": SERVER_IMAGE.replace(
                    "COPY main.py /app/main.py",
                    "ARG NAME=main\nENV APP=/app\nCOPY main.py $APP/\n"
                    'COPY $NAME.py $APP/second.py\nCOPY ["my data.txt", "/app/my data.txt"]',
                ),
            },
            has={
                "api/Dockerfile": (
                    "COPY api/main.py $APP/\n",
                    "COPY api/main.py /app/second.py\n",
                    'COPY ["api/my data.txt", "/app/my data.txt"]\n',
                )
            },
        ),
        Case(
            "what is left out of the build is no name of a pattern",
            "converted",
            {
                "main.py": SERVER,
                "words/a.txt": "a",
                "voice.txt": "a",
                ".dockerignore": "words/\n",
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY main.py /app/main.py\nCOPY ?o* /app/texts/"),
            },
            has={"Dockerfile": ("COPY Dockerfile voice.txt /app/texts/",)},
        ),
        Case(
            "the stage that a line copies from is named first, as the client knows it",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": "FROM alpine:3.20 AS tools\n"
                + SERVER_IMAGE.lstrip().replace(
                    "EXPOSE", "COPY --chown=1000 --from=tools /bin/sh /tool\nCOPY --from=tools /bin/ls /list\nEXPOSE"
                ),
            },
            has={"Dockerfile": ("COPY --from=tools --chown=1000 /bin/sh /tool\nCOPY --from=tools /bin/ls /list\n",)},
            why={"Dockerfile": ("DK028: fal's client knows `COPY --from` only with --from first",)},
        ),
    ),
)
