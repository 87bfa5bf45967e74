"""PF007: a file that fal's client leaves out and the code needs."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="PF007",
    title="a file that fal's client leaves out and the code needs",
    safety="manual",
    expected="no ignore rule leaves out a file that the build or the code needs",
    explanation="""
    fal's client reads a .dockerignore as a .gitignore without negations, and has a list of its own where there is none: `*.md`, `.env`,
    `venv` and more. Files that what runs reads or imports are compared with what it sends; where one would be lost, a .dockerignore
    that keeps it is written.
    A file that a COPY line names and the client still leaves out is left to a person.
    """,
    links=(
        docker_docs("build/concepts/context/#dockerignore-files"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a file that COPY names is named where the ignore file is not the output's own",
            "partial",
            {
                "svc/handler.py": WORKER,
                "svc/notes.md": "x",
                "svc/Dockerfile": IMAGE.replace("COPY handler.py", "COPY notes.md /notes.md\nCOPY handler.py"),
                "README.md": "x",
            },
            seen=(Seen("manual", 4, "svc/Dockerfile"),),
            status="partial",
        ),
        Case(
            "a file that COPY names is kept",
            "untouched",
            {
                "handler.py": WORKER,
                "notes.md": "x",
                "Dockerfile": IMAGE.replace("COPY handler.py", "COPY notes.md /notes.md\nCOPY handler.py"),
            },
            has={".dockerignore": ("The files here are those that the build needs",)},
        ),
        Case(
            "a text in a folder that code imports from may be left out",
            "untouched",
            {
                "svc/handler.py": WORKER.replace(
                    "import runpod", "import sys\n\nimport runpod\n\nsys.path.insert(0, '/models')\nimport texts"
                ),
                "svc/models/texts.py": "VOICE = 1",
                "svc/models/README.md": "x",
                "svc/Dockerfile": IMAGE.replace("COPY handler.py", "COPY models /models\nCOPY handler.py"),
                "README.md": "x",
            },
        ),
        Case("a text that nothing reads may be left out", "untouched", {"handler.py": WORKER, "README.md": "x", "Dockerfile": IMAGE}),
        Case(
            "a file that the code reads and that the client's own list leaves out is named",
            "partial",
            {
                "svc/handler.py": WORKER.replace("import runpod", "import runpod\n\nTEXT = open('/app/notes.md').read()"),
                "svc/notes.md": "x",
                "svc/other.md": "x",
                "README.md": "x",
                "svc/Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY . /app").replace(
                    '"/handler.py"]', '"/app/handler.py"]'
                ),
            },
            seen=(Seen("manual", 3, "svc/handler.py", says="fal's client does not send `svc/notes.md`, by `*.md`"),),
            status="partial",
        ),
    ),
)
