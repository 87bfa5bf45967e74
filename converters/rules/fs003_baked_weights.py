"""FS003: model files that the build bakes into the image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="FS003",
    title="model files that the build downloads stay in the image",
    safety="safe",
    explanation="""
    A build step that runs a script, downloads files or loads a model from a hub bakes model files into the image. The step is kept,
    so the app finds its files where the worker found them.
    Check the size of the image: a pull at each cold start is slower than fal's `/data`, into which the same download can move,
    once, at start-up.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/download-model-weights-and-files")),
    cases=(
        Case(
            "a script that fetches a model stays in the build",
            "converted",
            {
                "handler.py": WORKER,
                "fetch.py": "print('fetching')",
                "Dockerfile": """
                FROM python:3.11-slim
                COPY fetch.py handler.py /
                RUN python /fetch.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("kept", 3, "Dockerfile"),),
            has={"Dockerfile": ("RUN python /fetch.py",), "app.py": ("ContainerImage.from_dockerfile(",)},
        ),
        Case(
            "a download of weights stays in the build",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN wget -q https://example.com/model.safetensors -O /model.safetensors
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("kept", 2, "Dockerfile"),),
            has={"Dockerfile": ("RUN wget -q https://example.com/model.safetensors",)},
        ),
        Case(
            "a system package is no model",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE},
        ),
        Case(
            "a look at what is installed leaves no model in the image",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace(
                    "COPY handler.py",
                    'RUN python -c "import torch, transformers; print(torch.__version__, torch.cuda.is_available())"\n'
                    "RUN python -c \"import torch; assert torch.__version__.split('+')[0] == '2.6.0'\"\nCOPY handler.py",
                ),
            },
            lacks={"app.py": ("HF_HOME",), "MIGRATION.md": ("baked in the image",)},
        ),
        Case(
            "an installer of pip and a login to the hub leave no model in the image",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace(
                    "COPY handler.py",
                    "RUN curl -sS https://bootstrap.pypa.io/get-pip.py | python3.11\n"
                    "RUN huggingface-cli login --token $TOKEN\nCOPY handler.py",
                ),
            },
            lacks={"app.py": ("HF_HOME",), "MIGRATION.md": ("baked in the image",)},
        ),
        Case(
            "a line that loads a model leaves it in the image",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace(
                    "COPY handler.py",
                    "RUN python -c \"from transformers import pipeline; pipeline('fill-mask', model='acme/x')\"\nCOPY handler.py",
                ),
            },
            seen=(Seen("kept", 4, "Dockerfile"),),
            has={"app.py": ('os.environ["HF_HOME"] = "/root/.cache/huggingface"',)},
        ),
        Case(
            "a model that the worker loads itself is not in the image",
            "untouched",
            {
                "handler.py": """
                import runpod
                from transformers import pipeline

                model = pipeline("text-generation")

                def handler(job):
                    return {"text": model(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "Dockerfile": PIP,
            },
        ),
        Case(
            "weights that a server's image downloads stay baked in",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace(
                    "EXPOSE", "RUN python -c \"from huggingface_hub import snapshot_download; snapshot_download('acme/x')\"\nEXPOSE"
                ),
            },
            seen=(Seen("kept", 5, "Dockerfile"),),
        ),
    ),
)
