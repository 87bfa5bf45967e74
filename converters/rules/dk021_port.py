"""DK021: the port of a server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

UNREAD = """
import uvicorn

from elsewhere import port

uvicorn.run("main:app", host="0.0.0.0", port=port())
"""
RUNS = 'CMD ["python", "serve.py"]\n'

rule = Rule(
    code="DK021",
    title="EXPOSE -> exposed_port",
    safety="safe",
    expected="`exposed_port` is the port on which the server listens",
    guide=("Docker 1",),
    explanation="""
    fal forwards requests to one port of the container. It is read from what really listens (the command, the code, the health check),
    because EXPOSE only documents a port and is often wrong; all evidence is listed in MIGRATION.md.
    Check the port where the evidence disagrees. A port that is stated in a form that only running could tell is never replaced by a
    framework's default: what is declared (EXPOSE, ENV PORT, compose) stands in for it, and `--set exposed_port=N` answers the rest.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("api-reference/python-sdk/pyproject-toml")),
    cases=(
        Case(
            "the exposed port is the one that the server listens on",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            seen=(Seen("converted", 5, "Dockerfile"),),
            has={"pyproject.toml": ("exposed_port = 8000",)},
        ),
        Case(
            "a port that only running could tell is asked for",
            "partial",
            {"main.py": SERVER, "serve.py": UNREAD, "Dockerfile": SERVER_IMAGE.replace("EXPOSE 8000\n", "").partition("CMD")[0] + RUNS},
            seen=(Seen("manual", 5, "serve.py"),),
            lacks={"pyproject.toml": ("exposed_port",)},
        ),
        Case(
            "a declared port stands in for one that only running could tell",
            "converted",
            {"main.py": SERVER, "serve.py": UNREAD, "Dockerfile": SERVER_IMAGE.partition("CMD")[0] + RUNS},
            seen=(Seen("converted", 5, "serve.py"),),
            has={"pyproject.toml": ("exposed_port = 8000",)},
        ),
        Case("a port of a queue worker is of no use", "untouched", {"handler.py": WORKER, "Dockerfile": PIP + "EXPOSE 8000"}),
        Case(
            "a server whose image exposes nothing is found by its command",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("EXPOSE 8000\n", "")},
            has={"pyproject.toml": ("exposed_port = 8000",)},
        ),
        Case(
            "an EXPOSE of another port than the command's gives way",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE 8000", "EXPOSE 9000"),
            },
            seen=(
                Seen("dropped", 5, "Dockerfile", says="EXPOSE says 9000; flag --port of uvicorn (Dockerfile:6) decides for 8000"),
                Seen("converted", 5, "Dockerfile"),
            ),
        ),
        Case(
            "a variable for the port that nothing sets is set in the image",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE 8000\n", "").replace(
                    '["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]', "uvicorn main:app --host 0.0.0.0 --port $PORT"
                ),
            },
            seen=(Seen("converted", 5, "Dockerfile"),),
        ),
        Case(
            "a server on a socket of files is asked for its port",
            "partial",
            {
                "main.py": SERVER + "",
                "server.js": """
                const app = require('express')();
                app.listen(process.env.P);
                """,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE 8000\n", "").replace(
                    '["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]',
                    '["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "-b", "unix:/tmp/a.sock", "main:app"]',
                ),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
        ),
    ),
)
