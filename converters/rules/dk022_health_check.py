"""DK022: the health check of an image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

FLASK_ROUTES = """
from flask import Flask

app = Flask(__name__)


@app.route("/delete_all", methods=["GET"])
def answer():
    return {"ok": True}
"""
FLASK_IMAGE = """
FROM python:3.11-slim
RUN pip install flask==3.1.2 gunicorn==23.0.0
COPY main.py /app/main.py
WORKDIR /app
CMD ["gunicorn", "-b", "0.0.0.0:8000", "main:app"]
"""

rule = Rule(
    code="DK022",
    title="HEALTHCHECK -> health_check",
    safety="safe",
    expected="`health_check` names a GET route that answers 200 once the server is ready",
    explanation="""
    Docker runs a command in the container, fal asks a path of the server: the path that the command asks is the one. fal sends no
    request to a runner before its check succeeds.
    Check that the path answers 200 only when the model is loaded.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("api-reference/python-sdk/pyproject-toml")),
    cases=(
        Case(
            "the path that Docker asks is asked by fal",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE + "HEALTHCHECK CMD curl -f http://localhost:8000/health"},
            seen=(Seen("converted", 7, "Dockerfile"),),
            has={"pyproject.toml": ('path = "/health"',)},
        ),
        Case(
            "a route of the server itself is found without it",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            has={"pyproject.toml": ('path = "/health"',)},
        ),
        *(
            Case(f"a route that {what} is no health check", "partial",
                 {"main.py": FLASK_ROUTES.replace("/delete_all", path), "Dockerfile": FLASK_IMAGE},
                 lacks={"pyproject.toml": (f'path = "{path}"',)})
            for what, path in (("deletes", "/delete_all"), ("trains", "/api/train"))
        ),
        Case("a route that only answers is one", "untouched",
             {"main.py": FLASK_ROUTES.replace("/delete_all", "/models"), "Dockerfile": FLASK_IMAGE},
             has={"pyproject.toml": ('path = "/models"',)}),
        Case(
            "a route of the project's own kind of application, of another module",
            "untouched",
            {
                "main.py": """
                import uvicorn

                import service

                app = service.Service()

                if __name__ == "__main__":
                    uvicorn.run(app, host="0.0.0.0", port=8000)
                """,
                "service.py": """
                from fastapi import FastAPI


                class Service(FastAPI):
                    def __init__(self):
                        super().__init__()

                        @self.get("/alive/health")
                        def health():
                            return {"ok": True}
                """,
                "Dockerfile": "FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD python main.py",
            },
            has={"pyproject.toml": ('path = "/alive/health"',)},
        ),
        Case(
            "the health check of a queue worker is of no use",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP + "HEALTHCHECK CMD true"},
        ),
        Case(
            "an image that says nothing of its server is asked for a route",
            "partial",
            {
                "compose.yaml": """
                services:
                  web:
                    image: acme/web:1
                    ports: ["8123:8123"]
                """,
            },
            seen=(Seen("manual", 1, "compose.yaml"),),
            status="converted",
        ),
    ),
)  # fmt: skip
