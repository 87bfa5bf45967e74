"""PF005: a file that COPY names and the build does not get."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import COG, IMAGE, PREDICTOR, WORKER

DEBUG = """
FROM python:3.11-slim
WORKDIR /src
COPY . /src
RUN pip install cog
EXPOSE 5000
CMD ["python", "-m", "cog.server.http"]
"""

rule = Rule(
    code="PF005",
    title="a file that COPY names and the build does not get",
    safety="manual",
    expected="every source of a COPY is a file of the project that fal's client sends",
    explanation="""
    The sources of COPY and ADD are looked up as fal's client does: in the project, by their exact paths. Patterns are written out where
    the Dockerfile is edited anyway, since the client does not expand them.
    Add the file, or take the line out: without it the image does not build.
    """,
    links=(
        docker_docs("reference/dockerfile/#copy"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a folder that a Dockerfile of Cog copies and nobody has is named",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": PREDICTOR,
                "Dockerfile": DEBUG.replace("COPY . /src", "COPY engine /src/engine\nCOPY . /src"),
            },
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a pattern is written out",
            "untouched",
            {
                "handler.py": WORKER,
                "voice.txt": "a",
                "words.txt": "b",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY *.txt /texts/\nCOPY handler.py /handler.py"),
            },
            has={"Dockerfile": ('COPY ["voice.txt", "words.txt", "/texts/"]',)},
        ),
        Case(
            "files that other stages copy go along, since the client looks for all of them",
            "untouched",
            {
                "handler.py": WORKER,
                "tools/fetch.sh": "echo",
                "tools/lint.sh": "echo",
                "tools/mark.txt": "1",
                "Dockerfile": IMAGE.replace(
                    "FROM python",
                    "FROM alpine AS fetched\nCOPY tools/fetch.sh /\nRUN --mount=type=bind,source=tools/mark.txt,target=/m /fetch.sh\n"
                    "FROM alpine AS lint\nCOPY tools/lint.sh /\n\nFROM python",
                ).replace("COPY handler.py", "COPY --from=fetched /models /models\nCOPY handler.py"),
            },
            has={"tools/fetch.sh": ("echo",), "tools/mark.txt": ("1",), "tools/lint.sh": ("echo",)},
        ),
        Case("files that are there are in order", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
    ),
)
