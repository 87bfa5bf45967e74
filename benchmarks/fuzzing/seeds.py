"""Small projects that convert: what the readers' inputs are made from."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.fuzzing.documents import COG

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"

WORKER = b"""import os
import runpod
import torch

MODEL = os.environ.get("MODEL_NAME", "base")
pipe = torch.load("/runpod-volume/model.pt").to("cuda")


def handler(job):
    data = job["input"]
    steps = data.get("steps", 4)
    return {"text": data["prompt"] * int(steps), "model": MODEL}


runpod.serverless.start({"handler": handler})
"""
WORKER_IMAGE = b"""FROM runpod/pytorch:2.1.0-py3.10-cuda11.8.0-devel-ubuntu22.04
WORKDIR /app
COPY requirements.txt .
RUN apt-get update && apt-get install -y ffmpeg && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir -r requirements.txt
ENV MODEL_NAME=small HF_HOME=/runpod-volume/hf
COPY . .
CMD ["python", "-u", "handler.py"]
"""
PREDICTOR = b"""from cog import BasePredictor, Input, Path
import torch


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.model = torch.load("weights/model.pt")

    def predict(self, prompt: str = Input(description="What", default="a cat"), scale: float = Input(ge=0, le=10, default=1.5)) -> Path:
        self.model(prompt, scale).save("/tmp/out.png")
        return Path("/tmp/out.png")
"""
SERVER = b"""import os
from fastapi import FastAPI
from pydantic import BaseModel
import uvicorn

app = FastAPI()


class Body(BaseModel):
    prompt: str
    steps: int = 4


@app.post("/generate")
def generate(body: Body) -> dict:
    return {"text": body.prompt * body.steps}


@app.get("/health")
def health():
    return {"ok": True}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8000")))
"""
SERVER_IMAGE = b"""FROM python:3.11-slim AS base
ARG VERSION=1
ENV PORT=8000 \\
    MODE="fast and loud"
WORKDIR /app
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY --chown=1000:1000 . .
EXPOSE 8000/tcp
VOLUME ["/data"]
HEALTHCHECK --interval=30s --timeout=4s CMD curl -f http://localhost:8000/health || exit 1
ENTRYPOINT ["./start.sh"]
CMD ["--loud"]
"""
START = b"""#!/usr/bin/env bash
set -euo pipefail
export PORT="${PORT:-8000}"
if [ -n "${PRELOAD:-}" ]; then
    python warm.py "$PRELOAD" &
fi
case "$1" in
    --loud) shift ;;
    *) echo "unknown" >&2 ;;
esac
cat > /tmp/x.conf <<EOF
port=$PORT
EOF
for name in a b; do echo "$name"; done
exec python server.py --port "$PORT" "$@"
"""
REQUIREMENTS = b"""# what it needs
runpod==1.7.9
torch==2.1.0+cu118 ; python_version < "3.12"  # gpu
--extra-index-url https://download.pytorch.org/whl/cu118
-r more.txt
-e git+https://github.com/a/b.git@v1#egg=b
./local
fastapi[all]>=0.100,<1
numpy \\
  == 1.26.4 --hash=sha256:00
https://example.com/x-1.0-py3-none-any.whl
"""
IGNORE = b"""# comment
*
!handler.py
!server.py
**/*.pt
/data/
docs/**/x?[a-z].md
.git
"""
PYPROJECT = b"""[project]
name = "worker"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["torch==2.1.0", "runpod"]

[project.optional-dependencies]
gpu = ["diffusers"]

[tool.poetry.dependencies]
python = "^3.11"
torch = {version = "2.1.0", extras = ["x"]}

[tool.fal-migrate]
target = "auto"
set = {keep_alive = 30}

[tool.fal.apps.other]
ref = "other.py::Other"

[[tool.uv.index]]
url = "https://example.com/simple"
"""


def folder(path: Path) -> dict[bytes, bytes]:
    """A folder of files as a project."""
    return {str(file.relative_to(path)).encode(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def worker() -> dict[bytes, bytes]:
    return {b"handler.py": WORKER, b"Dockerfile": WORKER_IMAGE, b"requirements.txt": b"runpod==1.7.9\ntorch\n"}


def predictor() -> dict[bytes, bytes]:
    return {b"predict.py": PREDICTOR, b"cog.yaml": json.dumps(COG).encode(), b"requirements.txt": b"torch\n"}


def server() -> dict[bytes, bytes]:
    return {b"server.py": SERVER, b"Dockerfile": SERVER_IMAGE, b"start.sh": START, b"requirements.txt": b"fastapi\nuvicorn\n"}
