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
