"""The machine has a GPU where what runs on it needs one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from converters import rules
from converters.containers import base_images
from converters.ir import Origin
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.suggestions import setting
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
        suggestion = setting(program, "machine_type", "GPU-A100")
        yield Finding(where.file, where.line, rules.PF020, message, about="machine_type", suggestion=suggestion)


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
