"""PF020: a machine without a GPU for what needs one."""

from __future__ import annotations

from converters.rules.model import Case, Rule, fal_docs, runpod_docs
from converters.rules.samples import WORKER

DEVICE = """
import runpod
from ultralytics import YOLO

model = YOLO("yolov8n.pt")


def handler(job):
    return {"boxes": len(model.predict(job["input"]["url"], device="cuda")[0].boxes)}


runpod.serverless.start({"handler": handler})
"""

rule = Rule(
    code="PF020",
    title="a machine without a GPU for what needs one",
    safety="manual",
    expected="`machine_type` names a machine with a GPU",
    explanation="""
    All that the finished files say about a GPU is weighed: the base image, CUDA builds and packages that run nowhere else, variables of
    NVIDIA's, and devices that the code asks for without another way. An assumed machine follows it; a stated machine without a GPU
    is never written against it in silence.
    Choose a machine by the memory that the model needs.
    """,
    links=(
        runpod_docs("references/gpu-types"),
        fal_docs("documentation/deployment/machine-types"),
    ),
    cases=(
        Case(
            "a stated CPU for code that says cuda is named",
            "partial",
            {
                "handler.py": DEVICE,
                ".runpod/hub.json": '{"config": {"runsOn": "CPU"}}',
                "requirements.txt": "ultralytics==8.3.0",
            },
            status="partial",
        ),
        Case(
            "an assumed machine follows what the code says",
            "untouched",
            {"handler.py": DEVICE, "requirements.txt": "ultralytics==8.3.0"},
            has={"app.py": ('machine_type = "GPU-A100"  # assumed: `device="cuda"` in the code',)},
        ),
        Case(
            "an assumed machine follows the packages",
            "untouched",
            {"handler.py": WORKER, "requirements.txt": "xformers==0.0.27"},
            has={"app.py": ('machine_type = "GPU-A100"  # assumed: the requirement xformers==0.0.27',)},
        ),
        Case(
            "builds without CUDA need no GPU",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport torch"),
                "requirements.txt": "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch==2.4.0",
            },
            has={"app.py": ('machine_type = "L"  # assumed: the index',)},
        ),
        Case(
            "code that asks whether there is a GPU runs without one",
            "untouched",
            {
                "handler.py": DEVICE.replace('"cuda"', '"cuda" if HAS_GPU else "cpu"').replace("model =", "HAS_GPU = False\nmodel ="),
                ".runpod/hub.json": '{"config": {"runsOn": "CPU"}}',
                "requirements.txt": "ultralytics==8.3.0",
            },
        ),
    ),
)
