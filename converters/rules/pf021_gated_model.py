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

READS = """
import json

import runpod
from diffusers import DiffusionPipeline

with open("settings/models.json") as file:
    pipe = DiffusionPipeline.from_pretrained(json.load(file)["model"])


def handler(job):
    return {"images": len(pipe(job["input"]["prompt"]).images)}


runpod.serverless.start({"handler": handler})
"""
PACKAGES = "diffusers==0.31.0\ntorch==2.4.0"

SERVES = """
FROM vllm/vllm-openai:latest
ENTRYPOINT python3 -m vllm.entrypoints.openai.api_server --model ${MODEL_NAME:-MODEL}
"""

rule = Rule(
    code="PF021",
    title="a gated model needs a token",
    safety="manual",
    expected="the account has accepted the model's licence, and HF_TOKEN is set",
    explanation="""
    Some models of the Hugging Face Hub are handed out only with the token of somebody who accepted their licence. What names one, the
    code or a file of settings that it opens, needs the secret HF_TOKEN, whether or not it reads the variable itself: the library does.
    A call that is given a placeholder for a token does not look at the variable.
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
            "a placeholder for the token is named",
            "partial",
            {
                "handler.py": LOADS.replace('"MODEL"', '"black-forest-labs/FLUX.1-dev", token="YOUR TOKEN HERE"'),
                "requirements.txt": PACKAGES,
            },
            seen=(Seen("manual", 4, says="`token` is given a placeholder"),),
            status="partial",
        ),
        Case(
            "a token of the Hub's own form is no placeholder, whatever its letters say",
            "partial",
            {
                "handler.py": LOADS.replace('"MODEL"', '"black-forest-labs/FLUX.1-dev", token="hf_yourYOURxxxhere0123456789ABCDEFGHIJ"'),
                "requirements.txt": PACKAGES,
            },
            lacks={"MIGRATION.md": ("is given a placeholder", "hf_your")},
            status="converted",
        ),
        Case(
            "a gated model of a file of settings that the code opens asks for a token",
            "partial",
            {
                "handler.py": READS,
                "settings/models.json": '{\n  "steps": 20,\n  "model": "black-forest-labs/FLUX.1-dev"\n}',
                "requirements.txt": PACKAGES,
            },
            seen=(Seen("manual", 3, "settings/models.json"),),
            status="converted",
        ),
        Case(
            "a gated model of YAML that the code finds by its name asks for a token",
            "partial",
            {
                "handler.py": READS.replace("import json", "import os\n\nimport yaml")
                .replace('open("settings/models.json")', 'open(os.path.join(os.path.dirname(__file__), "settings", "models.yml"))')
                .replace("json.load(file)", "yaml.safe_load(file)"),
                "settings/models.yml": "steps: 20\nmodel: google/gemma-2-9b-it  # of Google\n",
                "requirements.txt": f"{PACKAGES}\npyyaml==6.0.2",
            },
            seen=(Seen("manual", 2, "settings/models.yml"),),
            status="converted",
        ),
        Case(
            "a gated model in the address of a file asks for a token",
            "partial",
            {
                "handler.py": LOADS.replace(
                    'from_pretrained("MODEL")',
                    'from_single_file("https://huggingface.co/stabilityai/stable-diffusion-3.5-large/resolve/main/sd3.5_large.safetensors")',
                ),
                "requirements.txt": PACKAGES,
            },
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
        Case(
            "a gated model of a file that no code opens asks for none",
            "untouched",
            {
                "handler.py": LOADS.replace("MODEL", "owner/open-2b"),
                "settings/models.json": '{\n  "model": "black-forest-labs/FLUX.1-dev"\n}',
                "requirements.txt": PACKAGES,
            },
        ),
        Case(
            "a gated model in a comment or a sentence of settings asks for none",
            "untouched",
            {
                "handler.py": READS.replace("models.json", "models.yaml")
                .replace("import json", "import yaml")
                .replace("json.load", "yaml.safe_load"),
                "settings/models.yaml": "# model: google/gemma-2-9b-it\nmodel: owner/open-2b\nabout: better than google/gemma-2-9b-it is\n",
                "requirements.txt": f"{PACKAGES}\npyyaml==6.0.2",
            },
        ),
        Case(
            "an open model of settings that the code opens asks for none",
            "untouched",
            {
                "handler.py": READS,
                "settings/models.json": '{\n  "model": "black-forest-labs/FLUX.1-schnell"\n}',
                "requirements.txt": PACKAGES,
            },
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
