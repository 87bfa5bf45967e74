"""PF006: a script that is started and is not there."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

PACKAGE = """
FROM python:3.11-slim
WORKDIR /srv
COPY app app
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"]
"""

rule = Rule(
    code="PF006",
    title="a script that is started and is not there",
    safety="manual",
    explanation="""
    Scripts and lists of requirements that RUN lines name, and scripts and modules that a server's start command names, are looked up among
    the files of the image. What the build
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
        Case("a module that the command names and its package lacks is named", "partial",
             {"app/api.py": SERVER, "Dockerfile": PACKAGE}, seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a module that lies in the image under another name is named", "partial",
             {"app/main.py": SERVER, "Dockerfile": PACKAGE.replace("COPY app app", "COPY app .")},
             seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a list of requirements that nobody has is named", "partial",
             {"app/main.py": SERVER, "Dockerfile": PACKAGE.replace("CMD", "RUN pip install -r app/requirements.txt\nCMD")},
             seen=(Seen("manual", 4, "Dockerfile"),), status="partial"),
        Case("a module that the command names and the image holds is in order", "untouched",
             {"app/main.py": SERVER, "Dockerfile": PACKAGE}),
        Case("a module of an installed package is in order", "untouched",
             {"notes.txt": "", "Dockerfile": PACKAGE.replace("app.main", "served.main").replace("COPY app app", "COPY notes.txt .")}),
        Case("a module that the build installs from the project is in order", "untouched",
             {"src/app/main.py": SERVER, "pyproject.toml": "",
              "Dockerfile": PACKAGE.replace("COPY app app", "COPY . .\nRUN pip install .")}),
        Case("a list of requirements that the build writes is in order", "untouched",
             {"app/main.py": SERVER,
              "Dockerfile": PACKAGE.replace("CMD", "RUN echo numpy > app/extra.txt && pip install -r app/extra.txt\nCMD")}),
        Case("a module of a command that moves first is in order", "untouched",
             {"code/app/main.py": SERVER,
              "Dockerfile": PACKAGE.partition("COPY")[0] + "COPY . .\nCMD cd code && uvicorn app.main:app --host 0.0.0.0 --port 8000"}),
    ),
)  # fmt: skip
