"""A hand-made conversion: what every part around the converter is tested with."""

from __future__ import annotations

from pathlib import Path

from converters.ir import (
    App,
    Application,
    Disposition,
    Endpoint,
    Environment,
    EnvVar,
    Evidence,
    Handler,
    InputField,
    InputSchema,
    Origin,
    OutputField,
    OutputSchema,
    Scope,
    Setting,
    Value,
)
from converters.ledger import Ledger, Place
from converters.outcome import Converted, FileChange, Hunk

HANDLER = b"import runpod\n\n\ndef handler(job):\n    return {'text': job['input']['prompt']}\n\n\nrunpod.serverless.start({'handler': handler})\n"
KEPT = b"def handler(job):\n    return {'text': job['input']['prompt']}\n"
APP = b"import fal\n\n\nclass Worker(fal.App):\n    pass\n"
TOML = b'[tool.fal.apps.worker]\nref = "app.py::Worker"\n'


def source(folder: Path, name: str = "worker") -> Path:
    """A RunPod worker on disk."""
    root = folder / name
    (root / "data").mkdir(parents=True)
    (root / "handler.py").write_bytes(HANDLER)
    (root / "data" / "start.sh").write_bytes(b"#!/bin/sh\r\necho hi")
    (root / "data" / "start.sh").chmod(0o755)
    (root / "Dockerfile").write_text("FROM python:3.11\n")
    return root


def application() -> Application:
    fields = [
        InputField(name="prompt", annotation="str", required=True, description="What to say"),
        InputField(name="steps", annotation="int | None", required=False, default="4", constraints={"ge": 1, "le": 50}),
        InputField(name="mode", annotation='Literal["a", "b"]', required=False, default="'a'"),
    ]
    output = OutputSchema(
        fields=[OutputField(name="text", annotation="str"), OutputField(name="image", annotation="Image", optional=True, media="image")]
    )
    app = App(
        name="worker",
        class_name="Worker",
        entry="handler.py",
        app_file="app.py",
        why="a queue handler",
        why_style="the handler reads the environment at import",
        handler=Handler(name="handler", module="handler", file="handler.py", kind="sync", origin=Origin(file="handler.py", line=4)),
        endpoints=[Endpoint(input=InputSchema(fields=fields), output=output)],
        environment=Environment(
            requirements=[Value[str](value="runpod==1.7.9")],
            python_version=Value[str](value="3.11"),
            variables=[EnvVar(name="MODE", value="fast"), EnvVar(name="HF_TOKEN", value="leak", secret=True)],
            why="pip work on a Python base",
        ),
        settings=[Setting(name="machine_type", value="GPU-H100"), Setting(name="keep_alive", value=300)],
        secrets=[EnvVar(name="HF_TOKEN", secret=True)],
    )
    return Application(platform="runpod", evidence=[Evidence(file="handler.py", line=8, why="runpod.serverless.start")], apps=[app])


def ledger(*, manual: bool = False) -> Ledger:
    book = Ledger()
    start = book.record("name", "runpod.serverless.start", Origin(file="handler.py", line=8))
    book.settle(start, "RP001", Disposition.CONVERTED, "becomes the endpoint", output=Place(file="app.py", line=4))
    book.note(
        "ENV004",
        Disposition.MANUAL,
        "Set the secret `HF_TOKEN`: fal secrets set HF_TOKEN=...",
        Origin(file="Dockerfile", line=1),
        scope=Scope.DEPLOY,
    )
    if manual:
        book.note("RP099", Disposition.MANUAL, "Check, [what] this does: 100%\nby hand.", Origin(file="handler.py", line=5, end_line=6))
    return book


def files(root: Path) -> tuple[FileChange, ...]:
    return (
        FileChange("app.py", "added", APP, hunks=(Hunk(1, 5, "RP001", "the handler becomes an endpoint", "handler.py:8"),)),
        FileChange("data/start.sh", "copied", None, executable=True),
        FileChange("handler.py", "modified", KEPT, before=HANDLER, hunks=(Hunk(1, 3, "RP002", "the SDK goes"),)),
        FileChange("pyproject.toml", "added", TOML),
        FileChange("Dockerfile", "removed", None, before=(root / "Dockerfile").read_bytes()),
    )


def conversion(root: Path, *, manual: bool = False, name: str = "") -> Converted:
    """The conversion of a project on disk (a copy of `source`)."""
    return Converted(root, application(), ledger(manual=manual), files(root), name)


def converted(folder: Path, *, manual: bool = False, name: str = "") -> Converted:
    """The conversion of `source(folder)`."""
    root = folder / "worker" if (folder / "worker").exists() else source(folder)
    return conversion(root, manual=manual, name=name)
