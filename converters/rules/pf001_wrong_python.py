"""PF001: a file that runs is no Python of the app's version."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

rule = Rule(
    code="PF001",
    title="a file that runs is no Python of the app's version",
    safety="manual",
    expected="every Python file that runs is valid for the Python that runs it",
    explanation="""
    What the app imports on its runner is parsed as Python, and as Python of `python_version`. A file that cannot be parsed stops the
    app at its import. Where the app runs on a newer Python than the converter, syntax that is new there is in order.
    Correct the line, or take the Python that the code was written for.
    """,
    links=(
        runpod_docs("serverless/workers/handler-functions"),
        fal_docs("documentation/development/import-code"),
    ),
    cases=(
        Case(
            "a module that does not compile is named",
            "partial",
            {
                "handler.py": """
                import runpod
                import jobs

                def handler(job):
                    return {"text": jobs.work(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "jobs.py": "def work(text):\n    return text.upper(",
            },
            seen=(Seen("manual", 2, "jobs.py"),),
            status="partial",
        ),
        Case(
            "a file that does not compile and is loaded by its path is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpy\n\nimport runpod\n\nSTEPS = runpy.run_path('steps.v2.py')"),
                "steps.v2.py": "def work(text:",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py steps.v2.py /"),
            },
            seen=(Seen("manual", 1, "steps.v2.py"),),
            status="partial",
        ),
        Case(
            "a file that nothing imports may be anything",
            "untouched",
            {"handler.py": WORKER, "notes.py": "def work(text:"},
        ),
        Case("a worker that compiles is in order", "untouched", {"handler.py": WORKER}),
        Case(
            "syntax that is new in the app's Python is in order",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport jobs"),
                "jobs.py": "type Job = dict[str, object]\n\n\ndef first[T](jobs: list[T]) -> T:\n    return jobs[0]",
                "Dockerfile": PIP.replace("3.11", "3.12"),
            },
            status="converted",
        ),
        Case(
            "a module that no Python of the app's version takes is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport jobs"),
                "jobs.py": "try:\n    import json\nexcept ImportError, error:\n    json = None",
                "Dockerfile": PIP.replace("3.11", "3.13"),
            },
            seen=(Seen("manual", 3, "jobs.py"),),
            status="partial",
        ),
        Case(
            "a statement that came after the app's Python is named, though a newer one takes it",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport jobs"),
                "jobs.py": "try:\n    VALUE = 1\nexcept* ValueError:\n    VALUE = 2",
                "Dockerfile": PIP.replace("3.11", "3.10").replace("COPY handler.py", "COPY jobs.py /\nCOPY handler.py"),
            },
            seen=(Seen("manual", 4, "jobs.py", says="is not valid Python 3.10, which the app runs on"),),
            status="partial",
        ),
        Case(
            "a version that is no Python of this time decides nothing",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("3.11-slim", "33.1")},
        ),
    ),
)
