"""DK014: build arguments that the Dockerfile leaves open."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

STARTED = """
FROM python:3.11-slim
RUN pip install fastapi==0.115.0 uvicorn==0.30.0
COPY main.py /app/main.py
WORKDIR /app
ARG APP{default}
ENV APP=$APP
CMD uvicorn main:{read} --host 0.0.0.0 --port 8000
"""

rule = Rule(
    code="DK014",
    title="ARG without a default",
    safety="manual",
    expected="every build argument that the build or the start reads has a value in `build_args`",
    explanation="""
    A kept Dockerfile may ask for build arguments that a person or a CI job passed with `--build-arg`. Their values are not in the
    project, so the argument gets an empty place in `build_args` of the image, which is what Docker takes where nothing is passed.
    Docker's own arguments, such as `TARGETARCH`, are set by the builder, and a secret is never written into code.
    Fill in the value where a step uses the argument as it is; a build that asks whether it has one may need nothing.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "an argument without a default is named",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ARG MODEL_NAME
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("manual", 2, "Dockerfile"),),
            has={"app.py": ('build_args={"MODEL_NAME": ""}',)},
            status="converted",
        ),
        Case("an argument that the start command reads is asked for", "partial",
             {"main.py": SERVER, "Dockerfile": STARTED.format(default="", read="${APP}")},
             seen=(Seen("manual", 5, "Dockerfile", says="start command"),), status="partial"),
        Case("an argument that the start command has a default for is named", "partial",
             {"main.py": SERVER, "Dockerfile": STARTED.format(default="", read="${APP:-app}")},
             seen=(Seen("manual", 5, "Dockerfile", says="give it in `build_args` if the build needs it."),), status="converted"),
        Case("an argument with a default that the start command reads is in order", "untouched",
             {"main.py": SERVER, "Dockerfile": STARTED.format(default="=app", read="$APP")}),
        Case(
            "a secret without a default stays out of the code",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ARG HF_TOKEN
                RUN apt-get update && apt-get install -y ffmpeg
                RUN HF_TOKEN=$HF_TOKEN curl -O https://example.com/weights.bin
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("manual", 2, "Dockerfile"),),
            lacks={"app.py": ("build_args",)},
            status="converted",
        ),
        Case(
            "an argument with a default needs nothing",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ARG MODEL_NAME=sdxl
                ARG TARGETARCH
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"Dockerfile": ("ARG MODEL_NAME=sdxl",)},
        ),
        Case(
            "an argument of a Dockerfile that gives way is of no use",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ARG MODEL_NAME
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
        ),
        Case(
            "a secret that is a build argument is passed in another way",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ARG HF_TOKEN\nRUN download --token $HF_TOKEN\nEXPOSE"),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
            status="converted",
        ),
        Case(
            "a build argument that compose gives stands in the image's arguments",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ARG LEVEL\nRUN make LEVEL=$LEVEL\nEXPOSE"),
                "compose.yaml": """
                services:
                  web:
                    build:
                      context: .
                      args: {LEVEL: high}
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("converted", 5, "Dockerfile"),),
        ),
        Case(
            "a build argument that nothing gives is asked for",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ARG LEVEL\nRUN make LEVEL=$LEVEL\nEXPOSE"),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a base image that only an argument names is asked for",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": "ARG BASE\n" + SERVER_IMAGE.lstrip().replace("FROM python:3.11", "FROM $BASE"),
            },
            seen=(Seen("manual", 1, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "the base of a server's image that only an argument names is asked for",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": """
                ARG BASE
                FROM $BASE
                RUN pip install fastapi==0.115.0 uvicorn==0.30.0
                COPY main.py /app/main.py
                WORKDIR /app
                EXPOSE 8000
                CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
                """,
            },
            seen=(
                Seen("manual", 1, "Dockerfile"),
                Seen("manual", 2, "Dockerfile"),
            ),
        ),
        Case(
            "an argument that no default gives is named with the line that uses it",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("RUN apt", "ARG RELEASE\nARG OTHER\nRUN echo $RELEASE\nRUN apt")},
            seen=(
                Seen("manual", 2, "Dockerfile", says="ARG RELEASE was given at build time (used in line 4): fill"),
                Seen("manual", 3, "Dockerfile", says="ARG OTHER was given at build time: fill"),
            ),
            status="partial",
        ),
        *(
            Case(
                f"an argument of which a step asks whether it has a value needs none: {number}",
                "partial",
                {"handler.py": WORKER, "Dockerfile": IMAGE.replace("RUN apt", f"ARG RELEASE\n{step}\nRUN apt")},
                status="converted",
            )
            for number, step in enumerate(
                (
                    "RUN pip install six${RELEASE:+==$RELEASE}",
                    "RUN echo ${RELEASE:-1.16.0}",
                    'RUN if [ -n "$RELEASE" ]; then pip install six==$RELEASE; fi',
                    'RUN [ -z "$RELEASE" ] || pip install six==$RELEASE',
                    "LABEL release=$RELEASE",
                )
            )
        ),
        Case(
            "a server's build that uses an argument without a default is left to a person",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("RUN ", "ARG RELEASE\nRUN pip install six==${RELEASE}\nRUN ", 1)},
            seen=(Seen("manual", 2, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "an argument whose default is a token is a secret by its value",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("RUN apt", "ARG LICENSE=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nRUN echo $LICENSE\nRUN apt"),
            },
            seen=(Seen("manual", 2, "Dockerfile", says="ARG LICENSE is a secret of the build (used in line 3)"),),
            status="converted",
        ),
        Case(
            "an argument of a server's image whose default is a token is a secret by its value",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace(
                    "EXPOSE", "ARG LICENSE=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nRUN echo $LICENSE\nEXPOSE"
                ),
            },
            seen=(Seen("manual", 5, "Dockerfile", says="ARG LICENSE is a secret, and build arguments stay readable"),),
            status="converted",
        ),
    ),
)  # fmt: skip
