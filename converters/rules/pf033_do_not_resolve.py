"""PF033: requirements have no releases that fit together."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

WHY = "Because torch==2.1.0 depends on sympy and you require sympy==0.1, we can conclude that your requirements are unsatisfiable."
FLAGGED = IMAGE.replace("runpod==1.7.9", "--no-deps runpod==1.7.9 sympy==0.1")

rule = Rule(
    code="PF033",
    title="requirements have no releases that fit together",
    safety="manual",
    expected="the requirements resolve together for the app's Python on Linux x86-64",
    explanation="""
    With `--resolve`, uv is asked whether each list of packages has releases that fit together for the app's Python and Linux on x86-64,
    and whether fal, which is installed last in an image, leaves them alone. It reads metadata from the package index that uv is configured
    for; nothing is built or installed. A conflict fails the build: change a pin. What uv cannot tell without a build, or without an index
    that it cannot reach, is named and claimed for nothing.
    """,
    links=(
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "packages of one command that exclude each other are named with the reason",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 torch==2.1.0 sympy==0.1")},
            refuses={"sympy==0.1": WHY},
            seen=(Seen("manual", 3, "Dockerfile", says=WHY),),
            status="partial",
        ),
        Case(
            "requirements that exclude each other are named at their line",
            "partial",
            {"handler.py": WORKER, "requirements.txt": "torch==2.1.0\nsympy==0.1\n"},
            refuses={"sympy==0.1": WHY},
            status="partial",
        ),
        Case(
            "what the resolver cannot tell is said and is no conflict",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 acme-wheel==1")},
            refuses={"acme-wheel==1": ""},
            seen=(Seen("kept", 3, "Dockerfile", says="not resolved"),),
            status="converted",
        ),
        Case(
            "a command with --no-deps is not resolved and that is said",
            "converted",
            {"handler.py": WORKER, "Dockerfile": FLAGGED},
            refuses={"sympy==0.1": WHY},
            seen=(Seen("kept", 3, "Dockerfile", says="--no-deps"),),
        ),
        Case(
            "packages that fit together are left alone",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            refuses={"sympy==0.1": WHY},
        ),
        Case(
            "nobody is asked without the option",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 torch==2.1.0 sympy==0.1")},
        ),
        Case(
            "packages of two commands are two questions, as they are for pip",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("RUN pip install runpod==1.7.9", "RUN pip install runpod==1.7.9\nRUN pip install torch==2.1.0"),
            },
            refuses={"runpod==1.7.9 torch==2.1.0": WHY},
        ),
    ),
)
