"""RC040: the hardware that a safe-push configuration or the README names."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC040",
    title="Replicate hardware that the project names -> machine_type",
    safety="safe",
    explanation="""
    cog.yaml says only whether a GPU is needed; the hardware is chosen on Replicate. A `cog-safe-push` configuration or the README often
    names it, and then the machine type follows it: Replicate's A100 has 80 GB, which is fal's GPU-H100, and `-2x` becomes num_gpus.
    The hardware of a test push is heard last, and a model that needs a GPU is never put on a machine without one for it.
    Check it against the model's page; `--set machine_type=...` wins over it.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "a readme that names the hardware decides the machine",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "README.md": "# Upper\n\nRuns on gpu-l40s.\n"},
            seen=(Seen("converted", 3, "README.md", says="gpu-l40s of Replicate becomes GPU-L40"),),
            has={"app.py": ('machine_type = "GPU-L40"',)},
            lacks={"app.py": ("num_gpus",)},
        ),
        Case(
            "the hardware of a test push does not take the GPU away",
            "untouched",
            {
                "cog.yaml": "build:\n  gpu: true\npredict: predict.py:Predictor",
                "predict.py": PREDICTOR,
                "safe-push-configs/one.yaml": "model: acme/sum\ntest_hardware: cpu\n",
            },
            has={"app.py": ('machine_type = "GPU-A100"  # assumed',)},
        ),
        Case(
            "the hardware of a deployment counts more than that of its test push",
            "converted",
            {
                "cog.yaml": "build:\n  gpu: true\npredict: predict.py:Predictor",
                "predict.py": PREDICTOR,
                "cog-safe-push.yaml": "model: acme/sum\ntest_hardware: gpu-t4\ndeployment:\n  name: sum\n  hardware: gpu-h100\n",
            },
            seen=(Seen("converted", 5, "cog-safe-push.yaml"),),
            has={"app.py": ('machine_type = "GPU-H100"',)},
        ),
        Case(
            "a name of hardware that a sentence mentions for something else decides nothing",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "README.md": "# Upper\n\nNot to be confused with gpu-a100 benchmarks.\n"},
            has={"app.py": ('machine_type = "L"  # assumed',)},
        ),
        Case("a project that names no hardware gets an assumption", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a readme about something else decides nothing",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "README.md": "# Upper\n\nWrites text in capitals.\n"},
        ),
        Case(
            "what another machine has less of is told with it",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "README.md": "This model runs on gpu-a100-large hardware."},
            seen=(Seen("converted", 1, "README.md", says="becomes GPU-H100: fal's GPU-A100 has 40 GB where Replicate's has 80"),),
        ),
    ),
)
