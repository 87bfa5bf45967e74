"""PF021: a gated model needs a token."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

LOADS = """
import runpod
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained("MODEL")


def handler(job):
    return {"images": len(pipe(job["input"]["prompt"]).images)}


runpod.serverless.start({"handler": handler})
"""

SERVES = """
FROM vllm/vllm-openai:latest
ENTRYPOINT python3 -m vllm.entrypoints.openai.api_server --model ${MODEL_NAME:-MODEL}
"""

rule = Rule(
    code="PF021",
    title="a gated model needs a token",
    safety="manual",
    explanation="""
    Some models of the Hugging Face Hub are handed out only with the token of somebody who accepted their licence. Code that names one
    needs the secret HF_TOKEN, whether or not it reads the variable itself: the library does.
    Accept the licence, and set the secret before the first deployment.
    """,
    links=(
        runpod_docs("serverless/storage/overview"),
        fal_docs("documentation/development/download-model-weights-and-files"),
    ),
    cases=(
        Case(
            "a gated model asks for a token",
            "partial",
            {"handler.py": LOADS.replace("MODEL", "black-forest-labs/FLUX.1-dev"), "requirements.txt": "diffusers==0.31.0\ntorch==2.4.0"},
            seen=(Seen("manual", 4),),
            status="converted",
        ),
        Case(
            "a gated model that the command of a server's image names asks for a token",
            "partial",
            {"Dockerfile": SERVES.replace("MODEL", "google/gemma-2b-it")},
            seen=(Seen("manual", 2, "Dockerfile"),),
            status="converted",
        ),
        Case("an open model of a server asks for none", "untouched", {"Dockerfile": SERVES.replace("MODEL", "owner/open-2b")}),
        Case(
            "an open model asks for none",
            "untouched",
            {
                "handler.py": LOADS.replace("MODEL", "black-forest-labs/FLUX.1-schnell"),
                "requirements.txt": "diffusers==0.31.0\ntorch==2.4.0",
            },
        ),
    ),
)
