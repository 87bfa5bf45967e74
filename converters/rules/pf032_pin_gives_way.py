"""PF032: a pin gives way to what fal itself needs."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="PF032",
    title="a pin gives way to what fal itself needs",
    safety="manual",
    explanation="""
    fal is installed last in an image, and pip then replaces releases that fal's own requirements exclude, without a word, whether one
    release is pinned or a range of them. They are read from the metadata of the installed `fal`. A package that the code imports is left
    to a person; one that nothing here imports is noted.
    Pin a release that both take.
    """,
    links=(
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a pin that fal replaces is named where the code imports the package",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom PIL import Image"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pillow==9.5.0"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a pin that fal replaces is noted where nothing imports the package",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pillow==9.5.0")},
            status="converted",
        ),
        Case(
            "the first pydantic gives way to the one that serves the app",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pydantic==1.10.13"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a range that fal leaves is named where the code imports the package",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 'pydantic>=1.10,<2'"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a compatible release that fal leaves is named where the code imports the package",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom PIL import Image"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pillow~=9.5"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        *(
            Case(
                f"the range {spec} leaves fal room",
                "untouched",
                {
                    "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic\nfrom PIL import Image"),
                    "Dockerfile": IMAGE.replace("runpod==1.7.9", f"runpod==1.7.9 '{spec}'"),
                },
                style="keep",
            )
            for spec in ("pydantic<3", "pydantic>=1.10", "pydantic!=2.5.0", "pydantic>=1,<3", "pydantic==2.*", "pillow")
        ),
        Case(
            "a pin that leaves fal room stays",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 numpy==1.26.4 httpx==0.27.2")},
        ),
        Case("a list of requirements has no fal in it", "untouched", {"handler.py": WORKER, "requirements.txt": "pillow==9.5.0"}),
    ),
)
