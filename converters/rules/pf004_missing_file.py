"""PF004: files that the code opens and nothing puts there."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, IMAGE, SERVER, SERVER_IMAGE

LOADS = """
import torch
from cog import BasePredictor


class Predictor(BasePredictor):
    def setup(self):
        self.model = torch.load("weights/model.pth")

    def predict(self, prompt: str) -> str:
        return prompt.upper()
"""
OPENS = """
import runpod

TEMPLATE = open("prompts/system.txt").read()


def handler(job):
    return {"text": TEMPLATE + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""
WRITES = """
import os

import runpod


def handler(job):
    os.makedirs("work", exist_ok=True)
    with open("work/input.txt", "w") as file:
        file.write(job["input"]["prompt"])
    return {"text": open("work/input.txt").read()}


runpod.serverless.start({"handler": handler})
"""
ASKS = """
import os

import runpod

SYSTEM = open("system.txt").read() if os.path.exists("system.txt") else ""


def handler(job):
    return {"text": SYSTEM + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""

KERAS = """
from keras.models import load_model

model = load_model("model.keras")
"""

rule = Rule(
    code="PF004",
    title="a file that the code reads is not on the runner",
    safety="manual",
    expected="every file that the code opens is on the runner at that path",
    explanation="""
    A path that code on the runner opens, loads or starts is looked up among the files that the app or its image holds. It is named
    where neither the project, nor the build, nor the code itself puts anything there: the app would stop at that line.
    Add the file, or make it in the build or in `setup()`. Code that asks first whether the file exists, and paths that reading
    does not tell, are left alone.
    """,
    links=(cog_docs("getting-started-own-model"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "weights that the project does not hold are named",
            "partial",
            {"cog.yaml": COG, "predict.py": LOADS},
            seen=(Seen("manual", 7, "predict.py"),),
            status="partial",
        ),
        Case(
            "a text that is read at import and is not there is named",
            "partial",
            {"handler.py": OPENS},
            seen=(Seen("manual", 3, says="add it, or make it in `setup()`"),),
            status="partial",
        ),
        Case(
            "a folder that only a comment says to download is named",
            "partial",
            {
                "handler.py": """
                import runpod
                from transformers import AutoModel

                # download the checkpoints from the project's page first
                model = AutoModel.from_pretrained("checkpoints/base")


                def handler(job):
                    return {"text": model(job["input"]["prompt"])}


                runpod.serverless.start({"handler": handler})
                """
            },
            status="partial",
        ),
        Case(
            "weights that a variable of the image names are asked for",
            "partial",
            {
                "handler.py": ASKS.replace("import os", "import os\n\nMODEL = os.environ['MODEL_PATH']"),
                "Dockerfile": IMAGE.replace("COPY", "ENV MODEL_PATH=/models/base.gguf\nCOPY"),
            },
            seen=(Seen("manual", 4, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "weights that a variable names and the build fetches are in order",
            "untouched",
            {
                "handler.py": ASKS.replace("import os", "import os\n\nMODEL = os.environ['MODEL_PATH']"),
                "Dockerfile": IMAGE.replace(
                    "COPY", "ENV MODEL_PATH=/models/base.gguf\nRUN curl -o /models/base.gguf https://example.com/base.gguf\nCOPY"
                ),
            },
        ),
        Case(
            "weights of which the project holds a pointer alone are asked for",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": LOADS,
                "weights/model.pth": "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1048576\n",
            },
            seen=(Seen("manual", 7, "predict.py"),),
            status="partial",
        ),
        Case(
            "weights that the project holds are in order",
            "untouched",
            {"cog.yaml": COG, "predict.py": LOADS, "weights/model.pth": "0"},
        ),
        Case(
            "weights that the build downloads are in order",
            "untouched",
            {
                "cog.yaml": COG.replace("predict:", "  run:\n    - curl -o /src/weights/model.pth https://example.com/model.pth\npredict:"),
                "predict.py": LOADS,
            },
        ),
        Case(
            "a model that a function imported from its library reads is named",
            "partial",
            {"main.py": KERAS + SERVER, "Dockerfile": SERVER_IMAGE},
            seen=(Seen("manual", 3, "main.py"),),
            status="partial",
        ),
        Case(
            "a model that a module of its library reads, and the image holds, is in order",
            "untouched",
            {
                "main.py": KERAS.replace("keras.models import load_model", "keras import models").replace("= load", "= models.load")
                + SERVER,
                "model.keras": "0",
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY . /app/"),
            },
        ),
        Case(
            "a function of the same name that is the project's own is another",
            "untouched",
            {
                "main.py": "from loads import load_model\n\nmodel = load_model('model.keras')\n" + SERVER,
                "loads.py": "def load_model(name):\n    return name\n",
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY . /app/"),
            },
        ),
        Case(
            "a key that is taken out of a .env that no image gets is named",
            "partial",
            {
                "main.py": "from dotenv import dotenv_values\n\nTOKEN = dotenv_values('.env')['TOKEN']\n" + SERVER,
                "Dockerfile": SERVER_IMAGE,
            },
            seen=(Seen("manual", 3, "main.py"),),
            status="partial",
        ),
        Case(
            "a .env that may be missing is in order",
            "untouched",
            {
                "main.py": "from dotenv import dotenv_values\n\nTOKEN = dotenv_values('.env').get('TOKEN', '')\n" + SERVER,
                "Dockerfile": SERVER_IMAGE,
            },
        ),
        Case("a file that the code writes itself is in order", "untouched", {"handler.py": WRITES}),
        Case("a file that the code asks for first is in order", "untouched", {"handler.py": ASKS}),
        Case(
            "a model of the Hub is no folder",
            "untouched",
            {
                "handler.py": """
                import runpod
                from transformers import AutoModel

                model = AutoModel.from_pretrained("openai/whisper-tiny")


                def handler(job):
                    return {"text": model(job["input"]["prompt"])}


                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a text that the image has elsewhere is named with what to do",
            "partial",
            {
                "handler.py": OPENS.replace("prompts/system.txt", "system.txt"),
                "system.txt": "You are a cat.",
                "Dockerfile": IMAGE.replace("COPY", "COPY system.txt /texts/system.txt\nWORKDIR /\nCOPY"),
            },
            seen=(Seen("manual", 3, says="is in the project and not in the image: copy it in the Dockerfile"),),
            status="partial",
        ),
    ),
)
