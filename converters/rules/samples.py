"""Texts that cases of several rules share."""

from __future__ import annotations

WORKER = """
import runpod


def handler(job):
    return {"text": job["input"]["prompt"].upper()}


runpod.serverless.start({"handler": handler})
"""
"""The smallest worker: line 1 imports the SDK, line 8 starts it."""

IMAGE = """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y ffmpeg
RUN pip install runpod==1.7.9
COPY handler.py /handler.py
CMD ["python", "-u", "/handler.py"]
"""
"""A Dockerfile that stays: ffmpeg is a system package."""

PIP = """
FROM python:3.11-slim
RUN pip install runpod==1.7.9
COPY handler.py /handler.py
CMD ["python", "-u", "/handler.py"]
"""
"""A Dockerfile that gives way to a list of requirements."""

COG = """
build:
  python_version: "3.11"
predict: predict.py:Predictor
"""
"""The smallest cog.yaml: line 3 names the predictor."""

PREDICTOR = """
from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, prompt: str = Input(description="Text")) -> str:
        return prompt.upper()
"""
"""The smallest Cog predictor: line 1 imports Cog, line 4 derives from it, line 5 declares an input."""

CALLER = """
import runpod

endpoint = runpod.Endpoint("abc123")
print(endpoint.run_sync({"input": {"prompt": "a cat"}}))
"""
"""The smallest caller: line 1 imports RunPod's client, line 3 names the endpoint, line 4 calls it."""

APPS = {"abc123": "acme/upscaler"}
"""The app that stands for the endpoint of `CALLER`."""

SERVER = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    return {"ok": True}


@app.post("/run")
def run(body: dict):
    return body
"""
"""A server that answers HTTP itself."""

SERVER_IMAGE = """
FROM python:3.11-slim
RUN pip install fastapi==0.115.0 uvicorn==0.30.0
COPY main.py /app/main.py
WORKDIR /app
EXPOSE 8000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
"""
"""The image of `SERVER`: line 5 exposes its port, line 6 starts it."""
