"""DK016: files that the Dockerfile and the project do not agree on."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK016",
    title="files that the Dockerfile copies and the project lacks, or the other way round",
    safety="safe",
    expected="every file that COPY or ADD names is in the project",
    explanation="""
    A module that the code imports though the Dockerfile does not copy it is carried along: on RunPod it came from a clone or a
    mount, and without it the app would not start. A file that the Dockerfile copies and that is not in the project cannot be
    invented: it is left to a person.
    Convert the folder that is the build's context, or add the file.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/import-code")),
    cases=(
        Case(
            "a module that nothing copies is carried along",
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
                "Dockerfile": PIP,
            },
            seen=(Seen("converted", 1, "helper.py"),),
            has={"app.py": ('app_files = ["handler.py", "helper.py"]',)},
            lacks={"app.py": ("app_files_context_dir",)},
        ),
        Case(
            "a copied file that is not there is left to a person",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                COPY handler.py /handler.py
                COPY weights.bin /weights.bin
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a pattern that matches no file is in order",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py poetry.lock* /
                CMD ["python", "/handler.py"]
                """,
            },
            status="converted",
        ),
        Case(
            "files that are copied and there are in order",
            "untouched",
            {
                "handler.py": WORKER,
                "weights.bin": "0",
                "Dockerfile": """
                FROM python:3.11-slim
                COPY handler.py weights.bin /
                CMD ["python", "/handler.py"]
                """,
            },
            status="converted",
        ),
        Case(
            "files of an earlier stage are not the project's",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11 AS build
                RUN pip wheel -w /wheels numpy==1.26.4
                FROM python:3.11-slim
                COPY --from=build /wheels /wheels
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            status="converted",
        ),
        Case(
            "a server's image with a file that is not there cannot be built",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "COPY weights.bin /weights.bin\nEXPOSE"),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
        ),
        Case(
            "an image that stays lacks a file",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py weights.bin /"),
            },
            seen=(Seen("manual", 4, "Dockerfile"),),
        ),
        Case(
            "without a Dockerfile modules are found beside the worker and from the project's folder",
            "untouched",
            {
                "svc/handler.py": WORKER.replace("import runpod", "import runpod\nimport helper\nfrom shared import x"),
                "svc/helper.py": "A = 1",
                "shared/x.py": "B = 1",
                "README.md": "x",
            },
            has={"svc/app.py": ('sys.path[:0] = [os.getcwd(), os.path.abspath("..")]',)},
            style="keep",
        ),
    ),
)
