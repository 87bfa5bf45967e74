"""FAL001: the files that every fal project gets."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="FAL001",
    title="pyproject.toml and MIGRATION.md",
    safety="safe",
    guide=("RunPod 10",),
    explanation="""
    Every output holds a `pyproject.toml` whose `[tool.fal.apps.NAME]` names the app, so that `fal deploy NAME` takes the place of
    building an image, pushing it and creating an endpoint; an existing file keeps everything else byte for byte. MIGRATION.md is
    the plan from here to the end of the old endpoint: what comes before a deployment, the deployment with the Python that the app states,
    checks, callers, cutting over and back, costs, logs. Settings stand in the app class, because the SDK ignores most keys of the table
    for a class.
    Follow MIGRATION.md from top to bottom.
    """,
    links=(runpod_docs("serverless/quickstart"), fal_docs("api-reference/python-sdk/pyproject-toml")),
    cases=(
        Case(
            "an app can be deployed by its name",
            "converted",
            {"handler.py": WORKER},
            has={"pyproject.toml": ('[tool.fal.apps.worker]\nref = "app.py::Worker"',), "MIGRATION.md": ("fal deploy worker",)},
            why={
                "app.py": ("RP003: the app that serves the worker's handler",),
                "pyproject.toml": ("FAL001: fal reads its apps here",),
                "fal-contract.json": ("FAL001: what callers and `migrate verify` read",),
                "MIGRATION.md": ("FAL001: what is left to do",),
            },
        ),
        Case(
            "an existing pyproject.toml keeps its own lines",
            "converted",
            {
                "handler.py": WORKER,
                "pyproject.toml": """
                [tool.ruff]
                line-length = 100  # ours
                """,
            },
            has={"pyproject.toml": ("[tool.ruff]\nline-length = 100  # ours\n", "[tool.fal.apps.worker]")},
        ),
        Case(
            "a refused project gets no files",
            "untouched",
            {"handler.py": "print('hello')"},
            status="unsupported",
        ),
        Case(
            "the worker's own files are none of these",
            "untouched",
            {"handler.py": WORKER, "words.txt": "hello"},
            within=("handler.py", "words.txt"),
        ),
    ),
)
