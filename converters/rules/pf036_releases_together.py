"""PF036: releases that do not work together."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

START = "FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN apt-get update && apt-get install -y python3-pip ffmpeg\n"
END = '\nRUN pip install runpod==1.7.9\nCOPY handler.py /handler.py\nCMD ["python3", "-u", "/handler.py"]\n'


def _image(installed: str, module: str = "transformers", start: str = START) -> dict[str, str]:
    """A worker that imports a module, in an image on Ubuntu's Python 3.10, in whose third line packages are installed."""
    return {
        "handler.py": WORKER.replace("import runpod", f"import {module}\nimport runpod"),
        "Dockerfile": f"{start}RUN pip install {installed}{END}",
    }


OF_TORCH = "FROM pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime\nRUN apt-get update && apt-get install -y ffmpeg\n"
FLOATS = (Seen("manual", 3, "Dockerfile", says="write `transformers<5`"),)
OLD = (Seen("manual", 3, "Dockerfile", says="write `huggingface_hub<0.26.0`"),)
rule = Rule(
    code="PF036",
    title="releases that do not work together",
    safety="manual",
    expected="the releases that are installed work with one another",
    explanation="""
    pip takes the newest release of whatever nothing keeps back, and not every package says which releases it works with. transformers goes
    on without PyTorch where that is older than it wants, so that no model loads; old releases of diffusers and sentence-transformers import
    what huggingface_hub has no more. An image of the day it was written holds; one that is built today does not start.
    Only such pairs are named, where nothing beside them may keep one of the two back.
    """,
    links=(
        "https://github.com/huggingface/transformers/releases",
        "https://github.com/huggingface/huggingface_hub/releases/tag/v0.26.0",
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case("transformers without a bound, beside an old PyTorch", "partial", _image("torch==2.1.0 transformers accelerate"), seen=FLOATS),
        Case("on a base image that has the old PyTorch", "partial", _image("transformers>=4.37", start=OF_TORCH), seen=FLOATS),
        Case("one that is older still", "partial", _image("torch==2.0.1+cu118 transformers", "diffusers.utils"),
             seen=(Seen("manual", 3, "Dockerfile", says="write `transformers<4.50`"),)),
        Case("packages of PyTorch in the same command", "partial", _image("torch==2.1.0 torchvision transformers"), seen=FLOATS),
        Case("an old diffusers beside any huggingface_hub", "partial", _image("diffusers==0.27.2 transformers==4.40.1 torch", "diffusers"),
             seen=OLD),
        Case("an old diffusers beside one that is too new", "partial", _image("diffusers==0.27.2 huggingface_hub==0.30.1", "diffusers"),
             seen=OLD),
        Case("an old release of sentence-transformers", "partial",
             _image("sentence-transformers==2.2.2 huggingface_hub", "sentence_transformers"), seen=OLD),
        Case("an old PyTorch beside a newer NumPy", "partial", _image("torch==2.2.1", "numpy"),
             seen=(Seen("manual", 3, "Dockerfile", says="write `numpy<2`"),)),
        Case("a base image that has the older NumPy", "untouched", _image("pillow", "numpy", OF_TORCH)),
        Case("a NumPy that is kept back", "untouched", _image("torch==2.2.1 numpy==1.26.4", "numpy")),
        Case("a PyTorch that is new enough", "untouched", _image("torch==2.6.0 transformers")),
        Case("a PyTorch that pip chooses", "untouched", _image("torch transformers")),
        Case("a bound that keeps transformers back", "untouched", _image("torch==2.1.0 'transformers<5'")),
        Case("a release of transformers", "untouched", _image("torch==2.1.0 transformers==4.40.1")),
        Case("a huggingface_hub that keeps transformers back", "untouched", _image("torch==2.1.0 transformers 'huggingface_hub<1'")),
        Case("a package that nothing is known about", "untouched", _image("torch==2.1.0 transformers compel")),
        Case("no code imports transformers", "untouched", _image("torch==2.1.0 transformers", "torch")),
        Case("a later command may replace PyTorch", "untouched",
             _image("torch==2.1.0 transformers && pip install torchvision")),
        Case("a version that is none", "untouched", _image("torch==old transformers")),
        Case("diffusers that has the mend", "untouched", _image("diffusers==0.29.0", "diffusers")),
        Case("diffusers that nothing imports", "untouched", _image("diffusers==0.27.2", "torch")),
        Case("diffusers beside an old huggingface_hub", "untouched", _image("diffusers==0.27.2 huggingface_hub==0.25.2", "diffusers")),
        Case("diffusers beside a transformers that keeps it back", "untouched",
             _image("diffusers==0.21.4 transformers==4.34.1", "diffusers")),
    ),
)  # fmt: skip
