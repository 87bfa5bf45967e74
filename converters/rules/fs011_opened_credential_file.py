"""FS011: code and commands that open a credential file, which is left out."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

ACCOUNT = '{"type": "service_account", "private_key": "notreal", "client_email": "a@example.com"}'
IMAGE = """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y ffmpeg
RUN pip install runpod==1.7.9
COPY service-account.json /app/
COPY handler.py /handler.py
CMD ["python", "-u", "/handler.py"]
"""

rule = Rule(
    code="FS011",
    title="code that opens a credential file",
    safety="manual",
    expected="neither code nor COPY needs a credential file: its content is a secret of the account",
    explanation="""
    The file is not in the output, so opening it fails on fal. Its content belongs into a fal secret, which reaches the runner as a
    variable: write it to a file of `setup()`, or hand it to the library as text. `load_dotenv()` without a name passes over a missing
    file and needs nothing, and so does a question whether the file is there.
    """,
    links=(docker_docs("build/building/secrets/"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "the key of a service account is opened by its name",
            "partial",
            {
                "handler.py": """
                import json
                import runpod

                ACCOUNT = json.load(open("service-account.json"))

                def handler(job):
                    return {"text": job["input"]["prompt"], "mail": ACCOUNT["client_email"]}

                runpod.serverless.start({"handler": handler})
                """,
                "service-account.json": ACCOUNT,
            },
            seen=(Seen("manual", 4),),
            status="partial",
        ),
        Case(
            "a path that is put together elsewhere in the file counts",
            "partial",
            {
                "handler.py": """
                from pathlib import Path
                import runpod
                from google.oauth2.service_account import Credentials

                KEY = Path(__file__).parent / "keys" / "service-account.json"
                CREDENTIALS = Credentials.from_service_account_file(KEY)

                def handler(job):
                    return {"text": job["input"]["prompt"], "mail": CREDENTIALS.service_account_email}

                runpod.serverless.start({"handler": handler})
                """,
                "keys/service-account.json": ACCOUNT,
            },
            seen=(Seen("manual", 6),),
            status="partial",
        ),
        Case(
            "a COPY line that names the file cannot be built",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE, "service-account.json": ACCOUNT},
            seen=(Seen("manual", 4, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "load_dotenv without a name needs nothing",
            "untouched",
            {
                "handler.py": """
                import os
                from dotenv import load_dotenv
                import runpod

                load_dotenv()

                def handler(job):
                    return {"text": job["input"]["prompt"], "level": os.getenv("LOG_LEVEL", "info")}

                runpod.serverless.start({"handler": handler})
                """,
                ".env": "LOG_LEVEL=debug",
            },
            has={"app.py": ("LOG_LEVEL",)},
            status="converted",
        ),
        Case(
            "a file of the same kind that stays is opened",
            "untouched",
            {
                "handler.py": """
                import json
                import runpod

                SETTINGS = json.load(open("settings.json"))

                def handler(job):
                    return {"text": job["input"]["prompt"], "size": SETTINGS["size"]}

                runpod.serverless.start({"handler": handler})
                """,
                "settings.json": '{"size": 4}',
                ".env": "LOG_LEVEL=debug",
            },
        ),
        Case(
            "asking whether the file is there is no opening",
            "untouched",
            {
                "handler.py": """
                import os
                import runpod

                LOCAL = os.path.exists(".env")

                def handler(job):
                    return {"text": job["input"]["prompt"], "local": LOCAL}

                runpod.serverless.start({"handler": handler})
                """,
                ".env": "LOG_LEVEL=debug",
            },
        ),
        Case(
            "a credential file that a server's image copies is left out",
            "partial",
            {
                "main.py": SERVER,
                ".env": "API_TOKEN=notreal-1234567890\n",
                "prod.env": "API_TOKEN=notreal-1234567890\n",
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "COPY prod.env /app/prod.env\nEXPOSE"),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
        ),
        Case(
            "a credential file that compose lays over the image is left out",
            "partial",
            {
                "main.py": SERVER,
                "prod.env": "API_TOKEN=notreal-1234567890\n",
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    volumes: ["./prod.env:/app/prod.env"]
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
        ),
        Case(
            "a credential file that a worker's image copies is left out",
            "partial",
            {
                "handler.py": WORKER,
                "prod.env": "API_TOKEN=notreal-1234567890\n",
                "Dockerfile": PIP.replace("COPY handler.py /handler.py", "COPY handler.py prod.env /"),
            },
            seen=(Seen("manual", 3, "Dockerfile"),),
        ),
    ),
)
