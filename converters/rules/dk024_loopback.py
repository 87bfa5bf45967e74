"""DK024: a server that only listens inside its container."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="DK024",
    title="127.0.0.1 -> 0.0.0.0",
    safety="safe",
    expected="the server listens on 0.0.0.0",
    explanation="""
    A server that binds 127.0.0.1 answers inside its container only, and fal reaches it from outside. Where a variable or a flag of the
    server opens it, that is set; otherwise a line of code has to change.
    Check servers that are meant to be private: on fal the gateway asks for a key before it forwards.
    """,
    links=(docker_docs("reference/dockerfile/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a server on the loopback address is opened",
            "converted",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace('"--host", "0.0.0.0", ', "")},
        ),
        Case(
            "the address in shell text is changed in its place",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.partition("CMD")[0] + "CMD exec uvicorn main:app --host 127.0.0.1 --port 8000 || exit 1\n",
            },
            has={"pyproject.toml": ("exec uvicorn main:app --host 0.0.0.0 --port 8000 || exit 1",)},
            status="converted",
        ),
        Case(
            "the address in a start script is changed in its place",
            "converted",
            {
                "main.py": SERVER,
                "run.sh": "#!/bin/sh\nexec uvicorn main:app --host localhost --port 8000\n",
                "Dockerfile": SERVER_IMAGE.partition("CMD")[0] + 'COPY run.sh /app/\nCMD ["sh", "run.sh"]\n',
            },
            has={"run.sh": ("exec uvicorn main:app --host 0.0.0.0 --port 8000",)},
            status="converted",
        ),
        Case("a server on all addresses is open already", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "an address that a variable may change is asked for",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.partition("CMD")[0] + "ENV ADDRESS=127.0.0.1\nCMD uvicorn main:app --host $ADDRESS\n",
            },
            status="partial",
        ),
        Case(
            "the server of a proxy in the same image stays on loopback",
            "untouched",
            {
                "site.conf": "server {\n  listen 8081;\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n",
                "main.py": SERVER,
                "run.sh": "#!/bin/sh\nnginx\nexec uvicorn main:app --host 127.0.0.1 --port 8000\n",
                "Dockerfile": SERVER_IMAGE.partition("EXPOSE")[0]
                + 'COPY site.conf /etc/nginx/conf.d/site.conf\nCOPY run.sh /app/\nCMD ["sh", "run.sh"]\n',
            },
        ),
        Case(
            "the address of another server in the code is none of its own",
            "untouched",
            {"main.py": SERVER + 'UPSTREAM = "http://127.0.0.1:5432"\n', "Dockerfile": SERVER_IMAGE},
        ),
        Case(
            "a server that reads its host from a variable gets one",
            "converted",
            {
                "main.py": """
                import gradio as gr

                demo = gr.Interface(str, "text", "text")
                demo.launch(server_port=7860)
                """,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install gradio==4.44.0
                COPY main.py /app/main.py
                WORKDIR /app
                EXPOSE 7860
                CMD ["python", "main.py"]
                """,
            },
            seen=(Seen("converted", 4, "main.py"),),
        ),
    ),
)
