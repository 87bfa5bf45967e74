"""FS004: a model cache below the home folder of an image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import SERVER, WORKER

CACHED = """
FROM python:3.11-slim
RUN pip install fastapi==0.115.0 uvicorn==0.30.0 sentence-transformers==3.0.1
ENV TRANSFORMERS_OFFLINE=1
RUN python - <<EOF
from sentence_transformers import SentenceTransformer
SentenceTransformer("owner/small")
EOF
COPY main.py /app/main.py
WORKDIR /app
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
"""

rule = Rule(
    code="FS004",
    title="a baked Hugging Face cache -> HF_HOME points at it",
    safety="safe",
    explanation="""
    A build that loads a model without naming a cache puts it below `~/.cache/huggingface`. fal sets `HF_HOME` to a folder of
    `/data`, so the baked files would be invisible and every runner would download them again. `setup()` therefore points `HF_HOME`
    back at the image; the start command of a server does.
    Check whether you want fal's shared cache instead: then take the line and the build step out.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/download-model-weights-and-files")),
    cases=(
        Case(
            "a model that the build caches is found again",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install transformers==4.44.2
                RUN python -c "from transformers import pipeline; pipeline('text-generation')"
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 3, "Dockerfile"),),
            has={"app.py": ('os.environ["HF_HOME"] = "/root/.cache/huggingface"',)},
        ),
        Case(
            "a server finds the model that its build caches again",
            "converted",
            {"main.py": SERVER, "Dockerfile": CACHED},
            seen=(Seen("converted", 4, "Dockerfile"), Seen("converted", 10, "Dockerfile", "DK020")),
            has={"pyproject.toml": ('entrypoint = ["env", "HF_HOME=/root/.cache/huggingface", "uvicorn"',)},
        ),
        Case(
            "a server whose build names a folder for the model needs no help",
            "untouched",
            {"main.py": SERVER, "Dockerfile": CACHED.replace('("owner/small")', '("owner/small", cache_folder="/models")')},
            lacks={"pyproject.toml": ("HF_HOME",)},
        ),
        Case(
            "a server whose image names a cache needs no help",
            "untouched",
            {"main.py": SERVER, "Dockerfile": CACHED.replace("WORKDIR", "ENV HF_HOME=/models\nWORKDIR")},
            lacks={"pyproject.toml": ("env",)},
        ),
        Case(
            "a cache that the Dockerfile names needs no help",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV HF_HOME=/models
                RUN pip install transformers==4.44.2
                RUN python -c "from transformers import pipeline; pipeline('text-generation')"
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            has={"app.py": ('os.environ["HF_HOME"] = "/models"',)},
            lacks={"app.py": ("/root/.cache",)},
        ),
        Case(
            "a model of the hub in a folder of its own is no cache",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install huggingface_hub
                RUN python -c "from huggingface_hub import hf_hub_download; hf_hub_download('owner/name', 'a.ckpt', local_dir='/models')"
                RUN hf download owner/name --local-dir /more
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            lacks={"app.py": ("HF_HOME",)},
        ),
        Case(
            "a download to a path of its own is no cache",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN wget -q https://example.com/model.safetensors -O /model.safetensors
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            lacks={"app.py": ("HF_HOME",)},
        ),
    ),
)
