"""RC033: downloads by pget."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC033",
    title="pget -> downloads into /data",
    safety="safe",
    explanation="""
    Replicate's downloader fetches weights at each cold start into the runner's own disk. The kept code calls a small module instead
    that downloads into `/data`, once for all runners, to a temporary name that is then renamed, and links the files to where the
    code expects them. The command that installed pget goes.
    Check options of pget that the code gives beyond URL and destination.
    """,
    links=("https://github.com/replicate/pget", fal_docs("documentation/development/download-model-weights-and-files")),
    cases=(
        Case(
            "a download by pget goes into data",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                import subprocess
                import sys
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        subprocess.check_call(["pget", "-x", "https://example.com/w.tar", "model"])

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 8, "predict.py"),),
            has={"fal_weights.py": ("/data",), "predict.py": ("import subprocess\nimport sys\nfrom fal_weights import pget\n",)},
            lacks={"predict.py": ("check_call",)},
            style="keep",
        ),
        Case(
            "another program that is called stays",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": """
                import subprocess
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        subprocess.check_call(["nvidia-smi"])

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            has={"predict.py": ('subprocess.check_call(["nvidia-smi"])',)},
            style="keep",
        ),
        Case("a predictor that downloads nothing needs no module", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a command that installs pget is left out where nothing starts it",
            "converted",
            {
                "predict.py": PREDICTOR,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  run:
                    - curl -o /usr/local/bin/pget -L https://github.com/replicate/pget/releases/download/v0.8.1/pget_linux_x86_64
                    - chmod +x /usr/local/bin/pget
                predict: predict.py:Predictor
                """,
            },
            seen=(
                Seen("dropped", 4, "cog.yaml"),
                Seen("dropped", 5, "cog.yaml"),
            ),
        ),
        Case(
            "in a file that imports late the download is imported behind the first import",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                URL = "https://example.com/w.tar"
                import subprocess
                from cog import BasePredictor


                class Predictor(BasePredictor):
                    def setup(self):
                        subprocess.check_call(["pget", URL, "model"])

                    def predict(self, prompt: str) -> str:
                        return prompt.upper()
                """,
            },
            seen=(Seen("converted", 8, "predict.py"),),
            has={"predict.py": ("import subprocess\nfrom fal_weights import pget\n",)},
            style="keep",
        ),
        Case(
            "the download is imported behind the imports that a docstring stands before",
            "converted",
            {
                "cog.yaml": COG,
                "predict.py": """
                \"\"\"A predictor.\"\"\"
                import subprocess
                from cog import BasePredictor

                FLAG = "-x"
                import sys


                class Predictor(BasePredictor):
                    def setup(self):
                        subprocess.check_call(["pget", FLAG, "https://example.com/w.tar", "model"])

                    def predict(self, prompt: str) -> str:
                        return prompt.upper() + str(sys.argv)
                """,
            },
            seen=(Seen("converted", 11, "predict.py"),),
            has={"predict.py": ("import subprocess\nfrom fal_weights import pget\n\nFLAG",)},
            style="keep",
        ),
    ),
)
