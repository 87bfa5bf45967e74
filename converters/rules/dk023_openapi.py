"""DK023: the OpenAPI document of a server."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK023",
    title="OpenAPI elsewhere than /openapi.json",
    safety="manual",
    expected="the server answers GET /openapi.json, or its OpenAPI document is given with `--openapi`",
    explanation="""
    fal reads `/openapi.json` of the server for its playground, analytics and list of endpoints. A server that serves its document
    elsewhere, or none, works without them; what is missing is named.
    Serve the document there, or let `--target app` write a proxy with typed endpoints.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a server without a document is named",
            "partial",
            {
                "main.py": """
                from flask import Flask

                app = Flask(__name__)


                @app.get("/health")
                def health():
                    return {"ok": True}


                app.run(host="0.0.0.0", port=8000)
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install flask==3.0.3
                COPY main.py /main.py
                EXPOSE 8000
                CMD ["python", "/main.py"]
                """,
            },
            seen=(Seen("manual", 5, "Dockerfile", says="has no playground and no list of endpoints. `--target app` w"),),
            status="converted",
        ),
        Case("a FastAPI server serves it there", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("an app of a queue worker has a document of its own", "untouched", {"handler.py": WORKER}),
        Case(
            "a document at another address is named with it",
            "partial",
            {"main.py": SERVER.replace("FastAPI()", 'FastAPI(openapi_url="/api.json")'), "Dockerfile": SERVER_IMAGE},
            seen=(Seen("manual", 3, "main.py", says="the server serves its OpenAPI document at /api.json"),),
            status="converted",
        ),
        Case(
            "an address that the code computes is not guessed",
            "partial",
            {
                "main.py": "import base\n" + SERVER.replace("FastAPI()", 'FastAPI(openapi_url=f"{base.path()}/openapi.json")'),
                "Dockerfile": SERVER_IMAGE,
            },
            seen=(Seen("manual", 6, "Dockerfile", says="its OpenAPI document at an address that could not be read"),),
        ),
        Case(
            "of an application that is not found it is open whether it has a document",
            "partial",
            {"main.py": "from own import application as app\n", "Dockerfile": SERVER_IMAGE},
            seen=(Seen("manual", 6, "Dockerfile", says="it is not known whether the server serves an OpenAPI document"),),
        ),
        Case(
            "a function that stands for the server carries its document",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            has={"app.py": ('OPENAPI = json.loads((HERE / "openapi.json").read_text("utf-8"))',), "openapi.json": ('"/run"',)},
            target="function",
        ),
    ),
)
