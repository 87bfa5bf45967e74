"""RC020: the machine, which Replicate keeps on its pages."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="RC020",
    title="gpu: true -> machine_type, assumed",
    safety="safe",
    expected="`machine_type` is the hardware that the model ran on, and nothing about it is assumed",
    explanation="""
    cog.yaml says only whether a model needs a GPU; which one is chosen on Replicate's pages. The machine type is therefore assumed
    (`GPU-A100`, or `L` without a GPU) and marked as such. Replicate's `gpu-a100-large` has 80 GB and fal's `GPU-A100` has 40: a
    model that needs more takes `GPU-H100`.
    Code that puts something on CUDA without asking whether there is one runs nowhere else, so it gets a GPU whatever cog.yaml says.
    Look up the model's hardware on Replicate, or state one with `--set machine_type=...`.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "a GPU is assumed where cog.yaml asks for one",
            "partial",
            {"cog.yaml": "build:\n  gpu: true\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
            seen=(
                Seen("converted", 2, "cog.yaml", says="machine_type = GPU-A100"),
                Seen("manual", 2, "cog.yaml", says="cog.yaml says only gpu: true"),
            ),
            has={"app.py": ('machine_type = "GPU-A100"  # assumed',)},
            status="converted",
        ),
        Case(
            "code that runs on CUDA alone gets a GPU, and wheels that have CUDA",
            "partial",
            {
                "cog.yaml": "build:\n  python_packages: [torch==2.4.1]\npredict: predict.py:Predictor",
                "predict.py": """
                import torch
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        self.layer = torch.nn.Linear(2, 2).to("cuda")

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 7, "predict.py", says="without a condition): look up"),),
            has={"app.py": ('machine_type = "GPU-A100"',)},
            lacks={"app.py": ("whl/cpu",)},
            status="converted",
        ),
        Case(
            "code that asks for CUDA runs without one, too",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": """
                import torch
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        self.layer = torch.nn.Linear(2, 2)
                        if torch.cuda.is_available():
                            self.layer = self.layer.cuda()

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("manual", 1, "cog.yaml"),),
            has={"app.py": ('machine_type = "L"',)},
            status="converted",
        ),
        Case("a worker of another platform has another rule", "untouched", {"handler.py": WORKER}),
        Case("a server has another rule", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a model that says that it needs no GPU is given none",
            "partial",
            {"cog.yaml": "build:\n  gpu: false\npredict: predict.py:Predictor\n", "predict.py": PREDICTOR},
            seen=(Seen("manual", 2, "cog.yaml", says="cog.yaml says gpu: false"),),
            has={"app.py": ('machine_type = "L"',)},
            status="converted",
        ),
    ),
)
