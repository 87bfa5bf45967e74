"""RP050: a machine type where the project states none."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER

rule = Rule(
    code="RP050",
    title="machine_type is assumed where the project states no GPU",
    safety="manual",
    expected="`machine_type` is the GPU of the endpoint, and nothing about it is assumed",
    explanation="""
    RunPod keeps the choice of GPU in its console, so most repositories do not state it; fal needs a machine type in the app. It is
    assumed: `GPU-A100` where the base image or an import asks for a GPU, `L` otherwise, and marked as assumed in the app file.
    Look up the GPU of the endpoint in RunPod's console, or state one with `--set machine_type=...`.
    """,
    links=(runpod_docs("references/gpu-types"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "an import of torch asks for a GPU",
            "partial",
            {
                "handler.py": """
                import runpod
                import torch

                def handler(job):
                    return {"sum": torch.tensor(job["input"]["numbers"]).sum().item()}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 1),),
            has={"app.py": ('machine_type = "GPU-A100"  # assumed',)},
            status="converted",
        ),
        Case(
            "a package of which another has CUDA asks for no GPU",
            "partial",
            {"handler.py": WORKER.replace("import runpod", "import onnxruntime\nimport runpod"), "requirements.txt": "onnxruntime==1.17.1"},
            has={"app.py": ('machine_type = "L"  # assumed',)},
        ),
        Case(
            "the package that has CUDA asks for a GPU",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import onnxruntime\nimport runpod"),
                "requirements.txt": "onnxruntime-gpu==1.17.1",
            },
            has={"app.py": ('machine_type = "GPU-A100"  # assumed',)},
        ),
        Case(
            "a worker without heavy imports gets a CPU",
            "partial",
            {"handler.py": WORKER},
            has={"app.py": ('machine_type = "L"  # assumed',)},
        ),
        Case(
            "what an image of somebody else runs may need a GPU",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("python:3.11-slim", "acme/engine:py3.11"),
            },
            has={"app.py": ('machine_type = "GPU-A100"  # assumed',)},
        ),
        Case(
            "a listing that names a GPU leaves nothing to assume",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24"}}'},
            lacks={"app.py": ("assumed",)},
        ),
        Case(
            "a listing that says CPU leaves nothing to assume",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"runsOn": "CPU"}}'},
            lacks={"app.py": ("assumed",)},
        ),
    ),
)
