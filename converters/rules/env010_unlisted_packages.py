"""ENV010: packages that the project does not list, or lists in a way that requirements cannot express."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="ENV010",
    title="packages that no requirement file lists",
    safety="manual",
    expected="the packages that the code imports are listed, with their releases",
    explanation="""
    Without a Dockerfile and without a requirement file, the packages are read off the imports, by the names under which they are
    usually published, and without versions. An editable install, a local package or a constraints file has no place in a list of
    requirements and is named.
    Check the names, and pin the versions that run in production.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case(
            "packages are read off the imports",
            "partial",
            {
                "handler.py": """
                import runpod
                import yaml

                def handler(job):
                    return {"text": yaml.dump(job["input"]["values"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 1),),
            has={"app.py": ('requirements = ["pyyaml"]',)},
            status="converted",
        ),
        Case(
            "an editable install is left to a person",
            "partial",
            {"handler.py": WORKER, "requirements.txt": "numpy==1.26.4\n-e ."},
            seen=(Seen("manual", 1, "requirements.txt"),),
            status="partial",
        ),
        Case(
            "a requirement file says it all",
            "untouched",
            {"handler.py": WORKER, "requirements.txt": "numpy==1.26.4"},
            has={"app.py": ('requirements = ["numpy==1.26.4"]',)},
        ),
        Case(
            "a Dockerfile says it all",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
        ),
    ),
)
