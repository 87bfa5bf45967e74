"""DK006: files that the Dockerfile copies."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

TOGETHER = """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y ffmpeg
COPY handler.py words.txt /
CMD ["python", "/handler.py"]
"""
rule = Rule(
    code="DK006",
    title="COPY and ADD -> app_files",
    safety="safe",
    explanation="""
    Without an image, the files that the Dockerfile copied go along as `app_files`, and a requirement file is read into
    `requirements`. In an image the COPY lines stay; where the handler is written into the app file itself, they copy it no more.
    Check files that the build makes or downloads: they are not in the project.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/import-code")),
    cases=(
        Case(
            "copied modules and data go along",
            "converted",
            {
                "handler.py": """
                import runpod
                from helper import up

                def handler(job):
                    return {"text": up(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "helper.py": """
                def up(text):
                    return text.upper()
                """,
                "words.txt": "hello",
                "Dockerfile": """
                FROM python:3.11-slim
                COPY . /
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile"),),
            has={"app.py": ('app_files = ["handler.py", "helper.py", "words.txt"]',)},
        ),
        Case(
            "a COPY line of an image with several files stays where the handler stays",
            "untouched",
            {"handler.py": WORKER, "words.txt": "hello", "Dockerfile": TOGETHER},
            has={"Dockerfile": ("COPY handler.py words.txt /",)},
            style="keep",
        ),
        Case(
            "a COPY line loses the handler that stands in the app file, and copies the other files",
            "converted",
            {"handler.py": WORKER, "words.txt": "hello", "Dockerfile": TOGETHER},
            has={"Dockerfile": ('COPY ["words.txt", "/"]',)},
        ),
        Case(
            "a handler that is kept in an image stays copied",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
            has={"Dockerfile": ("COPY handler.py /handler.py",)},
            style="keep",
        ),
        Case(
            "a requirements file that is copied is read",
            "converted",
            {
                "handler.py": WORKER,
                "requirements.txt": """
                runpod==1.7.9
                six==1.16.0
                """,
                "Dockerfile": PIP.replace(
                    "RUN pip install runpod==1.7.9", "COPY requirements.txt /requirements.txt\nRUN pip install -r /requirements.txt"
                ),
            },
            seen=(
                Seen("converted", 2, "Dockerfile", says="the requirement file is read"),
                Seen("converted", 4, "Dockerfile", says="the files go along"),
            ),
        ),
        Case(
            "files from beside the worker's folder are taken from the folder above",
            "converted",
            {
                "svc/handler.py": WORKER.replace("import runpod", "import runpod\n\nfrom common import tool"),
                "common/tool.py": "LEVEL = 1",
                "Dockerfile": """
                FROM python:3.11
                RUN pip install runpod==1.7.9
                COPY svc /app/svc
                COPY common /app/common
                ENV PYTHONPATH=/app
                CMD ["python", "/app/svc/handler.py"]
                """,
            },
            seen=(Seen("converted", 3, "Dockerfile"), Seen("converted", 4, "Dockerfile")),
            has={"svc/app.py": ('app_files_context_dir = ".."', '"common/tool.py"')},
        ),
    ),
)
