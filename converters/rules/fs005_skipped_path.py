"""FS005: paths of the project that were not read."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="FS005",
    title="links that leave the project, and files that cannot be read",
    safety="safe",
    expected="every file that the app needs can be read",
    explanation="""
    A symbolic link to nothing, one that leads out of the project, or something that is neither a file nor a folder is not followed
    and not copied; it is named with the reason. A link to a file inside the project is read like the file.
    A module of the worker that is no Python is left to a person by PF001; one in the syntax of a newer Python than the one that converts
    where it names the SDK. The SDK stays among the requirements where such a file names it.
    Check whether the worker needs what the link points at: put it into the project if it does.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/import-code")),
    cases=(
        Case(
            "a link that leaves the project is named",
            "converted",
            {"handler.py": WORKER},
            symlinks={"secrets": "/etc"},
            seen=(Seen("dropped", 1, "secrets"),),
        ),
        Case(
            "a link to nothing is named",
            "converted",
            {"handler.py": WORKER},
            symlinks={".runpod/handler.py": "../src/missing.py"},
            seen=(Seen("dropped", 1, ".runpod/handler.py"),),
        ),
        Case(
            "a module that the worker imports and nobody can read keeps the SDK, and is left to a person",
            "converted",
            {
                "handler.py": """
                import runpod

                from jobs import run

                def handler(job):
                    return run(job)

                runpod.serverless.start({"handler": handler})
                """,
                "jobs.py": """
                import runpod

                def run(job) -> str:
                    ) -> str:
                """,
                "requirements.txt": "runpod",
            },
            seen=(Seen("kept", 4, "jobs.py"), Seen("manual", 4, "jobs.py", "PF001")),
            has={"app.py": ('requirements = ["runpod"]',), "MIGRATION.md": ("jobs.py:4",)},
            status="partial",
        ),
        Case(
            "a module in newer syntax that names the SDK is left to a person",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport jobs"),
                "jobs.py": "import runpod\n\ntype Job = dict\n\ndef say(job: Job):\n    runpod.serverless.progress_update(job, '')",
                "Dockerfile": PIP.replace("3.11", "3.12"),
            },
            seen=(Seen("manual", 3, "jobs.py"),),
            status="partial",
        ),
        Case(
            "a file that no part of the worker imports may be broken",
            "untouched",
            {"handler.py": WORKER, "old.py": "def run(job) -> str:\n    ) -> str:"},
        ),
        Case(
            "a link inside the project is read like its file",
            "untouched",
            {"handler.py": WORKER, "texts/hello.txt": "hello"},
            symlinks={"hello.txt": "texts/hello.txt"},
        ),
        Case(
            "an ordinary project has nothing to skip",
            "untouched",
            {"handler.py": WORKER},
        ),
        Case(
            "a file whose name is no text is named",
            "partial",
            {
                "handler.py": WORKER,
                "notes\udcff.txt": "x",
            },
            seen=(Seen("manual", 1, "notes\\xff.txt"),),
        ),
        Case(
            "a program beside the worker that is no Python is carried along unread",
            "converted",
            {
                "handler.py": WORKER,
                "old.py": "print 'runpod'\n",
            },
            seen=(Seen("kept", 1, "old.py"),),
        ),
    ),
)
