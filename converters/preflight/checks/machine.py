"""The machine has a GPU where what runs on it needs one, and models behind a licence have a token."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters import rules
from converters.containers import base_images
from converters.ir import Origin
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.python import gpu

GPU_IMAGES = re.compile(
    r"(^|/)(vllm-openai|text-generation-inference|ollama|sglang|lmdeploy|tensorrt|tritonserver|nim|comfyui)(:|@|$)", re.IGNORECASE
)
CPU_TAGS = re.compile(r"[-_:./](cpu|intel|rocm|arm)", re.IGNORECASE)


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF020: a machine without a GPU for code, packages or an image that need one."""
    program = deployment.program
    machines = program.value("machine_type", "XS" if program.kind == "function" else "S")
    names = machines if isinstance(machines, list) else [machines]
    if any(str(name).upper().startswith("GPU") for name in names) or _is_given(deployment):
        return
    decided, _ = gpu.decide(evidence(deployment))
    if decided is not None and decided.weight == "demands":
        where = decided.origin or Origin(file=program.file, line=program.line_of("machine_type"))
        message = f"{decided.why} needs a GPU, and `machine_type` is {names[0]}: write a GPU machine, such as GPU-A100."
        yield Finding(where.file, where.line, rules.PF020, message, about="machine_type")


def _is_given(deployment: Deployment) -> bool:
    """Whether a person chose the machine on the command line."""
    stated = deployment.program.settings.get("machine_type")
    file = deployment.project.files.get(stated.file) if stated is not None else None
    lines = file.data.splitlines() if file is not None else []
    return stated is not None and b"--set" in b"".join(lines[stated.line - 1 : stated.line])


def evidence(deployment: Deployment) -> Iterator[gpu.Evidence]:
    """All that the files say about a GPU."""
    image = deployment.image
    reference = deployment.program.image.reference if deployment.program.image is not None else ""
    base = image.stage.base_image if image is not None else reference
    if base:
        origin = Origin(file=image.image.file, line=image.line_of(image.stage.line)) if image is not None else None
        if (base_images.describe(base).gpu or GPU_IMAGES.search(base)) and not CPU_TAGS.search(f"/{base}"):
            yield gpu.Evidence("demands", f"the image {base}", origin)
    if image is not None:
        lines = [(name, Origin(file=image.image.file, line=image.line_of(value.line))) for name, value in image.stage.env.items()]
        yield from gpu.of_variables([(name, origin) for name, origin in lines if not name.startswith("CUDA_VISIBLE")])
    found = deployment.packages
    specs = [(one.text, Origin(file=one.file, line=one.line)) for one in found.requirements]
    flags = [(one.text, Origin(file=one.file, line=one.line)) for one in found.flags]
    yield from gpu.of_packages(specs, flags)
    for scope in deployment.scopes:
        yield from gpu.of_module(scope.unit.module, scope.nodes)


GATED = re.compile(
    r"^(black-forest-labs/FLUX\.1-(dev|Fill-dev|Depth-dev|Canny-dev|Redux-dev|Kontext-dev|Krea-dev)|black-forest-labs/FLUX\.2-dev"
    r"|meta-llama/(Meta-)?Llama-.+|meta-llama/CodeLlama-.+|google/(gemma|paligemma|codegemma|recurrentgemma|shieldgemma|medgemma)-.+"
    r"|mistralai/(Mistral-Large|Mistral-Small-24B|Codestral|Mixtral-8x22B|Ministral).*"
    r"|stabilityai/(stable-diffusion-3(\.5)?-.+|stable-audio-open-.+|stable-cascade.*|sdxl-turbo-gated|stable-fast-3d|stable-video-diffusion-.+-1-1)"
    r"|pyannote/(speaker-diarization|segmentation|voice-activity-detection|overlapped-speech-detection|brouhaha|speaker-segmentation)[\w.-]*"
    r"|CohereForAI/.+|CohereLabs/.+|bigcode/starcoder.*|nvidia/Cosmos-.+|facebook/(sam3|dinov3)[\w.-]*|briaai/RMBG-2\.0|briaai/BRIA-.+)$"
)
"""Models of the Hugging Face Hub whose files are handed out only with a token of somebody who accepted the licence."""
TOKENS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"})


def gated(deployment: Deployment) -> Iterator[tuple[str, str, int]]:
    """(model, file, line) of gated models that the code that runs names, or the command of a server's image."""
    for scope in deployment.scopes:
        for node in scope.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and GATED.match(node.value):
                yield node.value, scope.unit.path, node.lineno
    if deployment.program.kind == "server":
        for text, line in _served(deployment):
            file = deployment.image.image.file if deployment.image is not None else deployment.program.file
            yield from ((model, file, line) for model in MODEL.findall(text) if GATED.match(model))


MODEL = re.compile(r"(?<![\w./])[A-Za-z]\w[\w-]*/[\w.-]*\w")
"""`owner/name`, also behind the `:-` of a shell."""


def _served(deployment: Deployment) -> Iterator[tuple[str, int]]:
    """(text, line) of what names the model of a server: the command, its overrides, and variables of the image."""
    image, stated = deployment.image, deployment.program.image
    if image is not None:
        commands = [command for command in (image.stage.entrypoint, image.stage.cmd) if command is not None]
        yield from ((" ".join(command.words), image.line_of(command.line)) for command in commands)
        yield from ((value.value, image.line_of(value.line)) for name, value in image.stage.env.items() if "MODEL" in name)
    for given in (stated.entrypoint, stated.cmd) if stated is not None and image is None else ():
        yield " ".join(map(str, given)) if isinstance(given, list) else str(given or ""), deployment.program.line_of("image")
