"""What a build step fetches: data for the app, or the tools that the build itself needs."""

from __future__ import annotations

import re

from converters.containers.commands import Step
from converters.containers.dockerfile_model import Run
from converters.project import Project

MODEL = re.compile(
    r"huggingface|\bhf\b|snapshot_download|from_pretrained|civitai|weights|checkpoint|models?\b|\.(safetensors|pth?|ckpt|gguf|onnx|bin|h5|pb|tflite|pkl|joblib|npz)\b",
    re.IGNORECASE,
)
TOOL = re.compile(
    r"\.(deb|rpm|apk|whl|gpg|asc|key|pub|sh|list|repo|pem|crt)\b|keyring|get-pip|install[.-]|/install\b|setup\.py|github\.com/[^\s/]+/[^\s/]+/(releases|archive)/"
    r"|rustup|nodesource|miniconda|miniforge|micromamba|python-poetry|astral\.sh|protoc|cmake|bazel|golang|go\.dev|nodejs\.org|python\.org|ffmpeg|tini|dumb-init|wait-for",
    re.IGNORECASE,
)
FETCHES = re.compile(
    rb"urlretrieve|urlopen|snapshot_download|hf_hub|from_pretrained|requests\.get|httpx|wget|curl |gdown|download|load_model|boto3",
    re.IGNORECASE,
)
PIPED = re.compile(r"^\s*\|\s*(sudo\s+(-\S+\s+)*)?(\S*/)?(sh|bash|zsh|python3?|perl|gpg|apt-key|tee|tar)\b")


def is_data(project: Project, run: Run, step: Step) -> bool:
    """Whether a step fetches something that the app reads while it runs, such as weights."""
    text = "\n".join([step.command.text, *step.command.heredocs])
    if step.purpose not in ("download", "script"):
        loads = (
            r"snapshot_download|from_pretrained|\b(SentenceTransformer|CrossEncoder|WhisperModel)\(|\.(safetensors|pth|pt|ckpt|gguf|onnx)\b"
        )
        return re.search(loads, text) is not None
    if step.purpose == "script":
        return _script_fetches(project, text)
    after = run.script.partition(text)[2]
    address = re.search(r"https?://\S+", text)
    if MODEL.search(address.group() if address else text):
        return True
    return not PIPED.search(after) and not TOOL.search(text)


def _script_fetches(project: Project, text: str) -> bool:
    """Whether the program of the project that a step runs fetches anything; one that is not there may, by its name."""
    for word in re.findall(r"[\w./-]+\.(?:py|sh)\b|-m\s+[\w.]+", text):
        tail = word.removeprefix("-m").strip().rsplit("/", 1)[-1]
        if tail == "setup.py":
            return False
        name = tail if tail.endswith((".py", ".sh")) else tail.replace(".", "/") + ".py"
        found = [file for path, file in project.files.items() if path == name or path.endswith("/" + name)]
        if found:
            return any(FETCHES.search(file.data) for file in found if file.size < 2**20)
    return FETCHES.search(text.encode()) is not None
