"""DK038: files that fal's client would leave out of the build."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, PREDICTOR, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK038",
    title=".dockerignore, as fal's client reads it",
    safety="safe",
    explanation="""
    fal's client reads only the .dockerignore beside pyproject.toml, without exceptions (`!file`) and with other anchors than Docker, and
    leaves out some files by itself. Where it would leave out a file that a COPY line needs, a .dockerignore is written that does not.
    Check that no large folder is sent along without need.
    """,
    links=(docker_docs("build/concepts/context/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "an exception that the client does not know is written out",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, ".dockerignore": "*\n!main.py"},
            lacks={".dockerignore": ("!main.py",)},
        ),
        Case(
            "a file that leaves out nothing of the build stays",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, ".dockerignore": "notes"},
            has={".dockerignore": ("notes",)},
        ),
        Case(
            "a pattern at which the client stops goes, for a worker alike",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE, ".dockerignore": "notes\n\\"},
            has={".dockerignore": ("# The files here are those that the build needs.",)},
        ),
        Case(
            "an exclamation mark without a pattern goes, at which Docker stops, too",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE, ".dockerignore": "!\nnotes\n"},
            has={".dockerignore": ("# The files here are those that the build needs.",)},
        ),
        Case(
            "a worker's own file stays where the client reads it rightly",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE, ".dockerignore": "notes\n*.tmp"},
            has={".dockerignore": ("notes\n*.tmp",)},
        ),
        Case("a build that needs no left-out file gets none", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a predictor with a pattern at which the client stops gets another file",
            "converted",
            {
                "predict.py": PREDICTOR,
                ".dockerignore": "notes\n\\\n",
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  system_packages: [ffmpeg]
                predict: predict.py:Predictor
                """,
            },
            seen=(Seen("converted", 1, "cog.yaml"),),
        ),
        Case(
            "a text that the code of a predictor reads is sent, though the client's own list leaves it out",
            "converted",
            {
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  system_packages: [ffmpeg]
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR.replace("return prompt", "print(open('notes.md').read())\n        return prompt"),
                "notes.md": "x",
            },
            seen=(Seen("converted", 1, "cog.yaml", says="would leave out notes.md, which the build needs"),),
        ),
    ),
)
