"""DK020: the command that starts a server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK020",
    title="CMD of a server starts it on fal, too",
    safety="safe",
    expected="the start command is a JSON list of strings, or a shell command that starts the server",
    guide=("Docker 1",),
    explanation="""
    In direct server mode fal runs the image and forwards requests to its port, so the image's own command starts the server, as it did.
    Where compose or a manifest starts it in another way, that command stands in the app's table and takes the place of CMD.
    Check that the server binds 0.0.0.0: fal reaches it from outside the container.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "the image's own command starts the server",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            seen=(Seen("kept", 6, "Dockerfile"),),
            has={"Dockerfile": ('CMD ["uvicorn", "main:app"',), "pyproject.toml": ("exposed_port = 8000",)},
        ),
        Case("the command of a queue worker is another rule", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
        Case("a worker without an image has no command", "untouched", {"handler.py": WORKER}),
        Case(
            "a command of compose takes the place of the image's",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000", "--workers", "1"]
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("converted", 6, "Dockerfile"),),
        ),
        Case(
            "text behind the list of a command is named: newer versions of Docker take all of it for a shell's",
            "partial",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.rstrip() + " # starts the server\n"},
            seen=(Seen("manual", 6, "Dockerfile"),),
            status="partial",
        ),
        *(
            Case(f"a command that is meant as a list and is none is named: {what}", "partial",
                 {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace('"8000"]', text).replace('["uv', start)},
                 seen=(Seen("manual", 6, "Dockerfile", says="JSON"),), status="partial")
            for what, text, start in (("a word without quotes", "PORT]", '["uv'), ("a comma too many", '"8000",]', '["uv'))
        ),
        Case("a test of the shell is no list", "converted",
             {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace(
                 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]',
                 "CMD [ -d /app ] && uvicorn main:app --host 0.0.0.0 --port 8000")}),
    ),
)  # fmt: skip
